"""A controller inside an environment: its machines, and which one's output is another's input.

    facts of peers ─▶ chains ─▶ barrier ─▶ history ─▶ swaps ─▶ readers
                        │          ▲  │ own facts
                        ▼          │  ▼
                    spreading   membership (the view V)      information ◀─▶ stores of peers

No machine here knows another one; every arrow is a line of this package.
"""

from collections import deque
from collections.abc import Iterable
from random import Random

from mesh.environment.founding import decode_founding
from mesh.protocol.admission import Enrolment, commands_to_activate
from mesh.protocol.barrier import Barrier
from mesh.protocol.catalogue import Catalogue
from mesh.protocol.chains import Chains, Received
from mesh.protocol.effects import (
    ChangeProgressed,
    Ended,
    Image,
    InformationChanged,
    MemberChanged,
    WriteFact,
    WriteMeta,
)
from mesh.protocol.history import History
from mesh.protocol.information import DataSet, Heard, Information
from mesh.protocol.membership import Change, Membership, Outcome, What
from mesh.protocol.now import Now
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.protocol.replica.activations import Activations
from mesh.protocol.replica.crank import Crank
from mesh.protocol.replica.desk import Desk
from mesh.protocol.spreading import Spreading
from mesh.protocol.standing import Access, RosterView
from mesh.protocol.suite import Signer, Suite
from mesh.protocol.swaps import SWAPS_PUBLISHED_MAX
from mesh.wire.envelope import tag
from mesh.wire.facts import Body, Boot, Fact, SignedFact, read_fact
from mesh.wire.identity import Address, Incarnation, fingerprint
from mesh.wire.messages import (
    Ack,
    Compare,
    Facts,
    FactVector,
    Gossip,
    IndirectAck,
    Message,
    Nack,
    Probe,
    ProbeRequest,
    StoreMessage,
    Summary,
    Table,
    TableHash,
)

LAMPORT_KEY = "lamport"
SWAP = "swap"
SWAP_PARTS = 3
"""Owned entries (SWAP, controller, tx) say when that controller showed that ChangeSet."""


