"""A full disk: its controller says so and steps aside, and comes back when there is room."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from mesh.cli.errors import FAILED, CommandError
from tests.hosts.asking import agree, entry, items, put, set_item
from tests.hosts.mesh import Mesh, on_loopback
from tests.hosts.processes import Process, await_that

PATIENCE_S = 60.0
DISK: Final = "8m"
"""Room for a journal and its log, soon filled."""


@contextmanager
def mounted(directory: Path) -> Iterator[None]:
    """A small disk at ``directory`` for as long as the block lasts."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    options = ["-o", f"size={DISK},mode=0700"]
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(directory)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"may not mount here: {done.stderr.strip()}")
    try:
        yield
    finally:
        _ = subprocess.run(["umount", "--lazy", str(directory)], check=True)


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[Mesh]:
    """Three controllers, the last of them on a small disk."""
    made = Mesh(on_loopback(3, tmp_path))
    with mounted(made.processes[-1].directory):
        try:
            made.form()
            yield made
        finally:
            made.stop()


def fill(directory: Path) -> Path:
    """A file that takes all the room that is left."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                _ = file.write(bytes(4_096))
        except OSError:
            return ballast


def write_until_it_fails(process: Process) -> int:
    """Write until one write is not promised; how many were."""
    number = 0
    while True:
        try:
            put(process, f"promised-{number}", "x" * 1_000)
        except CommandError:
            return number
        number += 1


def votes(process: Process) -> bool:
    """Whether it takes part at the barrier."""
    status = process.status()
    return status is not None and bool(status["votes"])


def boot(process: Process) -> int:
    """The number of its life."""
    status = process.status()
    assert status is not None
    controller = status["controller"]
    assert isinstance(controller, dict)
    return int(controller["boot"])


def test_full_disk_stops_one_controller_and_no_other(mesh: Mesh) -> None:
    """It says so and casts no votes; the others go on; with room it is back with its promises."""
    first, second, full = mesh.processes
    life = boot(full)
    put(full, "promised", "while there was room")
    ballast = fill(full.directory)
    promised = write_until_it_fails(full)  # there may be room left in the log
    await_that(lambda: not votes(full), PATIENCE_S, "it casts no votes")
    assert "its disk failed" in full.run("status").out
    seen = full.run("doctor")
    assert seen.code == FAILED
    assert "free space" in seen.out

    _ = set_item(first, "colour", "green")
    others = (first, second)
    await_that(
        lambda: all(items(each).get("colour") == "green" for each in others),
        PATIENCE_S,
        "the others change the configuration without it",
    )
    put(second, "meanwhile", "written elsewhere")
    with pytest.raises(CommandError, match="disk of this controller failed"):
        put(full, "refused", "at once")

    ballast.unlink()
    await_that(lambda: votes(full), PATIENCE_S, "it votes again")
    mesh.await_whole()
    await_that(lambda: agree(mesh.processes), PATIENCE_S, "all hold the same")
    assert boot(full) > life
    assert items(full)["colour"] == "green"
    assert entry(full, "meanwhile") == "written elsewhere"
    assert entry(full, "promised") == "while there was room"
    for number in range(promised):
        assert entry(full, f"promised-{number}") is not None
    _ = set_item(full, "colour", "blue")
    await_that(
        lambda: all(items(each).get("colour") == "blue" for each in mesh.processes),
        PATIENCE_S,
        "all change the configuration with it",
    )
    assert "SQLITE_BUSY" not in full.log.read_text(), "it stood in its own way"
