"""The driver: one life after the other, and what becomes of calls and subscribers meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from mesh.driver.calls import CALLS_MAX
from mesh.driver.clock import TrioClock
from mesh.driver.driver import REOPEN_S_MAX, Driver
from mesh.driver.errors import ControllerError, DiskFailed, Interrupted, Overloaded, Refused
from mesh.driver.journal.memory import MemoryStorage
from mesh.driver.network.memory import Hub, MemoryNetwork
from mesh.driver.subscriptions import Missed, Renewed, Subscriptions
from mesh.protocol.effects import (
    Answer,
    ChangeProgressed,
    Effects,
    Ended,
    Image,
    InformationChanged,
    Noticed,
    Refusal,
    WriteMeta,
)
from mesh.protocol.inputs import FoundEnvironment, Input, Leave
from mesh.wire.identity import Address
from tests.mesh.driver.journal.support import ME
from tests.mesh.driver.scripted import Scripted


class World:
    """A driver of scripted replicas."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.replicas: list[Scripted] = []
        self.storage = MemoryStorage(nursery)
        self.network = MemoryNetwork(Hub(nursery), Address("10.0.0.1", 1))
        self.driver = Driver(ME, self._new, self.storage, self.network, TrioClock())

    def _new(self, image: Image) -> Scripted:
        self.replicas.append(Scripted(image))
        return self.replicas[-1]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Scripted]:
        """The first replica, while the driver runs."""
        async with self.driver.opened(), trio.open_nursery() as nursery:
            _ = await nursery.start(self.driver.run)
            await trio.testing.wait_all_tasks_blocked()
            yield self.replicas[0]
            nursery.cancel_scope.cancel()


@pytest.fixture
def world(nursery: trio.Nursery) -> World:
    """A driver that does not run yet."""
    return World(nursery)


def answered(happened: Input) -> Effects:
    """Answers each founding."""
    assert isinstance(happened, FoundEnvironment)
    return Effects(notifications=(Answer(happened.call, {"number": happened.call}),))


# --- calls ----------------------------------------------------------------------------------------


async def test_each_call_gets_its_own_answer(world: World, autojump_clock: MockClock) -> None:
    """Answers find their way back by number."""
    async with world.running() as replica:
        replica.reply = answered
        first = await world.driver.call(FoundEnvironment)
        second = await world.driver.call(FoundEnvironment)
    assert (first, second) == ({"number": 1}, {"number": 2})


async def test_refusal_is_raised_with_all_its_reasons(
    world: World, autojump_clock: MockClock
) -> None:
    """A caller's mistake is an exception that names everything at once."""
    async with world.running() as replica:
        refusal = Refusal(1, 4, ("this is wrong", "and that"))
        replica.reply = lambda _: Effects(notifications=(refusal,))
        with pytest.raises(Refused, match="this is wrong; and that") as caught:
            _ = await world.driver.call(FoundEnvironment)
    assert caught.value.code == 4


async def test_call_given_up_is_forgotten(world: World, autojump_clock: MockClock) -> None:
    """Who no longer waits costs nothing, and a late answer goes nowhere."""
    async with world.running():
        with trio.move_on_after(1):
            _ = await world.driver.call(FoundEnvironment)
        assert world.driver.open_calls == 0


async def test_too_many_calls_are_refused_at_the_door(
    world: World, autojump_clock: MockClock
) -> None:
    """Beyond the limit a call has no effect at all."""
    async with world.running() as replica, trio.open_nursery() as nursery:
        for _ in range(CALLS_MAX):
            nursery.start_soon(world.driver.call, FoundEnvironment)
        await trio.testing.wait_all_tasks_blocked()
        handled = len(replica.inputs)
        with pytest.raises(Overloaded):
            _ = await world.driver.call(FoundEnvironment)
        assert len(replica.inputs) == handled
        nursery.cancel_scope.cancel()


# --- lives ----------------------------------------------------------------------------------------


async def test_ended_life_is_followed_by_another(world: World, autojump_clock: MockClock) -> None:
    """A replica that says Ended is replaced by one with a boot number above the floor it named."""
    async with world.running() as replica:
        renewals = world.driver.subscriptions.add(Renewed)
        replica.reply = lambda _: Effects(notifications=(Ended("a twin is about", 41),))
        with pytest.raises(Interrupted, match=r"a twin is about.*may have taken effect"):
            _ = await world.driver.call(FoundEnvironment)
        await trio.sleep(1)
        assert [each.image.boot for each in world.replicas] == [1, 42]
        assert world.driver.life.machine is world.replicas[1]
        assert await anext(renewals) == Renewed("a twin is about")


