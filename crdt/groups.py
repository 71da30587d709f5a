"""Write-groups: one signature for up to 32 siblings, and a proof for each of them alone.

Everything that a batch writes forms a Merkle tree over its siblings. The header names the data
set, the replica id, the first counter, the count and the root; the author signs the header. A
sibling travels with the signature and the at most five hashes on its way to the root: whoever
holds any one sibling of a group can verify it, and verifies the header once.

Two different headers of one replica id whose counters overlap are proof that somebody signed
twice: an author that tells different stories, or two machines with one identity.

The header of a group is proof of itself, too: its author has written that far. That is what a
claim about somebody else's writes is measured by (see `crdt.heads`).

The seams: `Seal` signs the bytes of a header, `Verify` checks a signature against the controller
that a replica id belongs to. Without them siblings travel without proof.

Source: Merkle (1987); domain separation of leaves and nodes as in RFC 6962.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

import cbor2
from sortedcontainers import SortedDict  # type: ignore[import-untyped]  # it has no stubs

from crdt.errors import Reason, Rejected
from crdt.heads import Head, Heads
from crdt.limits import group_max, headers_max
from crdt.record import REMOVED, Proof, Sibling
from crdt.seen import Counters
from crdt.values import Key

Seal: TypeAlias = Callable[[bytes], bytes]
"""Header bytes to signature bytes."""

Verify: TypeAlias = Callable[[bytes, bytes, bytes], bool | None]
"""(replica id, header bytes, signature bytes) to whether the signature is that controller's; None
where nobody here knows (yet) which controller it is."""

HASH_BYTES: Final = 32
_LEAF: Final = b"\0"
_NODE: Final = b"\1"


def leaf_hash(key: Key, sibling: Sibling) -> bytes:
    """Hash what the author says with a sibling: dot, key, stamp, value and superseded context."""
    value = sibling.value
    told = cbor2.dumps(
        (
            sibling.replica,
            sibling.counter,
            key,
            sibling.stamp,
            None if value is REMOVED else _hash(cbor2.dumps(value)),
            sibling.context,
        ),
    )
    return _hash(_LEAF + told)


def header_bytes(epoch: bytes, replica: bytes, first: int, count: int, root: bytes) -> bytes:
    """Return what is signed: these siblings, of this replica id, in this data set."""
    return cbor2.dumps((epoch, replica, first, count, root))


def sealed(
    epoch: bytes,
    members: Iterable[tuple[Key, Sibling]],
    seal: Seal,
) -> list[tuple[list[tuple[Key, Sibling]], Head]]:
    """Return siblings of ascending and adjacent counters with their proofs, group by group.

    And with each group of at most 32 the head that says that it was written.
    """
    rest = iter(members)
    groups = iter(lambda: list(islice(rest, group_max)), [])
    return [_sealed(epoch, group, seal) for group in groups]


def _sealed(
    epoch: bytes,
    members: Sequence[tuple[Key, Sibling]],
    seal: Seal,
) -> tuple[list[tuple[Key, Sibling]], Head]:
    levels = _tree([leaf_hash(key, sibling) for key, sibling in members])
    first, size, root = members[0][1], len(members), levels[-1][0]
    signature = seal(header_bytes(epoch, first.replica, first.counter, size, root))
    proven = [
        (
            key,
            sibling._replace(proof=Proof(first.counter, size, _path(levels, index), signature)),
        )
        for index, (key, sibling) in enumerate(members)
    ]
    return proven, Head(first.replica, first.counter, size, root, signature)


def sealed_watermark(epoch: bytes, controller: bytes, mark: int, seal: Seal) -> Head:
    """Return the word of a controller that nothing is missing of its lives before boot `mark`."""
    signature = seal(header_bytes(epoch, controller, mark, 1, b""))
    return Head(controller, mark, 1, b"", signature)


def head_of(key: Key, sibling: Sibling) -> Head | None:
    """Return the head that a sibling's proof leads to, unverified; None where it leads nowhere."""
    proof = sibling.proof
    if proof is None:
        return None
    index = sibling.counter - proof.first
    if not 0 <= index < proof.size <= group_max:
        return None
    root = root_by(leaf_hash(key, sibling), index, proof.size, proof.path)
    if root is None:
        return None
    return Head(sibling.replica, proof.first, proof.size, root, proof.signature)


