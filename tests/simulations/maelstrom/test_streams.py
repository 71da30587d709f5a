"""Connections over a network that loses and reorders: order, once, and an end that is noticed."""

from random import Random

import pytest

from mesh.protocol.inputs import (
    DialFailed,
    DialFailure,
    FrameReceived,
    Input,
    StreamClosed,
    StreamDrained,
    StreamOpened,
)
from mesh.protocol.links import DRAIN_REPORT_BYTES
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.identity import Address
from simulations.maelstrom.addresses import Addresses
from simulations.maelstrom.messages import Message
from simulations.maelstrom.streams import DIAL_TIMEOUT_NS, TIMEOUT_NS, Streams

NODES = ("a", "b")
ADDRESSES = Addresses(NODES)
A, B = ADDRESSES.all()


class Pair:
    """Two nodes, and messages between them that are lost and overtake each other."""

    def __init__(self, seed: int = 1) -> None:
        self.now_ns = 0
        self.ends = {name: Streams(name, "0", ADDRESSES) for name in NODES}
        self.inputs: dict[str, list[Input]] = {name: [] for name in NODES}
        self.cut: set[str] = set()
        """Whose messages get lost."""
        self.loss = 0.0
        self._random = Random(seed)
        self._flying: list[Message] = []

    def dial(self) -> None:
        """``a`` asks for a connection to ``b``."""
        self.inputs["a"] += self.ends["a"].dial(B, self.now_ns)

    def run(self, duration_ns: int) -> None:
        """Let time pass, in steps of 50 ms."""
        until_ns = self.now_ns + duration_ns
        while self.now_ns < until_ns:
            self.now_ns += 50 * MILLISECOND
            for name, streams in self.ends.items():
                self.inputs[name] += streams.wake(self.now_ns)
            self.deliver()

    def deliver(self) -> None:
        """Bring what is on its way, in any order."""
        for name, streams in self.ends.items():
            self._flying += [each for each in streams.outgoing if name not in self.cut]
            streams.outgoing.clear()
        self._random.shuffle(self._flying)
        arriving, self._flying = self._flying, []
        for message in arriving:
            if self._random.random() >= self.loss:
                name = message.destination
                self.inputs[name] += self.ends[name].receive(message, self.now_ns)

    def frames(self, name: str) -> list[bytes]:
        """The frames that came out at ``name``."""
        return [each.payload for each in self.inputs[name] if isinstance(each, FrameReceived)]


def opened(seed: int = 1, loss: float = 0.0) -> Pair:
    """A pair with a connection, numbered 1 on both sides, whose messages get lost from now on."""
    pair = Pair(seed)
    pair.dial()
    pair.run(SECOND)
    assert pair.inputs["a"] == [StreamOpened(1, B, B)]
    assert pair.inputs["b"] == [StreamOpened(1, A, None)]
    pair.loss = loss
    return pair


@pytest.mark.parametrize("seed", range(5))
def test_frames_come_in_order_and_once(seed: int) -> None:
    """Whatever is lost or overtaken, in both directions."""
    pair = opened(seed, loss=0.3)
    sent = [bytes([number]) * 10 for number in range(100)]
    for frame in sent:
        pair.ends["a"].send(1, frame, pair.now_ns)
        pair.ends["b"].send(1, frame, pair.now_ns)
    pair.run(60 * SECOND)
    assert pair.frames("a") == pair.frames("b") == sent


def test_a_gap_is_filled_while_more_is_sent() -> None:
    """What is missing is sent again in time, however much else is acknowledged meanwhile."""
    pair = opened()
    pair.ends["a"].send(1, b"lost", pair.now_ns)
    pair.ends["a"].outgoing.clear()
    for _ in range(12):
        pair.ends["a"].send(1, b"more", pair.now_ns)
        pair.run(100 * MILLISECOND)
    assert pair.frames("b")[:2] == [b"lost", b"more"]


def test_the_end_comes_after_the_last_frame() -> None:
    """Closed in good order, and both sides have forgotten it."""
    pair = opened(seed=3, loss=0.3)
    pair.ends["a"].send(1, b"last", pair.now_ns)
    pair.ends["a"].close(1, pair.now_ns)
    pair.run(60 * SECOND)
    assert pair.inputs["b"][1:] == [FrameReceived(1, b"last"), StreamClosed(1)]
    assert pair.inputs["a"][1:] == []
    assert pair.ends["a"].deadline_ns is pair.ends["b"].deadline_ns is None
    assert pair.ends["a"].standing() == pair.ends["b"].standing() == ()


def test_a_broken_connection_is_noticed_where_something_waits() -> None:
    """By whoever has sent something; the other one is told when it says something itself."""
    pair = opened()
    pair.cut = {"a", "b"}
    pair.ends["a"].send(1, b"into the void", pair.now_ns)
    pair.run(TIMEOUT_NS + 5 * SECOND)
    assert pair.inputs["a"][1:] == [StreamClosed(1)]
    assert pair.inputs["b"][1:] == []
    pair.cut = set()
    pair.ends["b"].send(1, b"anybody?", pair.now_ns)
    pair.run(SECOND)
    assert pair.inputs["b"][1:] == [StreamClosed(1)]


def test_a_dial_that_nobody_answers_fails() -> None:
    """After a while, and then it may be tried again."""
    pair = Pair()
    pair.cut = {"a"}
    pair.dial()
    pair.run(DIAL_TIMEOUT_NS + 5 * SECOND)
    assert pair.inputs["a"] == [DialFailed(B, DialFailure.TIMEOUT)]
    pair.cut = set()
    pair.dial()
    pair.run(SECOND)
    assert pair.inputs["a"][1:] == [StreamOpened(1, B, B)]


@pytest.mark.parametrize("address", [A, Address("10.9.9.9", 1)])
def test_an_address_that_is_nobody_elses_is_unreachable(address: Address) -> None:
    """Neither oneself nor what is not in the list."""
    pair = Pair()
    assert pair.ends["a"].dial(address, 0) == [DialFailed(address, DialFailure.UNREACHABLE)]


def test_a_late_first_segment_opens_nothing_anew() -> None:
    """A repeated first segment after the end is answered with a reset."""
    pair = Pair()
    pair.dial()
    first = pair.ends["a"].outgoing[0]
    pair.run(SECOND)
    pair.ends["a"].close(1, pair.now_ns)
    pair.run(SECOND)
    assert pair.ends["b"].receive(first, pair.now_ns) == []
    assert [each.type for each in pair.ends["b"].outgoing] == ["trellis_reset"]


def test_what_has_gone_is_reported() -> None:
    """When that many bytes are acknowledged, not each time."""
    pair = opened()
    for _ in range(3):
        pair.ends["a"].send(1, bytes(DRAIN_REPORT_BYTES // 2), pair.now_ns)
        pair.run(SECOND)
    assert pair.inputs["a"][1:] == [StreamDrained(1, DRAIN_REPORT_BYTES)]