async def test_failed_disk_is_tried_again_and_followed_by_another_life(
    world: World, autojump_clock: MockClock
) -> None:
    """The deaf replica answers until the disk works; the next life cannot vouch for the store."""
    async with world.running() as replica:
        world.storage.fail("no space")
        replica.reply = lambda _: Effects(token=1, writes=(WriteMeta("key", b""),))
        with pytest.raises(Interrupted, match="no space"):
            _ = await world.driver.call(FoundEnvironment)
        await trio.sleep(600)
        replica.reply = answered
        assert world.driver.lives == 1
        assert await world.driver.call(FoundEnvironment) == {"number": 2}
        world.storage.mend()
        await trio.sleep(REOPEN_S_MAX + 1)
        assert [each.image.boot for each in world.replicas] == [1, 2]
        assert not world.replicas[1].image.unbroken


async def test_copied_host_is_another_life(world: World, autojump_clock: MockClock) -> None:
    """A replica on a copied machine says nothing more, and its store is not vouched for."""
    async with world.running() as replica:
        world.driver.distrust("this machine was copied")
        world.driver.take(Leave())
        assert replica.inputs == []
        await trio.sleep(1)
        assert world.driver.lives == 2
        assert not world.replicas[1].image.unbroken


async def test_first_life_needs_its_disk(world: World, autojump_clock: MockClock) -> None:
    """A start without a disk fails at once, with the reason."""
    world.storage.fail("no such disk")
    with pytest.raises(DiskFailed, match="no such disk"):
        async with world.driver.opened():
            pass


async def test_fault_stops_the_driver(world: World, autojump_clock: MockClock) -> None:
    """An assertion that fails in a call fails the call and the controller, and loudly."""

    def reply(_: Input) -> Effects:
        raise AssertionError("an invariant")

    with pytest.RaisesGroup(ControllerError, flatten_subgroups=True):
        async with world.running() as replica:
            replica.reply = reply
            with pytest.raises(AssertionError, match="an invariant"):
                _ = await world.driver.call(FoundEnvironment)
            await trio.sleep(1)


async def test_stop_takes_leave_and_keeps_what_was_written(
    world: World, autojump_clock: MockClock
) -> None:
    """A clean stop says so to the replica, and makes durable what it wrote at last."""
    async with world.running() as replica:
        replica.reply = lambda _: Effects(token=1, writes=(WriteMeta("last", b"words"),))
        await world.driver.stop()
    assert replica.inputs[0] == Leave()
    assert list(world.storage.rows.values()) == [b"words"]


# --- subscribers ----------------------------------------------------------------------------------


async def test_subscribers_get_the_kinds_that_they_asked_for(
    world: World, autojump_clock: MockClock
) -> None:
    """What a replica says reaches those who asked, in order."""
    async with world.running() as replica:
        wanted = world.driver.subscriptions.add(InformationChanged, ChangeProgressed)
        said = (
            Noticed("info", "event", "text"),
            InformationChanged((("a",),)),
            ChangeProgressed(b"tx"),
        )
        replica.reply = lambda _: Effects(notifications=said)
        world.driver.take(Leave())
        assert [await anext(wanted), await anext(wanted)] == list(said[1:])


async def test_slow_subscriber_learns_that_it_missed_something() -> None:
    """Beyond its queue a subscriber gets a count, and after that what comes anew."""
    subscriptions = Subscriptions()
    slow = subscriptions.add(queue_max=2)
    for number in range(5):
        subscriptions.publish(ChangeProgressed(bytes([number])))
    received = [await anext(slow) for _ in range(3)]
    assert received == [ChangeProgressed(b"\0"), ChangeProgressed(b"\1"), Missed(3)]
    subscriptions.publish(ChangeProgressed(b"new"))
    assert await anext(slow) == ChangeProgressed(b"new")


async def test_closing_ends_the_stream() -> None:
    """A subscriber reads what was kept, and then the end."""
    subscriptions = Subscriptions()
    subscription = subscriptions.add()
    subscriptions.publish(ChangeProgressed(b"last"))
    subscriptions.close()
    assert [change async for change in subscription] == [ChangeProgressed(b"last")]
