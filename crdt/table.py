"""The records of a store, and what is derived from them as they change.

One door, `replace`, keeps everything in step: the records by key, which dot is live under which
key, which keys hold tombstones, the sorted order of keys, the fingerprints, and what has changed
since the journal last asked.

Invariants: `live[replica][counter] == key` exactly where the record of `key` holds that dot;
`tombstones` are exactly the keys whose record holds evidence of what is dead.
"""

from collections.abc import Iterator

from sortedcontainers import SortedList  # type: ignore[import-untyped]  # it has no stubs

from crdt.fingerprints import Fingerprints, Secret
from crdt.record import Record, is_evidence
from crdt.values import Key


class KeyOrder:
    """Keys in order, sorted when somebody reads them and not when they are written."""

    __slots__ = ("_sorted", "unsettled")

    def __init__(self) -> None:
        self._sorted = SortedList()
        self.unsettled: dict[Key, None] = {}

    def below(self, prefix: Key, records: dict[Key, Record]) -> list[Key]:
        """Return the keys that begin with `prefix`, ascending."""
        self._settle(records)
        depth = len(prefix)
        keys: list[Key] = []
        for key in self._sorted.irange(prefix):
            if key[:depth] != prefix:
                break
            keys.append(key)
        return keys

    def _settle(self, records: dict[Key, Record]) -> None:
        unsettled, self.unsettled = self.unsettled, {}
        added = []
        for key in unsettled:
            listed = key in self._sorted
            if key not in records:
                self._sorted.discard(key)
            elif not listed:
                added.append(key)
        self._sorted.update(added)


class Table:
    """Records with their indexes.

    The attributes are open to the store, whose every microsecond counts; everybody else reads.
    """

    __slots__ = ("dirty", "live", "order", "records", "sums", "tombstones")

    def __init__(self, secret: Secret) -> None:
        self.records: dict[Key, Record] = {}
        self.live: dict[bytes, dict[int, Key]] = {}
        self.tombstones: dict[Key, None] = {}
        self.order = KeyOrder()
        self.sums = Fingerprints(secret)
        self.dirty: dict[Key, None] = {}

    def replace(self, key: Key, after: Record) -> None:
        """Let `after` be the record of `key`; an empty one removes the key."""
        before = self.records.get(key, ())
        live = self.live
        for sibling in before:
            del live[sibling.replica][sibling.counter]
        if after:
            self.records[key] = after
        else:
            del self.records[key]
        for sibling in after:
            replica = sibling.replica
            if replica not in live:
                live[replica] = {}
            live[replica][sibling.counter] = key
        if not before or not after:
            self.order.unsettled[key] = None
        if any(is_evidence(after, sibling) for sibling in after):
            self.tombstones[key] = None
        elif key in self.tombstones:
            del self.tombstones[key]
        self.dirty[key] = None
        self.sums.note(key, before, after)

    def below(self, prefix: Key) -> Iterator[tuple[Key, Record]]:
        """Yield the records of the keys that begin with `prefix`, ascending by key."""
        records = self.records
        for key in self.order.below(prefix, records):
            record = records.get(key)
            if record is not None:
                yield key, record

    def beyond(self, replica: bytes, through: int, last: int) -> Iterator[tuple[int, Key]]:
        """Yield the live dots of a replica id above `through`, ascending by counter.

        `last` is the highest that may be among them.
        """
        line = self.live.get(replica)
        if not line:
            return
        if last - through <= len(line):
            for counter in range(through + 1, last + 1):
                key = line.get(counter)
                if key is not None:
                    yield counter, key
        else:
            for counter in sorted(counter for counter in line if counter > through):
                yield counter, line[counter]