class Participant:
    """The machines of one incarnation inside one environment."""

    def __init__(
        self,
        desk: Desk,
        place: Enrolment,
        signer: Signer,
        suite: Suite,
        random: Random,
        image: Image,
    ) -> None:
        own = desk.own
        self.desk = desk
        self.place = place
        self.signer = signer
        self.random = random
        self.catalogue = Catalogue()
        self.founding = decode_founding(place.founding)
        self.history = History(self.founding, self.catalogue, suite)
        self.chains = Chains(own, signer, suite, _lamport_floor(image))
        self.barrier = Barrier(own, self.catalogue, self.history, random)
        self.members = Membership(
            own,
            desk.configuration.addresses[0],
            desk.configuration.profile,
            random,
            self.summary,
        )
        self.information = Information(
            own,
            DataSet(
                place.environment,
                place.generation,
                place.generation_nonce,
                place.secret,
                place.secret_version,
            ),
            random,
            image.records,
            image.store_metadata,
        )
        self.spreading = Spreading(self.chains, random)
        self.crank = Crank(
            desk, signer, random, self.catalogue, self.history, self.barrier, self.members
        )
        self.activations = Activations(own.controller, self.catalogue, self.history, self.barrier)
        self.roster = RosterView(frozenset(), frozenset(), frozenset())
        self.roster_changed = False
        self._by_tag: dict[bytes, bytes] = {}
        """The others in the roster, learners included, as datagrams name them."""
        self.ended = False
        self.quarantined = False
        """Others hold an elder life of this controller for the real one."""
        self._image = image
        self._summary: Summary | None = None
        self._published: deque[tuple[str, ...]] = deque()
        self._view: tuple[Incarnation, ...] = ()

    # --- start --------------------------------------------------------------------------------

    def start(self, now: Now) -> None:
        """Remember what the disk held, and say that a new life has begun."""
        self.desk.environment = self.place.environment
        self.desk.route = self._route
        self.desk.directory = self._named
        self._restore(now)
        self.say(self._boot(), now)
        self._remember()
        self.refresh_roster(now)
        self.information.announce(self.desk.own, now)
        self._take_view(now)

    def _restore(self, now: Now) -> None:
        of_here = _facts_of(self._image, self.place.environment)
        received = self.chains.restore(of_here)
        for fact in received.taken:
            self.barrier.learn(fact, now)
        for why in received.refused:
            self.desk.counters[f"own facts refused: {why}"] += 1
        if received.refused:
            self.desk.notice(
                "error", "facts set aside", f"{len(received.refused)} stored facts do not verify"
            )
        for damaged in self.information.damaged:
            self.desk.notice("error", "record set aside", f"a stored record: {damaged.reason}")

    def _boot(self) -> Boot:
        previous = self._image.previous
        known = previous is not None and bool(self.chains.chain(previous))
        last = len(self.chains.chain(previous)) if known and previous is not None else 0
        return Boot(
            environment=self.place.environment,
            generation=self.place.generation,
            generation_nonce=self.place.generation_nonce,
            previous=previous if known else None,
            proven=last if known and self._image.unbroken else None,
            folded=(),
        )

    def _remember(self) -> None:
        """Take up the history where the last life left it.

        All that any life here said it had applied.
        """
        if self.barrier.remembered:
            self.history.extend(self.barrier.remembered)
            self.history.swap()

    # --- facts --------------------------------------------------------------------------------

    def say(self, body: Body, now: Now) -> Fact:
        """Write one own fact and tell every connected peer once it is durable."""
        fact, reserved = self.chains.write(body, now)
        self.desk.write(WriteFact(fact.origin, fact.sequence, fact.signed))
        if reserved is not None:
            self.desk.write(WriteMeta(LAMPORT_KEY, reserved.to_bytes(8, "big")))
        self.desk.send(self.spreading.push((fact,), self.peers(), now), now, gated=True)
        self.crank.learn(fact, now)
        return fact

    def _take_facts(self, source: Incarnation, message: Facts, now: Now) -> None:
        received = self.chains.receive(message.facts, now)
        self._count_refused(received)
        for fact in received.taken:
            self.desk.write(WriteFact(fact.origin, fact.sequence, fact.signed))
            self._note_boot(fact, now)
            self.crank.learn(fact, now)
        news = bool(received.taken)
        passed = self.spreading.pass_on(received.taken, source, self.peers(), direct=message.direct)
        asked = self.spreading.took(source, now, news=news, gaps=received.gaps)
        self.desk.send(passed + asked, now, gated=True)

    def _count_refused(self, received: Received) -> None:
        for why in received.refused:
            self.desk.counters[f"facts refused: {why}"] += 1

    def _note_boot(self, fact: Fact, now: Now) -> None:
        if not isinstance(fact.body, Boot):
            return
        origin = fact.origin
        if origin.controller == self.desk.own.controller:
            if origin.boot >= self.desk.own.boot and not self.quarantined:
                self.end("another life of this controller has a boot number as high", origin.boot)
            return
        self.information.kept.introduce(origin.nonce, origin.controller, origin.boot)
        self._outcome(self.members.booted(origin, now), now)

    def end(self, why: str, boot_floor: int) -> None:
        """This incarnation is over."""
        if not self.ended:
            self.ended = True
            self.desk.notify(Ended(why, boot_floor))

    # --- peers --------------------------------------------------------------------------------

    def peers(self) -> list[Incarnation]:
        """Members with whom a stream stands, by controller."""
        connected = self.desk.links.connected
        return [connected[controller].incarnation for controller in sorted(connected)]

    def connected(self, peer: Incarnation, address: Address, now: Now) -> None:
        """A stream to a member stands: it lives, and may know what we do not."""
        self._outcome(self.members.announced(peer, address, now), now)
        self.desk.send(self.spreading.connected(peer, now), now, gated=True)

    def disconnected(self, peer: Incarnation, now: Now) -> None:
        """No stream to that member any more."""
        self.spreading.disconnected(peer)
        self.information.forget(peer)
        self._outcome(self.members.stream_lost(peer, now), now)

    def refused(self, address: Address, now: Now) -> None:
        """Nobody listens at ``address``."""
        self._outcome(self.members.refused(address, now), now)

    def slept(self, now: Now) -> None:
        """This host was away: the others' silence proves nothing."""
        self._outcome(self.members.slept(now), now)

    def leave(self, now: Now) -> None:
        """Tell the others that this controller stops."""
        self._outcome(self.members.leave(now), now)

    def received(
        self,
        sender: Incarnation,
        access: Access,
        message: Message,
        channel: Channel,
        address: Address | None,
        now: Now,
    ) -> None:
        """A message from inside the environment."""
        match message:
            case Facts():
                self._take_facts(sender, message, now)
            case FactVector():
                self.desk.send(self.spreading.answer(sender, message, now), now, gated=True)
            case _ if access is not Access.MEMBER:
                self.desk.counters["messages of strangers"] += 1
            case StoreMessage():
                self._heard(
                    self.information.receive(sender, message.payload, self.peers(), now), now
                )
            case Compare():
                self._compare(sender, message.summary, now)
            case Probe() | Ack() | ProbeRequest() | Nack() | IndirectAck() | Gossip() | Table():
                self._outcome(self.members.receive(sender, message, channel, now, address), now)
            case TableHash():
                self._outcome(self.members.receive(sender, message, channel, now, address), now)
            case _:
                self.desk.counters["messages out of place"] += 1

    def _named(self, sender: bytes) -> bytes | None:
        """The other member that a datagram's tag means.

        Before there is a roster, everybody to whom a stream stands is one.
        """
        members = self._by_tag or {tag(each): each for each in self.desk.links.connected}
        return members.get(sender)

    # --- what machines answer -----------------------------------------------------------------

    def _outcome(self, outcome: Outcome, now: Now) -> None:
        self.desk.send(outcome.outgoing, now, gated=False)
        for change in outcome.changes:
            self._member_changed(change, now)
        for peer, summary in outcome.summaries:
            self._compare(peer, summary, now)
        if outcome.changes:
            self._take_view(now)

    def _member_changed(self, change: Change, now: Now) -> None:
        member = change.member
        self.desk.notify(MemberChanged(member.controller, change.what.value))
        match change.what:
            case What.ALIVE | What.REPLACED:
                self.information_changed(self.information.announce(member, now))
                self._dial(member, now)
            case What.REMOVED:
                self.information_changed(self.information.dismiss(member.controller, now))
            case What.TWIN:
                self.end("a newer life of this controller announces itself", member.boot)
            case What.FORKED:
                self.desk.notice("error", "fork", f"two lives of {member} announce themselves")
            case What.QUARANTINED:
                # Taking a higher number now would only make two lives outbid each other for ever.
                self.quarantined = True
                self.desk.notice(
                    "error",
                    "quarantined",
                    "an elder life with this controller's key is alive: this host or that one is a"
                    " copy; stop one of them",
                )
            case What.FAILED | What.LEFT:
                # A stream that outlives a long silence may stay stuck for minutes after it ends.
                why = "nothing was heard from you for too long; dial again"
                self.desk.carry(self.desk.links.drop(member.controller, why, now))
            case What.SUSPECT:
                pass

    def _dial(self, member: Incarnation, now: Now) -> None:
        address = self.members.address_of(member)
        if address is not None and member.controller not in self.desk.links.connected:
            step = self.desk.links.believed_alive(member.controller, (address,), now)
            self.desk.carry(step)

    def _take_view(self, now: Now) -> None:
        view = self.members.view
        if view != self._view:
            self._view = view
            self.barrier.set_view(view, now)

    def _compare(self, peer: Incarnation, summary: Summary, now: Now) -> None:
        self._heard(self.information.compare(peer, summary.store, now), now)
        self.desk.send(self.spreading.compare(peer, summary.facts, now), now, gated=True)
        self.crank.compare_state(peer, summary, now)

    def _heard(self, heard: Heard, now: Now) -> None:
        self.desk.send(heard.outgoing, now, gated=True)
        self.information_changed(heard.changed)
        self.desk.counters["store messages rejected"] += heard.rejected
        for alarm in heard.alarms:
            self.desk.notice("error", "store", alarm)

    def information_changed(self, paths: Iterable[tuple[str, ...]]) -> None:
        """Tell local listeners which entries read differently now."""
        changed = tuple(paths)
        if changed:
            self.desk.notify(InformationChanged(changed))
        for tx in filter(None, map(_swapped, changed)):
            self.desk.notify(ChangeProgressed(tx))

    def summary(self) -> Summary | None:
        """What is held, as of the last moment when all of it was durable; None before that."""
        if self.desk.outbox.is_settled:
            self._summary = Summary(
                self.information.ping(),
                self.chains.summary(),
                self.history.history_hash[:8],
                self.history.state_hash[:8],
            )
        return self._summary

    # --- the roster ---------------------------------------------------------------------------

    def refresh_roster(self, now: Now) -> None:
        """Read the roster from the folded state; the replica tells links and admission."""
        states: dict[str, list[bytes]] = {"active": [], "learner": [], "removed": []}
        for name, fields in self.history.state.items("controller"):
            states[str(fields["state"])].append(bytes.fromhex(name))
        roster = RosterView(
            frozenset(states["active"]), frozenset(states["learner"]), frozenset(states["removed"])
        )
        if roster == self.roster:
            return
        self.roster = roster
        self.roster_changed = True
        self.activations.learners(roster.learners)
        self.information.roster(roster.active | roster.learners)
        admitted = sorted((*states["active"], *states["learner"]))
        self._by_tag = {tag(each): each for each in admitted if each != self.desk.own.controller}
        self._outcome(self.members.admitted(admitted, now), now)
        self._take_view(now)

    def roster_addresses(self) -> list[Address]:
        """Where the controllers of the roster say that they listen."""
        found: list[Address] = []
        for name, fields in self.history.state.items("controller"):
            if fields["state"] != "removed" and name != self.desk.own.controller.hex():
                addresses = fields.get("addresses", [])
                assert isinstance(addresses, list), "the kind says so"
                found.extend(_address(text) for text in addresses)
        return found

    # --- time ---------------------------------------------------------------------------------

    def deadline_ns(self, now: Now) -> int | None:
        """Monotonic time at which ``wake`` or ``settle`` has something to do."""
        deadlines = (
            self.members.deadline_ns,
            self.information.deadline_ns,
            self.crank.deadline_ns,
            self.activations.deadline_ns(self.roster.active, now),
        )
        return min((each for each in deadlines if each is not None), default=None)

    def wake(self, now: Now) -> None:
        """Do what is due."""
        self._outcome(self.members.wake(now), now)
        self._heard(self.information.wake(now), now)

    def settle(self, now: Now) -> None:
        """After every input.

        Let the barrier go as far as it can, write what changed, tell who must know.
        """
        self.crank.turn(self.say, self.chains.next_lamport, now)
        if self.crank.applied:
            self.crank.applied = False
            self.refresh_roster(now)
        for learner in self.activations.due(self.roster.active, now):
            self._activate(learner, now)
        self._publish_swaps(now)
        self.flush()
        summary = self.summary()
        for peer in self.information.due_comparisons(now):
            if summary is not None:
                message = Compare(summary)
                self.desk.send((_datagram(peer, message),), now, gated=True)

    def _activate(self, learner: bytes, now: Now) -> None:
        name = f"activate {fingerprint(learner)}"
        if self.crank.propose_by_itself(name, commands_to_activate(learner), now):
            self.crank.turn(self.say, self.chains.next_lamport, now)

    def _publish_swaps(self, now: Now) -> None:
        """Show what is due here, and tell everybody when it was shown."""
        for swapped in self.crank.swap(now):
            own = self.desk.own.controller.hex()
            for tx in swapped.tx:
                path = (SWAP, own, tx.hex())
                value = {"at_ns": now.wall_ns, "late": swapped.late, "why": swapped.why}
                told = self.information.publish(path, value, self.peers(), now)
                self.desk.send(told, now, gated=True)
                self.information_changed((path,))
                self._published.append(path)
            while len(self._published) > SWAPS_PUBLISHED_MAX:
                oldest = self._published.popleft()
                self.desk.send(self.information.retract(oldest, self.peers(), now), now, gated=True)

    def flush(self) -> None:
        """Write what changed in the store of running information."""
        dirty = self.information.dirty()
        if dirty is not None:
            self.desk.write(dirty)

    def _route(self, peer: Incarnation) -> tuple[Address | None, bool]:
        return self.members.address_of(peer), self.members.datagrams_pass(peer)


