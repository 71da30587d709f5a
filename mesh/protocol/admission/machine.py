"""How a controller comes into an environment, and lets others in.

Somebody new in town listens at the doors for a moment. Is anybody home, it rings and waits until a
person opens, for as long as it takes; is nobody, it builds a house of its own. Several who do so in
the same second see each other afterwards, and as long as nothing has happened in their houses, all
but one give theirs up and ring. Who is let in is decided by a person and recorded in the history
like any other change; this machine only carries the bell and the key.

Invariants: a controller belongs to one environment at a time; it leaves none in which anything was
done; nobody is welcomed who is not in the roster; nothing a stranger says takes more than a line
in a bounded list.
"""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from mesh.environment.founding import decode_founding
from mesh.protocol.admission import judgement
from mesh.protocol.admission.doors import Doors
from mesh.protocol.admission.enrolment import (
    ASIDE_KEY,
    ENVIRONMENT_KEY,
    WAITING_KEY,
    Enrolment,
    adopt,
    decode_enrolment,
    encode_enrolment,
    found,
    rekeyed,
    settle,
    write_enrolment,
)
from mesh.protocol.admission.generations import Relation, generation_of, outlived, relation
from mesh.protocol.admission.pending import Pending
from mesh.protocol.admission.phases import Phase, Turn, after
from mesh.protocol.admission.porch import Porch, Visitor
from mesh.protocol.admission.steps import (
    AdmissionStatistics,
    AdmissionStatus,
    AdmissionStep,
    Card,
    Claimed,
    Draft,
    Proof,
)
from mesh.protocol.admission.words import describe, describe_invited
from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Noticed, WriteMeta
from mesh.protocol.inputs import StreamId
from mesh.protocol.now import Now
from mesh.protocol.standing import Access, RosterView, Verdict
from mesh.wire import cbor
from mesh.wire.identity import Address, Incarnation, fingerprint
from mesh.wire.messages import Hello, Knock, Rebuff, Welcome
from mesh.wire.requests import Command, Value


