"""A disk in memory, for tests in virtual time.

It syncs when trio's clock says so, and forgets on demand what it did not sync.
It keeps the promises of the real one, and passes through the same rows, so what a replica finds
after a crash here is what it would find there. It has no threads.
"""

from collections.abc import Callable
from typing import Final

import trio

from mesh.driver.errors import DiskFailed
from mesh.driver.journal.interface import Findings, JournalStatistics, Report
from mesh.driver.journal.rows import (
    STORE_METADATA,
    RowId,
    Table,
    decode_fact,
    decode_fact_key,
    rows_of,
    size_bytes,
)
from mesh.protocol.effects import Image, JournalWrite
from mesh.protocol.inputs import Persisted, PersistFailed
from mesh.wire.identity import Incarnation

SYNC_S: Final = 0.001
"""How long the disk in memory takes for one sync, unless told otherwise."""


class MemoryStorage:
    """A disk that outlives the lives written on it.

    ``nursery`` runs its syncs. `crash` forgets what is not synced, as kill -9 or a power cut does;
    `fail` makes the next sync fail, and every opening after it until `mend`.
    """

    def __init__(self, nursery: trio.Nursery, sync_s: float = SYNC_S) -> None:
        self.rows: dict[RowId, bytes] = {}
        """What is durable."""
        self.sync_s = sync_s
        self.nursery = nursery
        self.failure: str | None = None
        self._boot = 0
        self._open: MemoryJournal | None = None

    async def open(
        self, controller: bytes, report: Report, doubt: str | None = None, boot_floor: int = 0
    ) -> "MemoryJournal":
        """See `Storage.open`."""
        await trio.lowlevel.checkpoint()
        assert self._open is None or self._open.is_closed, "one journal at a time"
        if self.failure is not None:
            raise DiskFailed(self.failure)
        self._boot = max(self._boot, boot_floor) + 1
        self._open = MemoryJournal(self, self._image(controller, doubt), doubt, report)
        return self._open

    def crash(self) -> None:
        """Forget what is not synced. The journal now open is dead: it reports nothing any more."""
        if self._open is not None:
            self._open.is_closed = True

    def fail(self, why: str) -> None:
        """From now on every sync and every opening fails."""
        self.failure = why

    def mend(self) -> None:
        """The disk works again."""
        self.failure = None

    def _image(self, controller: bytes, doubt: str | None) -> Image:
        facts = {row.key: value for row, value in self._table(Table.FACTS)}
        origins = [decode_fact_key(key)[0] for key in facts if key.startswith(controller)]
        previous: Incarnation | None = max(origins, default=None)
        return Image(
            boot=self._boot,
            previous=previous,
            unbroken=doubt is None and previous is not None,
            facts=tuple(decode_fact(value) for value in facts.values()),
            records=tuple((row.key, value) for row, value in self._table(Table.RECORDS)),
            store_metadata=self.rows.get(STORE_METADATA),
            meta={row.key.decode(): value for row, value in self._table(Table.META)},
        )

    def _table(self, table: Table) -> list[tuple[RowId, bytes]]:
        return sorted((row, value) for row, value in self.rows.items() if row.table is table)


class MemoryJournal:
    """One opening of a `MemoryStorage`; see `Journal`."""

    def __init__(
        self, storage: MemoryStorage, image: Image, doubt: str | None, report: Report
    ) -> None:
        self.image = image
        self.findings = Findings(doubts=(doubt,) if doubt is not None else ())
        self.backlog_bytes = 0
        self.is_closed = False
        self._storage = storage
        self._report: Callable[[Persisted | PersistFailed], None] = report
        self._unsynced: list[tuple[int, tuple[JournalWrite, ...]]] = []
        self._is_syncing = False
        self._idle = trio.Event()
        self._idle.set()
        self._transactions = self._rows = self._tokens = 0

    def append(self, token: int, writes: tuple[JournalWrite, ...]) -> None:
        """See `Journal.append`."""
        self._unsynced.append((token, writes))
        self.backlog_bytes += sum(map(size_bytes, writes))
        if not self._is_syncing and not self.is_closed:
            self._is_syncing = True
            self._idle = trio.Event()
            self._storage.nursery.start_soon(self._sync)

    async def aclose(self) -> None:
        """See `Journal.aclose`."""
        if not self.is_closed:
            await self._idle.wait()
        self.is_closed = True

    def statistics(self) -> JournalStatistics:
        """See `Journal.statistics`."""
        return JournalStatistics(
            transactions=self._transactions,
            rows=self._rows,
            tokens=self._tokens,
            backlog_bytes=self.backlog_bytes,
            duration_ns_max=0,
            failed=self._storage.failure,
        )

    async def _sync(self) -> None:
        while self._unsynced:
            batch = list(self._unsynced)
            await trio.sleep(self._storage.sync_s)
            if self.is_closed:
                break
            if self._storage.failure is not None:
                self.is_closed = True
                self._report(PersistFailed(self._storage.failure))
                break
            del self._unsynced[: len(batch)]
            self._make_durable(batch)
        self._is_syncing = False
        self._idle.set()

    def _make_durable(self, batch: list[tuple[int, tuple[JournalWrite, ...]]]) -> None:
        for _, writes in batch:
            for write in writes:
                self.backlog_bytes -= size_bytes(write)
                for row, value in rows_of(write):
                    self._rows += 1
                    if value is None:
                        _ = self._storage.rows.pop(row, None)
                    else:
                        self._storage.rows[row] = value
        self._transactions += 1
        self._tokens += len(batch)
        self._report(Persisted(batch[-1][0]))
