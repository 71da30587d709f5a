"""What the links want done and what they have noticed: values that only the replica reads."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from mesh.protocol.frames import Frame
from mesh.protocol.inputs import StreamId
from mesh.protocol.standing import Access, Ground
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import Hello, Message


@dataclass(frozen=True, slots=True)
class Connection:
    """How a member is reached."""

    incarnation: Incarnation
    stream: StreamId


class Greeted(msgspec.Struct, frozen=True):
    """A peer has said who it is (again): it is to be judged, and ``Links.judged`` to be told."""

    stream: StreamId
    hello: Hello
    remote: Address
    binding: bytes
    """Names this very stream, alike at both ends and unlike any other, 32 bytes."""
    exchange_key: bytes
    """The X25519 key with which it proved who it is."""


class Received(msgspec.Struct, frozen=True):
    """A message of a peer that its access allows."""

    stream: StreamId
    sender: Incarnation
    access: Access
    message: Message


@dataclass(frozen=True, slots=True)
class Connected:
    """A member is reached, or is reached over another stream: compare everything with it."""

    incarnation: Incarnation
    stream: StreamId


@dataclass(frozen=True, slots=True)
class Disconnected:
    """No stream leads to this member any more."""

    incarnation: Incarnation


@dataclass(frozen=True, slots=True)
class Departed:
    """A member said Goodbye."""

    incarnation: Incarnation
    why: str


@dataclass(frozen=True, slots=True)
class TwinMet:
    """Another life with our own key answered."""

    incarnation: Incarnation


LinkEvent = Greeted | Received | Connected | Disconnected | Departed | TwinMet


class LinkStep(msgspec.Struct, frozen=True):
    """What one input led to. Frames come before closes: a Goodbye is to be flushed first."""

    frames: tuple[Frame, ...] = ()
    closes: tuple[StreamId, ...] = ()
    dials: tuple[Address, ...] = ()
    events: tuple[LinkEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkStatistics:
    """Counts since the start, and sizes now."""

    streams: int
    greeting: int
    strangers: int
    members: int
    addresses: int
    dials: int
    dials_failed: int
    queued_bytes: int
    """Believed to wait in the driver, over all streams."""
    out_of_place: int
    """Messages that the sender's access does not allow, dropped."""
    ended: Mapping[Ground, int]
    """Streams ended from here, by ground."""


class Draft(msgspec.Struct):
    """A step while it is being made."""

    frames: list[Frame] = msgspec.field(default_factory=list)
    closes: list[StreamId] = msgspec.field(default_factory=list)
    dials: list[Address] = msgspec.field(default_factory=list)
    events: list[LinkEvent] = msgspec.field(default_factory=list)

    def done(self) -> LinkStep:
        """What is to be handed out."""
        return LinkStep(
            tuple(self.frames), tuple(self.closes), tuple(self.dials), tuple(self.events)
        )
