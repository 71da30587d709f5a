"""One stream: its states as a table, and which of two streams to one controller counts.

Two controllers that find each other dial each other, often in the same second, and end up with two
streams. Both must keep the same one without asking, or they close each other's for ever. So
streams have an order that both ends compute alike: the later life of the peer, then the one that
the lower controller id dialled, then the later dial.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from mesh.protocol.frames import Frame
from mesh.protocol.inputs import StreamId
from mesh.protocol.links.handshake import Handshake, Secured
from mesh.protocol.links.limits import (
    GREETING_NS,
    QUEUE_BYTES_MAX,
    STRANGER_MESSAGE_BYTES_MAX,
    STRANGER_QUEUE_BYTES_MAX,
    STRANGER_QUIET_NS,
    SUPERSEDED_NS,
)
from mesh.protocol.standing import Access, Ground, Refused
from mesh.wire import codec
from mesh.wire.framing import Assembler, split
from mesh.wire.identity import Address, Incarnation
from mesh.wire.limits import MESSAGE_BYTES_MAX
from mesh.wire.messages import (
    Facts,
    FactVector,
    Hello,
    Knock,
    Message,
    Rebuff,
    SnapshotPart,
    Welcome,
)
from mesh.wire.rejected import Rejected


class Phase(Enum):
    """Where a stream stands."""

    HANDSHAKE = "handshake"
    """It is not proven who is at the other end."""
    GREETING = "greeting"
    """Our Hello is sent, the peer's is not heard."""
    JUDGED = "judged"
    """The peer's Hello is heard; what it may do is being decided."""
    STANDING = "standing"
    """In use."""
    SUPERSEDED = "superseded"
    """A better stream to the same controller stands: read to the end, and not written to."""
    CLOSED = "closed"


class Turn(Enum):
    """What happens to a stream."""

    SECURED = "secured"
    HELLO = "hello"
    ADMITTED = "admitted"
    OUTRANKED = "outranked"
    """A better stream stands."""
    RECALLED = "recalled"
    """The better stream is gone."""
    ENDED = "ended"


TRANSITIONS: Final[dict[Phase, dict[Turn, Phase]]] = {
    Phase.HANDSHAKE: {
        Turn.SECURED: Phase.GREETING,
        Turn.ENDED: Phase.CLOSED,
    },
    Phase.GREETING: {
        Turn.HELLO: Phase.JUDGED,
        Turn.ENDED: Phase.CLOSED,
    },
    Phase.JUDGED: {
        Turn.HELLO: Phase.JUDGED,
        Turn.ADMITTED: Phase.STANDING,
        Turn.ENDED: Phase.CLOSED,
    },
    Phase.STANDING: {
        Turn.HELLO: Phase.STANDING,
        Turn.ADMITTED: Phase.STANDING,
        Turn.OUTRANKED: Phase.SUPERSEDED,
        Turn.ENDED: Phase.CLOSED,
    },
    Phase.SUPERSEDED: {
        Turn.HELLO: Phase.SUPERSEDED,
        Turn.ADMITTED: Phase.SUPERSEDED,
        Turn.RECALLED: Phase.STANDING,
        Turn.ENDED: Phase.CLOSED,
    },
    Phase.CLOSED: {},
}
"""Absent pairs cannot happen: the machine asserts it."""


