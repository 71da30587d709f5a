"""The real network.

UDP and TCP sockets of the host, without a task switch between arrival and reply.

A datagram goes from the kernel through the replica and back to the kernel within one turn of one
task: reading it, handling it and sending the answer are plain calls. Names are not looked up here:
addresses are literal.
"""

import errno
import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

import trio

from mesh.driver.network.binding import EVERYWHERE, Binding
from mesh.driver.network.counts import Counts
from mesh.driver.network.interface import NetworkStatistics, Sink
from mesh.driver.network.streams import LINGER_S, Stream
from mesh.protocol.inputs import (
    DatagramReceived,
    DialFailed,
    DialFailure,
    StreamClosed,
    StreamId,
    StreamOpened,
)
from mesh.wire.identity import Address
from mesh.wire.limits import DATAGRAM_BYTES_MAX

DIAL_S_MAX: Final = 5.0
"""How long a dial may take: two lost SYNs."""
DIALS_MAX: Final = 128
"""Dials at once; more fail at once and are tried again by whoever asked."""
STREAMS_MAX: Final = 2_048
"""Streams at once: two for each member of the largest mesh."""
DATAGRAMS_PER_TURN: Final = 64
"""Datagrams read before other tasks have their turn."""
IP_BIND_ADDRESS_NO_PORT: Final = 24
"""From linux/in.h; Python names it only from 3.12 on."""
_ROUTES_MAX: Final = 8_192
"""Addresses of which the socket address is remembered."""
_PAUSE_S: Final = 0.1
"""How long nothing is accepted after the host ran out of descriptors or memory."""
_EXHAUSTED: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
_Route = tuple[socket.socket, SocketAddress]