class Admission:
    """One life's way into an environment, and its door for others.

    ``operator_key`` is the public key that a founding record would name; without one nothing is
    founded. ``meta`` is what the disk remembers.
    """

    def __init__(
        self,
        own: Incarnation,
        card: Card,
        operator_key: bytes | None,
        configuration: ReplicaConfiguration,
        meta: Mapping[str, bytes],
        random: Random,
    ) -> None:
        self._own = own
        self._card = card
        self._operator_key = operator_key
        self._configuration = configuration
        self._random = random
        remembered = meta.get(ENVIRONMENT_KEY, b"")
        self._enrolment = decode_enrolment(remembered) if remembered else None
        self._waiting = meta.get(WAITING_KEY, b"")
        self._phase = self._first_phase()
        self._listen_until_ns: int | None = None
        self._doors = Doors(own.controller, card, configuration.ticket, random)
        self._porch = Porch()
        self._welcomes_refused = 0

    def _first_phase(self) -> Phase:
        if self._enrolment is not None:
            return Phase.MEMBER if self._enrolment.settled else Phase.FOUNDED
        settings = self._configuration
        invited = settings.ticket is not None
        alone = settings.joins_only or invited or self._operator_key is None
        return Phase.PENDING if self._waiting or alone else Phase.LISTENING

    # --- what is known ------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """Where this controller stands."""
        return self._phase

    @property
    def enrolment(self) -> Enrolment | None:
        """Its environment; None while it has none."""
        return self._enrolment

    @property
    def stand_down(self) -> str | None:
        """Why no votes may be cast because of the environment's generation; None: they may."""
        if self._enrolment is None or self._enrolment.rival is None:
            return None
        return outlived(self._enrolment.origin, self._enrolment.rival)

    def hello(self) -> Hello:
        """What this controller says of itself now; the links number it for each stream."""
        enrolment = self._enrolment
        return Hello(
            environment=None if enrolment is None else enrolment.environment,
            generation=0 if enrolment is None else enrolment.generation,
            generation_nonce=bytes(16) if enrolment is None else enrolment.generation_nonce,
            sender=self._own,
            name=self._card.name,
            site=self._card.site,
            addresses=self._card.addresses,
            yields=enrolment is not None and not enrolment.settled,
            stream=0,
        )

    def judge(self, hello: Hello, roster: RosterView, exchange_key: bytes) -> Verdict:
        """What the sender of ``hello``, who has proved ``exchange_key``, may do here."""
        own = self._own.controller
        return judgement.judge(own, self._enrolment, hello, roster, exchange_key)

    def pending(self, now: Now) -> tuple[Pending, ...]:
        """The newcomers that wait here to be accepted."""
        return self._porch.pending.lines(now)

    def commands_to_accept(
        self, controller: bytes, now: Now, name: str | None = None
    ) -> tuple[Command, ...] | None:
        """The ChangeSet that admits ``controller``, under ``name`` where its own is taken.

        None where it does not wait here.
        """
        line = self._porch.pending.get(controller, now)
        if line is None:
            return None
        parameters: dict[str, Value] = {
            "controller": line.controller.hex(),
            "name": line.name if name is None else name,
            "site": line.site,
            "exchange_key": line.exchange_key.hex(),
            "addresses": [str(address) for address in line.addresses],
        }
        return (Command("controller", "admit", parameters),)

    def status(self, now: Now) -> AdmissionStatus:
        """How this controller stands, for people."""
        return AdmissionStatus(
            phase=self._phase,
            fingerprint=fingerprint(self._own.controller),
            environment=None if self._enrolment is None else self._enrolment.environment,
            text=self._words(),
            stand_down=self.stand_down,
            pending=len(self._porch.pending.lines(now)),
        )

    def statistics(self) -> AdmissionStatistics:
        """Counts since the start."""
        return AdmissionStatistics(
            knocks_sent=self._doors.knocks,
            knocks_heard=self._porch.knocks_heard,
            knocks_dropped=self._porch.knocks_dropped,
            welcomes_sent=self._porch.welcomes_sent,
            welcomes_refused=self._welcomes_refused,
        )

    def _words(self) -> str:
        text = describe(self._phase, self._own.controller, self._enrolment, self._waiting)
        ticket = self._configuration.ticket
        if self._phase is not Phase.PENDING or ticket is None:
            return text
        return describe_invited(ticket.invitation, self._waiting, self._doors.rebuff)

    # --- time ---------------------------------------------------------------------------------

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time at which ``wake`` has something to do."""
        match self._phase:
            case Phase.LISTENING:
                return self._listen_until_ns
            case Phase.PENDING:
                return self._doors.deadline_ns
            case Phase.FOUNDED | Phase.MEMBER | Phase.YIELDED:
                return None

    def start(self, now: Now) -> AdmissionStep:
        """The life begins: ``--found`` is carried out, or listening starts."""
        if self._configuration.found:
            return self.found()
        draft = Draft()
        self._leave_for_invitation(draft)
        if self._phase is Phase.LISTENING:
            self._listen_until_ns = now.monotonic_ns + self._configuration.listen_ns
        elif self._phase is Phase.PENDING:
            draft.notices.append(Noticed("info", "pending", self._words()))
        return draft.done()

    def wake(self, now: Now) -> AdmissionStep:
        """Found an environment where nobody was heard, or knock again."""
        draft = Draft()
        deadline_ns = self.deadline_ns
        if deadline_ns is None or now.monotonic_ns < deadline_ns:
            return draft.done()
        if self._phase is Phase.LISTENING:
            self._keep(Turn.SILENCE, draft)
        else:
            self._doors.knock(draft, now)
        return draft.done()

    # --- what people say ----------------------------------------------------------------------

    def found(self) -> AdmissionStep:
        """A person says: found an environment, or keep the one that was founded.

        Nothing happens where this controller belongs to one for good.
        """
        draft = Draft()
        if self._phase in {Phase.MEMBER, Phase.YIELDED}:
            return draft.done()
        if self._enrolment is None and self._operator_key is None:
            text = "no environment is founded without an operator's key beside the controller"
            draft.notices.append(Noticed("error", "found", text))
            return draft.done()
        self._keep(Turn.TOLD, draft)
        return draft.done()

    def used(self) -> AdmissionStep:
        """A person did something in the environment: it is given up for no other any more."""
        draft = Draft()
        if self._phase is Phase.FOUNDED:
            self._keep(Turn.USED, draft)
        return draft.done()

    def _keep(self, turn: Turn, draft: Draft) -> None:
        """Found an environment, or settle in the one that was founded."""
        self._phase = after(self._phase, turn)
        settled = self._phase is Phase.MEMBER
        if self._enrolment is None:
            assert self._operator_key is not None, "nothing is founded without an operator's key"
            self._enrolment = found(
                self._own.controller,
                self._card.exchange_key,
                self._card.name,
                self._card.site,
                self._operator_key,
                self._random,
                settled=settled,
            )
            self._join(self._enrolment, "founded", draft)
        else:
            self._enrolment = settle(self._enrolment)
            draft.writes.append(write_enrolment(self._enrolment))
            draft.hello_changed = True

    def _join(self, enrolment: Enrolment, event: str, draft: Draft) -> None:
        """The first moment in an environment."""
        self._enrolment = enrolment
        self._waiting = b""
        self._doors.clear()
        draft.writes += [write_enrolment(enrolment), WriteMeta(WAITING_KEY, b"")]
        draft.notices.append(Noticed("info", event, self._words()))
        draft.joined = enrolment
        draft.hello_changed = True

    # --- what peers say -----------------------------------------------------------------------

    def greeted(
        self,
        stream: StreamId,
        remote: Address,
        hello: Hello,
        verdict: Verdict,
        roster: RosterView,
        proof: Proof,
        now: Now,
    ) -> AdmissionStep:
        """A peer said who it is, or was judged again; ``verdict`` is what ``judge`` says now."""
        draft = Draft()
        if self._phase is Phase.YIELDED:
            return draft.done()
        if verdict is not Access.HOST:
            self._doors.leave(stream)
        if verdict is not Access.NEWCOMER:
            self._porch.left(stream)
        match verdict:
            case Access.HOST:
                self._arrive(stream, hello, proof.binding, draft, now)
            case Access.NEWCOMER:
                assert self._enrolment is not None
                admitted = roster.has(hello.sender.controller)
                visitor = Visitor(hello, remote, proof, admitted=admitted)
                self._porch.came(stream, visitor, self._enrolment, draft)
            case Access.YIELDING:
                self._perhaps_yield(hello, draft)
            case _ if roster.has(hello.sender.controller):
                self._compare_generations(hello, draft)
            case _:
                pass
        return draft.done()

    def closed(self, stream: StreamId) -> None:
        """A stream is gone."""
        self._doors.leave(stream)
        self._porch.left(stream)

    def _arrive(
        self, stream: StreamId, hello: Hello, binding: bytes, draft: Draft, now: Now
    ) -> None:
        """Here is an environment: knock."""
        assert hello.environment is not None
        if not self._doors.is_wanted(hello):
            return
        if self._phase is Phase.LISTENING:
            self._phase = after(self._phase, Turn.MET)
        self._doors.arrive(stream, hello, binding, draft, now)
        if not self._doors.lead_to(self._waiting):
            self._waiting = hello.environment
            draft.writes.append(WriteMeta(WAITING_KEY, hello.environment))
            draft.notices.append(Noticed("info", "pending", self._words()))

    def welcomed(self, stream: StreamId, welcome: Welcome) -> AdmissionStep:
        """A member says that this newcomer was admitted, and to what."""
        draft = Draft()
        door = self._doors.get(stream)
        if self._phase is not Phase.PENDING or door is None:
            return draft.done()
        enrolment = adopt(welcome, door.hello)
        if not _is_of(enrolment, door.hello) or not self._doors.recognises(door, welcome):
            self._welcomes_refused += 1
            return draft.done()
        self._phase = after(self._phase, Turn.WELCOMED)
        self._join(enrolment, "admitted", draft)
        return draft.done()

    def rebuffed(self, stream: StreamId, rebuff: Rebuff, now: Now) -> AdmissionStep:
        """A member does not honour the invite."""
        draft = Draft()
        before = self._doors.rebuff
        is_pending = self._phase is Phase.PENDING
        heard = is_pending and self._doors.rebuffed(stream, rebuff.why, now)
        if heard and self._doors.rebuff != before:
            draft.notices.append(Noticed("warning", "not admitted", self._words()))
        return draft.done()

    def knocked(self, stream: StreamId, knock: Knock, now: Now) -> AdmissionStep:
        """A newcomer asks to be admitted."""
        draft = Draft()
        if self._enrolment is not None:
            self._porch.knocked(stream, knock, self._enrolment, draft, now)
        return draft.done()

    def honoured(self, claimed: Claimed, recognition: bytes) -> AdmissionStep:
        """The invite that a newcomer has shown is good, and its admission is under way, or done."""
        draft = Draft()
        if self._enrolment is not None:
            self._porch.honoured(claimed, recognition, self._enrolment, draft)
        return draft.done()

    def rekeyed(self, secret: bytes) -> AdmissionStep:
        """The environment has another secret: newcomers are told this one."""
        draft = Draft()
        assert self._enrolment is not None, "only who has an environment has its secret"
        self._enrolment = rekeyed(self._enrolment, secret)
        draft.writes.append(write_enrolment(self._enrolment))
        return draft.done()

    def roster_changed(self, roster: RosterView) -> AdmissionStep:
        """The roster is another one: whoever waits at the door and is in it now is let in."""
        draft = Draft()
        if self._enrolment is not None:
            self._porch.roster_changed(roster, self._enrolment, draft)
        return draft.done()

    # --- two environments, two generations ----------------------------------------------------

    def _leave_for_invitation(self, draft: Draft) -> None:
        """Who founded by itself, and did nothing there, goes where it is invited to."""
        ticket, enrolment = self._configuration.ticket, self._enrolment
        if ticket is None or enrolment is None:
            return
        invited_to = ticket.invitation.environment
        if invited_to == enrolment.environment:
            return
        if self._phase is Phase.FOUNDED:
            self._give_up_for(invited_to, draft)
            return
        text = (
            f"the invite is for environment {fingerprint(invited_to)}, and this controller belongs"
            f" to {fingerprint(enrolment.environment)} for good: use another data directory"
        )
        draft.notices.append(Noticed("error", "invite", text))

    def _perhaps_yield(self, hello: Hello, draft: Draft) -> None:
        enrolment = self._enrolment
        assert enrolment is not None
        if judgement.outranks(hello, enrolment):
            assert hello.environment is not None
            self._give_up_for(hello.environment, draft)

    def _give_up_for(self, environment: bytes, draft: Draft) -> None:
        enrolment = self._enrolment
        assert enrolment is not None
        self._phase = after(self._phase, Turn.OUTRANKED)
        draft.writes += [
            WriteMeta(ASIDE_KEY + enrolment.environment.hex(), encode_enrolment(enrolment)),
            WriteMeta(ENVIRONMENT_KEY, b""),
            WriteMeta(WAITING_KEY, environment),
        ]
        draft.ended = (
            f"environment {fingerprint(enrolment.environment)}, founded here and never used, is"
            f" given up for {fingerprint(environment)}"
        )
        draft.notices.append(Noticed("info", "yielded", draft.ended))

    def _compare_generations(self, hello: Hello, draft: Draft) -> None:
        enrolment = self._enrolment
        if enrolment is None or hello.environment != enrolment.environment:
            return
        other = generation_of(hello)
        known = enrolment.rival
        if outlived(enrolment.origin, other) is None or (known is not None and known >= other):
            return
        self._enrolment = replace(enrolment, rival=other)
        draft.writes.append(write_enrolment(self._enrolment))
        draft.notices.append(Noticed("error", "generation", self.stand_down or ""))


def _is_of(enrolment: Enrolment, hello: Hello) -> bool:
    """Whether a Welcome is of the environment and the generation that its sender named."""
    if enrolment.environment != hello.environment:
        return False
    if relation(enrolment.origin, generation_of(hello)) is not Relation.SAME:
        return False
    try:
        _ = decode_founding(enrolment.founding)
    except cbor.Undecodable:
        return False
    return True
