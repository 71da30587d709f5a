"""What people do when hosts are lost for good.

Word by word as docs/recovery.md tells it.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh.cli.errors import DONE
from tests.hosts.asking import entry, environment, items, put, set_item
from tests.hosts.mesh import Mesh, await_answer, members, on_loopback
from tests.hosts.processes import Process, await_that, free_ports

PATIENCE_S = 60.0


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Mesh]:
    """Three controllers that this test may burn."""
    made = Mesh(on_loopback(3, tmp_path))
    try:
        made.form()
        yield made
    finally:
        made.stop()


def burn(process: Process) -> None:
    """Nothing is left of it."""
    process.kill()
    shutil.rmtree(process.directory)


def done(process: Process, *words: str) -> str:
    """What a command said that must succeed."""
    outcome = process.run(*words)
    assert outcome.code == DONE, (words, outcome.out, outcome.errors)
    return outcome.out


def await_item(process: Process, name: str, value: str) -> None:
    """Wait until it shows the item."""
    await_that(lambda: items(process).get(name) == value, PATIENCE_S, f"{name} = {value}")


def newcomer(of: Process, directory: Path, *way_in: str) -> Process:
    """One more host, not started."""
    (port,) = free_ports(1)
    home = directory / "new"
    home.mkdir(mode=0o700)
    where = ("--listen", "127.0.0.1", "--port", str(port), "--no-mdns", *way_in)
    return Process("new", home, where, of.prefix, of.environment)


def test_two_of_three_hosts_are_burnt(three: Mesh, tmp_path: Path) -> None:
    """The third goes on, alone and with everything; new hosts take the place of the burnt."""
    *burnt, left = three.processes
    _ = set_item(left, "before", "the fire")
    put(left, "said", "before the fire")
    await_item(left, "before", "the fire")
    for process in burnt:
        burn(process)
    for process in burnt:
        _ = done(left, "members", "remove", process.name, "--reason", "burnt")
    await_that(lambda: len(members(left)) == 1, PATIENCE_S, "it is alone in the roster")
    _ = set_item(left, "after", "the fire")
    await_item(left, "after", "the fire")
    assert items(left)["before"] == "the fire"
    assert entry(left, "said") == "before the fire"
    code = str(json.loads(done(left, "invite", "--json"))["code"])
    new = newcomer(left, tmp_path, "--invite", code)
    try:
        new.start()
        await_answer(new)
        await_item(new, "after", "the fire")
        assert len(members(new)) == len(members(left)) == 2
        await_that(lambda: entry(new, "said") == "before the fire", PATIENCE_S, "it is told")
    finally:
        new.kill()


def test_under_majority_the_third_begins_anew(three: Mesh, tmp_path: Path) -> None:
    """It may not go on by itself; what it holds is exported, and applied to a new environment."""
    *burnt, left = three.processes
    _ = set_item(left, "before", "the fire")
    _ = done(left, "environment", "set", "--barrier", "majority")
    await_item(left, "before", "the fire")
    for process in burnt:
        burn(process)
    export, history = tmp_path / "shop", tmp_path / "history.json"
    _ = done(left, "export", "-o", str(export))
    _ = history.write_text(done(left, "change", "log", "--json"))
    assert "set before" in history.read_text()
    former = environment(left)["id"]
    assert left.terminate() == DONE
    for path in export.rglob("*"):
        if path.is_file():
            _ = path.write_text(path.read_text().replace("majority", "all-active"))
    new = newcomer(left, tmp_path, "--found")
    try:
        new.start()
        await_answer(new)
        _ = done(new, "apply", "-f", str(export), "--yes", "--reason", "all others burnt")
        await_item(new, "before", "the fire")
        assert environment(new)["id"] != former
    finally:
        new.kill()