class SocketNetwork:
    """Serves on bound sockets, which are closed when `run` ends. See `Network`."""

    def __init__(self, bindings: Sequence[Binding], streams_max: int = STREAMS_MAX) -> None:
        self._bindings = tuple(bindings)
        self._streams_max = streams_max
        self._counts = Counts()
        self._streams: dict[StreamId, Stream] = {}
        self._last_stream = 0
        self._routes: dict[Address, _Route | None] = {}
        self._resets = 0
        self._dialling = 0
        self._sink: Sink | None = None
        self._nursery: trio.Nursery | None = None

    @property
    def listening(self) -> tuple[Address, ...]:
        """See `Network.listening`."""
        return tuple(binding.address for binding in self._bindings)

    async def run(
        self, sink: Sink, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """See `Network.run`."""
        try:
            async with trio.open_nursery() as nursery:
                self._sink = sink
                self._nursery = nursery
                for binding in self._bindings:
                    nursery.start_soon(self._receive, binding.datagrams, sink)
                    nursery.start_soon(self._accept, binding.listener, sink)
                task_status.started()
        finally:
            self._nursery = None
            self.release()

    def release(self) -> None:
        """See `Network.release`."""
        for binding in self._bindings:
            binding.close()

    # --- asked by the driver ----------------------------------------------------------------------

    def send_datagram(self, to: Address, payload: bytes) -> None:
        """See `Network.send_datagram`."""
        route = self._routes[to] if to in self._routes else self._learn(to)
        if route is None:
            self._counts.datagrams_unsent += 1
            return
        try:
            _ = route[0].sendto(payload, route[1])
        except OSError:
            self._counts.datagrams_unsent += 1
            return
        self._counts.datagrams_sent += 1
        self._counts.bytes_sent += len(payload)

    def send_frames(self, stream: StreamId, payloads: Sequence[bytes]) -> None:
        """See `Network.send_frames`."""
        found = self._streams.get(stream)
        if found is not None:
            found.send(payloads)

    def close(self, stream: StreamId) -> None:
        """See `Network.close`."""
        found = self._streams.get(stream)
        if found is not None:
            found.close()

    def dial(self, address: Address) -> None:
        """See `Network.dial`."""
        assert self._nursery is not None, "dialled before the network runs"
        assert self._sink is not None
        target = _socket_address(address)
        if target is None or self._dialling >= DIALS_MAX:
            self._sink.take(DialFailed(address, DialFailure.UNREACHABLE))
            return
        self._dialling += 1
        self._nursery.start_soon(self._dial, address, target, self._sink)

    def reset(self) -> None:
        """See `Network.reset`."""
        self._resets += 1
        for stream in self._streams.values():
            stream.is_silent = True
            stream.close()
        self._streams = {}

    async def flush(self) -> None:
        """See `Network.flush`."""
        with trio.move_on_after(LINGER_S):
            for stream in list(self._streams.values()):
                await stream.flush()

    def statistics(self) -> NetworkStatistics:
        """See `Network.statistics`."""
        return self._counts.snapshot(len(self._streams))

    # --- datagrams --------------------------------------------------------------------------------

    async def _receive(self, datagrams: socket.socket, sink: Sink) -> None:
        counts = self._counts
        while True:
            await trio.lowlevel.wait_readable(datagrams)
            for _ in range(DATAGRAMS_PER_TURN):
                try:
                    payload, source = datagrams.recvfrom(DATAGRAM_BYTES_MAX + 1)
                except OSError:
                    break  # nothing more, or the host's word about one that we sent
                if len(payload) > DATAGRAM_BYTES_MAX:
                    counts.datagrams_rejected += 1
                    continue
                counts.datagrams_received += 1
                counts.bytes_received += len(payload)
                sink.take(DatagramReceived(Address(source[0], source[1]), payload))

    def _learn(self, address: Address) -> _Route | None:
        target = _socket_address(address)
        route = None
        if target is not None:
            family = _family(target)
            fitting = (each.datagrams for each in self._bindings if each.family == family)
            chosen = next(fitting, None)
            route = (chosen, target) if chosen is not None else None
        if len(self._routes) >= _ROUTES_MAX:
            self._routes.clear()
        self._routes[address] = route
        return route

    # --- streams ----------------------------------------------------------------------------------

    async def _accept(self, listener: socket.socket, sink: Sink) -> None:
        assert self._nursery is not None
        while True:
            await trio.lowlevel.wait_readable(listener)
            try:
                connected, remote = listener.accept()
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    await trio.sleep(_PAUSE_S)
                continue  # otherwise the peer was gone before we looked
            if len(self._streams) >= self._streams_max:
                self._counts.streams_refused += 1
                connected.close()
                continue
            connected.settimeout(0)
            stream = self._register(connected, sink)
            self._nursery.start_soon(
                self._carry, stream, StreamOpened(stream.number, Address(*remote[:2]), None), sink
            )

    async def _dial(self, address: Address, target: SocketAddress, sink: Sink) -> None:
        resets = self._resets
        outcome: socket.socket | DialFailure = DialFailure.TIMEOUT
        try:
            with trio.move_on_after(DIAL_S_MAX):
                outcome = await _connect(target, self._source(target))
        finally:
            self._dialling -= 1
        if isinstance(outcome, DialFailure):
            if resets == self._resets:
                sink.take(DialFailed(address, outcome))
            return
        if resets != self._resets:
            outcome.close()
            return
        stream = self._register(outcome, sink)
        remote = Address(target[0], target[1])
        await self._carry(stream, StreamOpened(stream.number, remote, address), sink)

    def _source(self, target: SocketAddress) -> SocketAddress | None:
        """The address to speak from: the one listened at, if it was bound on purpose.

        So a host with several addresses is known to others, and to their firewalls, by one.
        """
        family = _family(target)
        hosts = [each.address.host for each in self._bindings if each.family == family]
        if len(hosts) != 1 or hosts[0] in EVERYWHERE:
            return None
        return (hosts[0], 0)

    def _register(self, connected: socket.socket, sink: Sink) -> Stream:
        self._last_stream += 1
        self._counts.streams_opened += 1
        stream = Stream(self._last_stream, connected, sink, self._counts)
        self._streams[stream.number] = stream
        return stream

    async def _carry(self, stream: Stream, opened: StreamOpened, sink: Sink) -> None:
        if not stream.is_silent:
            sink.take(opened)
        await stream.run()
        if not stream.is_silent:
            del self._streams[stream.number]
            sink.take(StreamClosed(stream.number))


async def _connect(
    target: SocketAddress, source: SocketAddress | None
) -> socket.socket | DialFailure:
    """A connected socket, or why there is none. Closes what it made when it is cancelled."""
    dialling = socket.socket(_family(target), socket.SOCK_STREAM)
    try:
        dialling.settimeout(0)
        if source is not None and (failure := _speak_from(dialling, source)) is not None:
            dialling.close()
            return failure
        code = dialling.connect_ex(target)
        if code == errno.EINPROGRESS:
            await trio.lowlevel.wait_writable(dialling)
            code = dialling.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == 0 and dialling.getsockname() == dialling.getpeername():
            code = errno.ECONNREFUSED  # nobody listened there, and by chance our own end was there
    except BaseException:
        dialling.close()
        raise
    if code == 0:
        return dialling
    dialling.close()
    if code == errno.ECONNREFUSED:
        return DialFailure.REFUSED
    return DialFailure.TIMEOUT if code == errno.ETIMEDOUT else DialFailure.UNREACHABLE


def _speak_from(dialling: socket.socket, source: SocketAddress) -> DialFailure | None:
    """Bind without taking a port yet, so that ports are shared among all who dial."""
    dialling.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    try:
        dialling.bind(source)
    except OSError:
        return DialFailure.UNREACHABLE  # the host has lost the address that it listens at
    return None


def _family(target: SocketAddress) -> socket.AddressFamily:
    return socket.AF_INET if len(target) == 2 else socket.AF_INET6  # noqa: PLR2004


def _interface(zone: str) -> int:
    return int(zone) if zone.isascii() and zone.isdigit() else socket.if_nametoindex(zone)


def _socket_address(address: Address) -> SocketAddress | None:
    """``address`` as the kernel takes it.

    None where it is not a literal IP address of this host's kind.
    """
    host, _, zone = address.host.partition("%")
    try:
        if ipaddress.ip_address(host).version == 4:  # noqa: PLR2004
            return (host, address.port)
        return (host, address.port, 0, _interface(zone) if zone else 0)
    except (ValueError, OSError):
        return None
