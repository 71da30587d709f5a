"""A few processes that become one environment, as an operator would make them one."""

import contextlib
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from mesh.cli.errors import CommandError
from mesh.driver.directory import OPERATOR
from tests.hosts.processes import FellShort, Process, await_that, free_ports

ANSWER_S_MAX: Final = 60.0
WHOLE_S_MAX: Final = 60.0
LOG_LINES: Final = 15

Row = dict[str, object]


class Mesh:
    """``processes`` in one environment, all of them able to sign changes."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self.processes = list(processes)

    def form(self) -> None:
        """Start all and make them one environment."""
        first, *others = self.processes
        first.start()
        await_answer(first)
        for other in others:
            _ = shutil.copy(first.directory / OPERATOR, other.directory / OPERATOR)
            other.start()
        for other in others:
            await_answer(other)
        await_that(self._accept_all, ANSWER_S_MAX, "all were accepted")
        self.await_whole()

    def await_whole(self) -> None:
        """Wait until each is active and sees each other one alive."""
        for process in self.processes:
            what = f"{process.name} sees all others alive and active"
            try:
                await_that(partial(self._is_whole, process), WHOLE_S_MAX, what)
            except FellShort as short:
                raise FellShort(f"{short}\n{self._told(process)}") from None

    def mend(self) -> None:
        """Start whatever does not run, and wait until all see each other again."""
        for process in self.processes:
            if not process.is_running:
                process.start()
        self.await_whole()

    def stop(self) -> None:
        """Kill all."""
        for process in self.processes:
            process.kill()

    def _accept_all(self) -> bool:
        first = self.processes[0]
        for waiting in pending(first):
            with contextlib.suppress(CommandError):  # accepted a moment ago, or not now: try again
                body = {"fingerprint": waiting["fingerprint"]}
                _ = first.client.post("/v1/members/accept", body)
        return len(members(first)) == len(self.processes)

    def _told(self, process: Process) -> str:
        """What whoever has to find out why would ask first."""
        lines = [str(row) for row in members(process)]
        for each in self.processes:
            state = "runs" if each.is_running else "does not run"
            last = each.log.read_text().splitlines()[-LOG_LINES:]
            lines += [f"{each.name} {state}; the last it said:", *last]
        return "\n".join(lines)

    def _is_whole(self, process: Process) -> bool:
        for each in self.processes:
            if not each.is_running:
                raise FellShort(f"{each.name} has ended; its log is {each.log}")
        rows = members(process)
        return len(rows) == len(self.processes) and all(
            row["state"] == "active" and row["standing"] == "alive" for row in rows
        )


def await_answer(process: Process) -> None:
    """Wait until ``process`` answers. Raises FellShort; at once where it has ended."""

    def answers() -> bool:
        if not process.is_running:
            raise FellShort(f"{process.name} has ended; its log is {process.log}")
        return process.status() is not None

    await_that(answers, ANSWER_S_MAX, f"{process.name} answers")


def members(process: Process) -> list[Row]:
    """The roster as ``process`` sees it; nobody where it does not answer."""
    return _rows(process, "members")


def pending(process: Process) -> list[Row]:
    """Who waits at ``process`` to be accepted."""
    return _rows(process, "pending")


def _rows(process: Process, name: str) -> list[Row]:
    with contextlib.suppress(CommandError):
        rows = process.client.get("/v1/members")[name]
        assert isinstance(rows, list)
        return [dict(row) for row in rows if isinstance(row, dict)]
    return []


def on_loopback(
    count: int,
    directory: Path,
    *more: str,
    environment: dict[str, str] | None = None,
) -> list[Process]:
    """``count`` processes on free ports: the first founds an environment, it is the others' seed.

    ``more`` are further arguments of each.
    """
    ports = free_ports(count)
    processes = []
    for number, port in enumerate(ports):
        home = directory / f"c{number}"
        home.mkdir(mode=0o700)
        way_in = f"--seed=127.0.0.1:{ports[0]}" if number else "--found"
        where = ("--listen", "127.0.0.1", "--port", str(port), "--no-mdns")
        arguments = (*where, way_in, *more)
        processes.append(Process(home.name, home, arguments, (), environment or {}))
    return processes