def root_by(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """Climb from a leaf to the root; None where the path does not fit the tree's shape."""
    climbed, steps = leaf, iter(path)
    while count > 1:
        beside = index ^ 1
        if beside < count:
            other = next(steps, None)
            if other is None:
                return None
            climbed = _hash(_NODE + (other + climbed if index & 1 else climbed + other))
        index, count = index >> 1, (count + 1) >> 1
    return climbed if next(steps, None) is None else None


def _tree(leaves: list[bytes]) -> list[list[bytes]]:
    """Return the levels of the tree, leaves first. A node without neighbour moves up as it is."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = range(0, len(below) - 1, 2)
        above = [_hash(_NODE + below[left] + below[left + 1]) for left in pairs]
        levels.append(above + below[2 * len(above) :])
    return levels


def _path(levels: list[list[bytes]], index: int) -> tuple[bytes, ...]:
    path = []
    for level in levels[:-1]:
        beside = index ^ 1
        if beside < len(level):
            path.append(level[beside])
        index >>= 1
    return tuple(path)


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=HASH_BYTES).digest()


@dataclass(frozen=True, slots=True)
class Equivocation:
    """Proof that one replica id told two stories: both of them, for people and for quarantine."""

    replica: bytes
    ours: bytes
    theirs: bytes


class _Header(NamedTuple):
    size: int
    header: bytes


class Ledger:
    """The headers verified so far: each signature is checked once, overlaps are noticed.

    The furthest of each replica id goes to `heads`.
    """

    __slots__ = ("_epoch", "_headers", "_heads", "_verify")

    def __init__(self, epoch: bytes, verify: Verify, heads: Heads) -> None:
        self._epoch = epoch
        self._verify = verify
        self._heads = heads
        self._headers: dict[bytes, SortedDict] = {}

    def check(self, key: Key, sibling: Sibling) -> Rejected | Equivocation | None:
        """Check a sibling at first sight; None where its author really wrote it."""
        if sibling.proof is None:
            return Rejected(Reason.FORGED, "a sibling without signature")
        head = head_of(key, sibling)
        if head is None:
            return Rejected(Reason.FORGED, "a path that does not fit its write-group")
        header = self._header(head)
        known = self._headers.get(head.name)
        held = known.get(head.first) if known else None
        if held is not None and held.header == header:
            return None
        if not self._verify(head.name, header, head.signature):
            return Rejected(Reason.FORGED, "a signature that is not its author's")
        self._heads.note(head)
        return self._enter(head.name, head.first, _Header(head.size, header))

    def doubt(self, claims: Counters, heads: Mapping[bytes, Head]) -> Rejected | None:
        """Return why a claim is not believed; None where each name has signed that far.

        By what is held here, or else by the one of `heads` that came with the claim. Those are
        looked at only where they are needed, and no further than to the first that is wrong.
        """
        for name, through in claims.items():
            if through <= self._heads.last(name):
                continue
            head = heads.get(name)
            if head is None or through > head.last:
                return Rejected(Reason.UNPROVEN, name.hex())
            verified = self._verify(name, self._header(head), head.signature)
            if verified is None:
                return Rejected(Reason.UNKNOWN, name.hex())
            if not verified:
                return Rejected(Reason.UNPROVEN, name.hex())
            self._heads.note(head)
        return None

    def _header(self, head: Head) -> bytes:
        return header_bytes(self._epoch, head.name, head.first, head.size, head.root)

    def forget(self, replica: bytes) -> None:
        """Drop the headers of a replica id that is retired."""
        _ = self._headers.pop(replica, None)

    def _enter(self, replica: bytes, first: int, new: _Header) -> Equivocation | None:
        known = self._headers.get(replica)
        if known is None:
            known = self._headers[replica] = SortedDict()
        place = known.bisect_right(first + new.size - 1)
        if place:
            before_first, before = known.peekitem(place - 1)
            if before_first + before.size > first:
                return Equivocation(replica, before.header, new.header)
        known[first] = new
        if len(known) > headers_max:
            _ = known.popitem(0)
        return None
