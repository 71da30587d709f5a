"""The journal on a real file: what was confirmed is there, and what is there can be believed."""

import os
import shutil
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from mesh.driver.errors import DiskFailed, ForeignDirectory, NewerDirectory
from mesh.driver.journal.proof import NOT_REMEMBERED
from mesh.driver.journal.sqlite import FILE_NAME, SqliteStorage
from mesh.driver.journal.writer import Batch, Committed, Writer
from mesh.protocol.inputs import Persisted
from tests.mesh.driver.journal.support import (
    ME,
    OTHER,
    Outcomes,
    damage,
    fact,
    incarnation,
    meta,
    on_disk,
    opened,
    store,
    write,
)


async def test_what_was_written_is_found(tmp_path: Path) -> None:
    """Facts by chain and number, records with their vector, and values, as they were written."""
    theirs = incarnation(OTHER, boot=300)
    await write(
        on_disk(tmp_path),
        [
            (fact(1), fact(2), store(b"b", b"a", metadata=b"first")),
            (fact(1, theirs), fact(2, theirs), fact(3), meta("environment")),
            (store(b"c", metadata=b"second"), store(b"b", value=None, metadata=b"third")),
        ],
    )
    async with opened(on_disk(tmp_path)) as journal:
        image = journal.image
    expected = [fact(1), fact(2), fact(3), fact(1, theirs), fact(2, theirs)]
    assert image.facts == tuple(each.signed for each in expected)
    assert image.records == ((b"a", b"value"), (b"c", b"value"))
    assert image.store_metadata == b"third"
    assert image.meta == {"environment": b"meta"}


async def test_boot_number_rises_with_each_opening(tmp_path: Path) -> None:
    """The number of a life is durable before the life begins, and never used twice."""
    boots = []
    for _ in range(3):
        async with opened(on_disk(tmp_path)) as journal:
            boots.append(journal.image.boot)
    assert boots == [1, 2, 3]


async def test_tokens_are_answered_in_order(tmp_path: Path) -> None:
    """Tokens are confirmed in their order, the last one too; several may share one commit."""
    outcomes = Outcomes()
    journal = await on_disk(tmp_path).open(ME, outcomes.report)
    for token in range(1, 501):
        journal.append(token, (meta(f"key {token}"),))
    await outcomes.wait_for(500)
    await journal.aclose()
    tokens = [outcome.token for outcome in outcomes.seen if isinstance(outcome, Persisted)]
    assert tokens == sorted(set(tokens))
    assert tokens[-1] == 500
    statistics = journal.statistics()
    assert statistics.tokens == 500
    assert statistics.transactions < 500
    assert statistics.backlog_bytes == 0


async def test_closing_keeps_what_was_handed_over(tmp_path: Path) -> None:
    """A clean stop makes durable what nobody waited for."""
    async with opened(on_disk(tmp_path)) as journal:
        journal.append(1, (meta("late"),))
    async with opened(on_disk(tmp_path)) as journal:
        assert journal.image.meta == {"late": b"meta"}


async def test_files_are_private(tmp_path: Path) -> None:
    """What the journal holds is for its owner alone: running information can be confidential."""
    old = os.umask(0)
    try:
        async with opened(on_disk(tmp_path)) as journal:
            journal.append(1, (meta("key"),))
            modes = _modes(tmp_path)
    finally:
        _ = os.umask(old)
    assert set(modes.values()) == {0o600}


def _modes(directory: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}


# --- continuity -----------------------------------------------------------------------------------


async def test_clean_restart_is_unbroken(tmp_path: Path) -> None:
    """Same kernel, same file, nothing missing: the last number of the former life is proven."""
    await write(on_disk(tmp_path), [(fact(1),)])
    async with opened(on_disk(tmp_path)) as journal:
        assert journal.image.previous == incarnation()
        assert journal.image.unbroken
        assert journal.findings.doubts == ()


async def test_doubt_of_the_caller_counts(tmp_path: Path) -> None:
    """A life that ended in a time jump or a failed sync proves nothing for the next."""
    await write(on_disk(tmp_path), [(fact(1),)])
    async with opened(on_disk(tmp_path), "the clock jumped") as journal:
        assert not journal.image.unbroken
        assert journal.findings.doubts == ("the clock jumped",)


