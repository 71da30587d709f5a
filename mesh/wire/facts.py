"""Facts: all that the barrier believes, signed and chained, one chain for each incarnation.

Whatever a controller says about a change is an immutable record in its own numbered sequence.
Each names the hash of the one before, so a chain has no gaps and no second version; each names the
held fact with the greatest Lamport time, so a jump of the clock has a witness.
Decisions are pure functions of the facts held, and facts only accumulate.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from weakref import WeakValueDictionary

import msgspec

from mesh.wire import cbor
from mesh.wire.identity import Counter, Hash32, Incarnation, Signature, digest
from mesh.wire.limits import FACT_BYTES_MAX, PARTICIPANTS_MAX, REQUEST_BYTES_MAX
from mesh.wire.requests import Base, Name, SignedRequest, Text


class NoReason(enum.StrEnum):
    """Why a controller will never seal an attempt."""

    NAY = "nay"
    DONE = "done"
    ROSTER = "roster"
    BUSY = "busy"
    BEHIND = "behind"
    DIVERGED = "diverged"
    INVALID = "invalid"
    VERSION = "version"
    RIGHTS = "rights"
    OPERATOR = "operator"
    ENDED = "ended"
    CONFLICT = "conflict"
    PATIENCE = "patience"
    WITHDRAW = "withdraw"


class Propose(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=1):
    """A ChangeSet comes up: an attempt together with the request that it carries."""

    attempt: Annotated[bytes, msgspec.Meta(max_length=REQUEST_BYTES_MAX)]
    request: SignedRequest

    @property
    def attempt_id(self) -> bytes:
        """The id that seals and refusals name."""
        return digest(self.attempt)


class Seal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=2):
    """I hold this attempt durably and am bound, together with exactly this set of participants."""

    attempt: Hash32
    members: Annotated[bytes, msgspec.Meta(min_length=1, max_length=PARTICIPANTS_MAX // 8)]
    """Little-endian bitmap over the attempt's participants, without trailing zero bytes."""


class No(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=3):
    """I will never be part of a set that releases this attempt."""

    attempt: Hash32
    why: NoReason
    detail: Text
    key: Base | None
    """With CONFLICT: the key and the ChangeSet that has changed it since."""


class Applied(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=4):
    """The attempt is part of my history."""

    attempt: Hash32


class Boot(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=5):
    """The first fact of every incarnation: where it lives and what came before."""

    environment: Hash32
    generation: Counter
    generation_nonce: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    previous: Incarnation | None
    proven: Counter | None
    """The last number of ``previous`` if the store went on without a break; None: may be lost."""
    folded: Annotated[tuple[Incarnation, ...], msgspec.Meta(max_length=32)]
    """Earlier incarnations that wrote nothing, not even a Boot that anybody saw."""


class Record(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=6):
    """Carried in the chain and ignored by the barrier, such as the steps of a failover run."""

    kind: Name
    content: Annotated[bytes, msgspec.Meta(max_length=65_536)]


Body = Propose | Seal | No | Applied | Boot | Record


class Reference(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One fact, by its place and its hash."""

    origin: Incarnation
    sequence: Counter
    hash: Hash32


class Content(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a fact's signature covers."""

    version: Literal[1]
    origin: Incarnation
    sequence: Counter
    """Counts from 1, which is the Boot."""
    previous: Hash32
    after: Reference | None
    lamport: Counter
    clock_ns: Counter
    """Hybrid logical clock: wall time in ns, never below what was seen before."""
    body: Body


class SignedFact(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A fact as it travels and is stored: the very bytes that were signed, and the signature."""

    raw: Annotated[bytes, msgspec.Meta(max_length=FACT_BYTES_MAX)]
    signature: Signature


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Fact:
    """A fact in the hand: its content, the bytes that say so, and their hash."""

    content: Content
    signed: SignedFact
    hash: bytes

    @property
    def origin(self) -> Incarnation:
        """The incarnation that wrote it."""
        return self.content.origin

    @property
    def sequence(self) -> int:
        """Its number in the chain of its origin, from 1."""
        return self.content.sequence

    @property
    def body(self) -> Body:
        """What it says."""
        return self.content.body

    @property
    def reference(self) -> Reference:
        """How later facts name it."""
        return Reference(self.content.origin, self.content.sequence, self.hash)


_IN_HAND: Final = WeakValueDictionary[bytes, Fact]()
"""What was read and is still held by somebody, by its hash. In a large mesh a fact comes from
several peers; and where many controllers live in one process, they hold one copy between them."""


def write_fact(content: Content, sign: Callable[[bytes], bytes]) -> Fact:
    """``content`` in canonical bytes; ``sign`` maps bytes to its origin's 64-byte signature."""
    raw = cbor.write(content)
    return Fact(content, SignedFact(raw, sign(raw)), digest(raw))


def read_fact(signed: SignedFact) -> Fact:
    """The fact that ``signed`` spells. The signature is not checked here.

    Raises cbor.Undecodable where the bytes are not one fact of this version.
    """
    name = digest(signed.raw)
    known = _IN_HAND.get(name)
    if known is None:
        known = Fact(cbor.read(signed.raw, Content, FACT_BYTES_MAX), signed, name)
        _IN_HAND[name] = known
    # The same words under another signature are another letter, and maybe a forged one.
    return known if known.signed == signed else Fact(known.content, signed, name)
