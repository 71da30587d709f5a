"""The handle of a Python program, on a disk and a network in memory and in virtual time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import trio
from trio.testing import MockClock

from mesh.controller import Controller, Parts, Refused, Renewed, open_controller
from mesh.driver.clock import TrioClock
from mesh.driver.configuration import (
    ClusterSection,
    Configuration,
    ControllerSection,
    ListenSection,
)
from mesh.driver.errors import AddressUnusable, DirectoryInUse
from mesh.driver.journal.memory import MemoryStorage
from mesh.driver.network.binding import bind
from mesh.driver.network.memory import Hub, MemoryNetwork
from mesh.protocol.effects import InformationChanged
from mesh.protocol.inputs import Write
from mesh.protocol.replica import views
from mesh.wire.identity import Address
from mesh.wire.requests import Command


class World:
    """Hosts in memory; their keys are the only files."""

    def __init__(self, nursery: trio.Nursery, folder: Path) -> None:
        self.hub = Hub(nursery)
        self._nursery = nursery
        self._folder = folder
        self._luck = Random(1)
        self.disks: dict[str, MemoryStorage] = {}

    @asynccontextmanager
    async def controller(self, number: int, *seeds: Address) -> AsyncIterator[Controller]:
        """Controller ``number``, on a disk that outlives it; without seeds it founds."""
        name = f"host{number}"
        disk = self.disks.setdefault(name, MemoryStorage(self._nursery))
        configuration = Configuration(
            controller=ControllerSection(name=name, data_dir=self._folder / name),
            cluster=ClusterSection(seeds=seeds, mdns=False, found=not seeds),
        )
        network = MemoryNetwork(self.hub, Address(f"10.0.0.{number}", 4_747))
        parts = Parts(clock=TrioClock(), network=network, storage=disk, luck=self._luck)
        async with open_controller(configuration, parts) as controller:
            yield controller


@pytest.fixture
def world(nursery: trio.Nursery, tmp_path: Path) -> World:
    """No host runs yet."""
    return World(nursery, tmp_path)


async def test_a_change_is_waited_for(world: World, autojump_clock: MockClock) -> None:
    """A ChangeSet is settled when it is shown here; what is no ChangeSet is a mistake."""
    async with world.controller(1) as controller:
        command = Command("item", "set", {"name": "motd", "value": "hello"})
        told = await controller.submit("greet", [command])
        settled = await controller.settled(str(told["tx"]))
        assert settled["word"] == "applied"
        assert controller.objects("item") == {"motd": "hello"}
        with pytest.raises(KeyError):
            _ = await controller.settled("f" * 64)
        _ = await controller.put(("web", "1"), {"port": 80})
        assert controller.get(("web", "1")) == {"port": 80}
        assert controller.get(("web",)) is None


async def test_what_is_put_can_be_read_after_a_restart(
    world: World, autojump_clock: MockClock
) -> None:
    """A value that was confirmed outlives the process, in the same environment."""
    async with world.controller(1) as controller:
        environment = controller.replica.desk.environment
        assert await controller.put(("greeting",), "hello") == {"written": 1}
        assert await controller.write([Write(("a",), 1), Write(("b",), [2])]) == {"written": 2}
    async with world.controller(1) as controller:
        assert controller.replica.desk.environment == environment
        assert controller.replica.own.boot == 2
        inside = controller.replica.participant
        assert inside is not None
        reading = inside.information.read(("greeting",))
        assert reading is not None
        assert reading.value == "hello"
        assert await controller.remove(()) == {"written": 3}


async def test_refusal_names_what_is_wrong(world: World, autojump_clock: MockClock) -> None:
    """What nobody may write is refused with the reason, and nothing is changed."""
    async with world.controller(1) as controller:
        with pytest.raises(Refused) as caught:
            _ = await controller.put((), "a value without a name")
        assert caught.value.errors


async def test_newcomer_is_accepted_and_sees_what_is_there(
    world: World, autojump_clock: MockClock
) -> None:
    """Seeds lead to the door; once accepted, running information flows both ways."""
    async with world.controller(1) as first:
        _ = await first.put(("greeting",), "hello")
        async with world.controller(2, first.addresses[0]) as second:
            await trio.sleep(5)
            assert len(views.members(first.replica, first.now())["pending"]) == 1
            assert "tx" in await first.accept(second.id)
            await trio.sleep(30)
            counts = views.status(second.replica, second.now())["members"]
            assert counts is not None
            assert counts["active"] == 2
            changes = first.subscribe(InformationChanged)
            _ = await second.put(("answer",), "hello yourself")
            assert await anext(changes) == InformationChanged((("answer",),))
            inside = second.replica.participant
            assert inside is not None
            assert inside.information.read(("greeting",)) is not None


async def test_failed_disk_is_a_new_life_and_not_the_end(
    world: World, autojump_clock: MockClock
) -> None:
    """Meanwhile nothing is promised; afterwards the same controller goes on, one boot later."""
    async with world.controller(1) as controller:
        _ = await controller.put(("kept",), 1)
        renewals = controller.subscribe(Renewed)
        world.disks["host1"].fail("no space")
        with pytest.raises(Exception, match="no space"):
            _ = await controller.put(("lost",), 2)
        with pytest.raises(Refused, match="disk of this controller failed"):
            _ = await controller.put(("lost",), 2)
        world.disks["host1"].mend()
        assert isinstance(await anext(renewals), Renewed)
        assert controller.replica.own.boot == 2
        assert await controller.put(("kept",), 3) == {"written": 1}
        assert controller.statistics().lives == 2


async def test_two_controllers_in_one_directory(world: World, autojump_clock: MockClock) -> None:
    """The second one is told so, plainly."""
    async with world.controller(1):
        with pytest.raises(DirectoryInUse, match="in use by another controller"):
            async with world.controller(1):
                pass


@pytest.mark.integration
async def test_port_in_use_burns_no_life(tmp_path: Path) -> None:
    """The ports are taken before anything is written."""
    (taken,) = bind(["127.0.0.1"], 0)
    data_dir = tmp_path / "data"
    configuration = Configuration(
        controller=ControllerSection(data_dir=data_dir),
        listen=ListenSection(addresses=("127.0.0.1",), port=taken.address.port),
    )
    try:
        with pytest.raises(AddressUnusable, match="in use by another program"):
            async with open_controller(replace(configuration)):
                pass
    finally:
        taken.close()
    assert {file.name for file in data_dir.iterdir()}.isdisjoint({"journal.db"})
