"""A look at a journal that nobody has open, without changing a byte of it.

Opening a journal mends it: what is damaged is put aside, a life begins. Whoever only wants to know
reads a copy, with the same eyes.
"""

import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mesh.driver.errors import StartError
from mesh.driver.journal.loading import read
from mesh.driver.journal.rows import Table
from mesh.driver.journal.schema import connect, is_sound

_OWNER: Final = b"controller"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a journal holds, in numbers; no content."""

    rows: Mapping[str, int] = field(default_factory=dict)
    """Whole ones, by table."""
    size_bytes: Mapping[str, int] = field(default_factory=dict)
    """Of their values, by table."""
    damaged: int = 0
    is_torn: bool = False
    """Some of it cannot be read."""
    owner: bytes | None = None
    """The id of the controller whose journal it is, where it says so."""
    refused: str = ""
    """Why it is no journal for this program; empty where it is."""


def inspect(path: Path) -> Inspection:
    """The journal in the file ``path``, with its log. Raises OSError where it cannot be copied."""
    with TemporaryDirectory(prefix="trellis-") as folder:
        copy = Path(folder) / path.name
        for name in (path.name, f"{path.name}-wal"):
            if path.with_name(name).exists():
                _ = shutil.copyfile(path.with_name(name), copy.with_name(name))
        try:
            connection = connect(copy)
        except StartError as error:
            return Inspection(refused=str(error).replace(str(copy), str(path)))
        except sqlite3.Error:
            return Inspection(is_torn=True)
        try:
            return _inspect(connection)
        finally:
            connection.close()


def _inspect(connection: sqlite3.Connection) -> Inspection:
    contents = read(connection)
    tables = contents.tables
    return Inspection(
        rows={str(table): len(rows) for table, rows in tables.items()},
        size_bytes={str(table): sum(map(len, rows.values())) for table, rows in tables.items()},
        damaged=len(contents.damaged),
        is_torn=not contents.is_complete or not is_sound(connection),
        owner=tables[Table.DRIVER].get(_OWNER),
    )
