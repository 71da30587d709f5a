"""What links do to datagrams and streams."""

from dataclasses import dataclass, field

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
from simulations.kernel import Kernel
from simulations.luck import Luck
from simulations.network.afflictions import Affliction, StormyWeather
from simulations.network.datagrams import Datagrams
from simulations.network.paths import Paths
from simulations.network.streams import Streams
from simulations.plan import Delay
from simulations.scenario import Network
from simulations.troubles import Weather

DELAY_NS = MILLISECOND
PLAN = Network(Delay("constant", DELAY_NS))


@dataclass
class Party:
    """A host that remembers what it is told."""

    name: str
    address: Address
    life: int = 1
    is_running: bool = True
    is_powered: bool = True
    taken: list[Input] = field(default_factory=list)
    datagrams: list[bytes] = field(default_factory=list)
    streams: int = 0

    def next_stream(self) -> int:
        """A fresh number."""
        self.streams += 1
        return self.streams

    def take(self, life: int, given: Input) -> None:
        """An input."""
        if life == self.life and self.is_running:
            self.taken.append(given)

    def heard(self, source: Address, payload: bytes) -> None:
        """A datagram."""
        self.datagrams.append(payload)


class Net:
    """Two hosts and what is between them."""

    def __init__(self, plan: Network = PLAN) -> None:
        self.kernel = Kernel()
        self.paths = Paths(plan, Luck(1))
        self.a = Party("a", Address("10.0.0.1", 1))
        self.b = Party("b", Address("10.0.0.2", 1))
        by_address = {party.address: party for party in (self.a, self.b)}
        self.datagrams = Datagrams(self.kernel, self.paths, by_address)
        self.streams = Streams(self.kernel, self.paths, by_address, plan)

    def run(self, for_ns: int) -> None:
        """Let time pass."""
        self.kernel.run(self.kernel.now_ns + for_ns)

    def cut(self, source: str, target: str) -> Affliction:
        """Nothing passes in this direction."""
        affliction = Affliction("cut", cuts=True)
        self.paths.path(source, target).afflict(affliction)
        return affliction

    def heal(self, source: str, target: str) -> None:
        """It passes again."""
        self.paths.path(source, target).afflictions = ()
        self.streams.healed()

    def connect(self) -> None:
        """A stream from a to b, number 1 on both sides."""
        self.streams.dial(self.a, self.b.address)
        self.run(2 * DELAY_NS)
        assert self.a.taken == [StreamOpened(1, self.b.address, self.b.address)]
        assert [type(each) for each in self.b.taken] == [StreamOpened]
        self.a.taken.clear()
        self.b.taken.clear()


@pytest.fixture
def net() -> Net:
    """Two hosts, a millisecond apart."""
    return Net()


def test_a_datagram_takes_its_time(net: Net) -> None:
    """It arrives after the delay of its path, and not before."""
    net.datagrams.send(net.a, net.b.address, b"hello")
    net.run(DELAY_NS - 1)
    assert net.b.datagrams == []
    net.run(1)
    assert net.b.datagrams == [b"hello"]


def test_a_cut_stops_datagrams_in_one_direction(net: Net) -> None:
    """One way is one way, and the fault says how often it bit."""
    cut = net.cut("a", "b")
    net.datagrams.send(net.a, net.b.address, b"lost")
    net.datagrams.send(net.b, net.a.address, b"heard")
    net.run(SECOND)
    assert (net.b.datagrams, net.a.datagrams) == ([], [b"heard"])
    assert cut.bites == 1


def test_loss_and_duplication_follow_their_shares() -> None:
    """About as many are lost and repeated as the plan says, and none comes three times."""
    net = Net(Network(Delay("uniform", 1, 1_000), loss=0.2, duplication=0.1))
    for number in range(1_000):
        net.datagrams.send(net.a, net.b.address, b"%d" % number)
    net.run(SECOND)
    arrived = net.b.datagrams
    assert 740 < len(set(arrived)) < 860
    assert 50 < len(arrived) - len(set(arrived)) < 110
    assert arrived != sorted(arrived, key=int)


