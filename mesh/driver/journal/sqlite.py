"""The real journal: one SQLite file, one writer thread, confirmations in trio's thread."""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, assert_never

import trio

from mesh.driver.clock import Clock
from mesh.driver.directory import JOURNAL
from mesh.driver.errors import DiskFailed
from mesh.driver.journal.interface import Findings, JournalStatistics, Report
from mesh.driver.journal.opening import Opened, Start, begin
from mesh.driver.journal.rows import size_bytes
from mesh.driver.journal.writer import Batch, Committed, Failed, Writer, describe
from mesh.driver.restarts import WAIT_NS_MAX
from mesh.protocol.effects import Image, JournalWrite
from mesh.protocol.inputs import Persisted, PersistFailed

FILE_NAME: Final = JOURNAL

CLOSE_S_MAX: Final = 10
"""How long a clean stop waits for the disk. A disk that takes longer has failed."""

SWITCH_S: Final = 0.000_1
"""`sys.setswitchinterval` for a program that is a controller and nothing else, in seconds.

The thread that writes needs the interpreter's lock between its calls of SQLite. While a replica is
busy it gets that after this time; Python's 5 ms are ten times what a sync takes."""

TORTURE_VARIABLE: Final = "TRELLIS_TORTURE_UNSYNCED_MS"
"""Set to N, every transaction is held in memory for up to N ms before SQLite sees it, so that
killing the process loses what was not synced, as a power cut would. For torture only; the
controller says so loudly."""


@dataclass(frozen=True, slots=True)
class SqliteStorage:
    """The journal in a data directory."""

    directory: Path
    clock: Clock
    restart_wait_ns_max: int = WAIT_NS_MAX
    unsynced_ms_max: int = 0
    """See TORTURE_VARIABLE."""
    kernel: Path | None = None
    """A folder in the kernel's memory, where the count of transactions is kept once more."""

    async def open(
        self, controller: bytes, report: Report, doubt: str | None = None, boot_floor: int = 0
    ) -> "SqliteJournal":
        """The journal for a new life of ``controller``; see `Storage.open`."""
        start = Start(
            self.directory / FILE_NAME,
            controller,
            self.clock.now(),
            doubt,
            boot_floor,
            self.restart_wait_ns_max,
            self.kernel,
        )
        try:
            opened = await trio.to_thread.run_sync(begin, start)
        except (sqlite3.Error, OSError) as error:
            raise DiskFailed(
                f"the journal {start.path} cannot be opened: {describe(error)}"
            ) from error
        return SqliteJournal(opened, Writer(opened, self.clock, self._hold()), report)

    def _hold(self) -> Callable[[], None]:
        longest_s = self.unsynced_ms_max / 1_000
        if not longest_s:
            return _no_wait
        random = Random(os.urandom(8))  # noqa: S311  luck of a test
        return lambda: time.sleep(random.uniform(0, longest_s))


def _no_wait() -> None:
    pass


class SqliteJournal:
    """One opening of the file; see `Journal`."""

    def __init__(self, opened: Opened, writer: Writer, report: Report) -> None:
        self._opened = opened
        self._writer = writer
        self._report = report
        self._trio = trio.lowlevel.current_trio_token()
        self._backlog_bytes = 0
        self._transactions = self._rows = self._tokens = self._duration_ns_max = 0
        self._failed: str | None = None
        self._thread = threading.Thread(
            target=writer.run, args=(self._tell,), name="trellis-journal", daemon=True
        )
        self._thread.start()

    @property
    def image(self) -> Image:
        """See `Journal.image`."""
        return self._opened.image

    @property
    def findings(self) -> Findings:
        """See `Journal.findings`."""
        return self._opened.findings

    @property
    def backlog_bytes(self) -> int:
        """See `Journal.backlog_bytes`."""
        return self._backlog_bytes

    def append(self, token: int, writes: tuple[JournalWrite, ...]) -> None:
        """See `Journal.append`."""
        handed_bytes = sum(map(size_bytes, writes))
        self._backlog_bytes += handed_bytes
        self._writer.put(Batch(token, writes, handed_bytes))

    async def aclose(self) -> None:
        """See `Journal.aclose`."""
        self._writer.stop()
        with trio.move_on_after(CLOSE_S_MAX, shield=True):
            await trio.to_thread.run_sync(self._thread.join, abandon_on_cancel=True)

    def statistics(self) -> JournalStatistics:
        """See `Journal.statistics`."""
        return JournalStatistics(
            transactions=self._transactions,
            rows=self._rows,
            tokens=self._tokens,
            backlog_bytes=self._backlog_bytes,
            duration_ns_max=self._duration_ns_max,
            failed=self._failed,
        )

    def _tell(self, outcome: Committed | Failed) -> None:
        """Carry ``outcome`` to trio's thread; after the program's end nobody is told."""
        with contextlib.suppress(trio.RunFinishedError):
            self._trio.run_sync_soon(self._take, outcome)

    def _take(self, outcome: Committed | Failed) -> None:
        match outcome:
            case Committed():
                self._transactions += 1
                self._rows += outcome.rows
                self._tokens += outcome.tokens
                self._backlog_bytes -= outcome.size_bytes
                self._duration_ns_max = max(self._duration_ns_max, outcome.duration_ns)
                self._report(Persisted(outcome.token))
            case Failed(why):
                self._failed = why
                self._report(PersistFailed(why))
            case _:
                assert_never(outcome)
