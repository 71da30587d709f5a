"""Kill any controller at any moment, bring it back, and look for everything that was promised."""

import contextlib
import random
import time
from collections.abc import Callable
from typing import Final

from mesh.cli.errors import CommandError
from mesh.driver.journal.sqlite import TORTURE_VARIABLE
from tests.torture.processes import (
    FellShort,
    Mesh,
    Process,
    await_that,
    choose,
    open_mesh,
)
from tests.torture.workload import Told, Workload

CONTROLLERS: Final = 3
RUNS_PER_MESH: Final = 20
"""Then a fresh mesh, so that young and old histories are both killed."""

AGREE_S_MAX: Final = 90.0
UNSYNCED_MS: Final = "40"
"""In the second half the journal holds what is not synced in memory for up to this long, and a kill
loses it, as a power cut loses what the disk had not yet written."""


def torture_by_kills(runs: int, *, unsynced: bool, say: Callable[[str], None]) -> None:
    """``runs`` kills, each followed by a check. Raises FellShort where a promise was broken."""
    environment = {TORTURE_VARIABLE: UNSYNCED_MS} if unsynced else {}
    kind = "unsynced writes lost" if unsynced else "killed"
    done = 0
    while done < runs:
        batch = min(RUNS_PER_MESH, runs - done)
        with open_mesh(CONTROLLERS, environment=environment) as mesh:
            mesh.form()
            told = Told()
            for number in range(done, done + batch):
                _kill_once(mesh, number, told)
                say(
                    f"{kind}: {number + 1} of {runs}; {len(told.entries)} entries and"
                    f" {len(told.changes)} changes of this mesh are where they belong"
                )
        done += batch


def _kill_once(mesh: Mesh, number: int, told: Told) -> None:
    luck = random.Random(f"kill {number}")
    work = Workload(mesh.processes, number)
    work.start()
    time.sleep(0.1 + luck.random() * 0.6)
    victims = [choose(luck, mesh.processes)]
    if luck.random() < 0.2:
        victims.append(choose(luck, mesh.processes))
    for victim in victims:
        victim.kill()
    time.sleep(luck.random() * 0.5)
    for victim in victims:
        if victim.popen is None:
            victim.start()
    more = work.stop()
    told.entries.update(more.entries)
    told.changes.extend(more.changes)
    check(mesh, told)


def check(mesh: Mesh, told: Told) -> None:
    """All three hold everything that any client was told, and agree."""
    await_that(lambda: _agree(mesh.processes), AGREE_S_MAX, "equal histories, states and entries")
    for process in mesh.processes:
        entries = _entries(process)
        lost = [name for name, value in told.entries.items() if entries.get(name) != value]
        if lost:
            raise FellShort(f"{process.name} lost {len(lost)} entries, such as {lost[0]}")
        items = _items(process)
        undone = [name for name in told.changes if items.get(name) != name]
        if undone:
            raise FellShort(f"{process.name} lost {len(undone)} changes, such as {undone[0]}")


def _agree(processes: list[Process]) -> bool:
    seen = []
    for process in processes:
        status = process.status()
        environment = status["environment"] if status is not None else None
        if not isinstance(environment, dict) or environment["waiting"] or environment["unmerged"]:
            return False
        seen.append(
            tuple(
                environment[name]
                for name in ("history_hash", "state_hash", "shown_hash", "entries")
            )
        )
    return len(set(seen)) == 1


def _entries(process: Process) -> dict[str, object]:
    with contextlib.suppress(CommandError):
        listed = process.client.get("/v1/info", limit="10000")
        rows = listed["entries"]
        assert isinstance(rows, list)
        return {str(row["path"]).removeprefix("/"): row["value"] for row in rows}  # type: ignore[index,call-overload]  # JSON
    return {}


def _items(process: Process) -> dict[str, object]:
    with contextlib.suppress(CommandError):
        found = process.client.get("/v1/environment", kind="item")
        return dict(found["objects"]["item"])  # type: ignore[index,call-overload,arg-type]  # JSON
    return {}
