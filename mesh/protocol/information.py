"""Running information on this controller.

Two stores and the conversation that keeps them equal to everybody else's.

The *kept* store holds what people and services wrote and is on disk. The *owned* store holds what
each controller says about itself (its instances, when it swapped the configuration), lives in
memory, and counts only while its owner does. A write goes to every peer at once in a datagram.
Twenty milliseconds after the last one the peers are told what is held now, so that a lost datagram
is noticed long before the next probe would; after news of controllers about themselves, which all
have at the same time, each tells a few peers only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import msgspec

from crdt import (
    Alarm,
    AlarmKind,
    Delta,
    Dirty,
    Key,
    Outcome,
    OwnedStore,
    Parcel,
    Put,
    Reading,
    RefusedWrite,
    Remove,
    Secret,
    Synchronizer,
    Token,
    data_set_epoch,
    restore,
)
from crdt import Standing as Liveliness
from mesh.protocol.effects import WriteStore
from mesh.protocol.inputs import Path, Write
from mesh.protocol.now import MILLISECOND, SECOND, Now, earliest
from mesh.protocol.outgoing import DIRECT_PEERS_MAX, FANOUT, Channel, Outgoing
from mesh.protocol.suite import Signer, Verifier
from mesh.wire.identity import Incarnation
from mesh.wire.messages import StoreMessage

COMPARE_AFTER_NS: Final = 20 * MILLISECOND
"""How long after the last push peers are told what is held: several round trips of a LAN."""

WRITE_GROUP: Final = b"trellis write-group\0"
"""Before what is signed: a signature over a group is none over anything else."""

COLLECT_EVERY_NS: Final = 60 * SECOND
"""How often removals are collected: rare enough to cost nothing, often enough to stay small."""


__all__ = ["Authorship", "DataSet", "Heard", "Information", "RefusedWrite"]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Which data this is; two of them never merge."""

    environment: bytes
    generation: int
    generation_nonce: bytes
    secret: bytes
    secret_version: int


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who wrote what: each write-group is signed by the controller whose life made it."""

    signer: Signer
    verifier: Verifier
    author_of: Callable[[bytes], bytes | None]
    """The controller whose life has a replica id, as facts tell; None where none does."""

    def seal(self, header: bytes) -> bytes:
        """The signature over the header of an own write-group."""
        return self.signer.sign(WRITE_GROUP + header)


class Suspicion(msgspec.Struct, frozen=True):
    """What healthy controllers never cause, and who was heard when it was found."""

    kind: AlarmKind
    peer: Incarnation
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}, as {self.peer} was heard"


class Heard(msgspec.Struct, frozen=True):
    """What came of a message about running information."""

    outgoing: tuple[Outgoing, ...] = ()
    changed: tuple[Path, ...] = ()
    alarms: tuple[Suspicion, ...] = ()
    rejected: int = 0


NOTHING_HEARD: Final = Heard()


class Information:
    """The stores of one incarnation. Peers are named by the 8 bytes of their incarnation.

    Without ``authorship`` nothing is signed and everybody is believed: for tests of the rest.
    """

    def __init__(
        self,
        own: Incarnation,
        data: DataSet,
        random: Random,
        records: Iterable[tuple[bytes, bytes]],
        metadata: bytes | None,
        authorship: Authorship | None = None,
    ) -> None:
        self._authorship = authorship
        seal = authorship.seal if authorship is not None else None
        verify = self._is_authors if authorship is not None else None
        epoch = data_set_epoch(data.environment, data.generation, data.generation_nonce)
        secret = Secret(data.secret, data.secret_version)
        restored = restore(
            own.replica_id, epoch, secret, metadata, records, seal=seal, verify=verify
        )
        self.kept = restored.store
        self.damaged = restored.damaged
        self.owned = OwnedStore(own.replica_id, epoch, secret, seal=seal, verify=verify)
        self._own = own
        self._authors: dict[bytes, bytes] = {}
        """Of lives that only facts told of, once they were asked for."""
        self._random = random
        self.synchronizer = Synchronizer(self.kept, self.owned, random)
        self._current: dict[bytes, Incarnation] = {}
        """By controller: the life whose own entries count."""
        self._peers: dict[bytes, Incarnation] = {}
        """Whose messages are taken: current lives, and those to whom a stream stands."""
        self._uncompared: dict[Incarnation, None] = {}
        self._compare_at_ns: int | None = None
        self._collect_at_ns: int | None = None
        self._roster: frozenset[bytes] = frozenset()

    # --- reading ------------------------------------------------------------------------------

    def read(self, path: Path) -> Reading | None:
        """The entry at ``path``; None where there is none."""
        return self.kept.read(path)

    def items(self, prefix: Path) -> Iterator[tuple[Key, Reading]]:
        """Entries below ``prefix``, by key."""
        return self.kept.items(prefix)

    def ping(self) -> bytes:
        """What is held, in a few bytes."""
        return self.synchronizer.ping()

    def dirty(self) -> WriteStore | None:
        """What has to be written since this was last asked.

        Records and the vector over them, together.
        """
        dirty: Dirty = self.kept.take_dirty()
        if dirty.metadata is None:
            return None
        return WriteStore(dirty.records, dirty.metadata)

    # --- writing ------------------------------------------------------------------------------

    def write(
        self, writes: Sequence[Write], peers: Sequence[Incarnation], now: Now
    ) -> tuple[Outgoing, ...]:
        """Make ``writes``, all together, and tell ``peers``.

        Raises RefusedWrite, and then nothing has changed.
        """
        operations = [_operation(write) for write in writes]
        return self._tell(self.kept.write(operations, now.wall_ns), peers, now)

    def remove(self, prefix: Path, peers: Sequence[Incarnation], now: Now) -> tuple[Outgoing, ...]:
        """Remove all entries now visible below ``prefix`` and tell ``peers``."""
        return self._tell(self.kept.remove_prefix(prefix, now.wall_ns), peers, now)

    def publish(
        self,
        said: Mapping[Path, object],
        taken_back: Sequence[Path],
        peers: Sequence[Incarnation],
        now: Now,
    ) -> tuple[Outgoing, ...]:
        """Say something about this controller itself in one write, and take older things back.

        Each path is (kind, own id, …). Raises RefusedWrite.
        """
        operations = [Put(path, value) for path, value in said.items()]
        removals = [Remove(path) for path in taken_back]
        delta = self.owned.write([*operations, *removals], now.wall_ns)
        return self._tell(delta, peers, now, owned=True)

    # --- hearing ------------------------------------------------------------------------------

    def receive(
        self, peer: Incarnation, payload: bytes, peers: Sequence[Incarnation], now: Now
    ) -> Heard:
        """Take a message of ``peer``; nothing comes of it where that life is not known."""
        if self._peers.get(peer.nonce) != peer:
            return Heard(rejected=1)
        outcome = self.synchronizer.receive(peer.nonce, payload, now.monotonic_ns, now.wall_ns)
        heard = self._heard(outcome)
        is_news = outcome.kept or outcome.owned
        if not is_news or len(peers) <= DIRECT_PEERS_MAX:
            return heard
        others = [other for other in peers if other != peer]
        passed = self._tell(outcome.kept, others, now)
        passed += self._tell(outcome.owned, others, now, owned=True)
        return msgspec.structs.replace(heard, outgoing=heard.outgoing + passed)

    def compare(self, peer: Incarnation, ping: bytes, now: Now) -> Heard:
        """``peer`` holds what ``ping`` says: start to sync where that differs, which is rare."""
        is_known = self._peers.get(peer.nonce) == peer
        if is_known and self.synchronizer.is_level(peer.nonce, ping):
            return NOTHING_HEARD
        return self.receive(peer, ping, (), now)

    def recall(self, life: Incarnation) -> None:
        """Facts say that ``life`` was, or is, one of its controller's."""
        if not self._is_stolen(life):
            self.kept.introduce(life.nonce, life.controller, life.boot)

    def meet(self, peer: Incarnation) -> None:
        """A stream stands to ``peer``: its messages are taken, whether it is current or not."""
        if not self._is_stolen(peer):
            self._peers[peer.nonce] = peer

    def announce(self, incarnation: Incarnation, now: Now) -> tuple[Path, ...]:
        """``incarnation`` is the current one of its controller.

        Only its own entries count from now on.
        """
        if self._is_stolen(incarnation):
            return ()
        former = self._current.get(incarnation.controller)
        self._current[incarnation.controller] = incarnation
        if former is not None and former != incarnation:
            self.forget(former)
        self.meet(incarnation)
        if self._collect_at_ns is None:
            self._collect_at_ns = now.monotonic_ns + COLLECT_EVERY_NS
        self.recall(incarnation)
        return self.owned.announce(
            incarnation.controller.hex(), incarnation.nonce, now.monotonic_ns
        )

    def dismiss(self, controller: bytes, now: Now) -> tuple[Path, ...]:
        """``controller`` is no longer in the roster: nothing that it said of itself counts."""
        former = self._current.pop(controller, None)
        if former is not None:
            self.forget(former)
        return self.owned.announce(controller.hex(), None, now.monotonic_ns)

    def forget(self, peer: Incarnation) -> None:
        """The conversation with ``peer`` is over; a current life may begin another one."""
        if self._is_stolen(peer):
            return
        self.synchronizer.forget(peer.nonce)
        _ = self._uncompared.pop(peer, None)
        if self._current.get(peer.controller) != peer:
            _ = self._peers.pop(peer.nonce, None)

    # --- time ---------------------------------------------------------------------------------

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time at which ``wake`` has something to do."""
        return earliest(
            self._collect_at_ns,
            self._compare_at_ns,
            self.synchronizer.deadline,
            self.owned.deadline,
        )

    def wake(self, now: Now) -> Heard:
        """Resend or give up what went unanswered, let ended entries go, and collect."""
        if self._collect_at_ns is not None and now.monotonic_ns >= self._collect_at_ns:
            self._collect_at_ns = now.monotonic_ns + COLLECT_EVERY_NS
            self._collect(now)
        if not self._is_due(now):
            return NOTHING_HEARD
        expired = self.owned.expire(now.monotonic_ns)
        heard = self._heard(self.synchronizer.wake(now.monotonic_ns))
        return msgspec.structs.replace(heard, changed=expired + heard.changed)

    def _is_due(self, now: Now) -> bool:
        deadline_ns = earliest(self.synchronizer.deadline, self.owned.deadline)
        return deadline_ns is not None and now.monotonic_ns >= deadline_ns

    def rekey(self, secret: bytes, version: int) -> None:
        """Sum up both stores under another secret of the environment, in under 1 µs an entry."""
        for store in (self.kept, self.owned):
            store.rekey(Secret(secret, version))

    def roster(self, controllers: Iterable[bytes]) -> None:
        """Everybody who has to hold a removal before it goes for its own sake."""
        self._roster = frozenset(controllers)

    def _collect(self, now: Now) -> None:
        """Let removals go that all have, and own lives that ended and left nothing behind."""
        everybody = self._roster <= self._current.keys()
        others = [peer.nonce for peer in self._current.values() if peer != self._own]
        held = self.synchronizer.held_by_all(others)
        _ = self.kept.collect(now.wall_ns, held if everybody else None)
        _ = self.owned.collect(now.wall_ns)
        if everybody and self._own.controller in self._roster:
            ended = self._own.boot - 1
            if ended > 0:
                _ = self.kept.retire(self._own.controller, ended, held)

    def due_comparisons(self, now: Now) -> tuple[Incarnation, ...]:
        """The peers that are to be told what is held now, because something was pushed to them."""
        if self._compare_at_ns is None or now.monotonic_ns < self._compare_at_ns:
            return ()
        due = tuple(self._uncompared)
        self._uncompared.clear()
        self._compare_at_ns = None
        return due

    # --- who wrote it -------------------------------------------------------------------------

    def _is_authors(self, name: bytes, header: bytes, signature: bytes) -> bool | None:
        """Whether ``signature`` is that of the controller whose life has this replica id.

        Or that of the controller with this id. None where nobody here knows that life.
        """
        assert self._authorship is not None, "only then anybody is asked"
        is_controller = len(name) == len(self._own.controller)
        author = name if is_controller else self._author(name)
        if author is None:
            return None
        return self._authorship.verifier.verify(author, WRITE_GROUP + header, signature)

    def _is_stolen(self, life: Incarnation) -> bool:
        """Whether the replica id of ``life`` is another controller's, which had it first.

        Ids are random: whoever takes one that is known means to have its writes refused.
        """
        author = self._known_author(life.nonce)
        return author is not None and author != life.controller

    def _known_author(self, replica: bytes) -> bytes | None:
        if replica == self._own.nonce:
            return self._own.controller
        known = self._peers.get(replica) or self.kept.seen.incarnations.get(replica)
        return self._authors.get(replica) if known is None else known.controller

    def _author(self, replica: bytes) -> bytes | None:
        author = self._known_author(replica)
        if author is not None:
            return author
        assert self._authorship is not None, "only then anybody is asked"
        author = self._authorship.author_of(replica)
        if author is not None:
            self._authors[replica] = author
        return author

    # --- within -------------------------------------------------------------------------------

    def _tell(
        self, delta: Delta, peers: Sequence[Incarnation], now: Now, *, owned: bool = False
    ) -> tuple[Outgoing, ...]:
        if not delta or not peers:
            return ()
        direct = len(peers) <= DIRECT_PEERS_MAX
        told = peers if direct else self._random.sample(peers, FANOUT)
        parcels = self.synchronizer.rumour(delta, owned=owned)
        # What each says of itself all say at once, after a ChangeSet: any of them notices for all.
        few = owned and len(told) > FANOUT
        asked = self._random.sample(told, FANOUT) if few else told
        self._uncompared.update(dict.fromkeys(asked))
        self._compare_at_ns = now.monotonic_ns + COMPARE_AFTER_NS
        letters = [(StoreMessage(each.data), _channel(stream=each.stream)) for each in parcels]
        return tuple(Outgoing(peer, *letter) for letter in letters for peer in told)

    def _heard(self, outcome: Outcome) -> Heard:
        return Heard(
            outgoing=tuple(self._parcel(parcel) for parcel in outcome.replies),
            changed=tuple(key for key, _ in (*outcome.kept, *outcome.owned)),
            alarms=tuple(map(self._suspicion, outcome.alarms)),
            rejected=len(outcome.rejected),
        )

    def _suspicion(self, alarm: Alarm) -> Suspicion:
        return Suspicion(alarm.kind, self._peers[alarm.peer], alarm.detail)

    def _parcel(self, parcel: Parcel) -> Outgoing:
        return Outgoing(
            self._peers[parcel.peer], StoreMessage(parcel.data), _channel(stream=parcel.stream)
        )


def liveliness(standing: str) -> Liveliness:
    """How the store calls a standing of the membership table."""
    return {"alive": Liveliness.ALIVE, "suspect": Liveliness.SUSPECT}.get(
        standing, Liveliness.FAILED
    )


def _channel(*, stream: bool) -> Channel:
    return Channel.STREAM if stream else Channel.DATAGRAM


def _operation(write: Write) -> Put | Remove:
    token = Token.decode(write.seen) if write.seen is not None else None
    return Remove(write.path, token) if write.removes else Put(write.path, write.value, token)
