"""Durable writes per second: python -m tests.benchmarks.bench_journal [DIRECTORY].

Each client writes one record and the vector over it, waits until that is durable, and writes the
next. The floor is one file written and synced in a loop without pause, on the same disk in the same
minute: what counts is the ratio, for machines and their neighbours differ.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import trio

from mesh.driver.clock import SystemClock
from mesh.driver.journal.sqlite import SqliteStorage
from mesh.protocol.effects import WriteStore
from mesh.protocol.inputs import Persisted, PersistFailed
from mesh.wire.identity import digest

SECONDS = 2.0
CLIENTS = (1, 16, 256)
ROW_BYTES = 256


def floor(directory: Path) -> float:
    """Synced writes of one row per second, one after the other."""
    descriptor = os.open(directory / "floor", os.O_RDWR | os.O_CREAT, 0o600)
    count, begun = 0, time.perf_counter()
    try:
        while (elapsed := time.perf_counter() - begun) < SECONDS:
            _ = os.pwrite(descriptor, bytes(ROW_BYTES), count * ROW_BYTES)
            os.fdatasync(descriptor)
            count += 1
    finally:
        os.close(descriptor)
    return count / elapsed


class Bench:
    """Clients on one journal."""

    def __init__(self) -> None:
        self._waiting: dict[int, trio.Event] = {}
        self._last = 0
        self._confirmed = 0

    def report(self, outcome: Persisted | PersistFailed) -> None:
        """Called by the journal."""
        assert isinstance(outcome, Persisted), outcome
        for token in range(self._confirmed + 1, outcome.token + 1):
            self._waiting.pop(token).set()
        self._confirmed = outcome.token

    async def run(self, directory: Path, clients: int) -> tuple[float, float]:
        """Acknowledged durable writes per second, and how many shared one sync."""
        journal = await SqliteStorage(directory, SystemClock()).open(bytes(32), self.report)

        async def client(number: int) -> None:
            while True:
                self._last += 1
                done = self._waiting[self._last] = trio.Event()
                key = digest(b"%d %d" % (number, self._last % 1_000))
                journal.append(self._last, (WriteStore(((key, bytes(ROW_BYTES)),), bytes(64)),))
                await done.wait()

        begun = time.perf_counter()
        with trio.move_on_after(SECONDS):
            async with trio.open_nursery() as nursery:
                for number in range(clients):
                    nursery.start_soon(client, number)
        elapsed = time.perf_counter() - begun
        statistics = journal.statistics()
        await journal.aclose()
        return statistics.tokens / elapsed, statistics.tokens / max(statistics.transactions, 1)


def main() -> None:
    """Print a table."""
    parent = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        syncs = floor(Path(folder))
        print(f"floor: {syncs:8.0f} synced writes/s")  # noqa: T201  a program that people run
        for clients in CLIENTS:
            directory = Path(folder) / str(clients)
            directory.mkdir()
            writes, shared = trio.run(Bench().run, directory, clients)
            print(  # noqa: T201  the same
                f"{clients:4} clients: {writes:8.0f} durable writes/s, {shared:5.1f} in one sync,"
                f" {writes / syncs:5.2f} of the floor"
            )


if __name__ == "__main__":
    main()
