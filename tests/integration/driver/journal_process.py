"""A process that writes facts into a journal for ever and says which ones are durable.

    journal_process.py DIRECTORY UNSYNCED_MS

Each line of its output is the number of a fact that was confirmed. Tests kill it, or its disk.
"""

import sys
from pathlib import Path

import trio

from mesh.driver.clock import SystemClock
from mesh.driver.journal.sqlite import SqliteStorage
from mesh.protocol.inputs import Persisted, PersistFailed
from tests.mesh.driver.journal.support import ME, fact, incarnation, meta, store


async def main(directory: Path, unsynced_ms: int) -> None:
    """Write until killed, one fact, one record and one value under each token."""
    storage = SqliteStorage(directory, SystemClock(), 0, unsynced_ms)
    reports, receive = trio.open_memory_channel[Persisted | PersistFailed](1_000)
    journal = await storage.open(ME, reports.send_nowait)
    origin = incarnation(boot=journal.image.boot)
    handed = 0
    while True:
        for _ in range(16):
            handed += 1
            name = str(handed)
            writes = (fact(handed, origin), store(name.encode()), meta("last", name.encode()))
            journal.append(handed, writes)
        confirmed = 0
        while confirmed < handed:
            outcome = await receive.receive()
            if isinstance(outcome, PersistFailed):
                _ = sys.stdout.write(f"failed: {outcome.why}\n")
                return
            confirmed = outcome.token
            _ = sys.stdout.write(f"{confirmed}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
