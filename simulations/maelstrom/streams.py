"""Connections over a network that loses and reorders messages.

As TCP does it: each side numbers what it sends, keeps it until the other side has said that it has
everything up to there, and sends it again when that does not come. The first segment opens, an
``end`` closes. Where nothing is acknowledged for too long, the connection is broken at this end;
a segment for a connection that is not known here is answered with ``reset``.

Invariant: frames come out at one end in the order in which they went in at the other, each once,
and nothing comes out after a gap.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mesh.protocol.inputs import (
    DialFailed,
    DialFailure,
    FrameReceived,
    Input,
    StreamClosed,
    StreamDrained,
    StreamId,
    StreamOpened,
)
from mesh.protocol.links import DRAIN_REPORT_BYTES
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.identity import Address
from simulations.maelstrom.addresses import Addresses
from simulations.maelstrom.messages import Json, MalformedError, Message, number_at, text_at

SEGMENT: Final = "trellis_segment"
ACKNOWLEDGEMENT: Final = "trellis_ack"
RESET: Final = "trellis_reset"

AGAIN_NS: Final = 500 * MILLISECOND
"""When a segment is sent again at first, twice as long each time; a test's latency is 100 ms."""
AGAIN_NS_MAX: Final = 4 * SECOND
DIAL_TIMEOUT_NS: Final = 5 * SECOND
TIMEOUT_NS: Final = 15 * SECOND
"""How long nothing may be acknowledged before the connection counts as broken."""
EARLY_MAX: Final = 1_024
"""Segments kept while an earlier one is missing; later ones are sent again anyway."""
WINDOW: Final = 64
"""Segments sent again at once."""
FORGOTTEN_MAX: Final = 4_096
"""Closed connections that are remembered, so that a late first segment opens none anew."""


@dataclass(slots=True, eq=False)
class End:
    """This side of one connection."""

    name: str
    peer: str
    address: Address
    dialled: bool
    stream: StreamId | None = None
    """None while it is being dialled."""
    sent: int = 0
    waiting: deque[tuple[int, dict[str, Json], int]] = field(default_factory=deque)
    """Not acknowledged: number, content, and bytes of the frame."""
    expected: int = 0
    early: dict[int, dict[str, Json]] = field(default_factory=dict)
    progress_ns: int = 0
    """When the other side was last heard to acknowledge anything, or waiting began."""
    again_at_ns: int = 0
    again_ns: int = AGAIN_NS
    undrained_bytes: int = 0
    is_closing: bool = False
    """The end is sent and not acknowledged yet; nothing is told to the controller any more."""


