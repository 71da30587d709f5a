"""The one door.

Whatever happens comes in through ``handle``, and all that is to be done goes out as its value.

    Replica(…).start(now) ─▶ Effects          once
    Replica.handle(input, now) ─▶ Effects     for each thing that happens, one at a time

No clock, no socket, no file, no thread: whoever calls decides what time it is and does the deeds.
The same replica runs under the trio driver and in a simulated mesh, and cannot tell which.
"""

from random import Random

from mesh.protocol.admission import Admission, AdmissionStep, Card, Claimed, Phase, Proof
from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Effects, Image
from mesh.protocol.inputs import (
    CallId,
    DatagramReceived,
    DialFailed,
    DialFailure,
    FoundEnvironment,
    FrameReceived,
    Input,
    Leave,
    Persisted,
    PersistFailed,
    Sighted,
    Slept,
    StreamClosed,
    StreamDrained,
    StreamOpened,
    Woke,
)
from mesh.protocol.links import (
    Connected,
    Departed,
    Disconnected,
    Greeted,
    Links,
    LinkStep,
    Received,
    Source,
    TwinMet,
)
from mesh.protocol.now import Now, earliest
from mesh.protocol.outgoing import Channel
from mesh.protocol.replica.bereft import is_bereft, note_loss, sobered
from mesh.protocol.replica.calls import Call, Calls
from mesh.protocol.replica.declined import FAILED
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.incidents import MEMORY_GONE, Incidents
from mesh.protocol.replica.invitations import Rebuffed
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.remembered import Remembered
from mesh.protocol.replica.replays import Replays
from mesh.protocol.standing import Access, Refused, RosterView, Verdict
from mesh.protocol.suite import Exchange, Keyring, Signer, Suite
from mesh.wire.identity import Address, Incarnation
from mesh.wire.limits import TEXT_CHARACTERS_MAX
from mesh.wire.messages import (
    Facts,
    FactVector,
    Hello,
    Knock,
    Message,
    Probe,
    Rebuff,
    SnapshotPart,
    Welcome,
)

DISK_FAILED = (
    "the disk of this controller failed, so nothing can be promised;"
    " see `trellis doctor`, or use another controller"
)
DISK_SLOW = "the disk cannot keep up; try again when it has, or elsewhere"


