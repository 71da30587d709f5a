"""One life: inputs in order, effects in order, time that can be late, jump or stand still."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from mesh.driver.journal.interface import Journal
from mesh.driver.journal.memory import MemoryStorage
from mesh.driver.life import BACKLOG_BYTES_MAX, Cause, Life
from mesh.driver.network.memory import Hub, MemoryNetwork
from mesh.protocol.effects import Effects, Ended, Noticed, Notification, WriteMeta
from mesh.protocol.inputs import (
    DatagramReceived,
    DialFailed,
    Input,
    Leave,
    Persisted,
    PersistFailed,
    Slept,
    StreamOpened,
    Woke,
)
from mesh.protocol.now import SECOND, Now
from mesh.wire.identity import Address
from tests.mesh.driver.journal.support import ME
from tests.mesh.driver.scripted import Scripted

HERE, THERE, NOWHERE = Address("10.0.0.1", 1), Address("10.0.0.2", 1), Address("10.0.0.3", 1)


class HandClock:
    """Trio's clock, with a wall clock and a suspend that a test sets by hand."""

    def __init__(self) -> None:
        self.suspended_ns = 0
        self.wall_ahead_ns = 0

    def now(self) -> Now:
        """Trio's time, plus what the host slept."""
        awake_ns = round(trio.current_time() * SECOND)
        monotonic_ns = awake_ns + self.suspended_ns
        return Now(monotonic_ns, monotonic_ns + self.wall_ahead_ns)


