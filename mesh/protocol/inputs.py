"""Everything that can happen to a replica: the one door's one argument beside the time.

The driver turns sockets, disk and people into these values; a simulated world makes the same ones
from a seed.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from crdt import Writable
from mesh.wire.identity import Address
from mesh.wire.requests import Approval, Command, Origin, SignedRequest

StreamId = int
"""Given by the driver, never reused in one life."""

CallId = int
"""Given by the driver to what a local client asked, so that the answer finds its way back."""

Path = tuple[str, ...]
"""A key of running information."""


class DatagramReceived(msgspec.Struct, frozen=True):
    """One UDP payload."""

    source: Address
    payload: bytes


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """A connection stands.

    ``dialled`` is the address we asked for, None where the peer came to us.
    """

    stream: StreamId
    remote: Address
    dialled: Address | None


class FrameReceived(msgspec.Struct, frozen=True):
    """One frame of a stream, length prefix removed."""

    stream: StreamId
    payload: bytes


@dataclass(frozen=True, slots=True)
class StreamDrained:
    """So many bytes more of the payloads for a stream were handed to the network.

    The driver says so each time another ``DRAIN_REPORT_BYTES`` have gone, not after each write.
    """

    stream: StreamId
    written_bytes: int


@dataclass(frozen=True, slots=True)
class StreamClosed:
    """A connection is gone, by whichever side."""

    stream: StreamId


class DialFailure(StrEnum):
    """How a dial ended without a connection."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class DialFailed:
    """Nobody answered at ``address``; REFUSED is the host's own word that nobody listens."""

    address: Address
    why: DialFailure


class Persisted(msgspec.Struct, frozen=True):
    """All writes up to and with this token are durable. Tokens are answered in order."""

    token: int


@dataclass(frozen=True, slots=True)
class PersistFailed:
    """The disk failed.

    Nothing not yet confirmed may be relied on; this replica will never vote again.
    """

    why: str


class Woke(msgspec.Struct, frozen=True):
    """The deadline asked for in ``Effects.wake_at_ns`` has come."""


@dataclass(frozen=True, slots=True)
class Slept:
    """A wake-up came more than 2 s late.

    The host was suspended or starved, its silence proves nothing.
    """

    late_ns: int


@dataclass(frozen=True, slots=True)
class Sighted:
    """An address where a controller may listen.

    A hint where to knock; nothing is trusted because of it.
    """

    address: Address
    source: str
    """``seed``, ``mdns`` or ``remembered``."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of running information; ``value`` None removes.

    ``seen`` is the token of the read it is based on.
    """

    path: Path
    value: Writable
    removes: bool = False
    seen: bytes | None = None


@dataclass(frozen=True, slots=True)
class WriteInformation:
    """Writes that a local client asked for: all of them become visible together here."""

    call: CallId
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class RemoveInformation:
    """Remove every entry now visible below ``prefix``; what others write meanwhile survives."""

    call: CallId
    prefix: Path


@dataclass(frozen=True, slots=True)
class SubmitCommands:
    """Propose one ChangeSet of these commands, signed with the operator's key held here."""

    call: CallId
    name: str
    commands: tuple[Command, ...]
    reason: str
    patience_ns: int
    force: bool = False
    origin: Origin | None = None
    """Where the commands were promoted from."""
    override: bool = False
    """Pass by the approvals and the promotion that are demanded."""


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """Propose a request that was signed elsewhere."""

    call: CallId
    request: SignedRequest


@dataclass(frozen=True, slots=True)
class RestageChange:
    """Make a new ChangeSet of the commands of a set-aside one, on today's base."""

    call: CallId
    tx: bytes


@dataclass(frozen=True, slots=True)
class RevertChange:
    """Make a new ChangeSet that puts back what one in the history has written over."""

    call: CallId
    tx: bytes
    force: bool = False
    """Also where another ChangeSet has written there since."""
    reason: str = ""
    override: bool = False
    """Pass by the approvals and the promotion that are demanded."""


@dataclass(frozen=True, slots=True)
class RefuseChange:
    """The operator says no to a ChangeSet that waits at the barrier."""

    call: CallId
    tx: bytes


@dataclass(frozen=True, slots=True)
class ApproveChange:
    """An operator agrees to a ChangeSet that waits for approval."""

    call: CallId
    tx: bytes
    approval: Approval | None = None
    """None: to be signed with the operator's key held here."""


@dataclass(frozen=True, slots=True)
class WithdrawChange:
    """Take a ChangeSet that waits for approval from the board."""

    call: CallId
    tx: bytes


@dataclass(frozen=True, slots=True)
class PublishChange:
    """Let linked environments have a ChangeSet, where people decide that."""

    call: CallId
    tx: bytes


@dataclass(frozen=True, slots=True)
class MergeChanges:
    """The operator decides a merge: ``keep`` wins over what conflicts with it."""

    call: CallId
    keep: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AcceptMember:
    """Admit a pending newcomer."""

    call: CallId
    controller: bytes


@dataclass(frozen=True, slots=True)
class TakeCheckpoint:
    """Close the book below what is applied now, and not when enough has gathered."""

    call: CallId


@dataclass(frozen=True, slots=True)
class RotateKey:
    """Propose that this controller uses another X25519 key from the barrier on."""

    call: CallId
    exchange_key: bytes
    """The public half, 32 bytes; the private one is durable already."""


@dataclass(frozen=True, slots=True)
class PrepareRequest:
    """Answer with the request that ``asked`` comes to, for ``signer`` to sign; nothing is proposed.

    So a person's key signs where the person is, and no controller ever holds it.
    """

    call: CallId
    asked: SubmitCommands | RestageChange | RevertChange | MergeChanges | AcceptMember
    signer: bytes
    """The public key, 32 bytes."""


@dataclass(frozen=True, slots=True)
class FoundEnvironment:
    """Found an environment of one now: a person said so."""

    call: CallId


@dataclass(frozen=True, slots=True)
class Leave:
    """The process stops in good order: tell the others, so that nobody waits for a timeout."""


Input = (
    DatagramReceived
    | StreamOpened
    | FrameReceived
    | StreamDrained
    | StreamClosed
    | DialFailed
    | Persisted
    | PersistFailed
    | Woke
    | Slept
    | Sighted
    | WriteInformation
    | RemoveInformation
    | SubmitCommands
    | SubmitRequest
    | RestageChange
    | RevertChange
    | ApproveChange
    | WithdrawChange
    | PublishChange
    | RefuseChange
    | MergeChanges
    | AcceptMember
    | TakeCheckpoint
    | RotateKey
    | PrepareRequest
    | FoundEnvironment
    | Leave
)
