"""Entries that live and die with a process: instances and their health.

Every key begins with (kind, owner, …), and only dots of the replica id that the owner's membership
announces as current count under it. So nobody but the owner writes there, and an incarnation that
ended takes its entries along by rule, without tombstones: any late copy is dead on arrival.

Whether an entry is shown as live is not stored but *derived when it is read*, from the reader's
own view of the owner: alive, suspect or failed. Nobody ends another's entries by a write, so a
healed partition shows them again at once.

When an owner restarts, its services often live on. The entries of the ended incarnation leave the
store, its sums and its vector at once, and stay at most ten seconds, dimmed, in a table beside
them, until the new incarnation has announced its own: no gap for a load balancer.

Everything is in memory and starts empty. Because one replica id at a time counts under a key, no
write is ever superseded by one of another replica id; a vector may be joined by replica id here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import cbor2

from crdt.clock import stamp_ms
from crdt.errors import RefusedWrite
from crdt.fingerprints import Secret
from crdt.groups import Seal, Verify
from crdt.limits import shown_dimmed_ns
from crdt.operations import NOTHING_DIRTY, Dirty, Put, Remove
from crdt.reading import Token, reading
from crdt.record import Delta, Record
from crdt.seen import Extent
from crdt.store import Store
from crdt.values import Key, Value

_OWNER = 1
"""Which part of a key names its owner."""

_INSTANCE = 2
"""Which part names the instance, under whoever registered it."""

_NS_PER_MS = 1_000_000


class Standing(Enum):
    """What a reader's own membership says of an owner."""

    ALIVE = "alive"
    SUSPECT = "suspect"
    FAILED = "failed"


class Liveness(Enum):
    """What a reader may do with an entry: use it, use it if need be, or only show it."""

    LIVE = "live"
    DIMMED = "dimmed"
    GONE = "gone"