def test_frames_arrive_in_order_whatever_the_delays() -> None:
    """A stream never reorders, also where each frame takes another time or is sent twice."""
    net = Net(Network(Delay("pareto", 1, MILLISECOND), loss=0.2))
    net.streams.dial(net.a, net.b.address)
    net.run(10 * SECOND)
    for number in range(200):
        net.streams.send(net.a, 1, b"%d" % number)
        net.run(MILLISECOND // 10)
    net.run(100 * SECOND)
    frames = [each.payload for each in net.b.taken if isinstance(each, FrameReceived)]
    assert frames == [b"%d" % number for number in range(200)]


def test_a_close_arrives_after_what_was_sent(net: Net) -> None:
    """The peer reads everything before it reads the end; the closer is told that it is done."""
    net.connect()
    net.streams.send(net.a, 1, b"last words")
    net.streams.close(net.a, 1)
    net.run(SECOND)
    assert net.b.taken == [FrameReceived(1, b"last words"), StreamClosed(1)]
    assert net.a.taken == [StreamClosed(1)]


def test_a_short_cut_costs_only_time(net: Net) -> None:
    """What was sent during a cut arrives after it, in order, on the same stream."""
    net.connect()
    _ = net.cut("a", "b"), net.cut("b", "a")
    net.streams.send(net.a, 1, b"one")
    net.streams.send(net.a, 1, b"two")
    net.run(3 * SECOND)
    assert net.b.taken == []
    net.heal("a", "b")
    net.heal("b", "a")
    net.run(10 * SECOND)
    assert net.b.taken == [FrameReceived(1, b"one"), FrameReceived(1, b"two")]
    assert net.a.taken == []


def test_a_long_cut_breaks_the_end_that_speaks(net: Net) -> None:
    """The sender gives up after its timeout; the silent end stays half-open until it speaks."""
    net.connect()
    _ = net.cut("a", "b"), net.cut("b", "a")
    net.streams.send(net.a, 1, b"into the void")
    net.run(PLAN.stream_timeout_ns)
    assert net.a.taken == [StreamClosed(1)]
    assert net.b.taken == []
    net.heal("a", "b")
    net.heal("b", "a")
    net.streams.send(net.b, 1, b"are you there")
    net.run(SECOND)
    assert net.b.taken == [StreamClosed(1)]


def test_without_acknowledgement_a_sender_gives_up_though_it_is_heard(net: Net) -> None:
    """A one-way cut the other way: the bytes arrive, their acknowledgements do not."""
    net.connect()
    _ = net.cut("b", "a")
    net.streams.send(net.a, 1, b"heard")
    net.run(PLAN.stream_timeout_ns)
    assert net.b.taken == [FrameReceived(1, b"heard")]
    assert net.a.taken == [StreamClosed(1)]


def test_dials_fail_in_three_ways(net: Net) -> None:
    """Nobody there, nobody answering, and the host's own word that nobody listens."""
    net.streams.dial(net.a, Address("10.0.0.9", 1))
    net.run(SECOND)
    net.b.is_running = False
    net.streams.dial(net.a, net.b.address)
    net.run(SECOND)
    net.b.is_powered = False
    net.streams.dial(net.a, net.b.address)
    net.run(PLAN.dial_timeout_ns + SECOND)
    why = [each.why for each in net.a.taken if isinstance(each, DialFailed)]
    assert why == [DialFailure.UNREACHABLE, DialFailure.REFUSED, DialFailure.TIMEOUT]


def test_a_dial_across_a_cut_times_out(net: Net) -> None:
    """Neither direction may be cut for a handshake."""
    _ = net.cut("b", "a")
    net.streams.dial(net.a, net.b.address)
    net.run(PLAN.dial_timeout_ns)
    assert net.a.taken == [DialFailed(net.b.address, DialFailure.TIMEOUT)]


def test_a_killed_controller_closes_and_one_without_power_does_not(net: Net) -> None:
    """The host of a killed process tells its peers; a dead host leaves them to their timeouts."""
    net.connect()
    net.b.is_running = False
    net.streams.vanish(net.b, silently=False)
    net.run(SECOND)
    assert net.a.taken == [StreamClosed(1)]
    dark = Net()
    dark.connect()
    dark.b.is_running = dark.b.is_powered = False
    dark.streams.vanish(dark.b, silently=True)
    dark.run(SECOND)
    assert dark.a.taken == []
    dark.streams.send(dark.a, 1, b"anybody")
    dark.run(PLAN.stream_timeout_ns + SECOND)
    assert dark.a.taken == [StreamClosed(1)]


def test_a_restarted_host_does_not_know_old_streams(net: Net) -> None:
    """Bytes for a connection of an earlier life are answered with a reset."""
    net.connect()
    net.streams.vanish(net.b, silently=True)
    net.b.life = 2
    net.streams.send(net.a, 1, b"do you remember")
    net.run(SECOND)
    assert net.a.taken == [StreamClosed(1)]
    assert net.b.taken == []


def test_what_has_drained_is_reported(net: Net) -> None:
    """Each time another 64 KiB have gone the sender hears of it."""
    net.connect()
    for _ in range(4):
        net.streams.send(net.a, 1, bytes(DRAIN_REPORT_BYTES // 2))
    net.run(SECOND)
    assert net.a.taken == [StreamDrained(1, DRAIN_REPORT_BYTES)] * 2


def test_luck_of_one_link_is_not_touched_by_another() -> None:
    """Afflicting one path leaves every delay of the others as it was."""

    def arrivals(*, afflicted: bool) -> list[int]:
        net = Net(Network(Delay("exponential", 1, 1_000)))
        if afflicted:
            weather = Weather(0, 1, ("b",), loss=0.5, delay=Delay("uniform", 1, 1_000))
            rain = StormyWeather("rain", weather)
            net.paths.path("b", "a").afflict(rain)
        times: list[int] = []
        for _ in range(20):
            net.datagrams.send(net.b, net.a.address, b"noise")
            times.append(net.paths.path("a", "b").delay_ns())
        return times

    assert arrivals(afflicted=True) == arrivals(afflicted=False)
