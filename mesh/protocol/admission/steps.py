"""What admission wants done, and what it shows: values that only the replica reads."""

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from mesh.protocol.admission.enrolment import Enrolment
from mesh.protocol.admission.phases import Phase
from mesh.protocol.effects import Noticed, WriteMeta
from mesh.protocol.inputs import StreamId
from mesh.wire.identity import Address
from mesh.wire.invitation import Newcomer
from mesh.wire.messages import Claim, Message


@dataclass(frozen=True, slots=True)
class Card:
    """What a controller says of itself at a door."""

    name: str
    site: str
    addresses: tuple[Address, ...]
    exchange_key: bytes
    """Its X25519 public key, 32 bytes."""


class Proof(NamedTuple):
    """What the beginning of a stream has proved, beside who is at its other end."""

    binding: bytes
    """Names the stream, alike at both ends and unlike any other, 32 bytes."""
    exchange_key: bytes
    """The peer's X25519 key."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A newcomer at the door shows an invite: to be judged, and answered on ``stream``."""

    stream: StreamId
    newcomer: Newcomer
    addresses: tuple[Address, ...]
    claim: Claim
    binding: bytes


class AdmissionStep(msgspec.Struct, frozen=True):
    """What one input led to. Nobody is to hear of it before ``writes`` are durable."""

    sends: tuple[tuple[StreamId, Message], ...] = ()
    writes: tuple[WriteMeta, ...] = ()
    notices: tuple[Noticed, ...] = ()
    joined: Enrolment | None = None
    """The controller belongs to this environment from now on."""
    hello_changed: bool = False
    """Say Hello again on every stream, and judge every peer again."""
    ended: str | None = None
    """This life is over, and why: the next one begins from what was written."""
    claims: tuple[Claimed, ...] = ()


@dataclass(frozen=True, slots=True)
class AdmissionStatus:
    """How a controller stands, for people."""

    phase: Phase
    fingerprint: str
    environment: bytes | None
    text: str
    """One or two sentences; the line to type elsewhere, where there is one."""
    stand_down: str | None
    """Why this controller casts no votes because of the generation of its environment."""
    pending: int
    """Newcomers that wait here to be accepted."""


@dataclass(frozen=True, slots=True)
class AdmissionStatistics:
    """Counts since the start."""

    knocks_sent: int
    knocks_heard: int
    knocks_dropped: int
    """Too often, or with words that the roster would not take."""
    welcomes_sent: int
    welcomes_refused: int
    """Founding records that are not of the environment that their sender named."""


class Draft(msgspec.Struct):
    """A step while it is being made."""

    sends: list[tuple[StreamId, Message]] = msgspec.field(default_factory=list)
    writes: list[WriteMeta] = msgspec.field(default_factory=list)
    notices: list[Noticed] = msgspec.field(default_factory=list)
    joined: Enrolment | None = None
    hello_changed: bool = False
    ended: str | None = None
    claims: list[Claimed] = msgspec.field(default_factory=list)

    def done(self) -> AdmissionStep:
        """What is to be handed out."""
        return AdmissionStep(
            tuple(self.sends),
            tuple(self.writes),
            tuple(self.notices),
            self.joined,
            self.hello_changed,
            self.ended,
            tuple(self.claims),
        )