_BY_STANDING = {
    Standing.ALIVE: Liveness.LIVE,
    Standing.SUSPECT: Liveness.DIMMED,
    Standing.FAILED: Liveness.GONE,
}
_BEST_FIRST = (Liveness.LIVE, Liveness.DIMMED, Liveness.GONE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One owned key as a reader sees it now."""

    key: Key
    value: Value
    liveness: Liveness
    stamp: int


@dataclass(frozen=True, slots=True)
class _Ended:
    record: Record
    until_ns: int


class OwnedStore(Store):
    """The store of owned entries. Nothing of it is persisted, so nothing waits to be."""

    __slots__ = ("_ended", "_owner_of", "current")

    def __init__(
        self,
        replica: bytes,
        epoch: bytes,
        secret: Secret,
        *,
        seal: Seal | None = None,
        verify: Verify | None = None,
    ) -> None:
        super().__init__(replica, epoch, secret, seal=seal, verify=verify)
        self.current: dict[str, bytes] = {}
        self._owner_of: dict[bytes, str] = {}
        self._ended: dict[Key, _Ended] = {}

    # ── Who counts ───────────────────────────────────────────────────────────────────────────

    def announce(self, owner: str, replica: bytes | None, now_ns: int) -> tuple[Key, ...]:
        """Let `replica` be the owner's current replica id; None: the owner has left the roster.

        Returns the keys whose reading may have changed. `now_ns` is monotonic.
        """
        before = self.current.get(owner)
        if before == replica:
            return ()
        if replica is None:
            del self.current[owner]
        else:
            self.current[owner] = replica
            self._owner_of[replica] = owner
        self.touched()
        if before is None:
            return ()
        del self._owner_of[before]
        return self._end(before, None if replica is None else now_ns + shown_dimmed_ns)

    def _end(self, replica: bytes, until_ns: int | None) -> tuple[Key, ...]:
        """Let all entries of a replica id leave the store."""
        keys = sorted(set(self.table.live.get(replica, {}).values()))
        for key in keys:
            record = self.table.records[key]
            self.table.replace(key, ())
            if until_ns is not None and reading(record) is not None:
                self._ended[key] = _Ended(record, until_ns)
        self.forget(replica)
        return tuple(keys)

    def counts(self, key: Key, replica: bytes) -> bool:
        """Whether this replica id is the current one of the owner that the key names."""
        return len(key) > _OWNER and self.current.get(key[_OWNER]) == replica

    def counts_at_all(self, replica: bytes) -> bool:
        """Whether this replica id is anybody's current one."""
        return replica in self._owner_of

    def counting(self) -> frozenset[bytes] | None:
        """Return the current replica ids."""
        return frozenset(self._owner_of)

    def may_have_missed(self, replica: bytes, extent: Extent) -> bool:
        """Whether a removal of the same replica id may: nobody else's ends anything here."""
        return extent.floor.get(replica, 0) > self.seen.vector.get(replica, 0)

    def extent_told(self) -> bytes:
        """Return what the hash is taken of: the current replica ids besides."""
        return cbor2.dumps((sorted(self._owner_of), super().extent_told()))

    # ── Writing ──────────────────────────────────────────────────────────────────────────────

    def put(self, key: Key, value: object, wall_ns: int, seen: Token | None = None) -> Delta:
        """Set an entry of this controller's own, without a time to live.

        Raises:
            RefusedWrite: the key is not this controller's, or beyond a limit.
        """
        return self._write_own(key, value, None, wall_ns, seen)

    def register(self, key: Key, value: object, ttl_ns: int, wall_ns: int) -> Delta:
        """Set an entry from outside that lasts `ttl_ns` unless it is registered again.

        Clients do so at a third of that, at any controller.

        Raises:
            RefusedWrite: as for `put`, or the time to live is under a millisecond.
        """
        if ttl_ns < _NS_PER_MS:
            raise RefusedWrite("a time to live is at least a millisecond: name it in nanoseconds")
        return self._write_own(key, value, ttl_ns // _NS_PER_MS, wall_ns, None)

    def write(self, operations: Sequence[Put | Remove], wall_ns: int) -> Delta:
        """Write entries of this controller's own, all or none. Raises RefusedWrite, as `put`."""
        for operation in operations:
            self._check_mine(operation.key)
        return super().write([_wrapped(operation) for operation in operations], wall_ns)

    def _write_own(
        self,
        key: Key,
        value: object,
        ttl_ms: int | None,
        wall_ns: int,
        seen: Token | None,
    ) -> Delta:
        self._check_mine(key)
        return super().put(key, (value, ttl_ms), wall_ns, seen)

    def _check_mine(self, key: Key) -> None:
        if not self.counts(key, self.replica):
            raise RefusedWrite(
                f"{key!r:.80} is not an entry of this controller: an owned key is (kind, owner, …)"
                " and its owner announces the replica id that writes it",
            )

    def take_dirty(self) -> Dirty:
        """Return nothing: owned entries end with the process that wrote them."""
        self.table.dirty.clear()
        return NOTHING_DIRTY

    # ── Reading ──────────────────────────────────────────────────────────────────────────────

    def entries(
        self,
        prefix: Key,
        standing: Callable[[str], Standing],
        now_ns: int,
        wall_ns: int,
    ) -> Iterator[Entry]:
        """Yield the entries below `prefix`, ascending by key, as this reader sees them now.

        `standing` tells the membership's view of an owner.
        """
        shown: dict[Key, Entry] = {}
        depth = len(prefix)
        for key, ended in self._ended.items():
            if key[:depth] == prefix and now_ns < ended.until_ns:
                shown[key] = _entry(key, ended.record, Liveness.DIMMED, wall_ns)
        for key, record in self.records(prefix):
            if reading(record) is not None:
                liveness = _BY_STANDING[standing(key[_OWNER])]
                shown[key] = _entry(key, record, liveness, wall_ns)
        return iter([shown[key] for key in sorted(shown)])

    def instances(
        self,
        kind: str,
        standing: Callable[[str], Standing],
        now_ns: int,
        wall_ns: int,
    ) -> dict[Key, Entry]:
        """Merge by instance what clients registered at several controllers.

        Per instance (the key after its owner) the most live entry, and of equally live ones the
        latest.
        """
        best: dict[Key, Entry] = {}
        for entry in self.entries((kind,), standing, now_ns, wall_ns):
            instance = entry.key[_INSTANCE:]
            other = best.get(instance)
            if other is None or _preference(entry) > _preference(other):
                best[instance] = entry
        return best

    # ── The side table ───────────────────────────────────────────────────────────────────────

    @property
    def deadline(self) -> int | None:
        """When `expire` next has something to do, in monotonic ns."""
        return min(ended.until_ns for ended in self._ended.values()) if self._ended else None

    def expire(self, now_ns: int) -> tuple[Key, ...]:
        """Drop what was shown dimmed for long enough; returns those keys."""
        over = tuple(key for key, ended in self._ended.items() if ended.until_ns <= now_ns)
        for key in over:
            del self._ended[key]
        return over


def _entry(key: Key, record: Record, liveness: Liveness, wall_ns: int) -> Entry:
    shown = reading(record)
    assert shown is not None, "removed entries are not shown"
    value, ttl_ms = _unwrap(shown.value)
    expired = ttl_ms is not None and wall_ns // _NS_PER_MS > stamp_ms(shown.stamp) + ttl_ms
    return Entry(key, value, Liveness.GONE if expired else liveness, shown.stamp)


def _unwrap(value: Value) -> tuple[Value, int | None]:
    match value:
        case (payload, int(ttl_ms)):
            return payload, ttl_ms
        case (payload, None):
            return payload, None
        case _:
            return value, None


def _wrapped(operation: Put | Remove) -> Put | Remove:
    if isinstance(operation, Put):
        return replace(operation, value=(operation.value, None))
    return operation


def _preference(entry: Entry) -> tuple[int, int, Key]:
    return -_BEST_FIRST.index(entry.liveness), entry.stamp, entry.key
