"""A disk remembers what was synced, and nothing else."""

from dataclasses import dataclass, field
from random import Random

import pytest

from mesh.protocol.effects import JournalWrite, WriteMeta, WriteStore
from mesh.protocol.inputs import Input, Persisted, PersistFailed
from mesh.wire.facts import write_fact
from mesh.wire.identity import Incarnation
from simulations.disk import Disk
from simulations.durable import FactRow
from simulations.kernel import START_NS, Kernel
from simulations.plan import Delay
from tests.mesh.wire.examples import ALICE, BOOT, scrawl

SYNC_NS = 10


@dataclass
class Owner:
    """Remembers what it is told."""

    life: int = 1
    taken: list[Input] = field(default_factory=list)
    durable: list[JournalWrite] = field(default_factory=list)

    def take(self, life: int, given: Input) -> None:
        """An input for a life."""
        if life == self.life:
            self.taken.append(given)

    def written(self, write: JournalWrite) -> None:
        """A durable write."""
        self.durable.append(write)


@pytest.fixture
def kernel() -> Kernel:
    """A world's time."""
    return Kernel()


@pytest.fixture
def owner() -> Owner:
    """Whom the disk reports to."""
    return Owner()


@pytest.fixture
def disk(kernel: Kernel, owner: Owner) -> Disk:
    """A disk that syncs in 10 ns."""
    return Disk(kernel, owner, Random(1), Delay("constant", SYNC_NS))


def meta(key: str) -> tuple[JournalWrite, ...]:
    """One small write."""
    return (WriteMeta(key, b"x"),)


def test_writes_are_confirmed_when_synced_and_not_before(
    kernel: Kernel, owner: Owner, disk: Disk
) -> None:
    """A token is answered after the sync, with all that was written up to it."""
    disk.append(1, 1, meta("a"))
    kernel.run(START_NS + SYNC_NS - 1)
    assert (owner.taken, disk.durable.meta) == ([], {})
    kernel.run(START_NS + SYNC_NS)
    assert owner.taken == [Persisted(1)]
    assert disk.durable.meta == {"a": b"x"}
    assert disk.is_idle


def test_what_comes_during_a_sync_shares_the_next_one(
    kernel: Kernel, owner: Owner, disk: Disk
) -> None:
    """Group commit: tokens are answered in order, the last one for all before it."""
    for token, key in ((1, "a"), (2, "b"), (3, "c")):
        disk.append(1, token, meta(key))
    kernel.run(START_NS + 3 * SYNC_NS)
    assert owner.taken == [Persisted(1), Persisted(3)]
    assert disk.syncs == 2
    assert list(disk.durable.meta) == ["a", "b", "c"]


def test_a_crash_loses_what_waits_and_the_sync_under_way_by_luck(kernel: Kernel) -> None:
    """What waited is gone; what was being synced is whole or not there; nobody is told."""
    outcomes = set()
    for luck in range(20):
        owner = Owner()
        disk = Disk(kernel, owner, Random(luck), Delay("constant", SYNC_NS))
        disk.append(1, 1, meta("a") + meta("b"))
        disk.append(1, 2, meta("c"))
        disk.crash()
        kernel.run(kernel.now_ns + 5 * SYNC_NS)
        assert owner.taken == []
        outcomes.add(tuple(disk.durable.meta))
    assert outcomes == {(), ("a", "b")}


def test_a_failed_sync_confirms_nothing_more(kernel: Kernel, owner: Owner, disk: Disk) -> None:
    """After a failure neither that write nor those behind it are there."""
    disk.broken = 1
    disk.append(1, 1, meta("a"))
    disk.append(1, 2, meta("b"))
    kernel.run(START_NS + 5 * SYNC_NS)
    assert [type(each) for each in owner.taken] == [PersistFailed]
    assert disk.durable.meta == {}
    assert disk.failed == 1


def test_a_store_transaction_is_one(kernel: Kernel, disk: Disk) -> None:
    """Records and the vector that covers them; None deletes."""
    disk.append(1, 1, (WriteStore(((b"k", b"1"), (b"l", b"2")), b"vector 1"),))
    disk.append(1, 2, (WriteStore(((b"k", None),), b"vector 2"),))
    kernel.run(START_NS + 5 * SYNC_NS)
    image = disk.begin_life(b"c", in_doubt=False, boot_floor=0)
    assert image.records == ((b"l", b"2"),)
    assert image.store_metadata == b"vector 2"


def test_each_life_has_a_higher_number(disk: Disk) -> None:
    """Boot numbers rise with each start, above any floor, and survive everything but loss."""
    boots = [disk.begin_life(b"c", in_doubt=False, boot_floor=0).boot for _ in range(2)]
    boots.append(disk.begin_life(b"c", in_doubt=False, boot_floor=7).boot)
    assert boots == [1, 2, 8]
    disk.wipe()
    assert disk.begin_life(b"c", in_doubt=True, boot_floor=0).boot == 1


def test_a_doubt_lasts_until_a_later_life_has_told_it(disk: Disk) -> None:
    """A start that could not prove its store stays in doubt until some fact says so."""
    fact = write_fact(BOOT, scrawl)
    disk.durable.facts[FactRow(ALICE, 1)] = fact.signed
    controller = ALICE.controller
    first = disk.begin_life(controller, in_doubt=False, boot_floor=0)
    assert (first.previous, first.unbroken, first.facts) == (ALICE, True, (fact.signed,))
    assert not disk.begin_life(controller, in_doubt=True, boot_floor=0).unbroken
    assert not disk.begin_life(controller, in_doubt=False, boot_floor=0).unbroken
    told = Incarnation(controller, disk.durable.boot, bytes(8))
    disk.durable.facts[FactRow(told, 1)] = fact.signed
    assert disk.begin_life(controller, in_doubt=False, boot_floor=0).unbroken
