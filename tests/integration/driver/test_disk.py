"""Real disks that fill up or fail, and processes that are killed: what was confirmed is there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh.driver.errors import DiskFailed
from mesh.driver.journal.sqlite import FILE_NAME
from mesh.protocol.inputs import PersistFailed
from tests.mesh.driver.journal.support import (
    ME,
    Outcomes,
    decoded_sequence,
    fact,
    meta,
    on_disk,
    opened,
    write,
)

ROOT = Path(__file__).parents[3]
WRITER = Path(__file__).with_name("journal_process.py")


def start_writer(
    directory: Path, unsynced_ms: int = 0, wrapper: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """A process that writes facts into ``directory`` until it ends."""
    return subprocess.Popen(
        [*wrapper, sys.executable, WRITER, directory, str(unsynced_ms)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def confirmed_after(process: subprocess.Popen[str], confirmations: int) -> int:
    """Kill the process after so many confirmations; the last number that it confirmed."""
    assert process.stdout is not None
    with process:
        for _ in range(confirmations):
            assert process.stdout.readline(), "the writer ended by itself"
        process.kill()
        lines = process.stdout.read().split("\n")
    return int(lines[-2]) if len(lines) > 1 else confirmations


@pytest.mark.parametrize("unsynced_ms", [0, 20])
async def test_killed_writer_loses_nothing_that_was_confirmed(
    tmp_path: Path, unsynced_ms: int
) -> None:
    """After kill -9 every confirmed fact is there, in a chain without gaps, with its records.

    The same while every transaction is held in memory for a while before it is synced, so that
    whatever was confirmed too early would be gone.
    """
    for round_ in range(1, 4):
        writer = start_writer(tmp_path, unsynced_ms)
        last = confirmed_after(writer, 5 * round_)
        async with opened(on_disk(tmp_path)) as journal:
            image = journal.image
            assert journal.findings.doubts == ()
            assert image.unbroken
            assert image.previous is not None
            chain = [decoded_sequence(each) for each in image.facts[-last:]]
            held = image.facts[-1]
            assert decoded_sequence(held) >= last
            assert chain == sorted(chain)
            assert int(image.meta["last"]) == decoded_sequence(held)
            records = {key for key, _ in image.records}
            assert {str(number).encode() for number in range(1, last + 1)} <= records


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small file system")
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", path], check=False
    )
    if mounted.returncode:
        pytest.skip("may not mount a file system here")
    yield path
    _ = subprocess.run(["umount", "--lazy", path], check=True)


def _enlarge(disk: Path) -> None:
    _ = subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)


async def test_full_disk_fails_the_journal_and_keeps_what_was_confirmed(small_disk: Path) -> None:
    """Without space the journal says so once; with space again all confirmed facts are there."""
    outcomes = Outcomes()
    journal = await on_disk(small_disk).open(ME, outcomes.report)
    token = 0
    while outcomes.failure is None:
        token += 1
        journal.append(token, (fact(token, size_bytes=8_192),))
        await outcomes.wait_for(token)
        assert token < 1_000, "the disk never filled up"
    assert "full" in outcomes.failure
    confirmed = token - 1
    journal.append(token + 1, (meta("ignored"),))
    await journal.aclose()
    assert sum(isinstance(each, PersistFailed) for each in outcomes.seen) == 1
    _enlarge(small_disk)
    async with opened(on_disk(small_disk), "the disk failed") as again:
        assert len(again.image.facts) >= confirmed
        assert not again.image.unbroken


async def test_disk_that_is_full_at_the_start_is_the_disks_trouble(small_disk: Path) -> None:
    """A start on a full disk is an error that may pass, and breaks nothing."""
    await write(on_disk(small_disk), [(fact(1),)])
    before = (small_disk / FILE_NAME).read_bytes()
    free = shutil.disk_usage(small_disk).free
    _ = (small_disk / "ballast").write_bytes(bytes(free))
    with pytest.raises(DiskFailed, match="cannot be opened"):
        _ = await on_disk(small_disk).open(ME, Outcomes().report)
    (small_disk / "ballast").unlink()
    async with opened(on_disk(small_disk)) as journal:
        assert journal.image.facts == (fact(1).signed,)
    assert (small_disk / FILE_NAME).read_bytes()[:16] == before[:16]


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
async def test_failing_sync_fails_the_journal(tmp_path: Path, error: str) -> None:
    """A sync that fails confirms nothing, is not tried again, and ends the journal."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed: it makes syncs fail")
    trace = tmp_path / "trace"
    rule = f"inject=fdatasync,fsync:error={error}:when=40"
    wrapper = (strace, "-f", "-o", str(trace), "-e", "trace=fdatasync,fsync", "-e", rule)
    data = tmp_path / "data"
    data.mkdir()
    writer = start_writer(data, wrapper=wrapper)
    with writer:
        assert writer.stdout is not None
        lines = writer.stdout.read().splitlines()
    if len(lines) < 2:
        pytest.skip("strace may not trace here")
    assert lines[-1].startswith("failed: ")
    confirmed = int(lines[-2])
    assert trace.read_text().count("(INJECTED)") == 1
    async with opened(on_disk(data), "the disk failed") as journal:
        assert len(journal.image.facts) >= confirmed
        assert not journal.image.unbroken
