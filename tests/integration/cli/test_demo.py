"""``trellis demo``: all of it holds on this machine, and it leaves nothing behind."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.hosts import TRELLIS, await_

TITLES = [
    "They find each other",
    "A value, seen everywhere",
    "One change, at one moment",
    "The network is cut in two",
    "The cut heals",
]


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory with a short name: the kernel takes 107 bytes for the path of a socket."""
    with tempfile.TemporaryDirectory(prefix="demo-") as name:
        yield Path(name)


def processes_below(directory: Path) -> list[str]:
    """The command lines of all processes that name ``directory``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue  # it has ended meanwhile
            if os.fsencode(directory) in line:
                found.append(line.decode(errors="replace"))
    return found


def test_everything_holds_and_nothing_is_left(short: Path) -> None:
    """Five acts, every check held, under forty seconds, no process and no file left behind."""
    environment = {**os.environ, "TMPDIR": str(short)}
    done = subprocess.run(
        [*TRELLIS, "demo", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["held"]
    assert [act["title"] for act in report["acts"]] == TITLES
    assert all(check["held"] for act in report["acts"] for check in act["checks"])
    _, value, change, _, merge = (act["facts"] for act in report["acts"])
    assert len(value["seen_ms"]) == 5
    assert change["skew_ms"] >= 0
    assert len(merge["set_aside"]) == 1
    assert report["took_s"] < 40
    assert list(short.iterdir()) == []
    assert processes_below(short) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(short: Path, number: signal.Signals) -> None:
    """Ctrl-C in the middle: every process ends, every file goes."""
    environment = {**os.environ, "TMPDIR": str(short)}
    process = subprocess.Popen(
        [*TRELLIS, "demo"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
    try:
        await_(lambda: len(processes_below(short)) == 5)
        process.send_signal(number)
        said, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert list(short.iterdir()) == []
    assert processes_below(short) == []


def test_killed_it_leaves_no_process(short: Path) -> None:
    """Even kill -9 of the demo ends the five: the kernel closes the pipes that they hold on to."""
    environment = {**os.environ, "TMPDIR": str(short)}
    process = subprocess.Popen([*TRELLIS, "demo"], stdout=subprocess.DEVNULL, env=environment)
    try:
        await_(lambda: len(processes_below(short)) == 5)
    finally:
        process.kill()
        process.wait()
    begun = time.monotonic()
    await_(lambda: processes_below(short) == [])
    assert time.monotonic() - begun < 20
