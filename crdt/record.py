"""A record, and the only join: everything that ever merges in this package merges here.

A record is what one key holds: its *siblings*, values written concurrently. A sibling carries the
dot that names the write, and the context of the write: the dots that its author had before it and
superseded. Because each key carries its own context, any subset of records is a valid delta, in
any order, duplicated or not.

The join keeps a local sibling if the remote record has it too or does not supersede it; it takes
a remote sibling if it is not held, not superseded here, and not *seen* here. Seen and not live
means dead: this forbids resurrection after the tombstone itself has been collected.

Invariants: siblings are ascending by dot, so that equal records are equal tuples; no sibling of a
record supersedes another one of it; a context names everything that the sibling supersedes,
directly or through what it superseded.

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
"all before this one"; it stands there where the author did not supersede an earlier one."""


class Proof(NamedTuple):
    """What ties a sibling to its write-group: the group's first counter and size, the hashes that
    lead from this sibling to the root of the group's Merkle tree, and the author's signature.
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


def superseded_by(record: Record, replica: bytes, counter: int) -> bool:
    """Whether any sibling of `record` supersedes this dot."""
    return any(supersedes(sibling, replica, counter) for sibling in record)


def holds(record: Record, replica: bytes, counter: int) -> bool:
    """Whether this dot is live in `record`."""
    return any(sibling.counter == counter and sibling.replica == replica for sibling in record)


def join(
    local: Record,
    remote: Record,
    seen: Callable[[bytes, int], bool],
) -> Record:
    """Return the least record that has what `local` and `remote` have, less what either knows to
    be dead. The very object `local` is returned where the remote record brought nothing.
    """
    kept = [
        sibling
        for sibling in local
        if holds(remote, sibling.replica, sibling.counter)
        or not superseded_by(remote, sibling.replica, sibling.counter)
    ]
    taken = [
        sibling
        for sibling in remote
        if not holds(local, sibling.replica, sibling.counter)
        and not superseded_by(local, sibling.replica, sibling.counter)
        and not seen(sibling.replica, sibling.counter)
    ]
    if not taken and len(kept) == len(local):
        return local
    return tuple(sorted(kept + taken, key=_by_dot))


def _by_dot(sibling: Sibling) -> tuple[bytes, int]:
    return sibling[:2]


def in_order(siblings: Iterable[Sibling]) -> Record:
    """Return the siblings as a record: ascending by dot."""
    return tuple(sorted(siblings, key=_by_dot))


def is_removed(record: Record) -> bool:
    """Whether a record is a tombstone: a value written concurrently with a removal survives it."""
    return all(sibling.value is REMOVED for sibling in record)


def rank(sibling: Sibling) -> tuple[int, bytes, int]:
    """Order concurrent siblings for display: by stamp, then by dot; the same everywhere."""
    return (sibling.stamp, sibling.replica, sibling.counter)


def knowledge(record: Record) -> dict[bytes, int]:
    """Return what whoever was shown this record has seen of its key: all of its dots, and all
    that they supersede.
    """
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
    through = known.get(author, 0)
    if any(s.replica == author and s.counter > through for s in record):
        context[author] = through
    return tuple(sorted(context.items()))
