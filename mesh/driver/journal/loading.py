"""Reading a journal that nobody may trust before each row has proved itself.

Like a librarian after a flood: every page is held against its own checksum; what fits goes back on
the shelf, what does not goes into a box that nobody throws away. Where anything at all was found
damaged the whole file is moved aside and a new one is written of what fits, since a damaged tree
cannot be mended in place.
"""

import sqlite3
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from mesh.driver.journal.evidence import EVIDENCE_FOLDER
from mesh.driver.journal.rows import RowId, Table, row_hash
from mesh.driver.journal.schema import SELECT, connect, fold_log, is_sound, write_rows
from mesh.driver.keys import sync_directory

_NO_JOURNAL: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""The whole file is damaged. Anything else at the opening is the disk's trouble, and may pass."""
_TORN: Final = _NO_JOURNAL | {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_ERROR}
"""What ends the reading of one table: a bad sector and a lost table too."""

Column = bytes | int | float | None
Row = tuple[Column, Column, Column]


@dataclass(frozen=True, slots=True)
class Contents:
    """All rows of a journal, those that proved themselves and those that did not."""

    tables: dict[Table, dict[bytes, bytes]]
    """Key to value, by key."""
    damaged: list[tuple[Table, Row]] = field(default_factory=list)
    is_complete: bool = True
    """Every table could be read to its end."""
    is_rewritten: bool = False
    """The file was damaged: it lies with the evidence, and this one was written anew."""


def open_verified(path: Path, wall_ns: int) -> tuple[sqlite3.Connection, Contents]:
    """A sound journal in the file ``path`` and all that could be saved.

    What was damaged lies beside it, in the folder ``evidence``.
    Raises what `schema.connect` raises, and OSError where files cannot be moved.
    """
    try:
        connection = connect(path)
    except sqlite3.DatabaseError as error:
        if not _is_damage(error, _NO_JOURNAL):
            raise
        contents = Contents({table: {} for table in Table}, is_complete=False)
    else:
        with ExitStack() as cleanup:
            _ = cleanup.callback(connection.close)
            contents = read(connection)
            if contents.is_complete and not contents.damaged and is_sound(connection):
                fold_log(connection)
                _ = cleanup.pop_all()
                return connection, contents
    _write_anew(path, contents, wall_ns)
    return connect(path), replace(contents, is_rewritten=True)


def read(connection: sqlite3.Connection) -> Contents:
    """Every row that can be reached, from both ends of a table where its middle is torn."""
    contents = Contents({table: {} for table in Table})
    is_complete = True
    for table in Table:
        rows, is_whole = _reachable(connection, table)
        is_complete = is_complete and is_whole
        good = []
        for row in rows:
            key, value, proof = row
            if (
                isinstance(key, bytes)
                and isinstance(value, bytes)
                and proof == row_hash(RowId(table, key), value)
            ):
                good.append((key, value))
            else:
                contents.damaged.append((table, row))
        contents.tables[table] = dict(sorted(good))
    return Contents(contents.tables, contents.damaged, is_complete)


def _reachable(connection: sqlite3.Connection, table: Table) -> tuple[list[Row], bool]:
    rows: list[Row] = []
    is_whole = _scan(connection, SELECT[table], rows)
    if not is_whole:
        from_the_end: list[Row] = []
        _ = _scan(connection, f"{SELECT[table]} DESC", from_the_end)
        seen = set(rows)
        rows += [row for row in reversed(from_the_end) if row not in seen]
    return rows, is_whole


def _scan(connection: sqlite3.Connection, query: str, rows: list[Row]) -> bool:
    """Append what ``query`` gives; False where it breaks off."""
    try:
        for row in connection.execute(query):
            rows.append(row)  # noqa: PERF402  what came before a break counts
    except sqlite3.DatabaseError as error:
        if not _is_damage(error, _TORN):
            raise
        return False
    return True


def _is_damage(error: sqlite3.DatabaseError, codes: frozenset[int]) -> bool:
    return error.sqlite_errorcode & 0xFF in codes


def _write_anew(path: Path, contents: Contents, wall_ns: int) -> None:
    """Put a journal of ``contents`` in the place of ``path``, which moves to the evidence."""
    beside = path.with_name(path.name + ".new")
    for suffix in ("", "-wal"):
        beside.with_name(beside.name + suffix).unlink(missing_ok=True)
    connection = connect(beside)
    try:
        _fill(connection, contents, wall_ns)
    finally:
        connection.close()
    _keep_as_evidence(path, wall_ns)
    path.with_name(path.name + "-wal").unlink(
        missing_ok=True
    )  # not to be replayed over the new file
    _ = beside.replace(path)
    sync_directory(path.parent)


def _fill(connection: sqlite3.Connection, contents: Contents, wall_ns: int) -> None:
    for table, rows in contents.tables.items():
        write_rows(connection, {RowId(table, key): value for key, value in rows.items()})
    _ = connection.executemany(
        "INSERT INTO evidence (found_wall_ns, origin, key, value, hash) VALUES (?, ?, ?, ?, ?)",
        ((wall_ns, str(table), *row) for table, row in contents.damaged),
    )
    fold_log(connection)


def _keep_as_evidence(path: Path, wall_ns: int) -> None:
    folder = path.parent / EVIDENCE_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    for suffix in ("", "-wal"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            (folder / f"{wall_ns}-{file.name}").hardlink_to(file)
    sync_directory(folder)
