"""The second tier: the real driver on disks and wires in memory, under trio's MockClock.

Everything is what it is in a process but for the outermost parts: no socket, no journal file, no
thread, and no real second. A killed controller loses what its disk had not synced, and its wires
go dead, so that not even its leave is heard.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

import trio

from mesh.controller import Controller, Parts, Refused, open_controller
from mesh.driver.clock import TrioClock
from mesh.driver.configuration import ClusterSection, Configuration, ControllerSection
from mesh.driver.directory import Keys
from mesh.driver.journal.memory import MemoryStorage
from mesh.driver.keys import NaClExchange, NaClSigner
from mesh.driver.network.memory import Hub, MemoryNetwork
from mesh.protocol.effects import Noticed
from mesh.protocol.inputs import Write
from mesh.protocol.replica import views
from mesh.wire.identity import Address
from mesh.wire.requests import Command
from tests.tiers.oracle import Ending
from tests.tiers.play import Play
from tests.tiers.plays import SITE
from tests.tiers.sight import Sight, Sights, look
from tests.tiers.stage import PATIENCE_NS, give

LOOK_S: Final = 0.25
PORT: Final = 4_747


class MemoryHost:
    """One host: keys and a disk that outlive whoever runs on it, and a place on the wires."""

    def __init__(self, name: str, number: int, luck: Random, disk: MemoryStorage) -> None:
        self.name = name
        self.address = Address(f"10.0.0.{number}", PORT)
        self.disk = disk
        self.signer = NaClSigner(luck.randbytes(32))
        self.exchange = NaClExchange(luck.randbytes(32))
        self.controller: Controller | None = None
        self.is_unplugged = False
        self.scope = trio.CancelScope()
        self.gone = trio.Event()

    @property
    def at_hand(self) -> Controller:
        """The controller that runs here."""
        assert self.controller is not None, f"nothing runs on {self.name}"
        return self.controller

    def look(self) -> Sight:
        """What it answers."""
        return look(self.at_hand.replica, self.at_hand.now())


class MemoryStage:
    """Hosts in memory. ``nursery`` runs all of it; ``directory`` holds empty data directories."""

    def __init__(self, names: Sequence[str], directory: Path, nursery: trio.Nursery) -> None:
        self.hub = Hub(nursery)
        self.hub.separates = self._separates
        self._nursery = nursery
        self._directory = directory
        self._luck = Random(1)
        self._operator = NaClSigner(self._luck.randbytes(32))
        self.hosts = {
            name: MemoryHost(name, number, self._luck, MemoryStorage(nursery))
            for number, name in enumerate(names, 1)
        }
        self._by_address = {host.address: host for host in self.hosts.values()}
        self._cuts: set[tuple[str, str]] = set()
        self.errors: list[str] = []
        """What controllers took for one; no play gives cause."""

    # --- hosts ------------------------------------------------------------------------------------

    async def start(self, host: str) -> None:
        """See `Stage`."""
        await self._nursery.start(self._live, self.hosts[host])

    async def kill(self, host: str) -> None:
        """See `Stage`."""
        killed = self.hosts[host]
        killed.is_unplugged = True
        killed.disk.crash()
        killed.scope.cancel()
        await killed.gone.wait()

    async def _live(
        self, host: MemoryHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        host.scope, host.gone = trio.CancelScope(), trio.Event()
        host.is_unplugged = False
        with host.scope:
            async with open_controller(self._configuration(host), self._parts(host)) as controller:
                host.controller = controller
                task_status.started()
                try:
                    await self._heed(controller)
                finally:
                    host.controller = None
        host.gone.set()

    async def _heed(self, controller: Controller) -> None:
        """Note what ``controller`` takes for an error, until cancelled."""
        async for noticed in controller.subscribe(Noticed):
            if isinstance(noticed, Noticed) and noticed.level == "error":
                self.errors.append(f"{controller.name}: {noticed.event}: {noticed.text}")

    def _configuration(self, host: MemoryHost) -> Configuration:
        founder = next(iter(self.hosts.values()))
        seeds = () if host is founder else (founder.address,)
        return Configuration(
            controller=ControllerSection(
                name=host.name, site=SITE, data_dir=self._directory / host.name
            ),
            cluster=ClusterSection(seeds=seeds, mdns=False, found=not seeds),
        )

    def _parts(self, host: MemoryHost) -> Parts:
        return Parts(
            clock=TrioClock(),
            network=MemoryNetwork(self.hub, host.address),
            storage=host.disk,
            keys=Keys(host.signer, self._operator, host.exchange),
            luck=self._luck,
        )

    # --- wires ------------------------------------------------------------------------------------

    def part(self, groups: tuple[tuple[str, ...], ...]) -> None:
        """See `Stage`."""
        self._cuts = {
            (source, target)
            for group in groups
            for other in groups
            if group is not other
            for source in group
            for target in other
        }

    def hush(self, source: str, target: str) -> None:
        """See `Stage`."""
        self._cuts = {(source, target)}

    def heal(self) -> None:
        """See `Stage`."""
        self._cuts = set()

    def _separates(self, source: Address, target: Address) -> bool:
        one, other = self._by_address[source], self._by_address[target]
        return one.is_unplugged or other.is_unplugged or (one.name, other.name) in self._cuts

    # --- deeds ------------------------------------------------------------------------------------

    async def put(self, at: str, path: str, value: str) -> None:
        """See `Stage`."""
        _ = await self.hosts[at].at_hand.put(views.read_path(path), value)

    async def erase(self, at: str, path: str) -> None:
        """See `Stage`."""
        write = Write(views.read_path(path), None, removes=True)
        _ = await self.hosts[at].at_hand.write((write,))

    async def submit(self, at: str, name: str, commands: tuple[Command, ...]) -> None:
        """See `Stage`."""
        _ = await self.hosts[at].at_hand.submit(name, commands, patience_ns=PATIENCE_NS)

    async def accept_all(self) -> None:
        """See `Stage`."""
        operator = next(iter(self.hosts.values())).controller
        if operator is None:
            return
        for waiting in operator.replica.admission.pending(operator.now()):
            with suppress(Refused):  # accepted a moment ago, or not now: try again
                _ = await operator.accept(waiting.controller)

    # --- looking ----------------------------------------------------------------------------------

    def sights(self) -> Sights:
        """See `Stage`."""
        running = (host for host in self.hosts.values() if host.controller is not None)
        return Sights({host.name: host.look for host in running})

    async def rest(self) -> None:
        """See `Stage`."""
        await trio.sleep(LOOK_S)

    def now_s(self) -> float:
        """See `Stage`."""
        return trio.current_time()


@asynccontextmanager
async def open_memory(names: Sequence[str], directory: Path) -> AsyncIterator[MemoryStage]:
    """A stage with one host for each of ``names``, for as long as the block lasts."""
    async with trio.open_nursery() as nursery:
        yield MemoryStage(names, directory, nursery)
        nursery.cancel_scope.cancel()


async def in_memory(play: Play, directory: Path) -> Ending:
    """How ``play`` ends on this tier."""
    async with open_memory(play.cast, directory) as stage:
        found = await give(play, stage)
        assert not stage.errors, stage.errors
        return found
