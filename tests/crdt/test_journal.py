"""From disk and back: what was durable is there, what is damaged is set aside and fetched again."""

from random import Random

import cbor2
import pytest

from crdt import Rejected, Restored, Store, restore
from crdt.encoding import decode_key, decode_metadata
from tests.crdt.duo import A, B, C, Duo
from tests.crdt.world import EPOCH, SECRET, WALL_NS, Disk, make_store

KEY = ("info", "x")


def saved(store: Store) -> Disk:
    """Write a store's state down."""
    disk = Disk()
    disk.write(store)
    return disk


def restored(disk: Disk, replica: bytes = C, epoch: bytes = EPOCH) -> Restored:
    """Start anew from a disk."""
    return restore(replica, epoch, SECRET, disk.metadata, list(disk.records.items()))


def filled(count: int = 40) -> Store:
    """Return a store with values, removals and gaps."""
    store, other = make_store(A), make_store(B)
    for number in range(count):
        _ = store.put(("k", str(number)), number, WALL_NS + number)
        delta = other.put(("o", str(number)), number, WALL_NS)
        if number % 3:
            _ = store.apply(delta, WALL_NS)
        if number % 5 == 0:
            _ = store.remove(("k", str(number)), WALL_NS)
    return store


def test_what_was_durable_comes_back() -> None:
    """Records, vector, cloud, floor and the clock, under a new replica id."""
    store = filled()
    _ = store.collect(WALL_NS, {A: 20})
    back = restored(saved(store))
    assert back.damaged == ()
    assert list(back.store.records()) == list(store.records())
    assert back.store.extent_hash() == store.extent_hash()
    assert back.store.root() == store.root()
    assert back.store.clock.last == store.clock.last
    assert {n: list(c.runs()) for n, c in back.store.seen.clouds.items()} == {
        n: list(c.runs()) for n, c in store.seen.clouds.items()
    }
    assert not back.store.take_dirty()


def test_only_what_changed_is_written() -> None:
    """The second transaction holds the second change; a collected key is deleted."""
    store = make_store(A)
    _ = store.put(("a",), 1, WALL_NS)
    _ = store.put(("b",), 1, WALL_NS)
    _ = store.take_dirty()
    assert not store.take_dirty()
    _ = store.remove(("a",), WALL_NS)
    _ = store.collect(WALL_NS, store.vector)
    dirty = store.take_dirty()
    assert [(decode_key(key), record) for key, record in dirty.records] == [(("a",), None)]
    assert dirty.metadata is not None


def test_what_comes_twice_is_written_once() -> None:
    """A rumour comes from several peers: only the first time is there anything to be written."""
    writer, store = make_store(A), make_store(B)
    told = writer.put(("a",), 1, WALL_NS)
    _ = store.apply(told, WALL_NS)
    assert store.take_dirty()
    _ = store.apply(told, WALL_NS)
    assert not store.take_dirty()
    _ = store.apply(writer.put(("a",), 2, WALL_NS), WALL_NS)
    assert store.take_dirty()


def test_vector_and_records_are_given_for_one_transaction() -> None:
    """After any sequence of transactions the disk never covers a dot whose record is not there."""
    for seed in range(10):
        random = Random(seed)
        store, disk = make_store(A), Disk()
        for step in range(60):
            name = ("k", random.choice("abcde"))
            _ = store.put(name, step, WALL_NS) if step % 3 else store.remove(name, WALL_NS)
            if random.random() < 0.3:
                disk.write(store)
                back = restored(disk).store
                assert back.root() == store.root()
                assert back.extent_hash() == store.extent_hash()


@pytest.mark.parametrize("where", ["key", "record", "truncated", "metadata"])
def test_a_damaged_row_is_set_aside_and_taken_again_from_a_peer(where: str) -> None:
    """It is named with its bytes; the store forgets what it has seen, and no peer loses by it."""
    store = filled()
    disk = saved(store)
    key, record = sorted(disk.records.items())[7]
    if where == "key":
        del disk.records[key]
        disk.records[b"\xff" + key] = record
    elif where == "record":
        disk.records[key] = record[:-1] + bytes([record[-1] ^ 0xC0])
        disk.records[key] = b"\x81" + disk.records[key]
    elif where == "truncated":
        disk.records[key] = record[: len(record) // 2]
    else:
        disk.metadata = b"\xff"
    back = restored(disk)
    assert len(back.damaged) == 1
    duo = Duo(store, back.store)
    duo.meet(3)
    assert duo.equal()
    assert list(duo.stores[1].records()) == list(filled().records())
    assert duo.alarms == []


def test_a_vector_ahead_of_its_records_would_kill_what_it_covers() -> None:
    """A disk that has the vector and not the record says that a live entry is dead.

    That is the reason for the one transaction. A peer that holds the entry repairs it, and an alarm
    names that peer.
    """
    store = make_store(A)
    _ = store.put(KEY, "live", WALL_NS)
    disk = saved(store)
    disk.records.clear()
    back = restored(disk).store
    assert back.apply(list(store.records()), WALL_NS).inflated == []
    duo = Duo(store, back)
    duo.meet(2)
    assert duo.equal()
    assert KEY in back
    assert [alarm.peer for alarm in duo.alarms] == [b"left"]


def test_metadata_of_another_data_set_is_not_believed() -> None:
    """It is set aside like any damage; records are kept as by one who has seen nothing else."""
    store = filled()
    back = restored(saved(store), epoch=bytes(16))
    assert [d.key_bytes for d in back.damaged] == [b""]
    assert len(back.store) == len(store)
    assert dict(back.store.floor) == {}


def test_a_store_never_goes_on_under_a_replica_id_of_the_past() -> None:
    """Reusing one is a mistake of ours, and stops the process."""
    with pytest.raises(AssertionError, match="never used twice"):
        _ = restored(saved(filled()), replica=A)


def test_an_empty_disk_is_an_empty_store() -> None:
    """Nothing is damaged where nothing was."""
    back = restored(Disk())
    assert (len(back.store), back.damaged, dict(back.store.vector)) == (0, (), {})


@pytest.mark.parametrize(
    ("entries", "marks"),
    [([(b"a", 5), (b"a", 3)], []), ([(b"b", 5), (b"a", 3)], []), ([], [(b"c", 1), (b"c", 2)])],
    ids=["twice", "out of order", "two watermarks"],
)
def test_metadata_names_each_replica_once(entries: list[object], marks: list[object]) -> None:
    """What a name stands for would depend on who reads it; such metadata is not believed."""
    data = cbor2.dumps((1, b"epoch", 7, entries, marks))
    assert isinstance(decode_metadata(data, b"epoch"), Rejected)
