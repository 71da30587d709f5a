"""One SQLite file, opened so that a commit is durable when it returns.

WAL with synchronous=FULL syncs the log once for each commit (https://www.sqlite.org/wal.html); one
process holds the file exclusively, so the index of the log stays in its own memory. All tables have
one shape and no separate index: one commit of one row touches one page of its table.
"""

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mesh.driver.errors import DiskFailed, ForeignDirectory, NewerDirectory
from mesh.driver.journal.rows import RowId, Table, row_hash

SCHEMA_VERSION: Final = 1
_APPLICATION_ID: Final = int.from_bytes(b"TRLS", "big")

_SCHEMA: Final = "".join(
    f"CREATE TABLE {table} (key BLOB PRIMARY KEY, value BLOB, hash BLOB) WITHOUT ROWID;"
    for table in Table
)
_EVIDENCE: Final = (
    "CREATE TABLE evidence (id INTEGER PRIMARY KEY, found_wall_ns INTEGER, origin TEXT,"
    " key BLOB, value BLOB, hash BLOB);"
)
_ROWS_PER_STATEMENT: Final = (256, 64, 16, 4, 1)
_UPSERT: Final = {
    (table, rows): f"INSERT OR REPLACE INTO {table} VALUES {', '.join(['(?, ?, ?)'] * rows)}"  # noqa: S608  names of our own
    for table in Table
    for rows in _ROWS_PER_STATEMENT
}
_TOGETHER_MAX: Final = 16
"""Rows that are written by one statement, whatever their tables. Most transactions have fewer."""
_UPSERT_NEW: Final = "INSERT OR REPLACE INTO {} VALUES (NEW.key, NEW.value, NEW.hash)"
_SPREAD: Final = "".join(
    (
        "CREATE TEMP VIEW spread AS SELECT '' AS place, x'' AS key, x'' AS value, x'' AS hash;",
        *(
            f"CREATE TEMP TRIGGER spread_{table} INSTEAD OF INSERT ON spread"
            f" WHEN NEW.place = '{table}' BEGIN {_UPSERT_NEW.format(table)}; END;"
            for table in Table
        ),
    )
)
"""What is inserted into this view goes to the table that it names. It lives with the connection."""
_SPREAD_ROWS: Final = tuple(
    f"INSERT INTO spread VALUES {', '.join(['(?, ?, ?, ?)'] * rows)}"  # noqa: S608  the same
    for rows in range(_TOGETHER_MAX + 1)
)
_DELETE: Final = {table: f"DELETE FROM {table} WHERE key = ?" for table in Table}  # noqa: S608  the same
SELECT: Final = {table: f"SELECT key, value, hash FROM {table} ORDER BY key" for table in Table}  # noqa: S608  the same


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the journal in the file ``path``, which is made where there is none.

    Raises NewerDirectory, ForeignDirectory, or sqlite3.Error for what SQLite cannot read or write.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _configure(connection)
        _demand_ours(connection, path)
        if _pragma(connection, "user_version") == 0:
            _create(connection)
        _ = connection.executescript(_SPREAD)
    except BaseException:
        connection.close()
        raise
    return connection


def write_rows(connection: sqlite3.Connection, rows: Mapping[RowId, bytes | None]) -> None:
    """Set ``rows`` in one transaction that is durable on return; None deletes.

    Each statement lets go of the interpreter's lock and has to win it back from a busy main thread,
    so few rows are one statement, which is a transaction by itself. Raises sqlite3.Error.
    """
    few: list[str | bytes] = []
    if 0 < len(rows) <= _TOGETHER_MAX:
        for row, value in rows.items():
            if value is None:
                break
            few += (row.table, row.key, value, row_hash(row, value))
        else:
            _ = connection.execute(_SPREAD_ROWS[len(rows)], few)
            return
    _write_many(connection, rows)


def _write_many(connection: sqlite3.Connection, rows: Mapping[RowId, bytes | None]) -> None:
    values: dict[Table, list[bytes]] = {}
    _ = connection.execute("BEGIN IMMEDIATE")
    for row, value in rows.items():
        if value is None:
            _ = connection.execute(_DELETE[row.table], (row.key,))
        else:
            values.setdefault(row.table, []).extend((row.key, value, row_hash(row, value)))
    for table, columns in values.items():
        at = 0
        for size in _ROWS_PER_STATEMENT:
            while len(columns) - at >= 3 * size:
                _ = connection.execute(_UPSERT[table, size], columns[at : at + 3 * size])
                at += 3 * size
    _ = connection.execute("COMMIT")


def fold_log(connection: sqlite3.Connection) -> None:
    """Write what the log holds into the database file and sync it.

    After a failed sync the kernel may hold pages that it takes for written and that are not:
    written once more, they are. Raises DiskFailed where that cannot be done.
    """
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise DiskFailed("the journal's log cannot be written back: another process reads it")


def is_sound(connection: sqlite3.Connection) -> bool:
    """Whether SQLite finds the structure of the file in order. It does not look at values."""
    try:
        verdict: object = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError:
        return False
    return verdict == (b"ok",)


def _configure(connection: sqlite3.Connection) -> None:
    connection.text_factory = bytes  # a flipped bit may make text of anything
    for setting in (
        "locking_mode = EXCLUSIVE",
        "journal_mode = WAL",
        "synchronous = FULL",
        "trusted_schema = OFF",
        "cell_size_check = ON",
        "temp_store = MEMORY",
    ):
        _ = connection.execute(f"PRAGMA {setting}").fetchall()


def _demand_ours(connection: sqlite3.Connection, path: Path) -> None:
    application_id = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    is_empty = _pragma(connection, "page_count") <= 1 and version == 0
    if not is_empty and (application_id != _APPLICATION_ID or version == 0):
        raise ForeignDirectory(f"{path} is a database of something else: choose another data_dir")
    if version > SCHEMA_VERSION:
        raise NewerDirectory(
            f"{path} was written by a newer version (format {version}, this one reads up to "
            f"{SCHEMA_VERSION}): install that version again"
        )


def _create(connection: sqlite3.Connection) -> None:
    _ = connection.executescript(
        f"BEGIN IMMEDIATE; {_SCHEMA} {_EVIDENCE} PRAGMA application_id = {_APPLICATION_ID};"
        f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    assert isinstance(value, int)
    return value
