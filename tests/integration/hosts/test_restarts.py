"""Controllers that die, stop and come back; a cold start of all of them."""

from collections.abc import Callable

import pytest

from mesh.cli.errors import DONE
from tests.hosts.asking import agree, entry, environment, items, put, set_item
from tests.hosts.mesh import Mesh, members
from tests.hosts.processes import Process, await_that

PATIENCE_S = 60.0


def standing(source: Process, target: Process) -> str | None:
    """How `target` stands, as `source` sees it."""
    for row in members(source):
        controller = row["controller"]
        assert isinstance(controller, dict)
        if controller["name"] == target.name:
            return str(row["standing"])
    return None


def boot(process: Process) -> int:
    """The number of its life."""
    status = process.status()
    assert status is not None
    controller = status["controller"]
    assert isinstance(controller, dict)
    return int(controller["boot"])


def await_standing(mesh: Mesh, target: Process, expected: str) -> None:
    """Wait until all others see `target` stand so."""
    others = [process for process in mesh.processes if process is not target]
    what = f"{target.name} is {expected} to all others"
    await_that(lambda: all(standing(each, target) == expected for each in others), PATIENCE_S, what)


def change(mesh: Mesh, name: str, value: str) -> None:
    """Set an item at the first that runs, and wait until all that run show it."""
    running = [process for process in mesh.processes if process.is_running]
    _ = set_item(running[0], name, value)

    def is_shown() -> bool:
        return all(items(process).get(name) == value for process in running)

    await_that(is_shown, PATIENCE_S, f"all that run show {name} = {value}")


def test_killed_controller_is_missed_and_comes_back_with_everything(mesh: Mesh) -> None:
    """The others go on without it; its next life has what was promised, and what it missed."""
    *_, victim = mesh.processes
    put(victim, "promised", "before the kill")
    change(mesh, "promised", "before the kill")
    life = boot(victim)
    victim.kill()
    await_standing(mesh, victim, "failed")
    change(mesh, "missed", "while it was dead")
    victim.start()
    mesh.await_whole()
    await_that(lambda: agree(mesh.processes), PATIENCE_S, "all hold the same")
    assert boot(victim) == life + 1
    assert entry(victim, "promised") == "before the kill"
    assert items(victim)["promised"] == "before the kill"
    assert items(victim)["missed"] == "while it was dead"
    change(mesh, "missed", "no more")


def test_clean_stop_is_seen_as_such(mesh: Mesh) -> None:
    """Who stops in good order has left by its own word; nobody waits for it, and it comes back."""
    *_, leaver = mesh.processes
    assert leaver.terminate() == DONE
    await_standing(mesh, leaver, "left")
    first = mesh.processes[0]
    assert "it said goodbye" in first.run("members").out
    assert f"{leaver.name} has left" in first.run("doctor").out
    change(mesh, "stopped", leaver.name)
    leaver.start()
    mesh.await_whole()
    await_that(lambda: agree(mesh.processes), PATIENCE_S, "all hold the same")
    assert items(leaver)["stopped"] == leaver.name


@pytest.mark.parametrize("end", [Process.terminate, Process.kill])
def test_cold_start_needs_no_seeds(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch, end: Callable[[Process], object]
) -> None:
    """All three down, all three up: they find each other by the addresses that they remember."""
    name = environment(mesh.processes[0])["id"]
    for process in mesh.processes:
        _ = end(process)
    for process in mesh.processes:
        told = [word for word in process.arguments if not word.startswith(("--seed", "--found"))]
        monkeypatch.setattr(process, "arguments", tuple(told))
        process.start()
    mesh.await_whole()
    assert {environment(process)["id"] for process in mesh.processes} == {name}
    change(mesh, "cold", f"start after {end.__name__}")
