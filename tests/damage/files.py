"""What can happen to the files of a controller that does not run, each kind once.

The victim is stopped or killed, then its files are damaged, then it is started again. What it held
before and what it holds after are both read with the eyes of the journal itself.
"""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from mesh.driver.journal.loading import Contents, read
from mesh.driver.journal.rows import Table
from mesh.driver.journal.schema import connect
from mesh.driver.journal.sqlite import FILE_NAME

LOG: Final = f"{FILE_NAME}-wal"
WITNESS: Final = f"{FILE_NAME}.witness"
HEADER_BYTES: Final = 100
"""Of the database: what is flipped there makes it none at all, which is a kind of its own."""

PROMPT: Final = "unproven start"
LOSS: Final = (PROMPT, "memory lost", "journal damaged", "facts set aside")


@dataclass(frozen=True, slots=True)
class Files:
    """The data directory of the victim, and an older copy of it."""

    home: Path
    older: Path


Damage = Callable[[Files, Random], None]


def held(home: Path) -> Contents:
    """What the journal in ``home`` holds, read from a copy; nothing where it is no journal."""
    with TemporaryDirectory() as there:
        for name in (FILE_NAME, LOG):
            if (home / name).exists():
                _ = shutil.copy(home / name, there)
        try:
            connection = connect(Path(there) / FILE_NAME)
        except sqlite3.Error:
            return Contents({table: {} for table in Table}, is_complete=False)
        try:
            return read(connection)
        finally:
            connection.close()


def is_whole(before: Contents, after: Contents) -> bool:
    """Whether the damage took nothing away."""
    return (before.tables, after.damaged, after.is_complete) == (after.tables, [], True)


# --- kinds ----------------------------------------------------------------------------------------


def _flip(path: Path, luck: Random, count: int, start: int = 0) -> None:
    if not path.exists() or path.stat().st_size <= start:
        return
    content = bytearray(path.read_bytes())
    for _ in range(count):
        content[luck.randrange(start, len(content))] ^= 1 << luck.randrange(8)
    _ = path.write_bytes(content)


def _truncate(path: Path, luck: Random) -> None:
    if path.exists():
        with path.open("r+b") as file:
            _ = file.truncate(luck.randrange(path.stat().st_size + 1))


def flip_journal(files: Files, luck: Random) -> None:
    """Bits flip in the database."""
    _flip(files.home / FILE_NAME, luck, luck.choice((1, 8, 64, 512)), HEADER_BYTES)


def flip_header(files: Files, luck: Random) -> None:
    """Bits flip in the first bytes of the database."""
    path = files.home / FILE_NAME
    content = bytearray(path.read_bytes())
    for _ in range(4):
        content[luck.randrange(HEADER_BYTES)] ^= 1 << luck.randrange(8)
    _ = path.write_bytes(content)


def flip_log(files: Files, luck: Random) -> None:
    """Bits flip in the log of the database."""
    _flip(files.home / LOG, luck, luck.choice((1, 8, 64)))


def flip_witness(files: Files, luck: Random) -> None:
    """Bits flip in the file that says how far the journal had come."""
    _flip(files.home / WITNESS, luck, 1)


def truncate_journal(files: Files, luck: Random) -> None:
    """The database ends early."""
    _truncate(files.home / FILE_NAME, luck)


def truncate_log(files: Files, luck: Random) -> None:
    """The log ends early."""
    _truncate(files.home / LOG, luck)


def lose_log(files: Files, _luck: Random) -> None:
    """The log is gone."""
    (files.home / LOG).unlink(missing_ok=True)


def lose_journal(files: Files, luck: Random) -> None:
    """The database is gone, with its log or without it."""
    (files.home / FILE_NAME).unlink()
    if luck.getrandbits(1):
        (files.home / LOG).unlink(missing_ok=True)


def lose_witness(files: Files, _luck: Random) -> None:
    """The file that says how far the journal had come is gone."""
    (files.home / WITNESS).unlink()


def older_journal(files: Files, _luck: Random) -> None:
    """The database is an older copy; the rest is not."""
    (files.home / LOG).unlink(missing_ok=True)
    for name in (FILE_NAME, LOG):
        if (files.older / name).exists():
            _ = shutil.copy(files.older / name, files.home / name)


def older_content(files: Files, _luck: Random) -> None:
    """The whole directory is as it was, file by file, in the same files."""
    (files.home / LOG).unlink(missing_ok=True)
    for each in files.older.iterdir():
        if each.is_file():
            _ = (files.home / each.name).write_bytes(each.read_bytes())


def older_directory(files: Files, _luck: Random) -> None:
    """The whole directory is an older copy."""
    shutil.rmtree(files.home)
    _ = shutil.copytree(files.older, files.home)


KINDS: Final[tuple[tuple[Damage, tuple[str, ...]], ...]] = (
    (flip_journal, LOSS),
    (flip_header, LOSS),
    (flip_log, LOSS),
    (flip_witness, (PROMPT,)),
    (truncate_journal, LOSS),
    (truncate_log, LOSS),
    (lose_log, LOSS),
    (lose_journal, LOSS),
    (lose_witness, (PROMPT,)),
    (older_journal, LOSS),
    (older_content, (PROMPT, "rolled back")),
    (older_directory, (PROMPT, "rolled back")),
)
"""Each with the events of which one has to be logged, where it took anything away."""
