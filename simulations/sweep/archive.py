"""What a sweep has found so far, on disk: a row for each seed that has been run.

The archive of a sweep is named after all that a run depends on, the scenario and the code. So a
row never has to be doubted: whoever goes on with a sweep takes the rows that are there as they
are, and a change of the code begins another archive. One sweep at a time writes to it.
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Self

from simulations.trial import decoded, encoded
from simulations.verdict import Verdict

FORMAT: Final = 1
COMMIT_EVERY_S: Final = 0.5
"""What a power failure can cost; after Ctrl-C or a kill by TERM nothing is lost."""

ARCHIVES_MAX: Final = 50
"""Each state of the code begins a new one, of some megabytes: beyond these the oldest go."""

_SUFFIX: Final = ".sqlite3"

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    seed INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    failure TEXT,      -- what kind of failure it was; NULL: it passed
    verdict BLOB,      -- JSON; NULL: the worker was lost
    scenario BLOB,     -- resolved, canonical JSON; kept for failures
    remark TEXT NOT NULL
);
"""


class Unusable(Exception):
    """The archive cannot be used; the text says why and what to do."""


class Row(NamedTuple):
    """What became of one seed."""

    seed: int
    digest: str
    failure: str | None
    verdict: Verdict | None
    """None: the worker was lost."""
    scenario: bytes | None
    remark: str = ""
    """Why the worker was lost, or which worker gave another digest."""


def usual_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where archives are kept: the user's cache."""
    cache = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "trellis" / "sweeps"


def usual_place(folder: Path, name: str, key: str) -> Path:
    """The archive of the sweep called ``name`` with ``key``."""
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
    return folder / f"{plain}-{key}{_SUFFIX}"


class Archive:
    """The rows of one sweep; a context that closes it."""

    def __init__(self, place: Path | None, key: str) -> None:
        """Open or begin it; without a ``place`` it lives in memory.

        Raises Unusable where another sweep is at work on it, or where it is of another sweep.
        """
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(str(place) if place else ":memory:", timeout=0.2)
        self._committed = time.monotonic()
        try:
            self._begin(key)
        except sqlite3.Error as error:
            self._database.close()
            raise Unusable(_why(error, place)) from error
        except Unusable:
            self._database.close()
            raise

    def _begin(self, key: str) -> None:
        _ = self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
        _ = self._database.execute("PRAGMA journal_mode=WAL")
        _ = self._database.execute("PRAGMA synchronous=NORMAL")
        _ = self._database.executescript(_TABLES)
        _ = self._database.execute("BEGIN IMMEDIATE")
        wanted = f"{FORMAT} {key}"
        found = self._database.execute("SELECT value FROM about WHERE name = 'sweep'").fetchone()
        if found is None:
            _ = self._database.execute("INSERT INTO about VALUES ('sweep', ?)", (wanted,))
        elif found[0] != wanted:
            raise Unusable(
                "this file holds a sweep of another scenario, or by other code:"
                " choose another file, or begin anew with --fresh"
            )
        self._database.commit()

    def keep(self, row: Row) -> None:
        """Keep ``row``, and no other for its seed."""
        verdict = encoded(row.verdict) if row.verdict is not None else None
        _ = self._database.execute(
            "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)",
            (row.seed, row.digest, row.failure, verdict, row.scenario, row.remark),
        )
        if time.monotonic() - self._committed >= COMMIT_EVERY_S:
            self._database.commit()
            self._committed = time.monotonic()

    def done(self) -> frozenset[int]:
        """Seeds that need not be run again; where a worker was lost it is worth another try."""
        found = self._database.execute("SELECT seed FROM runs WHERE verdict IS NOT NULL")
        return frozenset(seed for (seed,) in found)

    def rows(self, seeds: Iterable[int]) -> Iterator[Row]:
        """What is known of ``seeds``, in their order."""
        for seed in seeds:
            found = self._database.execute("SELECT * FROM runs WHERE seed = ?", (seed,)).fetchone()
            if found is not None:
                number, digest, failure, verdict, scenario, remark = found
                seen = decoded(verdict) if verdict is not None else None
                yield Row(number, digest, failure, seen, scenario, remark)

    def close(self) -> None:
        """Write what is left and let go of it."""
        self._database.commit()
        self._database.close()

    def __enter__(self) -> Self:
        """The archive itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def _why(error: sqlite3.Error, place: Path | None) -> str:
    if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"another sweep is at work on {place}: let it end, or choose another --database"
    return f"{place} cannot be used as the database of a sweep: {error}"


def forget(place: Path) -> None:
    """Remove the archive at ``place`` with all that belongs to it."""
    for file in (place, Path(f"{place}-wal"), Path(f"{place}-shm")):
        file.unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Remove the oldest archives of ``folder`` beyond those that are kept."""
    with suppress(OSError):  # somebody else tidies it too
        files = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda file: file.stat().st_mtime_ns)
        for file in files[:-ARCHIVES_MAX]:
            forget(file)
