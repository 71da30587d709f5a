"""The network in memory keeps the promises of the real one."""

import trio
from trio.testing import MockClock

from mesh.driver.network.memory import DIAL_S_MAX, SILENCE_S_MAX, Hub, MemoryNetwork
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
from mesh.wire.identity import Address

ONE, TWO, NOBODY = Address("10.0.0.1", 1), Address("10.0.0.2", 1), Address("10.0.0.3", 1)


class Peer:
    """A network, and all that it told."""

    def __init__(self, hub: Hub, address: Address) -> None:
        self.network = MemoryNetwork(hub, address)
        self.inputs: list[Input] = []

    def take(self, arrived: Input) -> None:
        """Called by the network."""
        self.inputs.append(arrived)

    async def room(self) -> None:
        """Called by nobody: there is room."""
        await trio.lowlevel.checkpoint()


async def _two(nursery: trio.Nursery) -> tuple[Hub, Peer, Peer]:
    hub = Hub(nursery)
    one, two = Peer(hub, ONE), Peer(hub, TWO)
    for peer in (one, two):
        _ = await nursery.start(peer.network.run, peer)
    return hub, one, two


async def test_frames_keep_their_order(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    """Whatever trio does with tasks that end at one moment."""
    _, one, two = await _two(nursery)
    one.network.dial(TWO)
    await trio.sleep(1)
    (opened,) = one.inputs
    assert opened == StreamOpened(1, TWO, TWO)
    assert two.inputs == [StreamOpened(1, ONE, None)]
    for number in range(200):
        one.network.send_frames(1, [bytes([number])])
    one.network.close(1)
    await trio.sleep(1)
    frames: list[Input] = [FrameReceived(1, bytes([number])) for number in range(200)]
    assert two.inputs[1:] == [*frames, StreamClosed(1)]
    assert one.inputs[1:] == [StreamClosed(1)]


async def test_cut_loses_datagrams_and_silences_streams(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """One way is cut: the other still works, and the broken stream ends after a long silence."""
    hub, one, two = await _two(nursery)
    one.network.dial(TWO)
    await trio.sleep(1)
    hub.separates = lambda source, _: source == ONE
    one.network.send_datagram(TWO, b"lost")
    two.network.send_datagram(ONE, b"comes through")
    one.network.send_frames(1, [b"lost"])
    await trio.sleep(1)
    hub.separates = lambda _source, _target: False
    one.network.send_frames(1, [b"comes after something lost"])
    await trio.sleep(SILENCE_S_MAX + 1)
    assert one.inputs[1:] == [DatagramReceived(TWO, b"comes through"), StreamClosed(1)]
    assert two.inputs[1:] == [StreamClosed(1)]


async def test_dials_end_as_on_a_real_network(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """Refused where nobody listens, and a timeout where nothing comes through."""
    hub, one, _ = await _two(nursery)
    one.network.dial(NOBODY)
    await trio.sleep(1)
    assert one.inputs == [DialFailed(NOBODY, DialFailure.REFUSED)]
    hub.separates = lambda _source, _target: True
    one.network.dial(TWO)
    await trio.sleep(DIAL_S_MAX + 1)
    assert one.inputs[1:] == [DialFailed(TWO, DialFailure.TIMEOUT)]


async def test_what_drained_is_reported(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    """In bytes of payload, each time enough has gone."""
    _, one, _ = await _two(nursery)
    one.network.dial(TWO)
    await trio.sleep(1)
    for _ in range(3):
        one.network.send_frames(1, [bytes(40_000)])
    assert one.inputs[1:] == [StreamDrained(1, 80_000)]


async def test_reset_is_silent_here_and_seen_there(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """A new life hears nothing of the streams of the one before."""
    _, one, two = await _two(nursery)
    one.network.dial(TWO)
    await trio.sleep(1)
    one.network.reset()
    await trio.sleep(1)
    assert len(one.inputs) == 1
    assert two.inputs[1:] == [StreamClosed(1)]
