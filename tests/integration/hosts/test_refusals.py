"""Starts that cannot be and commands that are wrong: one clear text, and nothing was changed."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from mesh.cli.errors import DONE, FAILED, NOT_REACHABLE, WRONG_USAGE
from mesh.driver.directory import IDENTITY
from mesh.driver.journal.schema import SCHEMA_VERSION
from mesh.driver.journal.sqlite import FILE_NAME
from mesh.driver.keys import read_or_make_key
from tests.hosts.asking import environment
from tests.hosts.mesh import Mesh, await_answer, on_loopback
from tests.hosts.processes import Outcome, Process


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Process:
    """A controller that has founded an environment and was stopped."""
    (process,) = on_loopback(1, tmp_path_factory.mktemp("stopped"))
    process.start()
    await_answer(process)
    assert process.terminate() == DONE
    return process


@pytest.fixture
def copy(stopped: Process, tmp_path: Path) -> Process:
    """The same, to be spoilt."""
    directory = tmp_path / stopped.name
    _ = shutil.copytree(stopped.directory, directory)
    return Process(stopped.name, directory, stopped.arguments)


def up(process: Process) -> Outcome:
    """`trellis up`, where it must end by itself."""
    return process.run("up", "--name", process.name, *process.arguments)


def content(directory: Path) -> dict[str, bytes]:
    """Every file that says something about its controller."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "lock"}


def test_directory_of_another_controller(copy: Process) -> None:
    """The journal of one and the key of another: it says whose is which, and touches neither."""
    (copy.directory / IDENTITY).unlink()
    _ = read_or_make_key(copy.directory / IDENTITY)
    before = content(copy.directory)
    ended = up(copy)
    assert ended.code == FAILED
    assert "is the journal of the controller" in ended.errors
    assert "put back the right key" in ended.errors
    assert "Traceback" not in ended.errors
    assert content(copy.directory) == before


def test_directory_of_a_newer_version(copy: Process) -> None:
    """A format that this version does not know is named, with what to do, and left as it is."""
    journal = sqlite3.connect(copy.directory / FILE_NAME)
    _ = journal.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    journal.close()
    before = content(copy.directory)
    ended = up(copy)
    assert ended.code == FAILED
    assert "was written by a newer version" in ended.errors
    assert "install that version again" in ended.errors
    assert "Traceback" not in ended.errors
    assert content(copy.directory) == before


def test_key_that_is_none(copy: Process) -> None:
    """A damaged key is not replaced by a new one: that would be another controller."""
    _ = (copy.directory / IDENTITY).write_text("ed25519 not so\n")
    before = content(copy.directory)
    ended = up(copy)
    assert ended.code == FAILED
    assert IDENTITY in ended.errors
    assert "Traceback" not in ended.errors
    assert content(copy.directory) == before


def test_every_mistake_of_a_command_at_once(mesh: Mesh) -> None:
    """Unknown and missing parameters are named together; neither draft nor history changes."""
    process = mesh.processes[0]
    before = environment(process)
    assert process.run("change", "new", "a wrong one").code == DONE
    wrong = process.run("change", "add", "site", "create", "--nam", "x", "--locatio", "y")
    assert wrong.code == WRONG_USAGE
    assert "did you mean 'name'" in wrong.errors
    assert "did you mean 'location'" in wrong.errors
    shown = json.loads(process.run("change", "show", "a wrong one", "--json").out)
    assert shown["commands"] == []
    empty = process.run("change", "submit", "a wrong one")
    assert empty.code in {FAILED, WRONG_USAGE}
    assert process.run("change", "discard", "a wrong one").code == DONE
    for words, meant in (
        (("site", "creat", "--name", "x"), "create"),
        (("sit", "create", "--name", "x"), "site"),
        (("statu",), "status"),
    ):
        wrong = process.run(*words)
        assert wrong.code == WRONG_USAGE
        assert f"did you mean '{meant}'" in wrong.errors
    after = environment(process)
    assert after["history_hash"] == before["history_hash"]
    assert after["waiting"] == 0


def test_nobody_there(tmp_path: Path) -> None:
    """A command without a controller to speak to says which socket it tried, and what to do."""
    ended = Process("nobody", tmp_path).run("status")
    assert ended.code == NOT_REACHABLE
    assert str(tmp_path) in ended.errors
    assert "trellis up" in ended.errors
