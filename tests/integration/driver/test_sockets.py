"""Datagrams and streams on the loopback interface of this host."""

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from mesh.driver.errors import AddressUnusable
from mesh.driver.network.binding import bind
from mesh.driver.network.sockets import SocketNetwork
from mesh.driver.network.streams import (
    FRAME_BYTES,
    FRAMES_AT_ONCE,
    FRAMES_PER_S,
    FRAMES_READ_AT_ONCE,
    UNSENT_BYTES_MAX,
)
from mesh.protocol.inputs import (
    DatagramReceived,
    DialFailed,
    DialFailure,
    FrameReceived,
    Input,
    StreamClosed,
    StreamDrained,
    StreamOpened,
)
from mesh.protocol.links import DRAIN_REPORT_BYTES
from mesh.wire.identity import Address
from mesh.wire.limits import DATAGRAM_BYTES_MAX, FRAME_BYTES_MAX

HOSTS = ["127.0.0.1", "::1"]


class Peer:
    """A network, and all that it told."""

    def __init__(self, network: SocketNetwork) -> None:
        self.network = network
        self.inputs: list[Input] = []
        self.is_full = False
        self._news = trio.Event()

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self.network.listening[0]

    def take(self, arrived: Input) -> None:
        """Called by the network."""
        self.inputs.append(arrived)
        self._news.set()
        self._news = trio.Event()

    async def room(self) -> None:
        """Called by the network; full for ever where a test says so."""
        if self.is_full:
            await trio.sleep_forever()

    async def told(self, kind: type[Input], count: int = 1) -> list[Input]:
        """The inputs of ``kind``, once there are ``count`` of them."""
        with trio.fail_after(10):
            while len(found := [each for each in self.inputs if isinstance(each, kind)]) < count:
                await self._news.wait()
        return found

    async def opened(self) -> StreamOpened:
        """The first stream."""
        first = (await self.told(StreamOpened))[0]
        assert isinstance(first, StreamOpened)
        return first


@asynccontextmanager
async def peer(host: str = HOSTS[0], streams_max: int = 100) -> AsyncIterator[Peer]:
    """A network on ``host`` that serves within the block."""
    found = Peer(SocketNetwork(bind([host], 0), streams_max))
    async with trio.open_nursery() as nursery:
        _ = await nursery.start(found.network.run, found)
        yield found
        nursery.cancel_scope.cancel()


def unused(host: str = HOSTS[0]) -> Address:
    """An address where nobody listens."""
    (binding,) = bind([host], 0)
    binding.close()
    return binding.address


# --- datagrams ------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
async def test_datagram_arrives_with_its_source(host: str) -> None:
    """IPv4 and IPv6 alike; the source is where the sender listens."""
    async with peer(host) as one, peer(host) as two:
        one.network.send_datagram(two.address, b"x" * DATAGRAM_BYTES_MAX)
        (arrived,) = await two.told(DatagramReceived)
        assert arrived == DatagramReceived(one.address, b"x" * DATAGRAM_BYTES_MAX)
        assert one.network.statistics().datagrams_sent == 1
        assert two.network.statistics().datagrams_received == 1


async def test_datagram_that_is_too_large_is_counted_and_dropped() -> None:
    """No datagram of ours is that large."""
    async with peer() as one, peer() as two:
        one.network.send_datagram(two.address, b"x" * (DATAGRAM_BYTES_MAX + 1))
        one.network.send_datagram(two.address, b"fits")
        (arrived,) = await two.told(DatagramReceived)
        assert isinstance(arrived, DatagramReceived)
        assert arrived.payload == b"fits"
        assert two.network.statistics().datagrams_rejected == 1


@pytest.mark.parametrize(
    "host", ["localhost", "::1", "203.0.113.300", "fe80::1%nothing", "", "x" * 255]
)
async def test_datagram_that_cannot_be_sent_is_counted(host: str) -> None:
    """Names are never looked up here, and what has no route is lost as any datagram may be."""
    async with peer() as one:
        one.network.send_datagram(Address(host, 4_747), b"x")
        assert one.network.statistics().datagrams_unsent == 1


