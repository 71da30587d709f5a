"""A controller inside an environment: its machines, and which one's output is another's input.

    facts of peers ─▶ chains ─▶ barrier ─▶ history ─▶ swaps ─▶ readers
                        │          ▲  │ own facts
                        ▼          │  ▼
                    spreading   membership (the view V)      information ◀─▶ stores of peers

No machine here knows another one. The rooms of this package do what lies between them: the scribe
handles facts, the crank turns the barrier, the company knows who is there, the entries are running
information. This file makes them, and says which message goes to which.
"""

from random import Random

from mesh.environment.founding import decode_founding
from mesh.protocol.admission import Enrolment
from mesh.protocol.barrier import Barrier
from mesh.protocol.barrier.recovery import Recovery
from mesh.protocol.catalogue import Catalogue
from mesh.protocol.chains import Chains
from mesh.protocol.effects import Image, WriteMeta
from mesh.protocol.ground import (
    FOUNDED,
    GROUND_KEY,
    SEALED_KEY,
    stored_ground,
    write_ground,
)
from mesh.protocol.history import History
from mesh.protocol.information import Authorship
from mesh.protocol.membership import Membership, Outcome
from mesh.protocol.now import Now, earliest
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.protocol.replica.absence import Absence
from mesh.protocol.replica.acquaintances import Acquaintances
from mesh.protocol.replica.activations import Activations
from mesh.protocol.replica.calm import Calm
from mesh.protocol.replica.checkpoints import Checkpoints
from mesh.protocol.replica.company import Company, Trust, read_pardons
from mesh.protocol.replica.consents import Consents
from mesh.protocol.replica.crank import Crank
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.disagreement import Disagreement
from mesh.protocol.replica.entries import Entries, information
from mesh.protocol.replica.equivocations import Equivocations
from mesh.protocol.replica.initiative import Initiative
from mesh.protocol.replica.invitations import Invitations
from mesh.protocol.replica.noticeboard import Board
from mesh.protocol.replica.outcasts import Outcasts
from mesh.protocol.replica.publishing import Publishing
from mesh.protocol.replica.recovering import EMPTY, Recovering, recovery_note
from mesh.protocol.replica.resealing import Resealing
from mesh.protocol.replica.rotating import Rotating
from mesh.protocol.replica.scribe import Scribe, lamport_floor
from mesh.protocol.replica.secrecy import Secrecy
from mesh.protocol.replica.snapshots import Snapshots
from mesh.protocol.replica.surveying import Survey
from mesh.protocol.replica.twins import Twins
from mesh.protocol.spreading import Spreading
from mesh.protocol.standing import Access, RosterView
from mesh.protocol.suite import Signer, Verifier
from mesh.wire.identity import Address, Incarnation
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
    SecretAnswer,
    SecretQuestion,
    SnapshotPart,
    SnapshotRequest,
    StateAnswer,
    StateQuestion,
    StoreMessage,
    Summary,
    Table,
    TableHash,
)


