"""The stage of an attack: an honest mesh, keys of a member gone bad, and what must stay as it was.

Judged is what the users of the honest controllers would notice: what these hold and show, whom
they believe alive, how much memory they take, how long a change takes meanwhile, and how soon all
is as before.
"""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from tests.hosts.asking import entry, environment, items, put, set_item
from tests.hosts.mesh import Mesh, members, on_loopback
from tests.hosts.processes import Process, await_that

HONEST: Final = 3
FORM_S_MAX: Final = 60.0
FURNITURE: Final = 3
"""Items and entries that stay as they are."""

Seen = tuple[object, ...]


@dataclass(frozen=True)
class Stage:
    """Controllers of one environment: ``honest`` ones that run, and two that have stopped.

    The ``insider`` is still admitted, the ``outcast`` was removed.
    """

    honest: list[Process]
    insider: Process
    outcast: Process

    @property
    def target(self) -> Process:
        """The controller that is attacked first."""
        return self.honest[0]

    def seen(self, *, history: bool = True) -> Seen:
        """What all honest controllers hold and show and whether they vote, less the pulse's writes.

        Without ``history`` only what it comes to.
        """
        names = [process.name for process in self.honest]
        return tuple(_seen(process, names, history=history) for process in self.honest)

    def resident_bytes(self) -> list[int]:
        """The memory of each honest controller."""
        return [resident_bytes(process) for process in self.honest]


def address(process: Process) -> tuple[str, int]:
    """Where it listens, UDP and TCP alike."""
    return "127.0.0.1", int(process.arguments[process.arguments.index("--port") + 1])


def resident_bytes(process: Process) -> int:
    """The memory that it has."""
    assert process.popen is not None
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return 1_024 * int(line.split()[1])


@contextmanager
def open_stage() -> Iterator[Stage]:
    """A stage for as long as the block lasts; its files are kept where something is raised."""
    directory = Path(mkdtemp(prefix="trellis-hostile-"))
    mesh = Mesh(on_loopback(HONEST + 2, directory, "--site", "hostile"))
    try:
        mesh.form()
        *honest, insider, outcast = mesh.processes
        stage = Stage(honest, insider, outcast)
        _furnish(stage)
        yield stage
    finally:
        mesh.stop()
    shutil.rmtree(directory)


def _furnish(stage: Stage) -> None:
    """Something to protect; the insider and the outcast are stopped, and the latter is removed.

    More than half stand behind each change: else whoever is alone may do what a side may do.
    """
    done = stage.target.run("environment", "set", "--barrier", "majority")
    assert done.code == 0, done.errors
    for number in range(FURNITURE):
        _ = set_item(stage.target, f"item-{number}", "honest")
        put(stage.target, f"entry-{number}", "honest")
    whom = fingerprint_of(stage.outcast)
    _ = stage.outcast.terminate()
    _ = stage.insider.terminate()
    done = stage.target.run("members", "remove", whom)
    assert done.code == 0, done.errors

    def is_gone() -> bool:
        return all(
            len(members(process)) == HONEST + 1 and len(items(process)) == FURNITURE
            for process in stage.honest
        )

    await_that(is_gone, FORM_S_MAX, "the outcast is removed everywhere")


def fingerprint_of(process: Process) -> str:
    """The fingerprint of the controller in ``process``."""
    status = process.status()
    assert status is not None
    controller = status["controller"]
    assert isinstance(controller, dict)
    return str(controller["fingerprint"])


def _seen(process: Process, honest: Collection[str], *, history: bool) -> Seen:
    found = environment(process)
    roster = [
        (_name(row), row["state"], row["standing"] if _name(row) in honest else None)
        for row in members(process)
    ]
    names = ("history_hash",) * history + ("state_hash", "shown_hash")
    hashes = [found.get(name) for name in names]
    entries = [entry(process, f"entry-{number}") for number in range(FURNITURE)]
    status = process.status()
    silent = None if status is None else status["why_no_votes"]
    return (*hashes, sorted(items(process).items()), entries, roster, silent)


def _name(row: dict[str, object]) -> object:
    controller = row["controller"]
    assert isinstance(controller, dict)
    return controller["name"]
