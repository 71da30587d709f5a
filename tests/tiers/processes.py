"""The third tier: `trellis up` in real processes, on wires that can be cut.

Where root allows it each process has a network namespace of its own, all of them on one switch with
a firewall; elsewhere they share the loopback interface, and every link goes through a relay.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, Protocol, cast

import trio

from mesh.cli.client import quoted
from mesh.cli.demo.relay import Relay, free_stops
from mesh.cli.errors import CommandError
from mesh.driver.directory import OPERATOR
from mesh.protocol.replica import views
from mesh.wire.requests import Command
from tests.hosts.mesh import await_answer, pending
from tests.hosts.processes import Process
from tests.integration.firewall import Firewall, demand_firewall
from tests.integration.namespaces import Host, demand_namespaces, switched
from tests.tiers.oracle import Ending
from tests.tiers.play import Play
from tests.tiers.plays import SITE
from tests.tiers.sight import ALL, Answers, Sight, Sights, sight
from tests.tiers.stage import PATIENCE_NS, give

LOOK_S: Final = 0.05


class Wires(Protocol):
    """What lies between the hosts, which are known by their numbers."""

    def part(self, groups: Sequence[Sequence[int]]) -> None:
        """Let nothing pass between the groups."""

    def hush(self, source: int, target: int) -> None:
        """Let nothing pass in one direction."""

    def heal(self) -> None:
        """Let everything pass."""


class Switch:
    """Namespaces on one switch."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._hosts = hosts
        self._firewall = Firewall(hosts)

    def part(self, groups: Sequence[Sequence[int]]) -> None:
        """See `Wires`."""
        _, apart = groups
        self._firewall.split([self._hosts[number] for number in apart])

    def hush(self, source: int, target: int) -> None:
        """See `Wires`."""
        self._firewall.cut_one_way(self._hosts[source], self._hosts[target])

    def heal(self) -> None:
        """See `Wires`."""
        self._firewall.open()


