"""Who is there: the membership machine, SWIM with Lifeguard and three repairs.

Imagine a village in which everybody knocks at one other door a minute. If nobody opens, three
neighbours are asked to knock as well; if nobody opens to them either, it is told around that the
house may be empty. Whoever is at home hears it and shouts. Only if no shout comes in time is the
house taken for empty.

What is kept: a member that works and is reached by somebody stays in the view; one that is gone
leaves it within seconds, on all; nobody outside the roster is ever in it. The detector may err at
will without harm to safety: the barrier needs it for liveness only.

The repairs: witnesses are expected from members believed alive, so later crashes are noticed as
fast as the first; members are made by the roster alone, so there are no ghosts; and the reason for
every standing is kept for people.

Sources: SWIM (Das, Gupta, Motivala 2002); Lifeguard (Dadgar, Phillips, Currey 2018).
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Final, assert_never

from mesh.protocol.configuration import Profile
from mesh.protocol.membership.beliefs import Attested, Beliefs
from mesh.protocol.membership.clocks import Clock
from mesh.protocol.membership.health import Sign
from mesh.protocol.membership.lives import Life
from mesh.protocol.membership.outcome import MemberRow, Outcome, Step, What, Why
from mesh.protocol.membership.probing import Probing
from mesh.protocol.membership.report import member_rows
from mesh.protocol.membership.rounds import Purpose
from mesh.protocol.membership.table import Member
from mesh.protocol.membership.telling import Telling
from mesh.protocol.membership.timing import (
    LATE_NS,
    TIMINGS,
    transmissions_max,
)
from mesh.protocol.now import Now, earliest
from mesh.protocol.outgoing import Channel
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import (
    Ack,
    Gossip,
    IndirectAck,
    Nack,
    News,
    Probe,
    ProbeRequest,
    Standing,
    Summary,
    Table,
    TableHash,
)

MembershipMessage = Probe | Ack | ProbeRequest | Nack | IndirectAck | Gossip | Table | TableHash

VISITORS_MAX: Final = 64
"""Addresses kept of lives that speak without being current members, so that they can be
answered."""


class Membership:
    """One controller's membership table, and the questions that keep it true."""

    def __init__(
        self,
        own: Incarnation,
        address: Address,
        profile: Profile,
        random: Random,
        summarize: Callable[[], Summary | None],
        is_attested: Attested,
    ) -> None:
        """``summarize`` is asked for what rides on a probe or an answer whenever one is made.

        ``is_attested`` says whether a fact, signed by its controller, tells of a life.
        """
        self._own = own
        self._random = random
        self._timing = TIMINGS[profile]
        self._summarize = summarize
        self._beliefs = Beliefs(own, address, self._timing, is_attested)
        self._table = self._beliefs.table
        self._rumours = self._beliefs.rumours
        self._lives = self._beliefs.lives
        self._probing = Probing(self._table, self._rumours, self._timing, random, summarize)
        self._telling = Telling(self._beliefs, self._timing, random)
        self._visitors: dict[Incarnation, Address] = {}
        self._turn_ns: int | None = None
        self._grace_ns = 0
        """Until then nobody is suspected from here: we were asleep."""
        self._deadline_ns: int | None = None
        """As it was after the last input: between two of them nothing moves it."""
        self._alarm_ns: int | None = None
        """The deadline that whoever drives us was told, after the last input."""

    # --- reading --------------------------------------------------------------------------------

    @property
    def view(self) -> tuple[Incarnation, ...]:
        """All lives taken for alive, our own among them, sorted: what the barrier calls V."""
        return self._table.view

    @property
    def health(self) -> int:
        """By how many steps this controller takes itself to be slow: 0 to 8."""
        return self._probing.health.score

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time at which ``wake`` has something to do; None while there is nobody."""
        return None if self._beliefs.left else self._deadline_ns

    def members(self, now: Now) -> tuple[MemberRow, ...]:
        """One row for each controller of the roster, in its order."""
        recent_ns = now.monotonic_ns - 2 * self._table.size * self._timing.probe_interval_ns
        return member_rows(self._beliefs, self.health, now, recent_ns)

    def clock(self, incarnation: Incarnation, now: Now) -> Clock | None:
        """The wall clock of a member against ours; None where it was never measured."""
        member = self._table.of(incarnation)
        return member.link.clock.read(now) if member is not None else None

    def address_of(self, incarnation: Incarnation) -> Address | None:
        """Where a life listens that an Outgoing names; None where that is not known."""
        member = self._table.of(incarnation)
        return self._visitors.get(incarnation) if member is None else member.address

    def datagrams_pass(self, incarnation: Incarnation) -> bool:
        """Whether datagrams are worth sending to a member: not where it answers by stream only."""
        member = self._table.of(incarnation)
        return member is None or member.link.datagrams_pass

    def route(self, incarnation: Incarnation) -> tuple[Address | None, bool]:
        """Both of these: where a life listens, and whether datagrams are worth sending there."""
        member = self._table.of(incarnation)
        if member is None:
            return self._visitors.get(incarnation), True
        return member.address, member.link.datagrams_pass

    # --- what happens ---------------------------------------------------------------------------

    def admitted(self, controllers: Iterable[bytes], now: Now) -> Outcome:
        """The roster is now this: active controllers and learners."""
        step = self._begin(now)
        known = len(self._table.roster)
        for removed in self._beliefs.admit(controllers):
            self._probing.drop(removed)
            step.change(What.REMOVED, removed)
        if len(self._table.roster) > known:
            self._telling.hasten_comparison()
        return self._finish(step)

    def announced(self, incarnation: Incarnation, address: Address, now: Now) -> Outcome:
        """A controller said in person, over its stream, that it lives and listens there."""
        step = self._begin(now)
        if incarnation.controller == self._own.controller:
            self._beliefs.hear_of_twin(incarnation, step)
        elif incarnation.controller in self._table:
            member = self._table.of(incarnation)
            if member is None:
                self._lives.heard(incarnation, step.ns)
                self._meet(incarnation, address, step)
            else:
                member.address = address
                self._greet(member, step)
        return self._finish(step)

    def booted(self, incarnation: Incarnation, now: Now) -> Outcome:
        """A signed fact says that this life began: older ones leave the view."""
        step = self._begin(now)
        controller = incarnation.controller
        if controller == self._own.controller:
            self._beliefs.hear_of_twin(incarnation, step)
        elif controller in self._table and self._lives.judge(incarnation) is Life.NEWER:
            self._beliefs.succeed(incarnation, step)
        return self._finish(step)

    def receive(
        self,
        source: Incarnation,
        message: MembershipMessage,
        channel: Channel,
        now: Now,
        address: Address | None = None,
    ) -> Outcome:
        """A message of an authenticated ``source``, which listens at ``address`` if known."""
        step = self._begin(now)
        if self._beliefs.left:
            return step.outcome()
        if source.controller == self._own.controller:
            self._beliefs.hear_of_twin(source, step)
            return self._finish(step)
        if isinstance(message, Probe) and message.target not in (None, self._own.nonce):
            self._correct(source, channel, address, step)
            return self._finish(step)
        member = self._table.of(source)
        if member is not None:
            member.link.heard_ns = step.ns
            if channel is not Channel.STREAM:
                member.link.hope()
        else:
            self._lives.heard(source, step.ns)
            if address is not None:
                self._remember_visitor(source, address)
                if source.controller in self._table:
                    self._meet(source, address, step)
        self._dispatch(source, message, channel, step)
        return self._finish(step)

    def refused(self, address: Address, now: Now) -> Outcome:
        """The host at ``address`` says that nobody listens: as good as a failed probe."""
        step = self._begin(now)
        for member in self._table.rows():
            if member.address == address and member.in_view:
                self._probing.drop(member.incarnation)
                self._accuse(member, Why.REFUSED, step)
        return self._finish(step)

    def stream_lost(self, incarnation: Incarnation, now: Now) -> Outcome:
        """The connection to a member broke: ask it at once."""
        step = self._begin(now)
        member = self._table.of(incarnation)
        if member is not None and member.in_view:
            self._probing.ask(member, Purpose.VERIFY, step)
        return self._finish(step)

    def slept(self, now: Now) -> Outcome:
        """The host was suspended or starved: the silence of others proves nothing for one round."""
        step = Step(now)
        self._probing.start_over()
        self._probing.health.note(Sign.LATE)
        self._grace_ns = now.monotonic_ns + self._timing.probe_interval_ns
        for suspect in self._table.suspects.values():
            suspect.since_ns = self._grace_ns
        if self._turn_ns is not None:
            self._turn_ns = now.monotonic_ns
        return self._finish(step)

    def moved(self, address: Address, now: Now) -> Outcome:
        """We listen somewhere else now."""
        step = self._begin(now)
        self._beliefs.move(address)
        return self._finish(step)

    def leave(self, now: Now) -> Outcome:
        """We stop in good order: tell the others, and fall silent."""
        step = Step(now)
        self._beliefs.leave()
        self._telling.say_goodbye(step)
        return step.outcome()

    def wake(self, now: Now) -> Outcome:
        """Time has passed."""
        step = self._begin(now)
        if self._beliefs.left:
            return step.outcome()
        for silent in self._probing.expire(step):
            self._accuse(silent, Why.NO_ANSWER, step)
        if step.ns >= self._grace_ns:
            self._beliefs.pass_verdicts(step)
        if self._turn_ns is not None and step.ns >= self._turn_ns:
            self._turn_ns = step.ns + self._probing.health.scaled(self._timing.probe_interval_ns)
            self._probing.take_turn(step)
            self._telling.compare_tables(step)
        return self._finish(step)

    # --- messages -------------------------------------------------------------------------------

    def _dispatch(
        self, source: Incarnation, message: MembershipMessage, channel: Channel, step: Step
    ) -> None:
        match message:
            case Probe():
                self._answer(source, message, channel, step)
            case ProbeRequest() | TableHash() | Table() if self._table.of(source) is None:
                pass  # a stranger is answered, and gets no work done and nothing told
            case Ack():
                self._take_answer(source, message, channel, step)
            case ProbeRequest():
                self._hear(source, message.news, step)
                self._probing.relay(source, message, step)
            case Nack():
                self._probing.nacked(source, message)
            case IndirectAck():
                self._probing.answered_indirectly(source, message)
            case Gossip():
                self._hear(source, message.news, step)
            case TableHash():
                self._telling.take_hash(source, message, step)
            case Table():
                self._hear(source, message.news, step, whole=True)
                if message.reply:
                    self._telling.send_table(source, step, reply=False)
            case _:
                assert_never(message)

    def _answer(self, source: Incarnation, probe: Probe, channel: Channel, step: Step) -> None:
        self._hear(source, probe.news, step)
        first: list[News] = []
        if probe.suspected is not None:
            if self._beliefs.refute(probe.suspected):
                self._probing.health.note(Sign.SUSPECTED)
            first.append(self._beliefs.own_news())
        first.extend(self._beliefs.doubts_about(source))
        summary = self._summarize()
        news = self._rumours.take(1, transmissions_max(self._table.size), tuple(first))
        said = None if summary == probe.summary else summary
        back = Channel.STREAM if channel is Channel.STREAM else Channel.TRIAL
        step.send(source, Ack(probe.nonce, step.now.wall_ns, said, news), back)
        if probe.summary is not None:
            step.summaries.append((source, probe.summary))

    def _correct(
        self, source: Incarnation, channel: Channel, address: Address | None, step: Step
    ) -> None:
        """A question to another life of ours: say who lives now, and draw no conclusion.

        It may be old, and come from somebody who kept it.
        """
        if address is not None and self._table.of(source) is None:
            self._remember_visitor(source, address)
        step.send(source, Gossip((self._beliefs.own_news(),)), channel)

    def _take_answer(self, source: Incarnation, ack: Ack, channel: Channel, step: Step) -> None:
        asked = self._probing.answered(source, ack, channel, step)
        if asked is None:
            return
        proves = self._lives.is_proof(source, asked.asked.monotonic_ns)
        if asked.purpose is Purpose.FORK and source in self._visitors and proves:
            self._beliefs.prove_fork(source, self._visitors[source], step)
        self._beliefs.doubters.drop(source.controller)  # whoever has a doubt repeats it each time
        self._hear(source, ack.news, step)
        summary = asked.summary if ack.summary is None else ack.summary
        if summary is not None:
            step.summaries.append((source, summary))

    def _hear(
        self, source: Incarnation, news: tuple[News, ...], step: Step, *, whole: bool = False
    ) -> None:
        """Take a current member's word; that of a ``whole`` table is weaker than gossip."""
        if self._table.of(source) is None:
            return
        for piece in news:
            if piece.member.controller == self._own.controller:
                if self._beliefs.hear_of_us(piece, source.controller, step):
                    self._probing.health.note(Sign.SUSPECTED)
                continue
            suspect = self._beliefs.hear(piece, step, whole=whole, teller=source)
            if suspect is not None:
                self._probing.verify(suspect, step)

    def _meet(self, source: Incarnation, address: Address, step: Step) -> None:
        """A life of somebody in the roster speaks in person, and is no member so far."""
        match self._lives.judge(source):
            case Life.NEWER | Life.CURRENT:
                self._greet(self._beliefs.meet(source, address, step), step)
            case Life.ENDED:
                self._remember_visitor(source, address)
                self._probing.ask_ended(source, step)
            case Life.QUARANTINED:
                pass

    def _remember_visitor(self, source: Incarnation, address: Address) -> None:
        if source not in self._visitors and len(self._visitors) >= VISITORS_MAX:
            del self._visitors[next(iter(self._visitors))]
        self._visitors[source] = address

    def _greet(self, member: Member, step: Step) -> None:
        """It is back, or new: let it refute our doubts, measure its clock, compare what we know."""
        if member.standing is not Standing.ALIVE or member.link.clock.read(step.now) is None:
            self._probing.ask(member, Purpose.RETRY, step)
        self._telling.send_hash(member.incarnation, step)

    # --- suspicion and rumour -------------------------------------------------------------------

    def _accuse(self, member: Member, why: Why, step: Step) -> None:
        if step.ns >= self._grace_ns and self._beliefs.accuse(member, why, step):
            self._probing.ask(member, Purpose.RETRY, step)

    def _begin(self, now: Now) -> Step:
        """One input; if it comes in place of an alarm that was missed, nobody listened till now."""
        step = Step(now)
        if self._alarm_ns is not None and step.ns - self._alarm_ns > LATE_NS:
            self._forgive_lateness(step.ns - self._alarm_ns)
        return step

    def _forgive_lateness(self, late_ns: int) -> None:
        """Time in which nobody listened here is nobody's silence.

        Nor is the moment after it: the answer to the very question whose time is up may be waiting
        in our own socket.
        """
        granted = late_ns + LATE_NS
        self._probing.health.note(Sign.LATE)
        self._probing.extend(granted)
        for suspect in self._table.suspects.values():
            suspect.since_ns += granted

    def _finish(self, step: Step) -> Outcome:
        if self._beliefs.left:
            return step.outcome()
        self._beliefs.weigh_doubts(step)
        if not len(self._table):
            self._turn_ns = None
        elif self._turn_ns is None:
            self._turn_ns = step.ns + self._random.randrange(self._timing.probe_interval_ns)
            self._telling.postpone_comparison(step)
        self._telling.gossip(step)
        suspects = self._table.suspects.values()
        deadline_ns = self._deadline_ns = earliest(
            max(min(map(self._table.verdict_ns, suspects)), self._grace_ns) if suspects else None,
            self._turn_ns,
            self._probing.deadline_ns,
            self._telling.deadline_ns,
        )
        self._alarm_ns = None if deadline_ns is None else max(deadline_ns, step.ns)
        return step.outcome()
