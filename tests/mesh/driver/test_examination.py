"""What a doctor sees of a controller that does not run; none of it changes a byte."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mesh.driver.directory import DataDirectory
from mesh.driver.examination import examine
from mesh.driver.journal.evidence import EVIDENCE_BYTES_MANY
from tests.mesh.driver.journal.support import damage, fact, on_disk, write


async def lived(directory: Path) -> Path:
    """A data directory with keys and a journal."""
    with DataDirectory(directory) as held:
        _ = held.keys()
        _ = held.founding_key()
    await write(on_disk(directory), [(fact(1),), (fact(2),)])
    return directory


def found(directory: Path, level: str) -> list[str]:
    """What is found of that level."""
    return [each.text for each in examine(directory) if each.level == level]


async def test_a_sound_directory_is_well(tmp_path: Path) -> None:
    """Looking changes nothing: not the content, not the times."""
    home = await lived(tmp_path / "home")
    # the journal of these tests belongs to another key than the one beside it
    before = {each.name: (each.read_bytes(), each.stat().st_mtime_ns) for each in home.iterdir()}
    assert all("journal of" in text for text in found(home, "error"))
    after = {each.name: (each.read_bytes(), each.stat().st_mtime_ns) for each in home.iterdir()}
    assert before == after


def _no_key(home: Path) -> None:
    (home / "identity.key").unlink()


def _open_key(home: Path) -> None:
    (home / "exchange.key").chmod(0o644)


def _bad_key(home: Path) -> None:
    _ = (home / "identity.key").write_text("ed25519 zz\n")


def _rot(home: Path) -> None:
    damage(home, fact(2).signed.raw)


def _half(home: Path) -> None:
    path = home / "journal.db"
    os.truncate(path, path.stat().st_size // 2)


def _noise(home: Path) -> None:
    _ = (home / "journal.db").write_bytes(b"\xaa" * 20_000)


def _foreign(home: Path) -> None:
    (home / "journal.db").unlink()
    with closing(sqlite3.connect(home / "journal.db")) as other:
        _ = other.execute("CREATE TABLE photos (name)")


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (_no_key, "identity.key is missing"),
        (_open_key, "can be read by others"),
        (_bad_key, "holds no ed25519 key"),
        (_rot, "rows of"),
        (_half, "damaged"),
        (_noise, "damaged"),
        (_foreign, "database of something else"),
    ],
)
async def test_each_harm_is_named(tmp_path: Path, harm: Callable[[Path], None], word: str) -> None:
    """One line for each, and what to do about it."""
    home = await lived(tmp_path / "home")
    harm(home)
    (line,) = [each for each in examine(home) if word in each.text]
    assert line.level == "error"
    assert line.do or "choose another" in line.text


async def test_a_key_that_others_may_read_is_a_matter_of_who_has(tmp_path: Path) -> None:
    """No backup helps there, and none is spoken of."""
    home = await lived(tmp_path / "home")
    _open_key(home)
    (told,) = [each for each in examine(home) if "can be read" in each.text]
    assert f"chmod 600 {home / 'exchange.key'}" in told.do
    assert "backup" not in told.do


async def test_an_open_directory_is_left_alone(tmp_path: Path) -> None:
    """Whoever has it open is asked, not looked over the shoulder."""
    home = await lived(tmp_path / "home")
    _noise(home)
    with DataDirectory(home):
        assert not found(home, "error")
        assert found(home, "note") == ["a controller has the directory open"]


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    """No directory, and a file in its place."""
    assert "cannot be looked at" in found(tmp_path / "none", "error")[0]
    (tmp_path / "file").touch()
    assert "no directory" in found(tmp_path / "file", "error")[0]


def test_much_evidence_is_a_warning(tmp_path: Path) -> None:
    """Nothing deletes it, so people have to be told."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    _ = (folder / "1-journal.db").write_bytes(b"x")
    assert any("1 files" in text for text in found(tmp_path, "note"))
    os.truncate(folder / "1-journal.db", EVIDENCE_BYTES_MANY + 1)
    assert any("nothing deletes them" in text for text in found(tmp_path, "warning"))
