"""What the replica wants done, as one value, in the order in which it is to be done.

Nothing in an ``Effects`` depends on the writes in the same ``Effects``: the driver hands the writes
to its journal and sends the rest at once. What may leave only after a write is durable comes back
from ``handle(Persisted(token))``. So a crash between write and send is an ordinary point of the
schedule.
"""

from dataclasses import dataclass, field

import msgspec

from mesh.protocol.inputs import CallId, Path, StreamId
from mesh.wire.facts import SignedFact
from mesh.wire.identity import Address, Incarnation

# --- writes -------------------------------------------------------------------------------------


class WriteFact(msgspec.Struct, frozen=True):
    """A fact, own or of a peer, under (origin, sequence)."""

    origin: Incarnation
    sequence: int
    signed: SignedFact


class WriteStore(msgspec.Struct, frozen=True):
    """Records of running information and the vector that covers them: one transaction, always."""

    records: tuple[tuple[bytes, bytes | None], ...]
    """(encoded key, encoded record; None deletes the row)."""
    metadata: bytes


class WriteMeta(msgspec.Struct, frozen=True):
    """One small value of the controller itself, such as its environment."""

    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class CutChains:
    """Facts that nobody will ask for any more: they lie below the ground, which is kept instead."""

    gone: tuple[tuple[Incarnation, int, int], ...]
    """(origin, first number, last number) of each chain that is cut."""


JournalWrite = WriteFact | WriteStore | WriteMeta | CutChains

# --- notifications ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a call; sent when it is durable. ``result`` is JSON-like."""

    call: CallId
    result: dict[str, object]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that was refused: ``code`` is one of the exit codes of the command line."""

    call: CallId
    code: int
    errors: tuple[str, ...]
    """Every mistake at once: what, why, what to do."""


class InformationChanged(msgspec.Struct, frozen=True):
    """Entries of running information that read differently now, once for each batch."""

    paths: tuple[Path, ...]


class ChangeProgressed(msgspec.Struct, frozen=True):
    """A ChangeSet moved: proposed, sealed, refused, released, applied, set aside, cancelled."""

    tx: bytes


@dataclass(frozen=True, slots=True)
class ConfigurationSwapped:
    """The folded state that readers see is another one now."""

    tx: tuple[bytes, ...]
    swapped_wall_ns: int
    late: bool
    why: str


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """The membership table shows another standing."""

    controller: bytes
    standing: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that a person should read in the log; never a secret."""

    level: str
    """``info``, ``warning`` or ``error``."""
    event: str
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """This incarnation is over and does nothing more.

    Start anew from the disk, with a boot number above ``boot_floor``.
    """

    why: str
    boot_floor: int
    in_doubt: bool = False
    """What others hold shows that the store is not what it took itself for."""


Notification = (
    Answer
    | Refusal
    | InformationChanged
    | ChangeProgressed
    | ConfigurationSwapped
    | MemberChanged
    | Noticed
    | Ended
)


class Effects(msgspec.Struct, frozen=True):
    """One step's deeds."""

    token: int | None = None
    """Names the writes below; None where there are none."""
    writes: tuple[JournalWrite, ...] = ()
    datagrams: tuple[tuple[Address, bytes], ...] = ()
    frames: tuple[tuple[StreamId, bytes], ...] = ()
    dials: tuple[Address, ...] = ()
    closes: tuple[StreamId, ...] = ()
    notifications: tuple[Notification, ...] = ()
    wake_at_ns: int | None = None
    """Monotonic time of the next wake-up wanted; replaces the former one. None: none."""


@dataclass(frozen=True, slots=True)
class Image:
    """What a start finds on disk: the whole memory of earlier lives."""

    boot: int
    """The boot number of this life, already durable."""
    previous: Incarnation | None
    unbroken: bool
    """The store went on without a break since ``previous`` stopped, so its last number is
    proven."""
    facts: tuple[SignedFact, ...] = ()
    """By origin, each chain in order."""
    records: tuple[tuple[bytes, bytes], ...] = ()
    store_metadata: bytes | None = None
    meta: dict[str, bytes] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    """What opening the store brought to light, as sentences for people; none: all was well."""
    evidence: str = ""
    """What earlier damage has left, where a person should clear it away; empty: nothing much."""
