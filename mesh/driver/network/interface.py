"""The seam to the network: what the driver asks of it, and whom it tells what arrived.

Everything asked of a network is asked without waiting; what came of it arrives as an input. A
datagram may be lost. The frames of a stream arrive in order and whole, or the stream ends. Whoever
does not read as fast as we write is cut off, not waited for: what was missed is compared and
fetched on the next stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import trio

from mesh.protocol.inputs import Input, StreamId
from mesh.wire.identity import Address


class Sink(Protocol):
    """Who is told what arrived."""

    def take(self, arrived: Input) -> None:
        """Handle one input now."""

    async def room(self) -> None:
        """Wait until more of what arrives on streams can be taken on; usually at once."""


@dataclass(frozen=True, slots=True)
class NetworkStatistics:
    """What one network has done so far."""

    datagrams_received: int
    datagrams_sent: int
    datagrams_unsent: int
    """The host refused to send them: no route, no memory, or an address that is none."""
    datagrams_rejected: int
    """Larger than any datagram of ours."""
    streams: int
    """Open now."""
    streams_opened: int
    streams_refused: int
    """Not accepted, because too many were open."""
    streams_cut: int
    """Closed, because the peer did not read or did not speak in frames."""
    streams_slowed: int
    """How often one was not read for a moment, because its peer had said more than anybody may."""
    frames_received: int
    frames_sent: int
    bytes_received: int
    """Payloads of datagrams and frames, with their lengths."""
    bytes_sent: int


class Network(Protocol):
    """Sends and receives for one controller."""

    @property
    def listening(self) -> tuple[Address, ...]:
        """Where it listens, UDP and TCP alike; wildcard addresses as they are."""

    async def run(
        self, sink: Sink, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until cancelled; started when it can be asked for things."""

    def send_datagram(self, to: Address, payload: bytes) -> None:
        """Send, or lose and count it."""

    def send_frames(self, stream: StreamId, payloads: Sequence[bytes]) -> None:
        """Queue ``payloads`` behind what was sent before; nothing where the stream is gone."""

    def dial(self, address: Address) -> None:
        """Try to connect: StreamOpened or DialFailed will follow."""

    def close(self, stream: StreamId) -> None:
        """Close after what was sent before; StreamClosed will follow."""

    def reset(self) -> None:
        """Drop all streams and dials without a word of it to the sink: a new life begins."""

    async def flush(self) -> None:
        """Wait a little for what was sent to leave this process."""

    def release(self) -> None:
        """Let go of the ports; more than once does no harm."""

    def statistics(self) -> NetworkStatistics:
        """What has been done so far."""