class Relays:
    """The loopback interface, and a relay on every link."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def part(self, groups: Sequence[Sequence[int]]) -> None:
        """See `Wires`."""
        self._relay.cut(groups)

    def hush(self, source: int, target: int) -> None:
        """See `Wires`."""
        raise AssertionError("a relay cuts both ways or none: give this play in namespaces")

    def heal(self) -> None:
        """See `Wires`."""
        self._relay.heal()


class ProcessStage:
    """Controllers as an operator runs them, all of them able to sign changes."""

    def __init__(self, processes: Sequence[Process], wires: Wires) -> None:
        self.processes = {process.name: process for process in processes}
        self._founder = processes[0]
        self._numbers = {process.name: number for number, process in enumerate(processes)}
        self._wires = wires

    # --- hosts ------------------------------------------------------------------------------------

    async def start(self, host: str) -> None:
        """See `Stage`."""
        process = self.processes[host]
        if process is not self._founder:
            _ = shutil.copy(self._founder.directory / OPERATOR, process.directory / OPERATOR)
        process.start()
        await_answer(process)
        await trio.lowlevel.checkpoint()

    async def kill(self, host: str) -> None:
        """See `Stage`."""
        self.processes[host].kill()
        await trio.lowlevel.checkpoint()

    def stop(self) -> None:
        """Kill whatever runs."""
        for process in self.processes.values():
            process.kill()

    # --- wires ------------------------------------------------------------------------------------

    def part(self, groups: tuple[tuple[str, ...], ...]) -> None:
        """See `Stage`."""
        self._wires.part([[self._numbers[name] for name in group] for group in groups])

    def hush(self, source: str, target: str) -> None:
        """See `Stage`."""
        self._wires.hush(self._numbers[source], self._numbers[target])

    def heal(self) -> None:
        """See `Stage`."""
        self._wires.heal()

    # --- deeds ------------------------------------------------------------------------------------

    async def put(self, at: str, path: str, value: str) -> None:
        """See `Stage`."""
        _ = self.processes[at].client.put(_entry(path), {"value": value})
        await trio.lowlevel.checkpoint()

    async def erase(self, at: str, path: str) -> None:
        """See `Stage`."""
        _ = self.processes[at].client.delete(_entry(path))
        await trio.lowlevel.checkpoint()

    async def submit(self, at: str, name: str, commands: tuple[Command, ...]) -> None:
        """See `Stage`."""
        written = [
            {"group": each.group, "verb": each.verb, "parameters": each.parameters}
            for each in commands
        ]
        body = {"name": name, "commands": written, "patience_ns": PATIENCE_NS}
        _ = self.processes[at].client.post("/v1/changes", body)
        await trio.lowlevel.checkpoint()

    async def accept_all(self) -> None:
        """See `Stage`."""
        for waiting in pending(self._founder):
            with suppress(CommandError):  # accepted a moment ago, or not now: try again
                body = {"fingerprint": waiting["fingerprint"]}
                _ = self._founder.client.post("/v1/members/accept", body)
        await trio.lowlevel.checkpoint()

    # --- looking ----------------------------------------------------------------------------------

    def sights(self) -> Sights:
        """See `Stage`."""
        running = {name: each for name, each in self.processes.items() if each.is_running}
        return Sights({name: partial(_look, each) for name, each in running.items()})

    async def rest(self) -> None:
        """See `Stage`."""
        await trio.sleep(LOOK_S)

    def now_s(self) -> float:
        """See `Stage`."""
        return trio.current_time()


def _entry(path: str) -> str:
    return quoted("info", *views.read_path(path))


def _look(process: Process) -> Sight:
    """What ``process`` answers. Raises CommandError where it does not."""
    get = process.client.get
    status = cast("views.Status", get("/v1/status"))
    told = get("/v1/environment") if status["environment"] is not None else None
    return sight(
        Answers(
            status=status,
            members=cast("views.Members", get("/v1/members")),
            changes=cast("list[views.Change]", get("/v1/changes", limit=str(ALL))["changes"]),
            environment=cast("views.Environment | None", told),
            information=cast("views.Listing", get("/v1/info", limit=str(ALL))),
        )
    )


# --- places -------------------------------------------------------------------------------------


@contextmanager
def open_namespaces(names: Sequence[str], directory: Path) -> Iterator[ProcessStage]:
    """A stage of namespaces, for as long as the block lasts; skips where there can be none."""
    demand_namespaces()
    demand_firewall()
    with switched(len(names)) as hosts:
        processes: list[Process] = []
        for name, host in zip(names, hosts, strict=True):
            prefix = tuple(os.fspath(word) for word in host.command())
            way_in = () if not processes else (f"--seed={hosts[0].ip}",)
            processes.append(_process(name, directory, way_in, prefix))
        stage = ProcessStage(processes, Switch(hosts))
        try:
            yield stage
        finally:
            stage.stop()


@contextmanager
def open_relays(names: Sequence[str], directory: Path) -> Iterator[ProcessStage]:
    """A stage on the loopback interface, for as long as the block lasts."""
    numbers = range(1, len(names) + 1)
    stops = free_stops(
        [f"127.78.0.{number}" for number in numbers], [f"127.78.1.{number}" for number in numbers]
    )
    relay = Relay(stops)
    first = f"{stops[0].shown}:{stops[0].port}"
    processes: list[Process] = []
    for name, stop in zip(names, stops, strict=True):
        here = ("--listen", stop.real, "--port", str(stop.port))
        shown = ("--advertise", f"{stop.shown}:{stop.port}")
        way_in = () if not processes else (f"--seed={first}",)
        processes.append(_process(name, directory, (*here, *shown, *way_in)))
    stage = ProcessStage(processes, Relays(relay))
    try:
        yield stage
    finally:
        stage.stop()
        relay.close()


def _process(
    name: str, directory: Path, arguments: tuple[str, ...], prefix: tuple[str, ...] = ()
) -> Process:
    home = directory / name
    home.mkdir(mode=0o700)
    found = () if any(each.startswith("--seed") for each in arguments) else ("--found",)
    return Process(name, home, ("--no-mdns", "--site", SITE, *found, *arguments), prefix)


def with_processes(play: Play, stage: ProcessStage) -> Ending:
    """How ``play`` ends on this tier."""
    return trio.run(give, play, stage)
