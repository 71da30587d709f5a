"""A network in memory, for tests in virtual time: links with a delay, that can be cut and healed.

It keeps the promises of the real one and hands over the same bytes: a datagram may be lost, a
stream delivers in order or falls silent and ends, a dial where nobody listens is refused. It has no
sockets, and needs no real second.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import trio

from mesh.driver.network.counts import Counts
from mesh.driver.network.interface import NetworkStatistics, Sink
from mesh.protocol.inputs import (
    DatagramReceived,
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
from mesh.wire.framing import LENGTH_BYTES
from mesh.wire.identity import Address
from mesh.wire.limits import DATAGRAM_BYTES_MAX, FRAME_BYTES_MAX

DELAY_S: Final = 0.001
"""One way, unless told otherwise."""
DIAL_S_MAX: Final = 5.0
SILENCE_S_MAX: Final = 30.0
"""How long a stream of which bytes were lost stays open."""


class Hub:
    """The wires between networks in memory. ``nursery`` runs what is under way.

    `separates` says whether bytes from one address to another are lost; assign another function to
    cut and heal.
    """

    def __init__(self, nursery: trio.Nursery, delay_s: float = DELAY_S) -> None:
        self.nursery = nursery
        self.delay_s = delay_s
        self.separates: Callable[[Address, Address], bool] = lambda _source, _target: False
        self.networks: dict[Address, MemoryNetwork] = {}

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        """Call ``act`` when ``delay_s`` have passed."""
        self.nursery.start_soon(_after, delay_s, act)


async def _after(delay_s: float, act: Callable[[], None]) -> None:
    await trio.sleep(delay_s)
    act()


@dataclass(slots=True, eq=False)
class _End:
    """One end of a stream."""

    owner: "MemoryNetwork"
    number: StreamId
    arriving: deque[bytes | None] = field(default_factory=deque)
    """Under way to this end, in order; None is the end of the stream."""
    is_broken: bool = False
    """Something was lost: nothing after it arrives."""
    undrained_bytes: int = 0


class MemoryNetwork:
    """One controller's place on a `Hub`. See `Network`."""

    def __init__(self, hub: Hub, address: Address) -> None:
        self.address = address
        self._hub = hub
        self._sink: Sink | None = None
        self._streams: dict[StreamId, tuple[_End, _End]] = {}
        """Own end and the other one."""
        self._last_stream = 0
        self._counts = Counts()

    @property
    def listening(self) -> tuple[Address, ...]:
        """See `Network.listening`."""
        return (self.address,)

    async def run(
        self, sink: Sink, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """See `Network.run`."""
        self._sink = sink
        self._hub.networks[self.address] = self
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            del self._hub.networks[self.address]
            self.reset()
            self._sink = None

    def send_datagram(self, to: Address, payload: bytes) -> None:
        """See `Network.send_datagram`."""
        assert len(payload) <= DATAGRAM_BYTES_MAX
        self._counts.datagrams_sent += 1
        self._counts.bytes_sent += len(payload)

        def arrive() -> None:
            target = self._hub.networks.get(to)
            if target is not None and not self._hub.separates(self.address, to):
                target.take_datagram(self.address, payload)

        self._hub.after(self._hub.delay_s, arrive)

    def send_frames(self, stream: StreamId, payloads: Sequence[bytes]) -> None:
        """See `Network.send_frames`."""
        if stream not in self._streams:
            return
        here, there = self._streams[stream]
        for payload in payloads:
            assert 0 < len(payload) <= FRAME_BYTES_MAX
            self._counts.frames_sent += 1
            self._counts.bytes_sent += len(payload) + LENGTH_BYTES
            here.undrained_bytes += len(payload)
            self._carry(there, payload)
        if here.undrained_bytes >= DRAIN_REPORT_BYTES:
            drained, here.undrained_bytes = here.undrained_bytes, 0
            self._tell(StreamDrained(stream, drained))

    def dial(self, address: Address) -> None:
        """See `Network.dial`."""
        self._hub.nursery.start_soon(self._dial, address)

    def close(self, stream: StreamId) -> None:
        """See `Network.close`."""
        if stream in self._streams:
            _, there = self._streams.pop(stream)
            self._carry(there, None)
            self._tell(StreamClosed(stream))

    def reset(self) -> None:
        """See `Network.reset`."""
        sink, self._sink = self._sink, None
        for number in list(self._streams):
            self.close(number)
        self._sink = sink

    async def flush(self) -> None:
        """See `Network.flush`."""
        await trio.lowlevel.checkpoint()

    def release(self) -> None:
        """See `Network.release`."""

    def statistics(self) -> NetworkStatistics:
        """See `Network.statistics`."""
        return self._counts.snapshot(len(self._streams))

    # --- called from the other side ---------------------------------------------------------------

    def take_datagram(self, source: Address, payload: bytes) -> None:
        """A datagram has come through."""
        self._counts.datagrams_received += 1
        self._counts.bytes_received += len(payload)
        self._tell(DatagramReceived(source, payload))

    def take_next(self, end: _End) -> None:
        """The next of what is under way to ``end`` has come through."""
        item = end.arriving.popleft()
        if end.number not in self._streams or end.is_broken:
            return
        if item is None:
            del self._streams[end.number]
            self._tell(StreamClosed(end.number))
        else:
            self._counts.frames_received += 1
            self._counts.bytes_received += len(item) + LENGTH_BYTES
            self._tell(FrameReceived(end.number, item))

    def open_end(self) -> _End:
        """An end of a new stream here."""
        self._last_stream += 1
        return _End(self, self._last_stream)

    def join(self, here: _End, there: _End, remote: Address, dialled: Address | None) -> None:
        """The stream between the two ends stands."""
        self._counts.streams_opened += 1
        self._streams[here.number] = (here, there)
        self._tell(StreamOpened(here.number, remote, dialled))

    # --- within -----------------------------------------------------------------------------------

    def _carry(self, there: _End, item: bytes | None) -> None:
        """Bring ``item`` to the other end. Equal delays end in any order: the queue keeps it."""
        there.arriving.append(item)

        def arrive() -> None:
            if self._hub.separates(self.address, there.owner.address):
                self._break(there)
            there.owner.take_next(there)

        self._hub.after(self._hub.delay_s, arrive)

    def _break(self, there: _End) -> None:
        if not there.is_broken:
            there.is_broken = True
            self._hub.after(SILENCE_S_MAX, lambda: there.owner.close(there.number))

    async def _dial(self, address: Address) -> None:
        await trio.sleep(2 * self._hub.delay_s)
        target = self._hub.networks.get(address)
        if self._hub.separates(self.address, address) or self._hub.separates(address, self.address):
            await trio.sleep(DIAL_S_MAX)
            self._tell(DialFailed(address, DialFailure.TIMEOUT))
        elif target is None:
            self._tell(DialFailed(address, DialFailure.REFUSED))
        else:
            here, there = self.open_end(), target.open_end()
            target.join(there, here, self.address, None)
            self.join(here, there, address, address)

    def _tell(self, arrived: Input) -> None:
        if self._sink is not None:
            self._sink.take(arrived)