class Streams:
    """All connections of one node."""

    def __init__(self, node: str, nonce: str, addresses: Addresses) -> None:
        self.outgoing: list[Message] = []
        """Messages to be sent; whoever sends them takes them out."""
        self._node = node
        self._nonce = nonce
        self._addresses = addresses
        self._ends: dict[str, End] = {}
        self._by_stream: dict[StreamId, End] = {}
        self._forgotten: OrderedDict[str, None] = OrderedDict()
        self._dials = 0
        self._streams = 0

    @property
    def deadline_ns(self) -> int | None:
        """When something has to be sent again."""
        return min((end.again_at_ns for end in self._ends.values() if end.waiting), default=None)

    def standing(self) -> tuple[StreamId, ...]:
        """The connections that are open here."""
        return tuple(self._by_stream)

    # --- what the controller wants ------------------------------------------------------------

    def dial(self, address: Address, now_ns: int) -> list[Input]:
        """Ask for a connection."""
        peer = self._addresses.node(address)
        if peer is None or peer == self._node:
            return [DialFailed(address, DialFailure.UNREACHABLE)]
        self._dials += 1
        end = End(f"{self._node}/{self._nonce}/{self._dials}", peer, address, dialled=True)
        self._ends[end.name] = end
        self._push(end, {"open": True}, 0, now_ns)
        return []

    def send(self, stream: StreamId, payload: bytes, now_ns: int) -> None:
        """Send one frame; nothing happens where the connection is gone."""
        end = self._by_stream.get(stream)
        if end is not None:
            self._push(end, {"frame": b64encode(payload).decode()}, len(payload), now_ns)

    def close(self, stream: StreamId, now_ns: int) -> None:
        """Close in good order: what was sent before arrives before the end does."""
        end = self._by_stream.pop(stream, None)
        if end is not None:
            end.is_closing = True
            self._push(end, {"end": True}, 0, now_ns)

    def _push(self, end: End, content: dict[str, Json], size: int, now_ns: int) -> None:
        if not end.waiting:
            end.progress_ns = now_ns
            end.again_ns = AGAIN_NS
            end.again_at_ns = now_ns + AGAIN_NS
        end.waiting.append((end.sent, content, size))
        self._tell(end, SEGMENT, {"number": end.sent, **content})
        end.sent += 1

    def _tell(self, end: End, kind: str, content: dict[str, Json]) -> None:
        self.outgoing.append(
            Message(self._node, end.peer, {"type": kind, "stream": end.name, **content})
        )

    # --- what arrives -------------------------------------------------------------------------

    def receive(self, message: Message, now_ns: int) -> list[Input]:
        """A segment, an acknowledgement or a reset. Raises MalformedError."""
        name = text_at(message.body, "stream")
        end = self._ends.get(name)
        match message.type:
            case str(kind) if kind == SEGMENT:
                return self._segment(end, name, message, now_ns)
            case str(kind) if kind == ACKNOWLEDGEMENT:
                upto = number_at(message.body, "upto")
                return [] if end is None else self._acknowledged(end, upto, now_ns)
            case _:
                return [] if end is None else self._break(end, DialFailure.REFUSED)

    def _segment(self, end: End | None, name: str, message: Message, now_ns: int) -> list[Input]:
        number = number_at(message.body, "number")
        inputs: list[Input] = []
        if end is None:
            if "open" not in message.body or name in self._forgotten:
                reset: dict[str, Json] = {"type": RESET, "stream": name}
                self.outgoing.append(Message(self._node, message.source, reset))
                return []
            end = self._accept(name, message.source)
            inputs.append(StreamOpened(self._stand(end), end.address, None))
        if end.stream is None:
            inputs += self._acknowledged(end, 0, now_ns)
        if number >= end.expected and len(end.early) < EARLY_MAX:
            end.early[number] = message.body
        inputs += self._deliver(end)
        self._tell(end, ACKNOWLEDGEMENT, {"upto": end.expected - 1})
        return inputs

    def _accept(self, name: str, source: str) -> End:
        address = self._addresses.of(source)
        if address is None:
            text = f"{source} is no node"
            raise MalformedError(text)
        end = self._ends[name] = End(name, source, address, dialled=False)
        return end

    def _stand(self, end: End) -> StreamId:
        self._streams += 1
        end.stream = self._streams
        self._by_stream[end.stream] = end
        return end.stream

    def _deliver(self, end: End) -> Iterator[Input]:
        """What is there without a gap."""
        while end.expected in end.early:
            content = end.early.pop(end.expected)
            end.expected += 1
            if "end" in content:
                yield from self._break(end, DialFailure.REFUSED)
            elif "frame" in content and not end.is_closing and end.stream is not None:
                yield FrameReceived(end.stream, _payload(content))

    def _acknowledged(self, end: End, upto: int, now_ns: int) -> list[Input]:
        inputs: list[Input] = []
        if end.stream is None and upto >= 0:
            inputs.append(StreamOpened(self._stand(end), end.address, end.address))
        # Whoever repeats itself is there all the same and misses something: no need to wait longer.
        soon_ns = now_ns + AGAIN_NS
        advances = bool(end.waiting) and end.waiting[0][0] <= upto
        end.again_at_ns = soon_ns if advances else min(end.again_at_ns, soon_ns)
        end.again_ns = AGAIN_NS
        end.progress_ns = now_ns
        while end.waiting and end.waiting[0][0] <= upto:
            _, _, size = end.waiting.popleft()
            end.undrained_bytes += size
        if end.is_closing and not end.waiting:
            self._forget(end)
        elif end.undrained_bytes >= DRAIN_REPORT_BYTES and end.stream is not None:
            inputs.append(StreamDrained(end.stream, end.undrained_bytes))
            end.undrained_bytes = 0
        return inputs

    # --- time, and ends -----------------------------------------------------------------------

    def wake(self, now_ns: int) -> list[Input]:
        """Send again what is due, and give up what has waited too long."""
        inputs: list[Input] = []
        for end in list(self._ends.values()):
            if end.waiting and end.again_at_ns <= now_ns:
                inputs += self._again(end, now_ns)
        return inputs

    def _again(self, end: End, now_ns: int) -> list[Input]:
        patience_ns = TIMEOUT_NS if end.stream is not None else DIAL_TIMEOUT_NS
        if now_ns - end.progress_ns >= patience_ns:
            return self._break(end, DialFailure.TIMEOUT)
        for number, content, _ in list(end.waiting)[:WINDOW]:
            self._tell(end, SEGMENT, {"number": number, **content})
        end.again_ns = min(2 * end.again_ns, AGAIN_NS_MAX)
        end.again_at_ns = now_ns + end.again_ns
        return []

    def _break(self, end: End, why: DialFailure) -> list[Input]:
        self._forget(end)
        if end.is_closing:
            return []
        if end.stream is None:
            return [DialFailed(end.address, why)]
        return [StreamClosed(end.stream)]

    def _forget(self, end: End) -> None:
        _ = self._ends.pop(end.name, None)
        if end.stream is not None:
            _ = self._by_stream.pop(end.stream, None)
        self._forgotten[end.name] = None
        if len(self._forgotten) > FORGOTTEN_MAX:
            _ = self._forgotten.popitem(last=False)


def _payload(content: dict[str, Json]) -> bytes:
    try:
        return b64decode(text_at(content, "frame"), validate=True)
    except Base64Error as error:
        text = f"no base64: {error}"
        raise MalformedError(text) from error