class Replica:
    """One incarnation of a controller.

    ``identity`` signs what the controller says, ``operator`` (where its key is kept here) what
    people submit; streams and datagrams are agreed on with ``exchange``. Chance comes from
    ``random``, keys from ``suite`` alone; ``image`` is the whole memory of earlier lives.
    """

    def __init__(
        self,
        identity: Signer,
        operator: Signer | None,
        exchange: Exchange,
        configuration: ReplicaConfiguration,
        random: Random,
        suite: Suite,
        image: Image,
    ) -> None:
        self.own = Incarnation(identity.public, image.boot, random.randbytes(8))
        self._is_bereft = is_bereft(configuration, image)
        configuration = sobered(configuration, image)
        self.configuration = configuration
        self.admission = Admission(
            self.own,
            Card(
                configuration.name,
                configuration.site,
                configuration.addresses,
                exchange.public,
            ),
            operator.public if operator is not None else None,
            configuration,
            image.meta,
            random,
        )
        self.desk = Desk(
            self.own,
            configuration,
            Links(self.admission.hello(), Keyring(identity, exchange, suite), random),
            exchange,
        )
        self.participant: Participant | None = None
        self.farewells: dict[bytes, str] = {}
        """What members said when they closed the last stream, for people to read."""
        self.incidents = Incidents(self.desk, image)
        self.evidence = image.evidence
        """What waits in the folder of damaged files, where a person should clear it."""
        self._identity = identity
        self._suite = suite
        self._random = random
        self._image = image
        self._calls = Calls(self.desk, operator, random)
        self._stranger_roster = RosterView()
        self._replays = Replays()
        self._introduction: int | None = None
        """The writes that have to be durable before others are told who this is now."""
        self._remembered = Remembered(self.desk, image.meta)
        self._left = False
        self._written_at_ns: dict[int, int] = {}

    @property
    def signs_here(self) -> bool:
        """Whether it has a key to sign changes that its owner asks for."""
        return self._calls.signs

    @property
    def _found_at_start(self) -> tuple[str, ...]:
        return (MEMORY_GONE,) if self.configuration.memory_lost else self._image.findings

    # --- the door -----------------------------------------------------------------------------

    def start(self, now: Now) -> Effects:
        """The first step of this life."""
        self.incidents.note(self._found_at_start, now)
        if self.admission.enrolment is not None:
            self._join(now)
        elif self._is_bereft:
            note_loss(self.desk)
        self._admission_step(self.admission.start(now), now)
        for address in self._remembered.addresses:
            self._links_step(self.desk.links.sighted(address, Source.REMEMBERED, now), now)
        ticket = self.configuration.ticket
        for address in ticket.invitation.addresses if ticket is not None else ():
            self._links_step(self.desk.links.sighted(address, Source.SEED, now), now)
        return self._effects(now)

    def handle(self, happened: Input, now: Now) -> Effects:
        """What follows from ``happened``."""
        if not self._is_over:
            self._dispatch(happened, now)
        elif isinstance(happened, Persisted):
            self.desk.outbox.persisted(happened.token)
        return self._effects(now)

    def _stir(self) -> None:
        if self.participant is not None:
            self.participant.calm.stir()

    @property
    def _is_over(self) -> bool:
        return self._left or self.desk.ended

    def _dispatch(self, happened: Input, now: Now) -> None:  # noqa: C901, PLR0912  one arm for each input
        links = self.desk.links
        if self.participant is not None:
            self.participant.calm.happened(happened)
        match happened:
            case DatagramReceived(source, payload):
                self._datagram(source, payload, now)
            case FrameReceived(stream, payload):
                self._links_step(links.frame(stream, payload, now), now)
            case StreamOpened(stream, remote, dialled):
                self._links_step(links.opened(stream, remote, dialled, now), now)
            case StreamClosed(stream):
                self._links_step(links.closed(stream, now), now)
                self.admission.closed(stream)
            case StreamDrained(stream, written_bytes):
                links.drained(stream, written_bytes)
            case DialFailed(address, why):
                self._dial_failed(address, why, now)
            case Persisted(token):
                self._persisted(token, now)
            case PersistFailed(why):
                self._persist_failed(why, now)
            case Woke():
                self._wake(now)
            case Slept(late_ns):
                self.desk.notice("warning", "slept", f"woke {late_ns // 1_000_000} ms late")
                if self.participant is not None:
                    self.participant.slept(now)
                self._wake(now)
            case Sighted(address, source):
                self._links_step(links.sighted(address, Source(source), now), now)
            case Leave():
                self._leave(now)
            case _:
                self._call(happened, now)

    def _effects(self, now: Now) -> Effects:
        self._introduce(self.desk.outbox.durable, now)
        if self.participant is not None and not self._is_over:
            self.participant.settle(now)
            if not self.participant.is_calm:
                self._roster_changed(now)
            self._secret_changed(self.participant.secrecy.take_adopted(), now)
        self._drain_links(now)
        effects = self.desk.outbox.take(now, self._deadline_ns(now))
        if effects.token is not None:
            self._written_at_ns[effects.token] = now.monotonic_ns
        return effects

    def _deadline_ns(self, now: Now) -> int | None:
        if self._is_over:
            return None
        inside = self.participant
        return earliest(
            self.desk.links.deadline_ns,
            self.admission.deadline_ns,
            inside.deadline_ns(now) if inside is not None else None,
        )

    # --- time and disk ------------------------------------------------------------------------

    def _wake(self, now: Now) -> None:
        self._links_step(self.desk.links.wake(now), now)
        due_ns = self.admission.deadline_ns
        if due_ns is not None and now.monotonic_ns >= due_ns:
            self._admission_step(self.admission.wake(now), now)
        if self.participant is not None:
            self.participant.wake(now)

    def _persisted(self, token: int, now: Now) -> None:
        self._introduce(token, now)  # before what only members say may leave
        self.desk.outbox.persisted(token)
        for written in [each for each in self._written_at_ns if each <= token]:
            elapsed_ns = now.monotonic_ns - self._written_at_ns.pop(written)
            if self.participant is not None:
                self.participant.crank.pace.wrote(elapsed_ns)

    def _persist_failed(self, why: str, now: Now) -> None:
        """This life can promise nothing more: it takes leave, so that nobody waits for its votes.

        Whoever comes after it is another incarnation, and was not in the view of anybody.
        """
        self.desk.outbox.fail()
        self.desk.notice("error", "disk failed", f"{why}; no more votes until it is well")
        if self.participant is not None:
            self.participant.leave(now)

    def _leave(self, now: Now) -> None:
        if self.participant is not None:
            self.participant.leave(now)
        self._links_step(self.desk.links.goodbye("this controller stops in good order", now), now)
        self._left = True

    # --- datagrams ----------------------------------------------------------------------------

    def _datagram(self, source: Address, payload: bytes, now: Now) -> None:
        inside = self.participant
        datagram = self.desk.open_datagram(payload, now) if inside is not None else None
        if datagram is None or inside is None:
            return
        sender = datagram.sender
        if not self._replays.accept(sender, datagram.counter):
            self.desk.counters["datagrams repeated"] += 1
            return
        if datagram.receiver != self.own.nonce and not isinstance(datagram.message, Probe):
            # What was said to a life before this one; a probe is told that this is another.
            self.desk.counters["datagrams for another life"] += 1
            return
        inside.received(sender, Access.MEMBER, datagram.message, Channel.DATAGRAM, source, now)

    # --- streams ------------------------------------------------------------------------------

    def _links_step(self, step: LinkStep, now: Now, *, gated: bool = False) -> None:
        self.desk.carry(step, gated=gated)
        self._drain_links(now)

    def _drain_links(self, now: Now) -> None:
        """Carry out what happened on streams, whoever caused it, until nothing more does."""
        while self.desk.link_steps:
            for event in self.desk.link_steps.pop(0).events:
                self._link_event(event, now)

    def _link_event(self, event: object, now: Now) -> None:
        self._stir()
        match event:
            case Greeted(stream, hello, remote, binding, exchange_key):
                self._greeted(stream, hello, remote, Proof(binding, exchange_key), now)
            case Received(stream, sender, access, message):
                self._received(stream, sender, access, message, now)
            case Connected(incarnation, stream):
                _ = self.farewells.pop(incarnation.controller, None)
                self._connected(incarnation, stream, now)
            case Disconnected(incarnation):
                if self.participant is not None:
                    self.participant.disconnected(incarnation, now)
            case Departed(incarnation, why):
                self.farewells[incarnation.controller] = why
                self.desk.notice("info", "departed", f"{incarnation}: {why}")
            case TwinMet(incarnation):
                self._twin(incarnation, now)
            case _:
                raise AssertionError(event)

    def _ask_claimant(self, stream: int, access: Verdict, now: Now) -> None:
        """Who says to be one of us and is not in our roster may know of its admission, or of ours.

        After a lost disk a founder holds nobody but itself for a member, and still learns this way
        who the others are. It is asked once, however often it says Hello, which costs it nothing.
        """
        if access is Access.CLAIMANT and self.participant is not None:
            for part in self.participant.spreading.vector(reply=False):
                self.desk.send_on_stream(stream, part, now, gated=True)
        elif access is Access.FORMER and self.participant is not None:
            self.participant.outcasts.greeted(stream, now)

    def _greeted(self, stream: int, hello: Hello, remote: Address, proof: Proof, now: Now) -> None:
        verdict = self.admission.judge(hello, self._roster, proof.exchange_key)
        # Whoever is sent away is told first what that follows from, such as its own removal.
        last_words = isinstance(verdict, Refused) or verdict is Access.FORMER
        before = self.desk.links.access(stream)
        step = self.desk.links.judged(stream, verdict, now)
        self._links_step(step, now, gated=last_words)
        self._admission_step(
            self.admission.greeted(stream, remote, hello, verdict, self._roster, proof, now), now
        )
        if verdict is Access.FORMER or verdict is not before:
            self._ask_claimant(stream, verdict, now)

    def _received(
        self, stream: int, sender: Incarnation, access: Access, message: Message, now: Now
    ) -> None:
        match message:
            case Knock():
                self._admission_step(self.admission.knocked(stream, message, now), now)
            case Welcome():
                self._admission_step(self.admission.welcomed(stream, message), now)
            case Rebuff():
                self._admission_step(self.admission.rebuffed(stream, message, now), now)
            case FactVector() if access is Access.FORMER and self.participant is not None:
                self.participant.outcasts.asked(stream, message, now)
            case Facts() if access is Access.FORMER and self.participant is not None:
                self.participant.outcasts.shown(sender, message, now)
            case Facts() if access is Access.CLAIMANT and self.participant is not None:
                self.participant.outcasts.claimed(sender, message, now)
            case SnapshotPart() if access is Access.CLAIMANT and self.participant is not None:
                asked = self.participant.snapshots.take(sender, message, now)
                if asked is not None:
                    self.desk.send_on_stream(stream, asked, now, gated=True)
            case _ if self.participant is not None:
                self.participant.received(sender, access, message, Channel.STREAM, None, now)
            case _:
                self.desk.counters["messages out of place"] += 1

    def _connected(self, peer: Incarnation, stream: int, now: Now) -> None:
        if self.participant is None:
            return
        hello = self.desk.links.hello(stream)
        address = hello.addresses[0] if hello is not None and hello.addresses else None
        self.participant.connected(peer, address, now)
        self._remembered.renew()

    def _dial_failed(self, address: Address, why: DialFailure, now: Now) -> None:
        self._links_step(self.desk.links.dial_failed(address, why, now), now)
        if self.participant is not None and why is DialFailure.REFUSED:
            self.participant.refused(address, now)

    def _twin(self, other: Incarnation, now: Now) -> None:
        self.desk.notice("error", "twin", f"another life of this controller is about: {other}")
        if self.participant is not None:
            self.participant.twins.meet(other, now, is_alive=True)

    # --- admission ----------------------------------------------------------------------------

    @property
    def _roster(self) -> RosterView:
        return self.participant.roster if self.participant is not None else self._stranger_roster

    def _admission_step(self, step: AdmissionStep, now: Now) -> None:
        self._stir()
        self.desk.write(*step.writes)
        for notice in step.notices:
            self.desk.notice(notice.level, notice.event, notice.text)
        if step.joined is not None:
            self._join(now)
        for stream, message in step.sends:
            self.desk.send_on_stream(stream, message, now, gated=True)
        for claimed in step.claims:
            self._claimed(claimed, now)
        if step.hello_changed:
            self._introduction = self.desk.outbox.ticket()
        if step.ended is not None:
            self.desk.end(step.ended, self.own.boot)

    def _claimed(self, claimed: Claimed, now: Now) -> None:
        """A newcomer has shown an invite."""
        assert self.participant is not None, "only who has an environment hears claims"
        try:
            recognition = self.participant.invitations.honour(claimed, now)
        except Rebuffed as rebuffed:
            rebuff = Rebuff(str(rebuffed)[:TEXT_CHARACTERS_MAX])
            self.desk.send_on_stream(claimed.stream, rebuff, now, gated=True)
        else:
            self._admission_step(self.admission.honoured(claimed, recognition), now)

    def _introduce(self, durable: int, now: Now) -> None:
        """Tell others who this controller is now, once that is on disk: they act upon it.

        Until then new streams are told what was true before, as if this had not happened yet.
        What is on disk only after this life has ended is for the next one to tell.
        """
        if self._is_over:
            return
        if self._introduction is not None and self._introduction <= durable:
            self._introduction = None
            self._links_step(self.desk.links.introduce(self.admission.hello(), now), now)

    def _found(self, call: CallId, now: Now) -> None:
        self._admission_step(self.admission.found(), now)
        if self.participant is None:
            text = "no environment is founded without an operator's key beside the controller"
            self.desk.refuse(call, FAILED, text)
        else:
            self.desk.answer(call, environment=self.desk.environment.hex())

    def _join(self, now: Now) -> None:
        """This controller belongs to an environment: from now on it takes part."""
        place = self.admission.enrolment
        assert place is not None, "admission said that it joined"
        self.participant = Participant(
            self.desk, place, self._identity, self._suite, self._random, self._image
        )
        self.participant.start(now)
        self._calls.participant = self.participant
        self._roster_changed(now)

    def _roster_changed(self, now: Now) -> None:
        inside = self.participant
        if inside is None:
            return
        inside.stand_down(self.admission.stand_down)
        if not inside.roster_changed:
            return
        inside.roster_changed = False
        inside.rotating.roster_changed(inside.roster.keys, now)
        admitted = inside.roster.active | inside.roster.learners
        self._replays.keep(admitted)
        self.desk.boxes.keep(admitted)
        for address in inside.company.addresses():
            self.desk.carry(self.desk.links.sighted(address, Source.ROSTER, now))
        self._judge_again(now)
        self._admission_step(self.admission.roster_changed(inside.roster), now)
        if inside.history.ids and self.admission.phase is Phase.FOUNDED:
            self._admission_step(self.admission.used(), now)

    def _secret_changed(self, adopted: bytes | None, now: Now) -> None:
        """Newcomers are told the secret in use, and a restart returns to it."""
        if adopted is not None:
            self._admission_step(self.admission.rekeyed(adopted), now)

    def _judge_again(self, now: Now) -> None:
        self._links_step(self.desk.links.review(), now)

    # --- local calls --------------------------------------------------------------------------

    def _call(self, call: Call | FoundEnvironment, now: Now) -> None:
        if self.desk.outbox.failed:
            self.desk.refuse(call.call, FAILED, DISK_FAILED)
        elif self.desk.outbox.is_full:
            self.desk.refuse(call.call, FAILED, DISK_SLOW)
        elif isinstance(call, FoundEnvironment):
            self._found(call.call, now)
        else:
            self._admission_step(self._calls.handle(call, self.admission, now), now)
