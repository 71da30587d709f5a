"""Ready-made writes, and a SQLite journal that is opened, written and closed in one breath."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import trio

from mesh.driver.clock import SystemClock
from mesh.driver.journal.interface import Journal, Storage
from mesh.driver.journal.sqlite import FILE_NAME, SqliteStorage
from mesh.protocol.effects import JournalWrite, WriteFact, WriteMeta, WriteStore
from mesh.protocol.inputs import Persisted, PersistFailed
from mesh.wire.facts import SignedFact
from mesh.wire.identity import Incarnation

ME: Final = bytes(range(32))
OTHER: Final = bytes(range(1, 33))


class Outcomes:
    """Collects what a journal reports and lets a test wait for it."""

    def __init__(self) -> None:
        self.seen: list[Persisted | PersistFailed] = []
        self._changed = trio.Event()

    def report(self, outcome: Persisted | PersistFailed) -> None:
        """What the journal calls."""
        self.seen.append(outcome)
        self._changed.set()
        self._changed = trio.Event()

    async def wait_for(self, token: int) -> None:
        """Until ``token`` is durable, or the journal has failed."""
        while not any(
            isinstance(outcome, PersistFailed) or outcome.token >= token for outcome in self.seen
        ):
            await self._changed.wait()

    @property
    def failure(self) -> str | None:
        """Why the journal failed; None while it has not."""
        return next((each.why for each in self.seen if isinstance(each, PersistFailed)), None)


def incarnation(controller: bytes = ME, boot: int = 1) -> Incarnation:
    """A life of ``controller``; always the same random bytes."""
    return Incarnation(controller, boot, b"nonce-01")


def fact(sequence: int, origin: Incarnation | None = None, size_bytes: int = 300) -> WriteFact:
    """A fact with recognisable bytes; the journal does not look inside."""
    raw = sequence.to_bytes(8, "big") * (size_bytes // 8)
    return WriteFact(origin or incarnation(), sequence, SignedFact(raw, b"s" * 64))


def decoded_sequence(signed: SignedFact) -> int:
    """The number of a fact that `fact` made."""
    return int.from_bytes(signed.raw[:8], "big")


def store(*keys: bytes, value: bytes | None = b"value", metadata: bytes = b"vector") -> WriteStore:
    """Records under ``keys``, all of the same value."""
    return WriteStore(tuple((key, value) for key in keys), metadata)


def meta(key: str, value: bytes = b"meta") -> WriteMeta:
    """One small value."""
    return WriteMeta(key, value)


@asynccontextmanager
async def opened(storage: Storage, doubt: str | None = None) -> AsyncIterator[Journal]:
    """A journal of ``storage`` that is closed at the end of the block."""
    journal = await storage.open(ME, Outcomes().report, doubt)
    try:
        yield journal
    finally:
        await journal.aclose()


async def write(storage: Storage, batches: Sequence[tuple[JournalWrite, ...]]) -> None:
    """Open, write each batch under a token of its own, wait until all are durable, close."""
    outcomes = Outcomes()
    journal = await storage.open(ME, outcomes.report, None)
    for token, writes in enumerate(batches, start=1):
        journal.append(token, writes)
    await outcomes.wait_for(len(batches))
    await journal.aclose()
    assert outcomes.failure is None


def on_disk(directory: Path) -> SqliteStorage:
    """The real storage in ``directory``, whose starts never have to wait."""
    return SqliteStorage(directory, SystemClock(), restart_wait_ns_max=0)


def damage(directory: Path, content: bytes, name: str = FILE_NAME) -> None:
    """Flip one bit in the middle of each occurrence of ``content`` in a file."""
    path = directory / name
    raw = path.read_bytes()
    assert content in raw, "nothing to damage"
    broken = bytearray(content)
    broken[len(content) // 2] ^= 0x10
    _ = path.write_bytes(raw.replace(content, bytes(broken)))
