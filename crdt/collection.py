"""Tombstones go at any time, replica ids retire: what is removed leaves nothing behind.

A removal is a write, and its record, a tombstone, stays until it is collected. Collecting one
raises the *floor* of its replica id. A peer that has not seen as far as our floor cannot learn
from our records alone what is dead; it compares live dots with us instead. So collecting early
costs laggards traffic, and never correctness.

Invariants, which the sync relies on:

- the floor is closed downwards: no evidence at or under it is held, alone or beside other values,
  unless something above it rests on it. So two stores of equal vectors and floors hold equal
  records;
- what a collected tombstone had superseded is within the vector: seen and not live, so dead.

A replica id that ended and has no live dots needs no entry of its own: one watermark for its
controller says that everything of its boots up to a number is seen, except where a replica id
still has an entry of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crdt.clock import stamp_at
from crdt.record import REMOVED, Record, Sibling, is_evidence, supersedes
from crdt.seen import Counters, Dot, Incarnation, Seen
from crdt.table import Table

_HOUR_NS = 3_600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class CollectionPolicy:
    """When a tombstone is ripe.

    When every member of the roster has seen it, and else when it is older than `age_ns` or when
    there are more than `tombstones_max`.
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
    """Raise the floor over every ripe removal that may go, and return how many went."""
    ripe, blocked = _sort(table, seen, policy, wall_ns, held_by_all or {})
    raised = False
    for replica, counter in ripe:
        bound = blocked.get(replica, counter + 1)
        if seen.floor.get(replica, 0) < counter < bound:
            seen.floor[replica] = counter
            raised = True
    return sweep(table, seen) if raised else 0


def sweep(table: Table, seen: Seen) -> int:
    """Drop the removals at or under the floor, and return how many there were."""
    count = 0
    for key in list(table.tombstones):
        record = table.records[key]
        left = without_collected(record, seen)
        if left is not record:
            table.replace(key, left)
            count += len(record) - len(left)
    return count


def without_collected(record: Record, seen: Seen) -> Record:
    """Return the record less what counts as collected; the same object where nothing does."""
    left = record
    while True:
        kept = tuple([s for s in left if not _is_collected(left, s, seen)])
        if len(kept) == len(left):
            return left
        left = kept


def _is_collected(record: Record, sibling: Sibling, seen: Seen) -> bool:
    """Whether this is evidence that the floor has passed, and nothing else rests on it."""
    return (
        sibling.counter <= seen.floor.get(sibling.replica, 0)
        and is_evidence(record, sibling)
        and _superseded_is_seen(sibling, seen)
        and not any(supersedes(sibling, s.replica, s.counter) for s in record)
    )


def is_collected_removal(sibling: Sibling, seen: Seen) -> bool:
    """Whether this is a removal that the floor has passed: it is not missed where it is not."""
    return sibling.value is REMOVED and sibling.counter <= seen.floor.get(sibling.replica, 0)


def _sort(
    table: Table,
    seen: Seen,
    policy: CollectionPolicy,
    wall_ns: int,
    held_by_all: Counters,
) -> tuple[list[Dot], dict[bytes, int]]:
    """Return the dots of ripe evidence, and per replica id the lowest one that must stay."""
    evidence = [
        (sibling.stamp, sibling.dot, sibling)
        for key in table.tombstones
        for sibling in table.records[key]
        if is_evidence(table.records[key], sibling)
    ]
    excess = len(evidence) - policy.tombstones_max
    old = stamp_at(max(0, wall_ns - policy.age_ns))
    ripe: list[Dot] = []
    blocked: dict[bytes, int] = {}
    for place, (stamp, dot, sibling) in enumerate(sorted(evidence, key=lambda each: each[:2])):
        replica, counter = dot
        due = place < excess or stamp < old or counter <= held_by_all.get(replica, 0)
        if due and counter <= seen.vector.get(replica, 0) and _superseded_is_seen(sibling, seen):
            ripe.append(dot)
        else:
            blocked[replica] = min(counter, blocked.get(replica, counter))
    return ripe, blocked


def _superseded_is_seen(sibling: Sibling, seen: Seen) -> bool:
    return all(
        through <= seen.vector.get(replica, 0) or seen.retired(replica)
        for replica, through in sibling.context
    )


def retire(
    table: Table,
    seen: Seen,
    last: Incarnation,
    held_by_all: Counters,
) -> list[bytes] | None:
    """Raise the watermark of a controller, and return the replica ids that need no entry any more.

    None where `last` may not be retired yet.
    """
    if seen.watermarks.get(last.controller, 0) > last.boot:
        return None
    ended = _ended(seen, last)
    without_live = [replica for replica in ended if not table.live.get(replica)]
    for replica in ended:
        everything = seen.vector.get(replica, 0)
        if replica in seen.clouds or held_by_all.get(replica, 0) < everything:
            return None
    seen.watermarks[last.controller] = last.boot + 1
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
