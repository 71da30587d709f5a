"""Asking members whether they are there, and judging their silence.

One member is asked in each interval. If the direct answer does not come, three others are asked to
try and the stream is tried at the same time: one of many ways must work. Only when all are silent
is the member accused. A suspect is told with the very question, so its answer carries the
refutation.

Source: SWIM, section 4; memberlist's stream probe; Lifeguard's nacks and buddy system.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from mesh.protocol.membership.health import Health, Sign
from mesh.protocol.membership.links import Way
from mesh.protocol.membership.outcome import Step
from mesh.protocol.membership.rounds import JUDGING, ROUNDS_MAX, Purpose, Ring, Round, Rounds
from mesh.protocol.membership.rumours import NEWS_BESIDE_ADDRESS_BYTES_MAX, Rumours
from mesh.protocol.membership.table import Member, Table
from mesh.protocol.membership.timing import (
    INDIRECT_PROBES,
    NACK_SHARE_PERCENT,
    VERIFIERS,
    Timing,
    transmissions_max,
)
from mesh.protocol.outgoing import Channel
from mesh.wire.identity import Incarnation
from mesh.wire.messages import (
    Ack,
    IndirectAck,
    Nack,
    Probe,
    ProbeRequest,
    Standing,
    Summary,
)

SUSPECTS_ASKED_MAX: Final = 3
"""Suspects asked again in one interval beside the turn: the answer of a living one ends the
suspicion."""


class Probing:
    """The questions of one controller."""

    def __init__(
        self,
        table: Table,
        rumours: Rumours,
        timing: Timing,
        random: Random,
        summarize: Callable[[], Summary | None],
    ) -> None:
        self._table = table
        self._rumours = rumours
        self._timing = timing
        self._random = random
        self._summarize = summarize
        self._ring = Ring(random)
        self._rounds = Rounds(random)
        self._retry_ns = 0
        self.health = Health()

    @property
    def deadline_ns(self) -> int | None:
        """When the next question is due for something."""
        return self._rounds.deadline_ns

    # --- asking ---------------------------------------------------------------------------------

    def take_turn(self, step: Step) -> None:
        """Ask whose turn it is, some suspects again, and now and then one that failed."""
        turn = self._ring.turn(self._in_view, self._table.roster)
        if turn is not None:
            self._ask_row(turn, Purpose.TURN, step)
        for suspect in list(self._table.suspects)[:SUSPECTS_ASKED_MAX]:
            self._ask_row(suspect, Purpose.RETRY, step)
        if step.ns >= self._retry_ns:
            failed = self._table.standing(Standing.FAILED)
            if failed:
                self._retry_ns = step.ns + self._timing.retry_interval_ns
                self.ask(self._random.choice(failed), Purpose.RETRY, step)

    def verify(self, suspect: Member, step: Step) -> None:
        """Others suspect it: some of those who hear so ask for themselves."""
        if self._random.randrange(self._table.size) < VERIFIERS:
            self.ask(suspect, Purpose.VERIFY, step)

    def ask(self, member: Member, purpose: Purpose, step: Step) -> None:
        """Put a question to ``member``, unless one with the same consequence is out."""
        out = self._rounds.judging if purpose in JUDGING else self._rounds.asking
        if out(member.incarnation) or len(self._rounds) >= ROUNDS_MAX:
            return
        wait = self.health.scaled(self._towards(member).probe_timeout_ns)
        asked = self._rounds.begin(member.incarnation, purpose, step.now, wait)
        channel = Channel.TRIAL if member.link.is_tried else Channel.DATAGRAM
        step.send(member.incarnation, self._probe(asked, member), channel)

    def ask_ended(self, ended: Incarnation, step: Step) -> None:
        """Ask a life that should have ended."""
        if not self._rounds.asking(ended) and len(self._rounds) < ROUNDS_MAX:
            wait = self._timing.towards(None).probe_timeout_ns
            asked = self._rounds.begin(ended, Purpose.FORK, step.now, wait)
            step.send(ended, Probe(asked.nonce, ended.nonce, None, None, None, ()))

    def _towards(self, member: Member) -> Timing:
        return self._timing.towards(member.link.clock.round_trip_ns)

    def _ask_row(self, controller: bytes, purpose: Purpose, step: Step) -> None:
        member = self._table.get(controller)
        assert member is not None, "only rows have turns"
        self.ask(member, purpose, step)

    def _in_view(self, controller: bytes) -> bool:
        member = self._table.get(controller)
        return member is not None and member.in_view

    def _probe(self, asked: Round, member: Member) -> Probe:
        doubted = member.standing is not Standing.ALIVE
        asked.summary = self._summarize()
        listeners = 0 if doubted else 1
        news = self._rumours.take(listeners, transmissions_max(self._table.size))
        suspected = member.refutation if doubted else None
        return Probe(asked.nonce, asked.target.nonce, suspected, None, asked.summary, news)

    # --- answers --------------------------------------------------------------------------------

    def answered(self, source: Incarnation, ack: Ack, channel: Channel, step: Step) -> Round | None:
        """The question that ``ack`` answers, now over; None where there is none."""
        asked = self._rounds.get(ack.nonce)
        if asked is None or asked.target != source:
            return None
        self._rounds.end(asked)
        member = self._table.of(source)
        if member is not None:
            self._measure(member, asked, ack, channel, step)
        if asked.client is not None:
            client, nonce = asked.client
            step.send(client, IndirectAck(nonce, source))
        elif asked.purpose in JUDGING:
            self.health.note(Sign.ANSWERED)
        return asked

    def _measure(
        self, member: Member, asked: Round, ack: Ack, channel: Channel, step: Step
    ) -> None:
        by_stream = channel is Channel.STREAM
        sent_ns = asked.asked.monotonic_ns
        if by_stream and asked.asked_stream_ns is not None:
            sent_ns = asked.asked_stream_ns
        member.link.note(Way.STREAM if by_stream else Way.DATAGRAM)
        member.link.clock.sample(sent_ns, ack.wall_ns, step.ns)

    def answered_indirectly(self, source: Incarnation, word: IndirectAck) -> None:
        """A helper reached the target."""
        asked = self._rounds.get(word.nonce)
        if asked is None or asked.target != word.target or source not in asked.helpers:
            return
        self._rounds.end(asked)
        self.health.note(Sign.ANSWERED)
        member = self._table.of(word.target)
        if member is not None:
            member.link.note(Way.INDIRECT)

    def nacked(self, source: Incarnation, word: Nack) -> None:
        """A helper lives, and could not reach the target."""
        asked = self._rounds.get(word.nonce)
        if asked is not None and source in asked.helpers and source not in asked.nacked:
            asked.nacked.append(source)

    def relay(self, client: Incarnation, request: ProbeRequest, step: Step) -> None:
        """Try to reach somebody for ``client``."""
        member = self._table.of(request.target)
        if member is None or len(self._rounds) >= ROUNDS_MAX:
            step.send(client, Nack(request.nonce))
            return
        wait = self._towards(member).probe_timeout_ns * NACK_SHARE_PERCENT // 100
        asked = self._rounds.begin(member.incarnation, Purpose.RELAY, step.now, wait)
        asked.client = (client, request.nonce)
        step.send(member.incarnation, self._probe(asked, member))

    # --- silence --------------------------------------------------------------------------------

    def expire(self, step: Step) -> list[Member]:
        """Go on with the questions for which time is up; returns the members that stayed silent."""
        silent: list[Member] = []
        for asked in self._rounds.due(step.ns):
            member = self._table.of(asked.target)
            if asked.purpose in JUDGING and member is not None and member.in_view:
                if asked.asked_stream_ns is None:
                    self._widen(asked, member, step)
                    continue
                self._blame(asked, step)
                member.link.note(Way.SILENCE)
                silent.append(member)
            elif asked.client is not None:
                client, nonce = asked.client
                step.send(client, Nack(nonce))
            self._rounds.end(asked)
        return silent

    def _widen(self, asked: Round, member: Member, step: Step) -> None:
        asked.asked_stream_ns = step.ns
        asked.due_ns = step.ns + self.health.scaled(self._towards(member).indirect_timeout_ns)
        step.send(member.incarnation, self._probe(asked, member), Channel.STREAM)
        alive = [
            other.incarnation
            for other in self._table.standing(Standing.ALIVE)
            if other is not member
        ]
        asked.helpers = self._random.sample(alive, min(INDIRECT_PROBES, len(alive)))
        told_max = transmissions_max(self._table.size)
        for helper in asked.helpers:
            news = self._rumours.take(1, told_max, bytes_max=NEWS_BESIDE_ADDRESS_BYTES_MAX)
            step.send(helper, ProbeRequest(asked.nonce, asked.target, member.address, news))

    def _blame(self, asked: Round, step: Step) -> None:
        """Whose fault the silence may be beside the target's.

        Helpers that live and do not even say no: our own, if we are slow; theirs, if they are gone
        too. The score takes care of the one, asking them of the other.
        """
        if not asked.helpers:
            self.health.note(Sign.NOBODY_TO_ASK)
        for helper in asked.helpers:
            member = self._table.of(helper)
            if helper in asked.nacked or member is None or member.standing is not Standing.ALIVE:
                continue
            self.health.note(Sign.NACK_MISSING)
            self.ask(member, Purpose.VERIFY, step)

    # --- forgiving ------------------------------------------------------------------------------

    def drop(self, target: Incarnation) -> None:
        """No answer of ``target`` is waited for any longer."""
        self._rounds.drop(
            lambda asked: asked.target == target and asked.purpose is not Purpose.RELAY
        )

    def start_over(self) -> None:
        """Nobody listened: no question that is out counts."""
        self._rounds.drop(lambda _: True)

    def extend(self, by_ns: int) -> None:
        """Nobody listened for so long."""
        self._rounds.extend(by_ns)
