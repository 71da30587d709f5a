"""Tombstones go at any time, replica ids retire: what is removed leaves nothing behind.

A removal is a write, and its record, a tombstone, stays until it is collected. Collecting one
raises the *floor* of its replica id. A peer that has not seen as far as our floor cannot learn
from our records alone what is dead; it compares live dots with us instead. So collecting early
costs laggards traffic, and never correctness.

Invariants, which the sync relies on:

- the floor is closed downwards: no record is held that consists of removals at or under it. So
  two stores of equal vectors and floors hold equal records;
- what a collected tombstone had superseded is within the vector: seen and not live, so dead.

A replica id that ended and has no live dots needs no entry of its own: one watermark for its
controller says that everything of its boots up to a number is seen, except where a replica id
still has an entry of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crdt.clock import stamp_at
from crdt.record import REMOVED, Record
from crdt.seen import Counters, Incarnation, Seen
from crdt.table import Table

_HOUR_NS = 3_600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class CollectionPolicy:
    """When a tombstone is ripe: when every member of the roster has seen it, and else when it is
    older than `age_ns` or when there are more than `tombstones_max`.
    """

    age_ns: int = _HOUR_NS
    tombstones_max: int = 10_000


def collect(
    table: Table,
    seen: Seen,
    policy: CollectionPolicy,
    wall_ns: int,
    held_by_all: Counters | None,
) -> int:
    """Raise the floor over every ripe tombstone that may go, and return how many went."""
    ripe, blocked = _sort(table, seen, policy, wall_ns, held_by_all or {})
    raised = False
    for record in ripe:
        for sibling in record:
            replica, counter = sibling.replica, sibling.counter
            bound = blocked.get(replica)
            if (bound is None or counter < bound) and counter > seen.floor.get(replica, 0):
                seen.floor[replica] = counter
                raised = True
    return sweep(table, seen) if raised else 0


def sweep(table: Table, seen: Seen) -> int:
    """Drop the tombstones at or under the floor."""
    gone = [key for key in table.tombstones if is_collected(table.records[key], seen)]
    for key in gone:
        table.replace(key, ())
    return len(gone)


def is_collected(record: Record, seen: Seen) -> bool:
    """Whether a record is a tombstone that the floor has passed."""
    return (
        all(s.value is REMOVED and s.counter <= seen.floor.get(s.replica, 0) for s in record)
        and bool(record)
        and _superseded_is_seen(record, seen)
    )


def _sort(
    table: Table,
    seen: Seen,
    policy: CollectionPolicy,
    wall_ns: int,
    held_by_all: Counters,
) -> tuple[list[Record], dict[bytes, int]]:
    """Return the ripe records, and per replica id the lowest counter that must stay."""
    oldest_first = sorted(
        (max(s.stamp for s in table.records[key]), key) for key in table.tombstones
    )
    excess = len(oldest_first) - policy.tombstones_max
    old = stamp_at(max(0, wall_ns - policy.age_ns))
    ripe: list[Record] = []
    blocked: dict[bytes, int] = {}
    for place, (stamp, key) in enumerate(oldest_first):
        record = table.records[key]
        due = place < excess or stamp < old or _all_within(record, held_by_all)
        if due and _all_within(record, seen.vector) and _superseded_is_seen(record, seen):
            ripe.append(record)
        else:
            for sibling in record:
                bound = blocked.get(sibling.replica, sibling.counter)
                blocked[sibling.replica] = min(bound, sibling.counter)
    return ripe, blocked


def _all_within(record: Record, counters: Counters) -> bool:
    return all(s.counter <= counters.get(s.replica, 0) for s in record)


def _superseded_is_seen(record: Record, seen: Seen) -> bool:
    return all(
        through <= seen.vector.get(replica, 0) or seen.retired(replica)
        for sibling in record
        for replica, through in sibling.context
    )


def retire(
    table: Table,
    seen: Seen,
    last: Incarnation,
    held_by_all: Counters,
) -> list[bytes] | None:
    """Raise the watermark of a controller to `last.boot` and return the replica ids that no longer
    need an entry; None where that may not be done yet.
    """
    if seen.watermarks.get(last.controller, -1) >= last.boot:
        return None
    ended = _ended(seen, last)
    without_live = [replica for replica in ended if not table.live.get(replica)]
    for replica in ended:
        everything = seen.vector.get(replica, 0)
        if replica in seen.clouds or held_by_all.get(replica, 0) < everything:
            return None
    seen.watermarks[last.controller] = last.boot
    return without_live


def _ended(seen: Seen, last: Incarnation) -> list[bytes]:
    known: Iterable[tuple[bytes, Incarnation]] = seen.incarnations.items()
    return [
        replica
        for replica, incarnation in known
        if incarnation.controller == last.controller
        and incarnation.boot <= last.boot
        and (replica in seen.vector or replica in seen.clouds)
    ]