def _lamport_floor(image: Image) -> int:
    """Above every Lamport time that an earlier life may have used."""
    return int.from_bytes(image.meta.get(LAMPORT_KEY, b""), "big")


def _facts_of(image: Image, environment: bytes) -> list[SignedFact]:
    """The stored facts that belong to ``environment``: their chain's Boot says so.

    A controller that gave up its own environment for another keeps the old facts on disk, as
    evidence.
    """
    belongs: dict[Incarnation, bool] = {}
    kept: list[SignedFact] = []
    for signed in image.facts:
        fact = read_fact(signed)
        if isinstance(fact.body, Boot):
            belongs[fact.origin] = fact.body.environment == environment
        if belongs.get(fact.origin, False):
            kept.append(signed)
    return kept


def _datagram(peer: Incarnation, message: Message) -> Outgoing:
    return Outgoing(peer, message, Channel.DATAGRAM)


def _swapped(path: tuple[str, ...]) -> bytes | None:
    """The ChangeSet that ``path`` says was shown; None for whatever else a peer wrote."""
    if len(path) != SWAP_PARTS or path[0] != SWAP:
        return None
    try:
        return bytes.fromhex(path[2])
    except ValueError:
        return None


def _address(text: object) -> Address:
    host, _, port = str(text).rpartition(":")
    return Address(host.strip("[]"), int(port))