@dataclass(slots=True, eq=False)
class Stream:
    """One stream, as seen from here."""

    id: StreamId
    remote: Address
    dialled: Address | None
    """None: the peer came to us."""
    number: int
    """Counts the streams of this life, for the Hello."""
    opened_ns: int
    heard_ns: int
    handshake: Handshake
    source: str
    """Where it comes from, as far as strangers are told apart."""
    phase: Phase = Phase.HANDSHAKE
    secured: Secured | None = None
    hello: Hello | None = None
    hellos: int = 0
    access: Access | None = None
    superseded_ns: int = 0
    queued_bytes: int = 0
    assembler: Assembler = field(default_factory=Assembler)

    def take(self, turn: Turn) -> None:
        """Go where the table says."""
        following = TRANSITIONS[self.phase].get(turn)
        assert following is not None, f"{turn} in {self.phase}"
        self.phase = following

    def secure(self, secured: Secured) -> None:
        """The handshake is over: from now on everything is sealed."""
        self.secured = secured
        self.take(Turn.SECURED)

    def receive(self, sealed: bytes) -> Message | Refused | None:
        """The message that this frame completes; None while parts are missing."""
        payload = self.ends.receives.open(sealed)
        if payload is None:
            return _FORGED
        shows_facts = self.access in _WITH_FACTS
        bytes_max = MESSAGE_BYTES_MAX if shows_facts else STRANGER_MESSAGE_BYTES_MAX
        raw = self.assembler.add(payload, bytes_max)
        if raw is None:
            return None
        message = raw if isinstance(raw, Rejected) else codec.decode(raw)
        if isinstance(message, Rejected):
            return Refused(Ground.UNREADABLE, f"not understood: {message.why}"[:512])
        return message

    def frames(self, message: bytes) -> list[Frame]:
        """``message`` as it goes out, to be sealed when it does. Raises framing.TooLong."""
        seal = self.ends.sends.seal
        return [Frame(self.id, part, seal) for part in split(message)]

    @property
    def ends(self) -> Secured:
        """What the handshake came to, once it was over."""
        assert self.secured is not None
        return self.secured

    @property
    def greeted(self) -> Hello:
        """The peer's Hello, once it was heard."""
        assert self.hello is not None
        return self.hello

    @property
    def sender(self) -> Incarnation:
        """The life at the other end, once it was heard."""
        return self.greeted.sender

    @property
    def queue_bytes_max(self) -> int:
        """How much may wait here to go out."""
        has_history = self.access in {Access.MEMBER, Access.FORMER}
        return QUEUE_BYTES_MAX if has_history else STRANGER_QUEUE_BYTES_MAX

    @property
    def is_usable(self) -> bool:
        """Whether it could carry messages now."""
        return self.phase is Phase.STANDING or self.phase is Phase.SUPERSEDED

    @property
    def is_at_ease(self) -> bool:
        """Whether it stands for however long nothing is heard."""
        return self.phase is Phase.STANDING and self.access in PATIENT


PATIENT: Final = frozenset({Access.MEMBER, Access.HOST, Access.FELLOW})
"""Peers that may be quiet: they wait for something, or the membership watches over them."""

_WITH_FACTS: Final = frozenset({Access.MEMBER, Access.FORMER, Access.CLAIMANT})

_FORGED: Final = Refused(Ground.FORGED, "a frame that somebody changed or forged on its way")

Rank = tuple[int, bytes, bool, int]


def rank(stream: Stream, own: bytes) -> Rank:
    """The place of ``stream`` among those of one peer, alike at both ends; the highest counts."""
    peer = stream.sender
    dialled_here = stream.dialled is not None
    by_lower = dialled_here == (own < peer.controller)
    number = stream.number if dialled_here else stream.greeted.stream
    return peer.boot, peer.nonce, by_lower, number


_NO_HELLO: Final = Refused(Ground.MUTE, "no Hello in time")
_QUIET: Final = Refused(Ground.MUTE, "nothing heard for long; come back with something to say")
_OVER: Final = Refused(Ground.SUPERSEDED, "")


def expiry_of(stream: Stream) -> tuple[int, Refused] | None:
    """When ``stream`` is ended if nothing more is heard, and on which ground."""
    match stream.phase:
        case Phase.HANDSHAKE | Phase.GREETING:
            return stream.opened_ns + GREETING_NS, _NO_HELLO
        case Phase.SUPERSEDED:
            return stream.superseded_ns + SUPERSEDED_NS, _OVER
        case _ if stream.access in PATIENT:
            return None
        case _:
            return stream.heard_ns + STRANGER_QUIET_NS, _QUIET


def allows(access: Access, message: Message) -> bool:
    """Whether ``message`` is heard from a peer of this ``access``."""
    match access:
        case Access.MEMBER:
            return not isinstance(message, Knock | Welcome | Rebuff)
        case Access.FORMER:
            return isinstance(message, Facts | FactVector)
        case Access.CLAIMANT:
            return isinstance(message, Facts | SnapshotPart)
        case Access.NEWCOMER:
            return isinstance(message, Knock)
        case Access.HOST:
            return isinstance(message, Welcome | Rebuff)
        case Access.FELLOW | Access.YIELDING:
            return False
