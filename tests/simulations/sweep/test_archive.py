"""The archive of a sweep: what is in it need not be doubted, and nothing is run twice."""

import os
from pathlib import Path

import pytest

from simulations.sweep.archive import ARCHIVES_MAX, Archive, Row, Unusable, tidy, usual_place
from simulations.verdict import Verdict, Violation

FAILED = (Violation(7, "barrier", "W: broken"),)


def verdict(seed: int, violations: tuple[Violation, ...] = ()) -> Verdict:
    """The outcome of a run that never was."""
    return Verdict(seed, f"{seed:064x}", violations, 10, 5, 3, 2, {"0-split": 4}, {"Answer": 1})


def row(seed: int, violations: tuple[Violation, ...] = ()) -> Row:
    """What is kept of it."""
    found = verdict(seed, violations)
    return Row(seed, found.digest, "barrier W" if violations else None, found, b"{}", "")


def test_what_was_kept_is_found_again(tmp_path: Path) -> None:
    """A sweep that is opened again knows what it had found, in the order of the seeds."""
    place = tmp_path / "a.sqlite3"
    rows = [row(2), row(1, FAILED)]
    with Archive(place, "key") as archive:
        for each in rows:
            archive.keep(each)
    with Archive(place, "key") as archive:
        assert archive.done() == {1, 2}
        assert list(archive.rows(range(5))) == rows[::-1]


def test_a_seed_whose_worker_was_lost_is_worth_another_try() -> None:
    """It is listed, and not among those that are done; a later outcome takes its place."""
    with Archive(None, "key") as archive:
        archive.keep(Row(3, "", "lost worker", None, b"{}", "was killed"))
        assert archive.done() == frozenset()
        assert [each.remark for each in archive.rows([3])] == ["was killed"]
        archive.keep(row(3))
        assert list(archive.rows([3])) == [row(3)]


def test_one_sweep_at_a_time(tmp_path: Path) -> None:
    """A second one at work on the same file is told so."""
    place = tmp_path / "a.sqlite3"
    with Archive(place, "key"), pytest.raises(Unusable, match="another sweep is at work"):
        _ = Archive(place, "key")


def test_rows_of_other_code_are_not_taken(tmp_path: Path) -> None:
    """A file of another scenario or of other code is refused, and says what to do."""
    place = tmp_path / "a.sqlite3"
    Archive(place, "key").close()
    with pytest.raises(Unusable, match="--fresh"):
        _ = Archive(place, "another key")
    _ = place.write_bytes(b"no database at all, by any means" * 100)
    with pytest.raises(Unusable, match="cannot be used"):
        _ = Archive(place, "key")


def test_old_archives_go(tmp_path: Path) -> None:
    """Each state of the code leaves one; the latest are kept."""
    for number in range(ARCHIVES_MAX + 3):
        place = usual_place(tmp_path, "a/b", f"{number}")
        Archive(place, "key").close()
        os.utime(place, ns=(number, number))
    tidy(tmp_path)
    left = {file.name for file in tmp_path.iterdir()}
    assert len(left) == ARCHIVES_MAX
    assert left.isdisjoint({"a-b-0.sqlite3", "a-b-1.sqlite3", "a-b-2.sqlite3"})