async def test_doubt_stays_until_it_was_said(tmp_path: Path) -> None:
    """A start in doubt that dies before its Boot leaves the doubt to the next one."""
    await write(on_disk(tmp_path), [(fact(1),)])
    async with opened(on_disk(tmp_path), "the clock jumped"):
        pass
    async with opened(on_disk(tmp_path)) as journal:
        assert not journal.image.unbroken
        journal.append(1, (fact(1, incarnation(boot=journal.image.boot)),))
    async with opened(on_disk(tmp_path)) as journal:
        assert journal.image.unbroken


async def test_restored_file_is_noticed(tmp_path: Path) -> None:
    """A copy put in the journal's place is another file, whatever it says."""
    await write(on_disk(tmp_path), [(fact(1),)])
    journal_file = tmp_path / FILE_NAME
    _ = shutil.copy(journal_file, tmp_path / "copy")
    _ = (tmp_path / "copy").rename(journal_file)
    async with opened(on_disk(tmp_path)) as journal:
        assert not journal.image.unbroken
        assert "another file" in journal.findings.doubts[0]


async def test_older_content_in_the_same_file_is_noticed(tmp_path: Path) -> None:
    """An older copy written over the journal lacks transactions that the witness has seen."""
    await write(on_disk(tmp_path), [(fact(1),)])
    old = (tmp_path / FILE_NAME).read_bytes()
    await write(on_disk(tmp_path), [(fact(2),), (fact(3),)])
    _ = (tmp_path / FILE_NAME).write_bytes(old)
    async with opened(on_disk(tmp_path)) as journal:
        assert not journal.image.unbroken
        assert "lacks the last" in journal.findings.doubts[0]


def remembered(directory: Path) -> SqliteStorage:
    """The real storage in ``directory``, with a count in the kernel's memory beside it."""
    return replace(on_disk(directory), kernel=directory.with_name("kernel"))


def copied(source: Path, target: Path) -> None:
    """Write the content of each file of ``source`` into the file of that name in ``target``."""
    for each in source.iterdir():
        _ = (target / each.name).write_bytes(each.read_bytes())


async def test_a_directory_that_goes_on_is_proven_by_the_kernel(tmp_path: Path) -> None:
    """The count in memory agrees with the one in the journal, start after start."""
    home = tmp_path / "home"
    home.mkdir()
    for number in range(1, 4):
        await write(remembered(home), [(fact(number),)])
    async with opened(remembered(home)) as journal:
        assert journal.image.unbroken
        assert not journal.image.findings


async def test_a_whole_directory_put_back_in_place_is_noticed(tmp_path: Path) -> None:
    """Same files, same kernel, and each of them says what it said then; the kernel knows better."""
    home, backup = tmp_path / "home", tmp_path / "backup"
    home.mkdir()
    await write(remembered(home), [(fact(1),)])
    _ = shutil.copytree(home, backup)
    await write(remembered(home), [(fact(2),), (fact(3),)])
    copied(backup, home)
    async with opened(remembered(home)) as journal:
        assert not journal.image.unbroken
        assert "not the one that this host wrote last" in journal.findings.doubts[0]
        assert journal.image.findings == journal.findings.doubts


async def test_where_the_kernel_remembers_nothing_no_start_claims_anything(tmp_path: Path) -> None:
    """A folder that is gone, or that others may write to, is an empty memory."""
    home, kernel = tmp_path / "home", tmp_path / "kernel"
    home.mkdir()
    await write(remembered(home), [(fact(1),)])
    shutil.rmtree(kernel)
    async with opened(remembered(home)) as journal:
        assert journal.findings.doubts == (NOT_REMEMBERED,)
        assert not journal.image.findings
    kernel.chmod(0o777)
    async with opened(remembered(home)) as journal:
        assert not journal.image.unbroken


@pytest.mark.parametrize("left", [0, 1, 100, 5_000])
async def test_truncated_log_is_noticed(tmp_path: Path, left: int) -> None:
    """SQLite takes a shortened log for a short one; the witness does not."""
    alive, dead = tmp_path / "alive", tmp_path / "dead"
    alive.mkdir()
    outcomes = Outcomes()
    journal = await on_disk(alive).open(ME, outcomes.report)
    for token in range(1, 6):
        journal.append(token, (fact(token),))
        await outcomes.wait_for(token)
    _ = shutil.copytree(alive, dead)
    await journal.aclose()

    log = dead / f"{FILE_NAME}-wal"
    _ = log.write_bytes(log.read_bytes()[:left])
    async with opened(on_disk(dead)) as reopened:
        assert len(reopened.image.facts) < 5
        assert not reopened.image.unbroken
        assert any("lacks the last" in doubt for doubt in reopened.findings.doubts)