class Participant:
    """The machines of one incarnation inside one environment."""

    def __init__(
        self,
        desk: Desk,
        place: Enrolment,
        signer: Signer,
        suite: Verifier,
        random: Random,
        image: Image,
    ) -> None:
        own = desk.own
        self.desk = desk
        self.place = place
        ground = stored_ground(image.meta)
        self.catalogue = Catalogue(ground if ground.environment == place.environment else FOUNDED)
        self.founding = decode_founding(place.founding)
        self.history = History(self.founding, self.catalogue, suite)
        self.chains = Chains(
            own, signer, suite, lamport_floor(image), place.environment, self.catalogue.ground
        )
        self.barrier = Barrier(own, self.catalogue, self.history, random)
        self.members = Membership(
            own,
            desk.configuration.addresses[0],
            desk.configuration.profile,
            random,
            self.summary,
            lambda life: bool(self.chains.last(life)),
        )
        authorship = Authorship(signer, suite, self._author_of)
        self.information = information(own, place, random, image, authorship)
        self.secrecy = Secrecy(
            desk, self.history, self.information, random, place.secret, image.meta
        )
        self.spreading = Spreading(self.chains, random)
        self._image = image
        self._furnish(signer, suite, random)
        self._furnish_for_people(signer, suite)
        self.roster_changed = False
        """The roster is another one than when this was last cleared."""
        self.calm = Calm()
        self.is_calm = False
        """Nobody had to look around in the last step."""
        self._held: tuple[bytes, bytes, bytes, bytes] | None = None
        self._summary: Summary | None = None

    def _furnish(self, signer: Signer, suite: Verifier, random: Random) -> None:
        """Make the rooms, each of the machines that it lies between."""
        desk, place, own, image = self.desk, self.place, self.desk.own, self._image
        self.activations = Activations(own.controller, self.catalogue, self.history, self.barrier)
        self.entries = Entries(desk, self.information)
        self.crank = Crank(
            desk, signer, random, self.catalogue, self.history, self.barrier, self.members
        )
        self.twins = Twins(desk, image.meta)
        self.equivocations = Equivocations(desk, suite, image.meta)
        self.company = Company(
            desk,
            self.history,
            self.barrier,
            self.members,
            self.information,
            self.entries,
            Trust(self.twins, self.equivocations),
            self._compare,
        )
        self.scribe = Scribe(
            desk, self.chains, self.spreading, self.crank, self.company, self.equivocations
        )
        self.resealing = Resealing(desk, self.history, self.information, self.entries)
        self.rotating = Rotating(desk, self.crank, self.resealing, signer, image.meta)
        self.outcasts = Outcasts(desk, self.spreading, self.scribe)
        self.disagreement = Disagreement(desk, self.history, self.members)
        self.invitations = Invitations(desk, self.history, self.barrier, self.crank, suite)
        self.recovering = Recovering(own, self.chains, self.history, self.barrier)
        self.absence = Absence(desk, self.history, image.meta)
        self.checkpoints = Checkpoints(
            desk,
            self.catalogue,
            self.chains,
            self.history,
            self.barrier,
            Survey(
                place.environment,
                self.catalogue,
                self.chains,
                self.history,
                self.barrier,
                self.equivocations.proofs,
            ),
            self.absence,
            image.meta,
        )
        self.initiative = Initiative(self.crank, self.catalogue, self.activations, self.checkpoints)
        self.crank.before_saying = self.checkpoints.saying
        self.acquaintances = Acquaintances(desk, self.catalogue, self.history, image.meta)
        self.snapshots = Snapshots(
            desk,
            place,
            self.catalogue,
            self.history,
            self.chains,
            suite,
            self.acquaintances,
        )

    def _furnish_for_people(self, signer: Signer, suite: Verifier) -> None:
        """The rooms for what people say about ChangeSets, here and in linked environments."""
        environment = self.place.environment
        board = Board(self.information, environment, suite, lambda: self.history.state.rights)
        self.consents = Consents(self.desk, self.history, self.crank, self.entries, board)
        self.publishing = Publishing(
            environment, signer, self.history, self.barrier, self.information
        )

    @property
    def roster(self) -> RosterView:
        """The roster in the history applied here."""
        return self.company.roster

    def peers(self) -> tuple[Incarnation, ...]:
        """Members with whom a stream stands, by controller."""
        return self.desk.peers()

    # --- start --------------------------------------------------------------------------------

    def start(self, now: Now) -> None:
        """Remember what the disk held, and say that a new life has begun."""
        self.desk.environment = self.place.environment
        self.desk.route = self.members.route
        self.desk.directory = self.company.named
        self.desk.boxes.key_of = self.company.exchange_key
        self.entries.damaged()
        self.scribe.restore(self._image, self.place.environment, now)
        recovery = self.recovering.begin(self._image, self.place)
        if recovery is not None and not self.desk.configuration.is_newborn:
            self.desk.notice("warning", "memory lost", EMPTY)
        self.scribe.boot(self._image, self.place, now)
        _ = self._tell_recovery(recovery, now)
        if self.barrier.remembered:
            self.history.extend(self.barrier.remembered)
            _ = self.history.swap()
        self._refresh_roster(now)
        self.entries.changed(self.information.announce(self.desk.own, now))
        self.company.take_view(now)

    def _author_of(self, replica: bytes) -> bytes | None:
        """Whose life has this replica id, by the chains held; asked where nothing nearer knows."""
        vector = self.chains.vector()
        known = next((each.controller for each, _ in vector if each.nonce == replica), None)
        return known or self.catalogue.ground.authors.get(replica)

    # --- peers --------------------------------------------------------------------------------

    def connected(self, peer: Incarnation, address: Address | None, now: Now) -> None:
        """A stream to a member stands: it lives, and may know what we do not."""
        self.company.connected(peer, address, now)
        self.scribe.connected(peer, now)
        self.secrecy.connected(peer, now)

    def disconnected(self, peer: Incarnation, now: Now) -> None:
        """No stream to that member any more."""
        self.spreading.disconnected(peer)
        self.snapshots.disconnected(peer)
        self.company.disconnected(peer, now)

    def refused(self, address: Address, now: Now) -> None:
        """Nobody listens at ``address``."""
        self.company.outcome(self.members.refused(address, now), now)

    def slept(self, now: Now) -> None:
        """This host was away: the others' silence proves nothing."""
        self.company.outcome(self.members.slept(now), now)

    def leave(self, now: Now) -> None:
        """Tell the others that this controller stops."""
        self.company.outcome(self.members.leave(now), now)

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
        self.calm.heard(message)
        match message:
            case Facts() | StoreMessage() if self.desk.outbox.is_full:
                # It is asked for again when the disk has caught up.
                self.desk.counters["messages not taken for a slow disk"] += 1
            case Facts():
                self.scribe.take(sender, message, now, is_member=access is Access.MEMBER)
            case _ if access is not Access.MEMBER:
                self.desk.counters["messages of strangers"] += 1
            case FactVector():
                self.recovering.told(sender, message)
                self.scribe.answer(sender, message, now)
                self.snapshots.offer(sender, message, now)
            case SnapshotRequest():
                self.snapshots.serve(sender, message, now)
            case SnapshotPart():
                asked = self.snapshots.take(sender, message, now)
                if asked is not None:
                    self.desk.send((Outgoing(sender, asked, Channel.STREAM),), now, gated=True)
            case StateQuestion() | StateAnswer() | SecretQuestion() | SecretAnswer():
                self._consult(sender, message, now)
            case StoreMessage():
                self.entries.receive(sender, message.payload, now)
            case Compare():
                self._compare(sender, message.summary, now)
            case (
                Probe()
                | Ack()
                | ProbeRequest()
                | Nack()
                | IndirectAck()
                | Gossip()
                | Table()
                | TableHash()
            ):
                self._believe(self.members.receive(sender, message, channel, now, address), now)
            case _:
                self.desk.counters["messages out of place"] += 1

    def _believe(self, outcome: Outcome, now: Now) -> None:
        """Do what membership wants done; only where somebody comes or goes it has consequences."""
        if outcome.changes:
            self.calm.stir()
        self.company.outcome(outcome, now)

    def _consult(
        self,
        peer: Incarnation,
        message: StateQuestion | StateAnswer | SecretQuestion | SecretAnswer,
        now: Now,
    ) -> None:
        if isinstance(message, StateQuestion | StateAnswer):
            self.disagreement.differing.receive(peer, message, now)
        else:
            self.secrecy.receive(peer, message, now)

    def _compare(self, peer: Incarnation, summary: Summary, now: Now) -> None:
        self.recovering.compared(peer, summary.facts)
        self.entries.compare(peer, summary.store, now)
        self.scribe.compare(peer, summary.facts, now)
        self.disagreement.compare(peer, summary, now)
        if self.disagreement.is_on or self.recovering.is_under_way:
            self.calm.stir()

    def summary(self) -> Summary | None:
        """What is held, as of the last moment when all of it was durable; None before that."""
        self.entries.flush()
        if self.desk.outbox.is_settled:
            held = (
                self.information.ping(),
                self.chains.summary(),
                self.history.history_hash[:8],
                self.history.state_hash[:8],
            )
            if held != self._held:
                self._held, self._summary = held, Summary(*held)
        return self._summary

    # --- time ---------------------------------------------------------------------------------

    def deadline_ns(self, now: Now) -> int | None:
        """Monotonic time at which ``wake`` or ``settle`` has something to do."""
        around_ns = self.calm.deadline_ns if self.is_calm else self._around_ns(now)
        return earliest(
            self.members.deadline_ns,
            self.information.deadline_ns,
            self.entries.deadline_ns,
            self.secrecy.deadline_ns(),
            around_ns,
        )

    def _around_ns(self, now: Now) -> int | None:
        """Monotonic time at which there is something to look around for."""
        return earliest(
            self.crank.deadline_ns,
            self.activations.deadline_ns(self.roster.active, now),
            self.checkpoints.deadline_ns(now),
            self.resealing.deadline_ns(),
        )

    def wake(self, now: Now) -> None:
        """Do what is due."""
        self._believe(self.members.wake(now), now)
        self.entries.wake(now)

    def stand_down(self, why: str | None) -> None:
        """Whether votes may be cast: not for the reason ``why``, nor as a copy of another life."""
        self.crank.follows = self.equivocations.why
        forked = self.crank.follows if self.equivocations.is_forked else None
        self.crank.stand_down = self.twins.why or forked or why
        if self.crank.stand_down is None:
            self.crank.stand_down = self.disagreement.why

    def settle(self, now: Now) -> None:
        """After every input.

        Let the barrier go as far as it can, write what changed, tell who must know.
        """
        is_same_view = self.members.view is self.absence.view
        self.is_calm = is_same_view and self.calm.holds(now) and self.crank.is_idle(now)
        if not self.is_calm:
            self._look_around(now)
        self.secrecy.look(now)
        self.entries.flush()
        due = self.information.due_comparisons(now)
        summary = self.summary() if due else None
        if summary is not None:
            self.entries.tell_what_is_held(due, summary, now)

    def _look_around(self, now: Now) -> None:
        """Do whatever follows from what has happened, and see whether that is all for now."""
        is_stirred = self.calm.look()
        alive = self.absence.look(self.members.view, now)
        self.resealing.look(alive, now)
        self._reckon(now)
        self._turn(now)
        if not self.crank.is_still and self._tell_recovery(self.recovering.progress(), now):
            self._turn(now)
        if self.initiative.take(self.roster.active, now):
            self._turn(now)
        self._drop_what_is_agreed(now)
        for swapped in self.crank.swap(now):
            self.calm.stir()
            self.entries.publish(swapped, now)
        if not is_stirred and not self._is_busy():
            around_ns = self._around_ns(now)
            look_ns = self.resealing.look_at_ns
            until_ns = look_ns if around_ns is None else min(look_ns, around_ns)
            self.calm.rest(until_ns, around_ns)

    def _is_busy(self) -> bool:
        """Whether the next step may find something to do, whatever it is."""
        return (
            self.crank.is_unfinished
            or (self.checkpoints.is_awaited and self.absence.is_anybody_away)
            or self.disagreement.is_on
            or self.twins.why is not None
        )

    def _reckon(self, now: Now) -> None:
        """Show what others made us mend; take leave where nobody should wait for this life."""
        if self.disagreement.mended:
            self.disagreement.mended = False
            self.crank.mended(now)
        why = self.twins.why if self.twins.is_contested else self.disagreement.why
        if why is not None and self.crank.stand_down is None:
            self.crank.stand_down = why
            self.leave(now)

    def _tell_recovery(self, recovery: Recovery | None, now: Now) -> bool:
        """B12: others count on this controller or not by what it says of its memory."""
        if recovery is None:
            return False
        self.desk.write(recovery_note(recovery))
        _ = self.scribe.say(recovery.record, now)
        return True

    def _turn(self, now: Now) -> None:
        """Turn the barrier; another roster may be a reason to turn it again."""
        if not self.crank.is_idle(now):
            self.calm.stir()
        self.scribe.turn(now)
        while self.crank.applied:
            self.crank.applied = False
            self._refresh_roster(now)
            self.consents.tidy(now)
            self.scribe.turn(now)

    def _refresh_roster(self, now: Now) -> None:
        former = self.roster
        if self.equivocations.judged(read_pardons(self.history)):
            self.company.take_view(now)
        if self.company.refresh_roster(now):
            self.roster_changed = True
            self.acquaintances.note()
            self._recall_boots(former, now)
            self.activations.learners(self.roster.learners)
            self.company.take_view(now)

    def _recall_boots(self, former: RosterView, now: Now) -> None:
        """Whoever is new in the roster may have begun lives that facts told of before."""
        for life in self.chains.lives():
            if self.roster.has(life.controller) and not former.has(life.controller):
                self.company.recalled(life, now)

    def _drop_what_is_agreed(self, now: Now) -> None:
        """Stand on the last checkpoint, once nobody needs what is below it."""
        ground = self.checkpoints.agreed()
        if ground is None:
            return
        before = self.history.history_hash, self.history.state_hash
        self.desk.write(WriteMeta(GROUND_KEY, write_ground(ground)), WriteMeta(SEALED_KEY, b""))
        self.scribe.cut(ground)
        self.barrier.settle_on(ground, self.chains.facts(), now)
        after = self.history.history_hash, self.history.state_hash
        assert after == before, "what is below a checkpoint says no more than the checkpoint does"
        self.acquaintances.note()
        self.activations.begin_again(self.roster.learners)
        changes = f"{len(ground.fates)} changes and attempts"
        self.desk.notice(
            "info", "checkpoint", f"{changes} are summed up in {ground.hash.hex()[:8]}"
        )
