"""The disk in memory keeps the promises of the real one, in virtual time."""

import pytest
import trio
from trio.testing import MockClock

from mesh.driver.errors import DiskFailed
from mesh.driver.journal.memory import MemoryStorage
from mesh.protocol.inputs import Persisted
from tests.mesh.driver.journal.support import ME, Outcomes, fact, incarnation, meta, store


@pytest.fixture
def storage(nursery: trio.Nursery) -> MemoryStorage:
    """A disk that takes a second for a sync, which passes at once."""
    return MemoryStorage(nursery, sync_s=1.0)


async def test_durable_after_the_sync_and_not_before(
    storage: MemoryStorage, autojump_clock: MockClock
) -> None:
    """A token is confirmed when the sync is over."""
    outcomes = Outcomes()
    journal = await storage.open(ME, outcomes.report)
    journal.append(1, (meta("key"),))
    await trio.sleep(0.9)
    assert outcomes.seen == []
    assert storage.rows == {}
    await trio.sleep(0.2)
    assert outcomes.seen == [Persisted(1)]


async def test_writes_during_a_sync_share_the_next(
    storage: MemoryStorage, autojump_clock: MockClock
) -> None:
    """Group commit: what is handed over during one sync is durable with the next."""
    outcomes = Outcomes()
    journal = await storage.open(ME, outcomes.report)
    begun = trio.current_time()
    journal.append(1, (meta("a"),))
    await trio.sleep(0.5)
    for token in (2, 3, 4):
        journal.append(token, (meta("b"),))
    await outcomes.wait_for(4)
    assert outcomes.seen == [Persisted(1), Persisted(4)]
    assert trio.current_time() - begun == pytest.approx(2.0, abs=0.01)


async def test_crash_forgets_what_was_not_synced(
    storage: MemoryStorage, autojump_clock: MockClock
) -> None:
    """After a crash only what was confirmed is there."""
    outcomes = Outcomes()
    journal = await storage.open(ME, outcomes.report)
    journal.append(1, (fact(1), store(b"kept")))
    await outcomes.wait_for(1)
    journal.append(2, (fact(2), store(b"lost")))
    storage.crash()
    await trio.sleep(5)
    image = (await storage.open(ME, outcomes.report)).image
    assert image.boot == 2
    assert image.previous == incarnation()
    assert image.unbroken
    assert image.facts == (fact(1).signed,)
    assert image.records == ((b"kept", b"value"),)
    assert outcomes.seen == [Persisted(1)]


async def test_failed_disk_confirms_nothing_until_it_is_mended(
    storage: MemoryStorage, autojump_clock: MockClock
) -> None:
    """After a failed sync the journal is dead, and opening fails too until the disk works."""
    outcomes = Outcomes()
    journal = await storage.open(ME, outcomes.report)
    storage.fail("no space")
    journal.append(1, (meta("key"),))
    await outcomes.wait_for(1)
    journal.append(2, (meta("key"),))
    await trio.sleep(5)
    assert outcomes.failure == "no space"
    assert len(outcomes.seen) == 1
    with pytest.raises(DiskFailed, match="no space"):
        _ = await storage.open(ME, outcomes.report)
    storage.mend()
    reopened = await storage.open(ME, outcomes.report, "the disk failed", 7)
    assert reopened.image.boot == 8
    assert not reopened.image.unbroken


async def test_closing_waits_for_the_sync(
    storage: MemoryStorage, autojump_clock: MockClock
) -> None:
    """A clean stop makes durable what was handed over."""
    journal = await storage.open(ME, Outcomes().report)
    journal.append(1, (meta("key"),))
    await journal.aclose()
    assert [row.key for row in storage.rows] == [b"key"]