async def test_killed_process_is_unbroken(tmp_path: Path) -> None:
    """What a killed process leaves, log and all, is whole: this copy is just another file."""
    alive, dead = tmp_path / "alive", tmp_path / "dead"
    alive.mkdir()
    outcomes = Outcomes()
    journal = await on_disk(alive).open(ME, outcomes.report)
    journal.append(1, (fact(1), meta("key")))
    await outcomes.wait_for(1)
    _ = shutil.copytree(alive, dead)
    await journal.aclose()
    async with opened(on_disk(dead)) as reopened:
        assert reopened.image.facts == (fact(1).signed,)
        assert len(reopened.findings.doubts) == 1
        assert "another file" in reopened.findings.doubts[0]


# --- damage ---------------------------------------------------------------------------------------


async def test_flipped_bit_is_found_and_put_aside(tmp_path: Path) -> None:
    """One flipped bit in a value, which SQLite does not notice: that row is put aside."""
    await write(
        on_disk(tmp_path),
        [(fact(1), fact(2), fact(3)), (store(b"whole"), meta("key", b"precious"))],
    )
    damage(tmp_path, b"precious")
    async with opened(on_disk(tmp_path)) as journal:
        assert journal.image.meta == {}
        assert journal.image.records == ((b"whole", b"value"),)
        assert len(journal.image.facts) == 3
        assert not journal.image.unbroken
        assert journal.findings.damaged_rows == 1
        assert journal.findings.doubts == ("the journal was damaged",)  # we wrote the other file
    rows = _evidence(tmp_path)
    assert [(origin, key) for origin, key, _ in rows] == [("meta", b"key")]
    assert rows[0][2] != b"precious"
    assert len(list((tmp_path / "evidence").iterdir())) == 1


async def test_damage_is_a_matter_of_one_start(tmp_path: Path) -> None:
    """After the damage was put aside and said, the store is sound; the evidence stays."""
    await write(on_disk(tmp_path), [(meta("key", b"precious"),)])
    damage(tmp_path, b"precious")
    async with opened(on_disk(tmp_path)) as journal:
        journal.append(1, (fact(1, incarnation(boot=journal.image.boot)),))
    async with opened(on_disk(tmp_path)) as journal:
        assert journal.findings.damaged_rows == 0
        assert journal.image.unbroken
    assert len(_evidence(tmp_path)) == 1


async def test_chain_ends_before_a_damaged_fact(tmp_path: Path) -> None:
    """What follows a damaged fact is kept, and not loaded before the gap is filled."""
    await write(on_disk(tmp_path), [(fact(1), fact(2), fact(3))])
    damage(tmp_path, fact(2).signed.raw)
    async with opened(on_disk(tmp_path)) as journal:
        assert journal.image.facts == (fact(1).signed,)
        assert journal.findings.detached_facts == 1
        journal.append(1, (fact(2),))
    async with opened(on_disk(tmp_path)) as journal:
        assert journal.image.facts == tuple(fact(number).signed for number in (1, 2, 3))


@pytest.mark.parametrize("page", [2, 3, 4, 5, 6])
async def test_torn_page_costs_its_rows_only(tmp_path: Path, page: int) -> None:
    """A page of zeros in the file: what the other pages hold is saved, and the file kept."""
    keys = [f"{number:05}".encode() for number in range(500)]
    await write(on_disk(tmp_path), [(store(*keys, value=b"v" * 100), fact(1), meta("key"))])
    path = tmp_path / FILE_NAME
    raw = bytearray(path.read_bytes())
    assert len(raw) > 20 * 4_096
    raw[(page - 1) * 4_096 : page * 4_096] = bytes(4_096)
    _ = path.write_bytes(raw)
    async with opened(on_disk(tmp_path)) as journal:
        assert journal.image.boot >= 1
        assert not journal.image.unbroken
        saved = len(journal.image.records) + len(journal.image.facts) + len(journal.image.meta)
    assert saved > 0
    assert len(list((tmp_path / "evidence").iterdir())) == 1


