"""One TCP connection: frames out at once where the kernel takes them, frames in as they complete.

A frame that finds nothing queued before it goes to the kernel in the same call, without a task
being woken; only what the kernel does not take waits here, up to a limit. The stream ends once, for
whichever reason.

A peer that talks without end is read at a pace: the rest waits in its own kernel, where it costs
nobody else anything.
"""

import socket
from collections import deque
from collections.abc import Sequence
from typing import Final

import trio

from mesh.driver.network.counts import Counts
from mesh.driver.network.interface import Sink
from mesh.protocol.inputs import FrameReceived, StreamDrained, StreamId
from mesh.protocol.links import DRAIN_REPORT_BYTES
from mesh.protocol.meter import Meter
from mesh.protocol.now import SECOND
from mesh.wire.framing import LENGTH_BYTES, delimit, payload_bytes
from mesh.wire.limits import MESSAGE_BYTES_MAX
from mesh.wire.rejected import Rejected

UNSENT_BYTES_MAX: Final = 32 * MESSAGE_BYTES_MAX
"""What waits for a peer that reads slowly: twice the largest answer to one comparison."""
READ_BYTES: Final = 65_536
FRAMES_AT_ONCE: Final = 8
"""Handed over before all others have their turn: a peer that talks without end delays nobody."""
FRAMES_PER_S: Final = 1_000
FRAMES_READ_AT_ONCE: Final = 1_000
"""Of one stream; a controller that is at work says some hundred frames a second to another one."""
FRAME_BYTES: Final = 8_192
"""A frame counts once more for each of these: 8 MiB a second, more than can be verified in one."""
PAUSE_NS_MAX: Final = SECOND
"""The longest time for which a stream is not read, however much came at once."""
LINGER_S: Final = 1.0
"""How long a closing stream may take to send what was queued."""
SILENCE_MS_MAX: Final = 30_000
"""After this long without an acknowledgement from the peer's host the kernel gives up on what was
sent."""


class Stream:
    """One connection. `run` is its life; everything else may be called from outside at any time."""

    def __init__(
        self, number: StreamId, connected: socket.socket, sink: Sink, counts: Counts
    ) -> None:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_MS_MAX)
        self.number = number
        self.is_silent = False
        """Nobody is to be told of its end."""
        self._socket = connected
        self._sink = sink
        self._counts = counts
        self._unsent = bytearray()
        self._frames: deque[int] = deque()
        """Bytes of each frame that is not wholly sent; `_begun_bytes` of the first one are."""
        self._begun_bytes = 0
        self._drained_bytes = 0
        self._is_closing = False
        self._wanted = trio.Event()
        self._taken = trio.Event()
        self._scope = trio.CancelScope()
        self._pace = Meter(SECOND // FRAMES_PER_S, FRAMES_READ_AT_ONCE)

    @property
    def is_flushed(self) -> bool:
        """Whether the kernel has taken all that was sent."""
        return not self._unsent

    def send(self, payloads: Sequence[bytes]) -> None:
        """Send one frame for each of ``payloads``. Cuts the stream where too much waits."""
        if self._is_closing:
            return
        frames = [delimit(payload) for payload in payloads]
        self._frames.extend(map(len, frames))
        raw = b"".join(frames)
        self._counts.frames_sent += len(frames)
        self._counts.bytes_sent += len(raw)
        taken = 0
        if not self._unsent:
            taken = self._send_some(raw)
            self._drain(taken)
        if taken == len(raw):
            return
        self._unsent += memoryview(raw)[taken:]
        if len(self._unsent) > UNSENT_BYTES_MAX:
            self._counts.streams_cut += 1
            self.abort()
        self._wanted.set()

    async def flush(self) -> None:
        """Wait until the kernel has taken all that was sent, or the stream has ended."""
        while not (self.is_flushed or self._scope.cancel_called):
            await self._taken.wait()

    def close(self) -> None:
        """End after what was sent before, or a little later without it."""
        self._is_closing = True
        self._scope.deadline = min(self._scope.deadline, trio.current_time() + LINGER_S)
        self._wanted.set()

    def abort(self) -> None:
        """End now."""
        self._is_closing = True
        self._scope.cancel()

    async def run(self) -> None:
        """Carry frames until the stream ends, by whichever side."""
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._write)
                    await self._read()
                    nursery.cancel_scope.cancel()
        finally:
            self._is_closing = True
            self._taken.set()
            self._socket.close()

    async def _read(self) -> None:
        held = bytearray()
        while not self._scope.cancel_called:
            await trio.lowlevel.wait_readable(self._socket)
            try:
                received = self._socket.recv(READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                return  # reset by the peer, or unreachable for too long: an end as any other
            if not received:
                return
            held += received
            if not await self._deliver(held):
                self._counts.streams_cut += 1
                return
            await self._sink.room()
            await self._rest()

    async def _rest(self) -> None:
        """Wait until more of this stream may be read."""
        pause_ns = self._pace.opens_in_ns(_now_ns())
        if pause_ns:
            self._counts.streams_slowed += 1
            await trio.sleep(pause_ns / SECOND)

    async def _deliver(self, held: bytearray) -> bool:
        """Hand over the frames that ``held`` has whole, and remove them; False: they are none."""
        begin, delivered = 0, 0
        while len(held) - begin >= LENGTH_BYTES:
            length = payload_bytes(bytes(held[begin : begin + LENGTH_BYTES]))
            if isinstance(length, Rejected):
                return False
            end = begin + LENGTH_BYTES + length
            if end > len(held):
                break
            if delivered and delivered % FRAMES_AT_ONCE == 0:
                await trio.lowlevel.checkpoint()
            payload = bytes(held[begin + LENGTH_BYTES : end])
            self._counts.frames_received += 1
            self._counts.bytes_received += end - begin
            begin = end
            delivered += 1
            self._pace.charge(_now_ns(), 1 + length // FRAME_BYTES, PAUSE_NS_MAX)
            if not self.is_silent:
                self._sink.take(FrameReceived(self.number, payload))
        del held[:begin]
        return True

    async def _write(self) -> None:
        while not (self._is_closing and self.is_flushed):
            if self.is_flushed:
                await self._wanted.wait()
                self._wanted = trio.Event()
                continue
            await trio.lowlevel.wait_writable(self._socket)
            with memoryview(self._unsent) as unsent:
                taken = self._send_some(unsent)
            del self._unsent[:taken]
            self._drain(taken)
            self._taken.set()
            self._taken = trio.Event()
        self._scope.cancel()

    def _drain(self, taken: int) -> None:
        """The kernel took so many bytes more: say so from time to time, in bytes of payload."""
        self._begun_bytes += taken
        while self._frames and self._begun_bytes >= self._frames[0]:
            frame_bytes = self._frames.popleft()
            self._begun_bytes -= frame_bytes
            self._drained_bytes += frame_bytes - LENGTH_BYTES
        if self._drained_bytes >= DRAIN_REPORT_BYTES and not self.is_silent:
            drained, self._drained_bytes = self._drained_bytes, 0
            self._sink.take(StreamDrained(self.number, drained))

    def _send_some(self, raw: bytes | memoryview) -> int:
        try:
            return self._socket.send(raw)
        except BlockingIOError:
            return 0
        except OSError:
            self.abort()  # the reader sees the same end
            return len(raw)


def _now_ns() -> int:
    return int(trio.current_time() * SECOND)