# --- streams --------------------------------------------------------------------------------------


async def test_who_talks_without_end_lets_others_have_their_turn() -> None:
    """A thousand frames that arrive together are handed over a few at a time."""
    async with peer() as one, peer() as two, trio.open_nursery() as nursery:

        async def wait_for_a_turn() -> None:
            _ = await two.told(FrameReceived)
            had.append(sum(isinstance(each, FrameReceived) for each in two.inputs))

        had: list[int] = []
        nursery.start_soon(wait_for_a_turn)
        one.network.dial(two.address)
        opened = await one.opened()
        one.network.send_frames(opened.stream, [b"x"] * 1_000)
        _ = await two.told(FrameReceived, 1_000)
        assert had[0] <= 3 * FRAMES_AT_ONCE


@pytest.mark.parametrize("host", HOSTS)
async def test_frames_arrive_in_order_both_ways(host: str) -> None:
    """Frames of any size up to the largest, in order and whole."""
    sizes = [1, FRAME_BYTES_MAX, 2, 1_000, FRAME_BYTES_MAX - 1, 3]
    async with peer(host) as one, peer(host) as two:
        one.network.dial(two.address)
        here, there = await one.opened(), await two.opened()
        assert (here.dialled, there.dialled) == (two.address, None)
        assert here.remote == two.address
        one.network.send_frames(here.stream, [bytes([at]) * size for at, size in enumerate(sizes)])
        two.network.send_frames(there.stream, [b"back"])
        received = await two.told(FrameReceived, len(sizes))
        assert [each.payload for each in received if isinstance(each, FrameReceived)] == [
            bytes([at]) * size for at, size in enumerate(sizes)
        ]
        assert await one.told(FrameReceived) == [FrameReceived(here.stream, b"back")]


async def test_closing_sends_what_was_queued_first() -> None:
    """The last words before a close arrive, and both sides are told once of the end."""
    words = [bytes([at]) * FRAME_BYTES_MAX for at in range(1, 60)]
    async with peer() as one, peer() as two:
        one.network.dial(two.address)
        here = await one.opened()
        one.network.send_frames(here.stream, words)
        one.network.close(here.stream)
        one.network.send_frames(here.stream, [b"too late"])
        _ = await two.told(StreamClosed)
        _ = await one.told(StreamClosed)
        received = await two.told(FrameReceived, len(words))
        assert len(received) == len(words)
        assert one.network.statistics().streams == two.network.statistics().streams == 0


async def test_what_drained_is_reported_in_payload_bytes() -> None:
    """Every so many bytes the sender is told how many have gone, to the byte."""
    payloads = [b"x" * size for size in (10, FRAME_BYTES_MAX, 100, FRAME_BYTES_MAX)] * 50
    async with peer() as one, peer() as two:
        one.network.dial(two.address)
        here = await one.opened()
        for payload in payloads:
            one.network.send_frames(here.stream, [payload])
        _ = await two.told(FrameReceived, len(payloads))
        await trio.testing.wait_all_tasks_blocked(0.01)
        reports = [each for each in one.inputs if isinstance(each, StreamDrained)]
        drained = sum(each.written_bytes for each in reports)
        assert 0 <= sum(map(len, payloads)) - drained < DRAIN_REPORT_BYTES


