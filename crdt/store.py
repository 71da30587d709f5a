"""A replica of the data: local writes, the merge of what others wrote, and readings of both.

A store is a set of records with one view of what has been seen. Everything it says to others is a
delta: records, complete by key. Deltas may be lost, repeated and reordered at will; equal sets of
deltas make equal stores.

What the driver must keep: `take_dirty` gives the records that changed *and* the causal metadata
that covers them. Both go to disk in one transaction. A vector on disk that covers a dot whose
record is not there would declare a live entry dead. For the kept store, nothing that a write
returned should leave the machine, or be acknowledged, before that transaction is durable;
convergence does not need that, but whoever was told "written" does.

What a process must keep: its replica id is new at every start. No counter of an earlier process is
ever continued, so a restored or cloned disk cannot name two writes alike.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType

import cbor2

from crdt.clock import HybridClock, check_first_hop, stamp_at
from crdt.collection import CollectionPolicy, collect, retire, sweep
from crdt.encoding import encode_key, encode_metadata, encode_record
from crdt.errors import Reason, RefusedWrite, Rejected
from crdt.fingerprints import Secret, sums_of
from crdt.groups import Ledger, Seal, Verify, sealed, sealed_watermark
from crdt.heads import Head, Heads
from crdt.limits import (
    context_max,
    counter_max,
    epoch_bytes,
    replica_id_bytes,
    replicas_max,
    siblings_max,
)
from crdt.merge import Applied, Merge
from crdt.operations import NOTHING_DIRTY, Dirty, Put, Remove, StoreStatistics, removes_something
from crdt.reading import Reading, Token, reading, token_of
from crdt.record import (
    REMOVED,
    Delta,
    KeyedRecord,
    Record,
    Removed,
    Sibling,
    context_for,
    dominates,
    in_order,
)
from crdt.seen import Counters, Dot, Extent, Incarnation, Seen
from crdt.table import Table
from crdt.values import Key, Value, admit_key, admit_value

_PLAIN_CHARS_MAX = 16_384
"""A text of this many ASCII characters is within every bound: no need to look closer."""

_new_sibling = tuple.__new__


class Store:
    """The kept store: running information that outlives its writers.

    `replica` is the 8 random bytes of this process's incarnation, `epoch` the 16 of the data set,
    `secret` keys the fingerprints. `seal` signs write-groups and `verify` checks those of others;
    without them siblings travel unsigned.
    """

    __slots__ = (
        "_applied",
        "_extent_hash",
        "_seal",
        "clock",
        "counter",
        "epoch",
        "heads",
        "ledger",
        "metadata_changed",
        "replica",
        "seen",
        "table",
    )

    def __init__(
        self,
        replica: bytes,
        epoch: bytes,
        secret: Secret,
        *,
        seal: Seal | None = None,
        verify: Verify | None = None,
    ) -> None:
        assert len(replica) == replica_id_bytes, "a replica id has 8 bytes"
        assert len(epoch) == epoch_bytes, "an epoch has 16 bytes"
        self.replica = replica
        self.counter = 0
        self.epoch = epoch
        self.clock = HybridClock()
        self.seen = Seen()
        self.table = Table(secret)
        self.heads = Heads()
        self.ledger = Ledger(epoch, verify, self.heads) if verify else None
        self.metadata_changed = False
        self._seal = seal
        self._extent_hash: bytes | None = None
        self._applied = Applied()

    # ── Reading ──────────────────────────────────────────────────────────────────────────────

    def __len__(self) -> int:
        """Count the records held, tombstones included."""
        return len(self.table.records)

    def __contains__(self, key: Key) -> bool:
        return self.read(key) is not None

    def read(self, key: Key) -> Reading | None:
        """Return what `key` holds as a register; None where it is absent or removed."""
        record = self.table.records.get(key)
        return None if record is None else reading(record)

    def record(self, key: Key) -> Record | None:
        """Return the record as it is, tombstones included."""
        return self.table.records.get(key)

    def token(self, key: Key) -> Token:
        """Return what a reader of `key` is shown at this moment, an absent key included."""
        return token_of(self.table.records.get(key))

    def items(self, prefix: Key = ()) -> Iterator[tuple[Key, Reading]]:
        """Yield what is present below `prefix`, ascending by key."""
        for key, record in self.table.below(prefix):
            shown = reading(record)
            if shown is not None:
                yield key, shown

    def records(self, prefix: Key = ()) -> Iterator[KeyedRecord]:
        """Yield the records below `prefix`, ascending by key, tombstones included."""
        return self.table.below(prefix)

    # ── Writing ──────────────────────────────────────────────────────────────────────────────

    def put(self, key: Key, value: object, wall_ns: int, seen: Token | None = None) -> Delta:
        """Set `key`, superseding what is there, or exactly what the reader of `seen` was shown.

        Raises:
            RefusedWrite: the key or the value is beyond a limit; nothing changed.
        """
        before = self.table.records.get(key, ())
        if not before:
            admit_key(key)
        if value.__class__ is str and len(value) < _PLAIN_CHARS_MAX and value.isascii():
            admitted: Value = value
        else:
            admitted = admit_value(value)
        if seen is not None or self._seal is not None or not self._only_mine(before):
            return self._commit([(key, admitted, seen, None)], wall_ns)
        return self._overwrite(key, before, admitted, wall_ns)

    def remove(self, key: Key, wall_ns: int, seen: Token | None = None) -> Delta:
        """Remove `key`, or of it what the reader of `seen` was shown; () where nothing is there."""
        return self.write([Remove(key, seen)], wall_ns)

    def remove_prefix(self, prefix: Key, wall_ns: int) -> Delta:
        """Remove every key that is observed below `prefix`.

        What others write there concurrently survives. Up to 32 keys are one write-group.
        """
        return self.write([Remove(key) for key, _ in self.items(prefix)], wall_ns)

    def write(self, operations: Sequence[Put | Remove], wall_ns: int) -> Delta:
        """Write all of it or nothing; each 32 siblings are one write-group.

        Raises:
            RefusedWrite: one of them may not be made, or two name one key; nothing changed.
        """
        drafts: dict[Key, _Draft] = {}
        for operation in operations:
            admit_key(operation.key)
            if operation.key in drafts:
                raise RefusedWrite(f"{operation.key!r:.80} is written twice: once is enough")
            if isinstance(operation, Put):
                if operation.stamp is not None:
                    _ = check_first_hop(operation.stamp, wall_ns)
                value: Value | Removed = admit_value(operation.value)
                drafts[operation.key] = (operation.key, value, operation.seen, operation.stamp)
            elif removes_something(self.table.records.get(operation.key, ()), operation):
                drafts[operation.key] = (operation.key, REMOVED, operation.seen, None)
        return self._commit(list(drafts.values()), wall_ns) if drafts else ()

    def renew(self, replica: bytes) -> None:
        """Go on under a new replica id; nothing is written under the old one any more."""
        assert len(replica) == replica_id_bytes, "a replica id has 8 bytes"
        assert replica not in self.seen.vector, "a replica id is never used twice"
        self.replica = replica
        self.counter = 0

    def _only_mine(self, before: Record) -> bool:
        """Whether a write over `before` needs no context: nothing there, or only my last write."""
        return not before or (
            len(before) == 1 and before[0].replica == self.replica and not before[0].context
        )

    def _overwrite(self, key: Key, before: Record, value: Value, wall_ns: int) -> Delta:
        """Write what needs neither context nor signature: the path that must be short.

        It does what `_commit` and `Table.replace` do for this case, in one place.
        """
        replica, table, clock = self.replica, self.table, self.clock
        self.counter = counter = self.counter + 1
        stamp = stamp_at(wall_ns)
        if stamp <= clock.last:
            stamp = clock.last + 1
        clock.last = stamp
        after = (_new_sibling(Sibling, (replica, counter, stamp, value, (), None)),)
        live = table.live.get(replica)
        if live is None:
            live = table.live[replica] = {}
        if before:
            del live[before[0].counter]
            if before[0].value is REMOVED:
                del table.tombstones[key]
        else:
            table.order.unsettled[key] = None
        live[counter] = key
        table.records[key] = after
        table.dirty[key] = None
        table.sums.note(key, before, after)
        self.seen.vector[replica] = counter
        self._extent_hash = None
        self.metadata_changed = True
        return ((key, after),)

    def _commit(self, drafts: "Sequence[_Draft]", wall_ns: int) -> Delta:
        """Turn drafts into siblings of write-groups, sign them, and only then let them count."""
        members = [
            (key, self._sibling(key, number, value, seen, stamp, wall_ns))
            for number, (key, value, seen, stamp) in enumerate(drafts, self.counter + 1)
        ]
        if self._seal is not None:
            groups = sealed(self.epoch, members, self._seal)
            for _, head in groups:
                self.heads.note(head)
            members = [member for group, _ in groups for member in group]
        return tuple([(key, self._place(key, sibling)) for key, sibling in members])

    def _sibling(
        self,
        key: Key,
        counter: int,
        value: Value | Removed,
        seen: Token | None,
        stamp: int | None,
        wall_ns: int,
    ) -> Sibling:
        assert counter <= counter_max, "no process writes 2**63 times"
        record = self.table.records.get(key, ())
        known = None if seen is None else seen.counters
        context = context_for(record, self.replica, known, self.seen.retired)
        if len(context) > context_max or len(record) >= siblings_max:
            raise RefusedWrite(
                f"{key!r:.80} carries the traces of too many replica ids: remove the key first",
            )
        made = self.clock.tick(wall_ns)
        return Sibling(self.replica, counter, made if stamp is None else stamp, value, context)

    def _place(self, key: Key, sibling: Sibling) -> Record:
        record = self.table.records.get(key, ())
        kept = [s for s in record if not dominates(sibling, s)]
        after = in_order([*kept, sibling])
        self.table.replace(key, after)
        self.counter = sibling.counter
        self.seen.vector[self.replica] = sibling.counter
        self.touched()
        return after

    # ── Merging ──────────────────────────────────────────────────────────────────────────────

    def apply(self, delta: Iterable[KeyedRecord], wall_ns: int) -> Applied:
        """Join what others wrote. Never refuses for a stamp; what inflated is worth forwarding."""
        return self._merge(delta, wall_ns, repair=False)

    def repair(self, delta: Iterable[KeyedRecord], wall_ns: int) -> Applied:
        """Join live records again that were seen here and are not live here.

        Only for records of a peer that has seen every tombstone that may have been collected
        here: then what is live there was lost here, and not removed.
        """
        return self._merge(delta, wall_ns, repair=True)

    def _merge(self, delta: Iterable[KeyedRecord], wall_ns: int, *, repair: bool) -> Applied:
        merge = Merge(self.table, self.seen, self.ledger, self.replica, self.counter)
        applied = merge.run(delta, self.counts, repair=repair)
        self._fold_stamps(applied, wall_ns)
        if applied.is_news:  # of what comes twice nothing has to be written
            self.touched()
        return applied

    def counts(self, key: Key, replica: bytes) -> bool:
        """Whether dots of this replica id count under this key: in the kept store, all do."""
        del key, replica
        return True

    def counts_at_all(self, replica: bytes) -> bool:
        """Whether a vector's entry for this replica id counts here: in the kept store, all do."""
        del replica
        return True

    def counting(self) -> frozenset[bytes] | None:
        """Return the replica ids that count now; None where all do."""
        return None

    def settle(
        self,
        extent: Extent,
        drops: Iterable[Dot] = (),
        counted: frozenset[bytes] | None = None,
    ) -> Delta:
        """Take over a peer's vector, floor and watermarks, and drop what is dead there.

        `counted` is what `counting` returned before the first record of that peer came: records of
        any other replica id may have been dropped, so nothing is taken over for it.

        One step, so that no state in between is ever stored or told. Returns the records that
        changed; an empty record stands for a key that is gone.

        Only after every record of that peer was joined, and every live dot here that it has seen
        was found live there or is among `drops`.
        """
        changed: dict[Key, Record] = {}
        for replica, counter in drops:
            key = self.table.live.get(replica, {}).get(counter)
            if key is not None:
                record = self.table.records[key]
                left = tuple(s for s in record if s.dot != (replica, counter))
                self.table.replace(key, left)
                changed[key] = left
        self.seen.join(extent, lambda replica: self._takes(replica, counted))
        for replica in list(self.seen.leftovers(extent)):
            if replica != self.replica and not self.table.live.get(replica):
                self.forget(replica)
        _ = sweep(self.table, self.seen)
        self.touched()
        return tuple((key, self.table.records.get(key, ())) for key in changed)

    def claims_too_much(self, extent: Extent) -> bool:
        """Whether a peer claims to have seen writes that this very replica has not made."""
        return extent.vector.get(self.replica, 0) > self.counter

    def _takes(self, replica: bytes, counted: frozenset[bytes] | None) -> bool:
        return self.counts_at_all(replica) and (counted is None or replica in counted)

    def doubt(
        self,
        extent: Extent,
        heads: Mapping[bytes, Head],
        counted: frozenset[bytes] | None = None,
    ) -> Rejected | None:
        """Return why what a peer claims to have seen is not believed; None where it is proven.

        Each entry that `settle` would take over has to be covered by what its writer signed, as it
        is known here or came along in `heads`. Where nothing is verified, all is believed.
        """
        if self.ledger is None:
            return None
        if len({*self.seen.watermarks, *extent.watermarks}) > replicas_max:
            return Rejected(Reason.FULL, "too many controllers with watermarks")
        news = self.seen.news(extent, lambda replica: self._takes(replica, counted))
        return self.ledger.doubt(news, heads)

    def may_have_missed(self, replica: bytes, extent: Extent) -> bool:
        """Whether a removal that is collected there may have ended a write of `replica` here."""
        del replica
        return not self.seen.reaches(extent)

    def _fold_stamps(self, applied: Applied, wall_ns: int) -> None:
        if applied.stamp_last <= self.clock.last or self.clock.fold(applied.stamp_last, wall_ns):
            return
        for _, record in applied.inflated:
            for sibling in record:
                if not self.clock.fold(sibling.stamp, wall_ns):
                    applied.far_future += 1

    # ── Journal ──────────────────────────────────────────────────────────────────────────────

    def take_dirty(self) -> Dirty:
        """Return what changed since the last call, to be written in one transaction."""
        if not self.metadata_changed:
            return NOTHING_DIRTY
        self.metadata_changed = False
        dirty, self.table.dirty = self.table.dirty, {}
        records = self.table.records
        heads = self.heads.unshown(self.table.live, self.seen.last_of())
        return Dirty(
            encode_metadata(self.epoch, self.clock.last, self.seen, heads),
            tuple(
                (encode_key(key), encode_record(records[key]) if key in records else None)
                for key in dirty
            ),
        )

    # ── Collection and retirement ────────────────────────────────────────────────────────────

    def collect(
        self,
        wall_ns: int,
        held_by_all: Counters | None = None,
        policy: CollectionPolicy = CollectionPolicy(),  # noqa: B008 - frozen
    ) -> int:
        """Collect tombstones as the policy says and return how many. Allowed at any time."""
        count = collect(self.table, self.seen, policy, wall_ns, held_by_all)
        if count:
            self.touched()
        return count

    def introduce(self, replica: bytes, controller: bytes, boot: int) -> None:
        """Learn whose replica id this is: the controller's id (32 bytes) and its boot number."""
        self.seen.incarnations[replica] = Incarnation(controller, boot)

    def retire(self, controller: bytes, boot: int, held_by_all: Counters) -> bool:
        """Let a watermark speak for a controller's ended incarnations, up to this boot number.

        Refused (False) while any of them may have written what somebody of the roster lacks.
        Where write-groups are signed, so is this, and only for the controller itself: nobody
        believes it of another.
        """
        mine = self.seen.incarnations.get(self.replica)
        if mine and mine.controller == controller and boot >= mine.boot:
            return False
        retired = retire(self.table, self.seen, Incarnation(controller, boot), held_by_all)
        if retired is None:
            return False
        if self._seal is not None:
            self.heads.note(sealed_watermark(self.epoch, controller, boot + 1, self._seal))
        for replica in retired:
            self.forget(replica)
        self.touched()
        return True

    def forget(self, replica: bytes) -> None:
        """Drop what is kept for a replica id that has no live dots."""
        assert not self.table.live.get(replica), "a replica id with live dots is not forgotten"
        _ = self.table.live.pop(replica, None)
        self.table.sums.forget(replica)
        self.seen.forget(replica)
        self.heads.forget(replica)
        if self.ledger:
            self.ledger.forget(replica)

    # ── Sums ─────────────────────────────────────────────────────────────────────────────────

    def touched(self) -> None:
        """Note that what was seen has changed."""
        self._extent_hash = None
        self.metadata_changed = True

    def rekey(self, secret: Secret) -> None:
        """Sum up everything again under another secret."""
        self.table.sums = sums_of(secret, self.table.records.items())

    def extent_hash(self) -> bytes:
        """Return 8 bytes that are equal where vector, floor and watermarks are."""
        if self._extent_hash is None:
            self._extent_hash = blake2b(self.extent_told(), digest_size=8).digest()
        return self._extent_hash

    def extent_told(self) -> bytes:
        """Return what the hash is taken of."""
        seen = self.seen
        return cbor2.dumps(
            [sorted(part.items()) for part in (seen.vector, seen.floor, seen.watermarks)],
        )

    def root(self) -> bytes:
        """Return the 8 bytes that are equal where the live dots and their contents are."""
        return self.table.sums.root().to_bytes(8, "big")

    @property
    def vector(self) -> Mapping[bytes, int]:
        """How far each replica id's dots are seen without a gap; read-only."""
        return MappingProxyType(self.seen.vector)

    @property
    def floor(self) -> Mapping[bytes, int]:
        """How far each replica id's tombstones may be collected; read-only."""
        return MappingProxyType(self.seen.floor)

    def statistics(self) -> StoreStatistics:
        """Return the sizes of this store."""
        return StoreStatistics(
            records=len(self.table.records),
            tombstones=len(self.table.tombstones),
            replicas=len(self.seen.vector),
            cloud_runs=sum(len(cloud) for cloud in self.seen.clouds.values()),
            watermarks=len(self.seen.watermarks),
        )


_Draft = tuple[Key, Value | Removed, Token | None, int | None]