async def test_file_of_rubbish_is_put_aside(tmp_path: Path) -> None:
    """Where nothing can be read the controller starts empty, and the file is kept."""
    await write(on_disk(tmp_path), [(fact(1),)])
    _ = (tmp_path / FILE_NAME).write_bytes(b"rubbish!" * 4_096)
    async with opened(on_disk(tmp_path)) as journal:
        assert journal.image.facts == ()
        assert not journal.image.unbroken
        assert journal.findings.doubts
    (kept,) = (tmp_path / "evidence").iterdir()
    assert kept.read_bytes().startswith(b"rubbish!")


def _evidence(directory: Path) -> list[tuple[str, bytes, bytes]]:
    connection = sqlite3.connect(directory / FILE_NAME)
    try:
        return connection.execute("SELECT origin, key, value FROM evidence").fetchall()
    finally:
        connection.close()


# --- what cannot be opened ------------------------------------------------------------------------


async def test_newer_format_is_refused(tmp_path: Path) -> None:
    """A journal of a newer version is left alone: one clear line."""
    await write(on_disk(tmp_path), [(fact(1),)])
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    _ = connection.execute("PRAGMA user_version = 2")
    connection.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(NewerDirectory, match="newer version"):
        _ = await on_disk(tmp_path).open(ME, Outcomes().report)
    assert (tmp_path / FILE_NAME).read_bytes() == before


async def test_journal_of_another_controller_is_refused(tmp_path: Path) -> None:
    """The journal says whose it is: another key beside it is a mistake that must not be made."""
    await write(on_disk(tmp_path), [(fact(1),)])
    with pytest.raises(ForeignDirectory, match="is the journal of the controller"):
        _ = await on_disk(tmp_path).open(OTHER, Outcomes().report)


async def test_foreign_database_is_refused(tmp_path: Path) -> None:
    """A database of another program is left alone."""
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    _ = connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(ForeignDirectory, match="something else"):
        _ = await on_disk(tmp_path).open(ME, Outcomes().report)


async def test_missing_directory_is_the_disks_trouble(tmp_path: Path) -> None:
    """What may pass, such as a file system not mounted yet, is an error of its own kind."""
    with pytest.raises(DiskFailed, match="cannot be opened"):
        _ = await on_disk(tmp_path / "nowhere").open(ME, Outcomes().report)


# --- failure --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "word"),
    [(sqlite3.OperationalError("disk I/O error"), "disk I/O error"), (OSError(5, "gone"), "gone")],
)
async def test_failed_commit_is_told_once_and_never_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception, word: str
) -> None:
    """After the first failure nothing is confirmed; a new opening finds what was durable."""
    tries = 0

    def fail(_: Writer, __: list[Batch]) -> Committed:
        nonlocal tries
        tries += 1
        raise trouble

    outcomes = Outcomes()
    journal = await on_disk(tmp_path).open(ME, outcomes.report)
    journal.append(1, (meta("key", b"durable"),))
    await outcomes.wait_for(1)
    monkeypatch.setattr(Writer, "_commit", fail)
    journal.append(2, (meta("key", b"lost"),))
    await outcomes.wait_for(2)
    journal.append(3, (meta("key", b"lost too"),))
    await journal.aclose()
    monkeypatch.undo()
    assert len(outcomes.seen) == 2
    assert word in str(outcomes.failure)
    assert journal.statistics().failed == outcomes.failure
    assert tries == 1
    async with opened(on_disk(tmp_path)) as reopened:
        assert reopened.image.meta == {"key": b"durable"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_fault_in_the_writer_is_not_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of our own in the thread is told too: nobody waits for ever."""

    def fail(_: Writer, __: list[Batch]) -> Committed:
        raise AssertionError("an invariant")

    monkeypatch.setattr(Writer, "_commit", fail)
    outcomes = Outcomes()
    journal = await on_disk(tmp_path).open(ME, outcomes.report)
    journal.append(1, (meta("key"),))
    await outcomes.wait_for(1)
    assert "fault of our own" in str(outcomes.failure)
    await journal.aclose()
