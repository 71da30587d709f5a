"""The one thread that writes, and how many writes share one sync.

While one transaction is being synced, others queue; the next transaction takes all of them (group
commit: DeWitt et al., "Implementation techniques for main memory database systems", 1984). So a
lone write waits for one sync and nothing else, and a thousand at once wait for two. Within a
transaction only the last value of a row is written.

Invariant: a token is reported after the transaction that holds its writes has been synced, in the
order of the tokens; after the first failure nothing is written or reported any more.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

from mesh.driver.clock import Clock
from mesh.driver.journal.opening import PROGRESS, Opened, encode_progress
from mesh.driver.journal.rows import RowId, rows_of
from mesh.driver.journal.schema import write_rows
from mesh.protocol.effects import JournalWrite

TRANSACTION_ROWS_MAX: Final = 8_192
"""Rows of one transaction: some 50 ms of work; the first of a flood need not await the last."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Writes under one token."""

    token: int
    writes: tuple[JournalWrite, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Committed:
    """One transaction is durable."""

    token: int
    """The last one in it."""
    tokens: int
    rows: int
    size_bytes: int
    duration_ns: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The transaction did not become durable, and none will after it."""

    why: str


Tell = Callable[[Committed | Failed], None]


class Writer:
    """Writes batches into an open journal until it is told to stop or the disk fails.

    It runs in a thread of its own.
    ``hold`` is called before each transaction; it may block, for tests that kill the process while
    its writes are in memory only.
    """

    def __init__(self, opened: Opened, clock: Clock, hold: Callable[[], None]) -> None:
        self._connection = opened.connection
        self._witness = opened.witness
        self._commits = opened.commits
        self._clock = clock
        self._hold = hold
        self._queue: SimpleQueue[Batch | None] = SimpleQueue()

    def put(self, batch: Batch) -> None:
        """Queue ``batch``; from any thread."""
        self._queue.put(batch)

    def stop(self) -> None:
        """Write what is queued and end; from any thread."""
        self._queue.put(None)

    def run(self, tell: Tell) -> None:
        """The thread's whole life. ``tell`` is called in it. However it ends, files are closed."""
        last_words: Failed | None = Failed("a fault of our own in the thread that writes")
        try:
            while batches := self._take():
                tell(self._commit(batches))
            self._connection.close()
            last_words = None
        except (sqlite3.Error, OSError) as error:
            last_words = Failed(describe(error))
        finally:
            with suppress(sqlite3.Error):  # it failed before, and that is what people are told
                self._connection.close()
            self._witness.close()
            if last_words is not None:
                tell(last_words)

    def _take(self) -> list[Batch]:
        """All that is queued, waiting for the first; nothing at the end."""
        batch = self._queue.get()
        batches: list[Batch] = []
        rows = 0
        while batch is not None:
            batches.append(batch)
            rows += len(batch.writes)
            if rows >= TRANSACTION_ROWS_MAX:
                return batches
            try:
                batch = self._queue.get_nowait()
            except Empty:
                return batches
        if batches:
            self._queue.put(
                None
            )  # the end was read together with the last writes: keep it for later
        return batches

    def _commit(self, batches: list[Batch]) -> Committed:
        self._hold()
        begun_ns = time.perf_counter_ns()
        rows: dict[RowId, bytes | None] = {}
        for batch in batches:
            for write in batch.writes:
                rows.update(rows_of(write))
        self._commits += 1
        rows[PROGRESS] = encode_progress(self._commits, self._clock.now().monotonic_ns)
        write_rows(self._connection, rows)
        self._witness.write(self._commits)
        return Committed(
            token=batches[-1].token,
            tokens=len(batches),
            rows=len(rows),
            size_bytes=sum(batch.size_bytes for batch in batches),
            duration_ns=time.perf_counter_ns() - begun_ns,
        )


def describe(error: sqlite3.Error | OSError) -> str:
    """What a person can do something with: SQLite's word, and its name for it."""
    name = getattr(error, "sqlite_errorname", None)
    return f"{error} ({name})" if name else str(error)
