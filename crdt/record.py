"""A record, and the only join: everything that ever merges in this package merges here.

A record is what one key holds: its *siblings*, values written concurrently. A sibling carries the
dot that names the write, and the context of the write: the dots that its author had before it and
superseded. Because each key carries its own context, any subset of records is a valid delta, in
any order, duplicated or not.

A sibling that another one supersedes is no longer shown. It is also no longer needed, if the other
one supersedes all that it superseded: then the other *dominates* it. Where an author had collected
a tombstone before it wrote again, its context may not say all that the tombstone said, and who
still holds the tombstone keeps it beside the new value, as the only evidence of what it removed.

The join keeps a local sibling unless a remote one dominates it; it takes a remote sibling if it is
not held, not dominated here, and not *seen* here. Seen and not live means dead: this forbids
resurrection after the tombstone itself has been collected.

Invariants: siblings are ascending by dot, so that equal records are equal tuples; none dominates
another. Domination is a partial order and a record is the set of its greatest elements, so the
join is commutative, associative and idempotent whatever the contexts say.

Source: dotted version vector sets (Almeida, Baquero, Gonçalves, Preguiça, Fonte, 2014) and
delta-state CRDTs (Almeida, Shoker, Baquero, 2018). Unlike there, a context belongs to the sibling,
as its author signed it, and never to the record: a relay can add none.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import cbor2

from crdt.seen import Counters, Dot
from crdt.values import Key, Value

REMOVED: Final = cbor2.undefined
"""In place of a value: this write removed the key. CBOR's `undefined`, one byte on the wire."""

if TYPE_CHECKING:
    from cbor2 import UndefinedType

    Removed: TypeAlias = UndefinedType
else:
    Removed = type(REMOVED)  # cbor2 names the class for type checkers only
Context: TypeAlias = tuple[tuple[bytes, int], ...]
"""(replica id, counter) ascending by replica id. The author's own entry is left out where it is
"all before this one"; it stands there where the author wrote over what a token had shown."""


class Proof(NamedTuple):
    """What ties a sibling to its write-group.

    The group's first counter and size, the hashes that lead from this sibling to the root of the
    group's Merkle tree, and the author's signature.
    """

    first: int
    size: int
    path: tuple[bytes, ...]
    signature: bytes


class Sibling(NamedTuple):
    """One value of a key: the dot, the stamp (48 bits ms, 16 bits counter), value, context."""

    replica: bytes
    counter: int
    stamp: int
    value: Value | Removed
    context: Context = ()
    proof: Proof | None = None

    @property
    def dot(self) -> Dot:
        """The name of this write."""
        return Dot(self.replica, self.counter)


Record: TypeAlias = tuple[Sibling, ...]
KeyedRecord: TypeAlias = tuple[Key, Record]
Delta: TypeAlias = tuple[KeyedRecord, ...]


def supersedes(sibling: Sibling, replica: bytes, counter: int) -> bool:
    """Whether the author of `sibling` had seen and replaced this dot of the same key."""
    for name, through in sibling.context:
        if name == replica:
            return counter <= through
    return replica == sibling.replica and counter < sibling.counter


def dominates(sibling: Sibling, other: Sibling) -> bool:
    """Whether `sibling` supersedes `other` and everything that `other` superseded."""
    return supersedes(sibling, other.replica, other.counter) and all(
        supersedes(sibling, replica, through) for replica, through in other.context if through
    )


def holds(record: Record, replica: bytes, counter: int) -> bool:
    """Whether this dot is live in `record`."""
    return any(sibling.counter == counter and sibling.replica == replica for sibling in record)


def join(
    local: Record,
    remote: Record,
    seen: Callable[[bytes, int], bool],
) -> Record:
    """Return the least record that has what both have, less what either knows to be dead.

    It is the very object `local` where the remote record brought nothing.
    """
    kept = [mine for mine in local if not any(dominates(theirs, mine) for theirs in remote)]
    taken = [
        theirs
        for theirs in remote
        if not holds(local, theirs.replica, theirs.counter)
        and not any(dominates(mine, theirs) for mine in local)
        and not seen(theirs.replica, theirs.counter)
    ]
    if not taken and len(kept) == len(local):
        return local
    return in_order(kept + taken)


def _by_dot(sibling: Sibling) -> tuple[bytes, int]:
    return sibling[:2]


def in_order(siblings: Iterable[Sibling]) -> Record:
    """Return the siblings as a record: ascending by dot."""
    return tuple(sorted(siblings, key=_by_dot))


def current(record: Record) -> Record:
    """Return the siblings that no other one supersedes: what readers are shown."""
    if len(record) == 1:
        return record
    return tuple(s for s in record if not any(supersedes(t, s.replica, s.counter) for t in record))


def is_removed(record: Record) -> bool:
    """Whether nothing is left but removals: a value written concurrently with one survives it."""
    return all(sibling.value is REMOVED for sibling in current(record))


def is_evidence(record: Record, sibling: Sibling) -> bool:
    """Whether a sibling only says what is dead: a removal, or superseded and not dominated."""
    return sibling.value is REMOVED or any(
        supersedes(other, sibling.replica, sibling.counter) for other in record
    )


def rank(sibling: Sibling) -> tuple[int, bytes, int]:
    """Order concurrent siblings for display: by stamp, then by dot; the same everywhere."""
    return (sibling.stamp, sibling.replica, sibling.counter)


def knowledge(record: Record) -> dict[bytes, int]:
    """Return what a reader of this record has seen of its key: its dots and what they supersede."""
    known: dict[bytes, int] = {}
    for replica, counter, _, _, context, _ in record:
        known[replica] = max(counter, known.get(replica, 0))
        for name, through in context:
            known[name] = max(through, known.get(name, 0))
    return known


def context_for(
    record: Record,
    author: bytes,
    seen: Counters | None,
    forgettable: Callable[[bytes], bool],
) -> Context:
    """Return the context of a new write of `author` over `record`: what it supersedes.

    `seen` is what the writer was shown; None means the record as it is. Replica ids that are
    `forgettable` are left out: all of their dots are dead wherever that is known.
    """
    known: Mapping[bytes, int] = knowledge(record) if seen is None else seen
    context = {
        name: through for name, through in known.items() if name != author and not forgettable(name)
    }
    if seen is not None:
        context[author] = known.get(author, 0)
    return tuple(sorted(context.items()))
