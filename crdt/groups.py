"""Write-groups: one signature for up to 32 siblings, and a proof for each of them alone.

Everything that a batch writes forms a Merkle tree over its siblings. The header names the data
set, the replica id, the first counter, the count and the root; the author signs the header. A
sibling travels with the signature and the at most five hashes on its way to the root: whoever
holds any one sibling of a group can verify it, and verifies the header once.

Two different headers of one replica id whose counters overlap are proof that somebody signed
twice: an author that tells different stories, or two machines with one identity.

The seams: `Seal` signs the bytes of a header, `Verify` checks a signature against the controller
that a replica id belongs to. Without them siblings travel without proof.

Source: Merkle (1987); domain separation of leaves and nodes as in RFC 6962.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple, TypeAlias

import cbor2
from sortedcontainers import SortedDict  # type: ignore[import-untyped]  # it has no stubs

from crdt.errors import Reason, Rejected
from crdt.limits import group_max, headers_max
from crdt.record import REMOVED, Proof, Sibling
from crdt.values import Key

Seal: TypeAlias = Callable[[bytes], bytes]
"""Header bytes to signature bytes."""

Verify: TypeAlias = Callable[[bytes, bytes, bytes], bool]
"""(replica id, header bytes, signature bytes) to whether the signature is that controller's."""

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
    members: Sequence[tuple[Key, Sibling]],
    seal: Seal,
) -> list[tuple[Key, Sibling]]:
    """Return the siblings of one group, of ascending and adjacent counters, with their proofs."""
    assert 0 < len(members) <= group_max, "a group has 1 to 32 siblings"
    levels = _tree([leaf_hash(key, sibling) for key, sibling in members])
    first = members[0][1]
    header = header_bytes(epoch, first.replica, first.counter, len(members), levels[-1][0])
    signature = seal(header)
    return [
        (
            key,
            sibling._replace(
                proof=Proof(first.counter, len(members), _path(levels, index), signature),
            ),
        )
        for index, (key, sibling) in enumerate(members)
    ]


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
    signature: bytes


class Ledger:
    """The headers verified so far: each signature is checked once, overlaps are noticed."""

    __slots__ = ("_epoch", "_headers", "_verify")

    def __init__(self, epoch: bytes, verify: Verify) -> None:
        self._epoch = epoch
        self._verify = verify
        self._headers: dict[bytes, SortedDict] = {}

    def check(self, key: Key, sibling: Sibling) -> Rejected | Equivocation | None:
        """Check a sibling at first sight; None where its author really wrote it."""
        proof = sibling.proof
        if proof is None:
            return Rejected(Reason.FORGED, "a sibling without signature")
        index = sibling.counter - proof.first
        if not 0 <= index < proof.size <= group_max:
            return Rejected(Reason.FORGED, "a sibling outside its write-group")
        root = root_by(leaf_hash(key, sibling), index, proof.size, proof.path)
        if root is None:
            return Rejected(Reason.FORGED, "a path that does not fit its write-group")
        replica = sibling.replica
        header = header_bytes(self._epoch, replica, proof.first, proof.size, root)
        known = self._headers.get(replica)
        held = known.get(proof.first) if known else None
        if held is not None and held.header == header:
            return None
        if not self._verify(replica, header, proof.signature):
            return Rejected(Reason.FORGED, "a signature that is not its author's")
        return self._enter(replica, proof.first, _Header(proof.size, header, proof.signature))

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