async def test_peer_that_does_not_read_is_cut_off() -> None:
    """What waits for one peer is bounded; nobody waits for it."""
    async with peer() as one, peer() as two:
        two.is_full = True
        one.network.dial(two.address)
        here = await one.opened()
        for _ in range(UNSENT_BYTES_MAX // FRAME_BYTES_MAX + 200):
            one.network.send_frames(here.stream, [b"x" * FRAME_BYTES_MAX])
        _ = await one.told(StreamClosed)
        assert one.network.statistics().streams_cut == 1


async def test_peer_that_talks_without_end_is_read_at_a_pace() -> None:
    """Nothing of it is lost, and it comes no quicker than anybody may speak."""
    said = FRAMES_READ_AT_ONCE + FRAMES_PER_S // 2
    async with peer() as one, peer() as two:
        one.network.dial(two.address)
        here = await one.opened()
        begun = trio.current_time()
        one.network.send_frames(here.stream, [b"word"] * said)
        _ = await two.told(FrameReceived, said)
        one.network.send_frames(here.stream, [b"x" * (2 * FRAME_BYTES)])
        assert len(await two.told(FrameReceived, said + 1)) == said + 1
        assert trio.current_time() - begun >= 0.5
        assert two.network.statistics().streams_slowed >= 1
        assert one.network.statistics().streams_slowed == 0


@pytest.mark.parametrize("prefix", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n"])
async def test_stranger_that_does_not_speak_in_frames_is_cut_off(prefix: bytes) -> None:
    """A length that no frame has ends the stream."""
    async with peer() as one:
        stranger = await trio.open_tcp_stream(one.address.host, one.address.port)
        async with stranger:
            await stranger.send_all(prefix)
            _ = await one.told(StreamClosed)
        assert one.network.statistics().streams_cut == 1
        assert not await one.told(FrameReceived, 0)


async def test_reset_ends_all_streams_without_a_word() -> None:
    """A new life hears nothing of the streams of the one before; their peers see them end."""
    async with peer() as one, peer() as two:
        one.network.dial(two.address)
        _ = await one.opened()
        one.network.reset()
        _ = await two.told(StreamClosed)
        assert not [each for each in one.inputs if isinstance(each, StreamClosed)]


async def test_streams_beyond_the_limit_are_refused() -> None:
    """A controller that has enough streams accepts no more."""
    async with peer() as one, peer(streams_max=1) as two:
        for _ in range(3):
            one.network.dial(two.address)
        _ = await one.told(StreamClosed, 2)
        assert two.network.statistics().streams_refused == 2
        assert two.network.statistics().streams == 1


# --- dials ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
async def test_dial_where_nobody_listens_is_refused(host: str) -> None:
    """The host's own word that nobody listens: not a timeout."""
    async with peer(host) as one:
        address = unused(host)
        one.network.dial(address)
        assert await one.told(DialFailed) == [DialFailed(address, DialFailure.REFUSED)]


async def test_dial_of_a_name_fails_at_once() -> None:
    """Names are looked up by whoever knows them, not here."""
    async with peer() as one:
        one.network.dial(Address("localhost", 1))
        expected = DialFailed(Address("localhost", 1), DialFailure.UNREACHABLE)
        assert await one.told(DialFailed) == [expected]


# --- ports ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_port_in_use_is_one_clear_line(kind: socket.SocketKind) -> None:
    """UDP or TCP, whichever is taken; nothing is left bound."""
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind((HOSTS[0], 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port: int = other.getsockname()[1]
        with pytest.raises(AddressUnusable, match=f"127.0.0.1:{port} is in use") as caught:
            _ = bind([HOSTS[0]], port)
    assert "\n" not in str(caught.value)
    for binding in bind([HOSTS[0]], port):
        binding.close()


def test_address_of_another_host_is_one_clear_line() -> None:
    """An address that this host does not have."""
    with pytest.raises(AddressUnusable, match="is not an address of this host"):
        _ = bind(["203.0.113.1"], 0)


def test_everywhere_means_every_family_on_one_port() -> None:
    """UDP and TCP, IPv4 and, where the host has it, IPv6, all on the same port."""
    bindings = bind([], 0)
    try:
        assert len({binding.address.port for binding in bindings}) == 1
        assert bindings[0].address.host == "0.0.0.0"
        with socket.socket(socket.AF_INET6) as probe:
            has_ipv6 = probe.connect_ex(("::1", 1)) == errno.ECONNREFUSED
        assert len(bindings) == (2 if has_ipv6 else 1)
    finally:
        for binding in bindings:
            binding.close()