class World:
    """A life on a disk and a network in memory."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.nursery = nursery
        self.clock = HandClock()
        self.machine = Scripted()
        self.storage = MemoryStorage(nursery)
        self.hub = Hub(nursery)
        self.network = MemoryNetwork(self.hub, HERE)
        self.told: list[Notification] = []
        self.life: Life[Scripted]
        self.journal: Journal

    async def begin(self) -> None:
        """Begin the life, and let it run."""
        reports, receive = trio.open_memory_channel[Persisted | PersistFailed](1_000)
        self.journal = await self.storage.open(ME, reports.send_nowait)
        self.life = Life(
            self.machine, self.journal, receive, self.network, self.clock, self.told.append
        )
        _ = await self.nursery.start(self.network.run, self.life)
        self.life.begin()
        self.nursery.start_soon(self.life.run)
        await trio.sleep(1)


@pytest.fixture
def world(nursery: trio.Nursery) -> World:
    """A life that has not begun."""
    return World(nursery)


def once(effects: Effects) -> Callable[[Input], Effects]:
    """A reply of ``effects`` to the first input, and of nothing to all others."""
    replies = [effects]
    return lambda _: replies.pop() if replies else Effects()


# --- effects --------------------------------------------------------------------------------------


async def test_writes_are_confirmed(world: World, autojump_clock: MockClock) -> None:
    """What an input had written comes back as Persisted with its token."""
    await world.begin()
    world.machine.reply = once(Effects(token=1, writes=(WriteMeta("key", b"value"),)))
    world.life.take(Leave())
    await trio.sleep(1)
    assert world.machine.inputs == [Leave(), Persisted(1)]
    assert list(world.storage.rows.values()) == [b"value"]


async def test_the_rest_does_not_wait_for_the_disk(world: World, autojump_clock: MockClock) -> None:
    """Datagrams and notifications of an input leave at once, before its writes are durable."""
    await world.begin()
    notice = Noticed("info", "event", "text")
    world.machine.reply = once(
        Effects(token=1, writes=(WriteMeta("key", b""),), notifications=(notice,))
    )
    world.life.take(Leave())
    assert world.told == [notice]
    assert world.storage.rows == {}


async def test_an_input_within_an_input_waits_in_line(
    world: World, autojump_clock: MockClock
) -> None:
    """What effects cause at once is handled after them, never in the midst of them."""
    await world.begin()
    depths: list[int] = []
    depth = 0

    def reply(happened: Input) -> Effects:
        nonlocal depth
        depth += 1
        depths.append(depth)
        if isinstance(happened, Leave):
            world.life.take(Woke())
        depth -= 1
        return Effects()

    world.machine.reply = reply
    world.life.take(Leave())
    assert world.machine.inputs == [Leave(), Woke()]
    assert depths == [1, 1]


async def test_what_comes_before_the_beginning_waits(
    world: World, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """No input reaches a replica that has not been started."""
    reports, receive = trio.open_memory_channel[Persisted | PersistFailed](1)
    journal = await world.storage.open(ME, reports.send_nowait)
    life = Life(world.machine, journal, receive, world.network, world.clock, world.told.append)
    life.take(Leave())
    assert world.machine.inputs == []
    life.begin()
    assert world.machine.inputs == [Leave()]


async def test_frames_datagrams_dials_and_closes_are_carried_out(
    world: World, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """Two lives on one network hear each other, and a dial where nobody listens is refused."""
    other = World(nursery)
    other.hub, other.network = world.hub, MemoryNetwork(world.hub, THERE)
    await world.begin()
    await other.begin()
    world.machine.reply = once(Effects(datagrams=((THERE, b"datagram"),), dials=(THERE, NOWHERE)))
    world.life.take(Leave())
    await trio.sleep(1)
    (opened,) = world.machine.seen(StreamOpened)
    assert isinstance(opened, StreamOpened)
    assert [type(each) for each in world.machine.seen(DialFailed)] == [DialFailed]
    assert other.machine.seen(DatagramReceived) == [DatagramReceived(HERE, b"datagram")]
    frames = tuple((opened.stream, bytes([number])) for number in range(1, 20))
    world.machine.reply = once(Effects(frames=frames, closes=(opened.stream,)))
    world.life.take(Leave())
    await trio.sleep(1)
    names = [type(each).__name__ for each in other.machine.inputs[1:]]
    assert names == ["StreamOpened", *["FrameReceived"] * 19, "StreamClosed"]


# --- time -----------------------------------------------------------------------------------------


async def test_woken_when_it_wants_to_be(world: World, autojump_clock: MockClock) -> None:
    """The replica is woken at its deadline, not before, and only as often as it asks."""
    await world.begin()
    start_ns = world.clock.now().monotonic_ns
    world.machine.reply = once(Effects(wake_at_ns=start_ns + 5 * SECOND))
    world.life.take(Leave())
    await trio.sleep(100)
    assert world.machine.inputs == [Leave(), Woke()]
    late_ns = world.machine.times[-1].monotonic_ns - start_ns - 5 * SECOND
    assert 0 <= late_ns < SECOND // 100


async def test_the_deadline_is_replaced(world: World, autojump_clock: MockClock) -> None:
    """An earlier deadline counts at once, a later one too, and None is none."""
    await world.begin()
    start_ns = world.clock.now().monotonic_ns
    for wait_s in (50, 5, 20):
        world.machine.reply = once(Effects(wake_at_ns=start_ns + wait_s * SECOND))
        world.life.take(Leave())
    await trio.sleep(19)
    assert world.machine.seen(Woke) == []
    world.machine.reply = once(Effects(wake_at_ns=None))
    world.life.take(Leave())
    await trio.sleep(100)
    assert world.machine.seen(Woke) == []


async def test_late_wake_up_is_slept(world: World, autojump_clock: MockClock) -> None:
    """A host that was suspended is told so instead of being woken as if nothing were."""
    await world.begin()
    start_ns = world.clock.now().monotonic_ns
    world.machine.reply = once(Effects(wake_at_ns=start_ns + 5 * SECOND))
    world.life.take(Leave())
    world.clock.suspended_ns = 60 * SECOND
    await trio.sleep(10)
    (slept,) = world.machine.inputs[1:]
    assert isinstance(slept, Slept)
    assert slept.late_ns == pytest.approx(60 * SECOND, abs=SECOND)


async def test_a_wake_up_wanted_in_the_past_is_not_late(
    world: World, autojump_clock: MockClock
) -> None:
    """What is due at once says so with any time that is over: nobody has slept since then."""
    await world.begin()
    world.machine.reply = once(Effects(wake_at_ns=0))
    world.clock.suspended_ns = 3_600 * SECOND
    world.life.take(Leave())
    await trio.sleep(1)
    assert world.machine.seen(Slept, Woke) == [Woke()]


async def test_input_after_a_suspend_is_preceded_by_slept(
    world: World, autojump_clock: MockClock
) -> None:
    """Whatever arrives first after a suspend, the replica knows of the suspend before it."""
    await world.begin()
    start_ns = world.clock.now().monotonic_ns
    world.machine.reply = once(Effects(wake_at_ns=start_ns + 5 * SECOND))
    world.life.take(Leave())
    world.clock.suspended_ns = 60 * SECOND
    datagram = DatagramReceived(THERE, b"late")
    world.life.take(datagram)
    assert [type(each) for each in world.machine.inputs] == [Leave, Slept, DatagramReceived]


async def test_little_late_is_ordinary(world: World, autojump_clock: MockClock) -> None:
    """Up to two seconds are the lot of a busy host."""
    await world.begin()
    start_ns = world.clock.now().monotonic_ns
    world.machine.reply = once(Effects(wake_at_ns=start_ns + 5 * SECOND))
    world.life.take(Leave())
    world.clock.suspended_ns = 3 * SECOND // 2
    await trio.sleep(10)
    assert world.machine.seen(Slept, Woke) == [Woke()]


@pytest.mark.parametrize("jump_s", [11, -11])
async def test_jump_of_the_wall_clock_ends_the_life(
    world: World, autojump_clock: MockClock, jump_s: int
) -> None:
    """Nothing is handled, and so nothing sent, once the clocks have come apart."""
    await world.begin()
    world.life.take(Leave())
    world.clock.wall_ahead_ns = jump_s * SECOND
    world.life.take(Woke())
    assert world.machine.inputs == [Leave()]
    assert world.life.over.is_set()
    assert world.life.ending is not None
    assert world.life.ending.cause is Cause.DISTRUSTED
    assert f"{jump_s:+}" in world.life.ending.why


async def test_slow_drift_is_no_jump(world: World, autojump_clock: MockClock) -> None:
    """A clock that is slewed for days stays one clock."""
    await world.begin()
    for _ in range(10):
        world.clock.wall_ahead_ns += 9 * SECOND
        world.life.take(Leave())
    assert len(world.machine.inputs) == 10
    assert world.life.ending is None


# --- the end --------------------------------------------------------------------------------------


async def test_replica_ends_its_life(world: World, autojump_clock: MockClock) -> None:
    """After Ended nothing reaches it, and the next life learns the number to rise above."""
    await world.begin()
    world.machine.reply = once(Effects(notifications=(Ended("a twin", 7),)))
    world.life.take(Leave())
    world.life.take(Leave())
    assert len(world.machine.inputs) == 1
    assert world.life.ending is not None
    assert (world.life.ending.cause, world.life.ending.boot_floor) == (Cause.ENDED, 7)


async def test_failed_disk_leaves_a_replica_that_answers(
    world: World, autojump_clock: MockClock
) -> None:
    """The replica is told and goes on to handle inputs; the driver knows that it needs another."""
    await world.begin()
    world.storage.fail("no space")
    world.machine.reply = once(Effects(token=1, writes=(WriteMeta("key", b""),)))
    world.life.take(Leave())
    await world.life.over.wait()
    assert world.machine.disk_failures == ["no space"]
    datagram = DatagramReceived(THERE, b"are you there?")
    world.life.take(datagram)
    assert world.machine.inputs[-1] == datagram


async def test_fault_of_our_own_ends_the_life(world: World, autojump_clock: MockClock) -> None:
    """A replica that broke an assertion is never asked again."""
    await world.begin()

    def reply(_: Input) -> Effects:
        raise AssertionError("an invariant")

    world.machine.reply = reply
    with pytest.raises(AssertionError, match="an invariant"):
        world.life.take(Leave())
    world.life.take(Leave())
    assert len(world.machine.inputs) == 1
    assert world.life.ending is not None
    assert world.life.ending.cause is Cause.FAULT


async def test_room_is_scarce_while_the_disk_is_behind(
    world: World, autojump_clock: MockClock
) -> None:
    """Whoever can wait does so until the backlog is written."""
    world.storage.sync_s = 10
    await world.begin()
    await world.life.room()
    writes = (WriteMeta("large", bytes(BACKLOG_BYTES_MAX + 1)),)
    world.machine.reply = once(Effects(token=1, writes=writes))
    world.life.take(Leave())
    begun = trio.current_time()
    await world.life.room()
    assert trio.current_time() - begun == pytest.approx(10, abs=0.1)
