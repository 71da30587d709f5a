"""What is removed leaves nothing behind, and nobody is misled by what was collected."""

from random import Random

from crdt import CollectionPolicy, Delta, Store
from crdt.collection import without_collected
from crdt.record import is_evidence
from tests.crdt.duo import A, B, C, Duo
from tests.crdt.world import AT_ONCE, WALL_NS, World, make_store, shown_in

KEY = ("info", "x")
HOUR_NS = 3_600 * 10**9
NEVER = CollectionPolicy(age_ns=10**18, tombstones_max=10**6)


def removed(count: int = 1) -> Store:
    """Return a store of so many tombstones, and nothing else."""
    store = make_store(A)
    for number in range(count):
        _ = store.put(("t", str(number)), 1, WALL_NS)
        _ = store.remove(("t", str(number)), WALL_NS)
    return store


def test_nothing_is_left_of_a_collected_key() -> None:
    """No record, no dot, no sum, no row on disk."""
    store = removed(50)
    assert store.collect(WALL_NS, store.vector) == 50
    assert len(store) == 0
    assert not any(store.table.live.values())
    assert store.root() == bytes(8)
    assert list(store.items()) == []
    assert dict(store.floor) == {A: 100}


def test_a_tombstone_goes_when_every_member_has_it() -> None:
    """And stays while one does not, unless another rule lets it go."""
    store = removed()
    assert store.collect(WALL_NS, {A: 1}, NEVER) == 0
    assert store.collect(WALL_NS, {A: 2}, NEVER) == 1


def test_a_tombstone_goes_when_it_is_older_than_an_hour() -> None:
    """By its stamp, whoever else may lack it."""
    store = removed()
    assert store.collect(WALL_NS + HOUR_NS) == 0
    assert store.collect(WALL_NS + HOUR_NS + 10**7) == 1


def test_the_oldest_go_when_there_are_too_many() -> None:
    """Beyond the bound, which is 10,000 unless said otherwise."""
    store = removed(10)
    assert store.collect(WALL_NS, None, CollectionPolicy(tombstones_max=7)) == 3
    assert CollectionPolicy().tombstones_max == 10_000
    assert len(store) == 7


def test_a_tombstone_that_supersedes_what_was_never_seen_stays() -> None:
    """Collected, it could not be told from a write that is yet to come."""
    author, store = make_store(B), make_store(A)
    gap = author.put(("gap",), 1, WALL_NS)
    value = author.put(KEY, 1, WALL_NS)
    _ = store.apply(value, WALL_NS)
    _ = store.remove(KEY, WALL_NS)
    assert store.collect(WALL_NS, None, AT_ONCE) == 0
    _ = store.apply(gap, WALL_NS)
    assert store.collect(WALL_NS, None, AT_ONCE) == 1
    assert store.apply(value, WALL_NS).inflated == []


def test_the_floor_is_closed_downwards() -> None:
    """After random schedules no evidence at or under the floor is held.

    So stores of equal vectors and floors hold equal records.
    """
    for seed in range(15):
        world = World(seed, nodes=3)
        world.run(150)
        for node in world.nodes:
            seen = node.kept.seen
            assert all(n <= seen.vector.get(name, 0) for name, n in seen.floor.items())
            for _, record in node.kept.records():
                assert without_collected(record, seen) is record


def test_an_inherited_floor_collects_the_same_here() -> None:
    """A peer's floor comes with its vector, and takes our tombstones along."""
    duo = Duo()
    left, right = duo.stores
    _ = left.put(KEY, 1, WALL_NS)
    _ = left.remove(KEY, WALL_NS)
    duo.meet()
    assert len(right) == 1
    assert left.collect(WALL_NS, left.vector) == 1
    duo.meet(2)
    assert len(right) == 0
    assert duo.equal()
    assert dict(right.floor) == dict(left.floor)


def test_old_datagrams_do_not_resurrect_what_was_collected() -> None:
    """Replayed after collection, each delta of a schedule changes nothing."""
    for seed in range(10):
        random = Random(seed)
        store, author = make_store(A), make_store(B)
        old: list[Delta] = []
        for step in range(60):
            name = ("k", random.choice("abcd"))
            wall_ns = WALL_NS + step * 10**6
            act = author.remove(name, wall_ns) if step % 3 else author.put(name, step, wall_ns)
            old.append(act)
            _ = store.apply(act, wall_ns)
        before = shown_in(store)
        _ = store.collect(WALL_NS, None, AT_ONCE)
        for delta in random.sample(old, len(old)):
            assert store.apply(delta, WALL_NS).inflated == []
        assert shown_in(store) == before
        assert not [r for _, r in store.records() if any(is_evidence(r, s) for s in r)]


# ── Retirement ───────────────────────────────────────────────────────────────────────────────────

CONTROLLER = b"controller".ljust(32, b".")


def booted(store: Store, *boots: tuple[bytes, int]) -> None:
    """Let a store know whose replica ids these are."""
    for replica, boot in boots:
        store.introduce(replica, CONTROLLER, boot)


def ended() -> tuple[Store, bytes]:
    """Return a store whose first incarnation has ended without live dots."""
    store = make_store(A)
    _ = store.put(KEY, 1, WALL_NS)
    store.renew(B)
    booted(store, (A, 1), (B, 2))
    _ = store.put(KEY, 2, WALL_NS)
    return store, A


def test_a_replica_id_without_live_dots_retires_to_a_watermark() -> None:
    """Its entry leaves the vector; a late copy of what it wrote is still dead."""
    store, old = ended()
    late = make_store(A).put(KEY, 1, WALL_NS)
    assert store.retire(CONTROLLER, 1, store.vector)
    assert dict(store.vector) == {B: 1}
    assert store.seen.covers(old, 1)
    assert store.apply(late, WALL_NS).inflated == []
    assert not store.retire(CONTROLLER, 1, store.vector)


def test_crash_loops_do_not_grow_the_vector() -> None:
    """A thousand boots that wrote one key over and over leave one entry and one watermark."""
    store = make_store((1).to_bytes(8, "big"))
    for boot in range(2, 1_000):
        _ = store.put(KEY, boot, WALL_NS)
        store.renew(boot.to_bytes(8, "big"))
        booted(store, (store.replica, boot))
    _ = store.put(KEY, "last", WALL_NS)
    booted(store, ((1).to_bytes(8, "big"), 1))
    assert store.retire(CONTROLLER, 998, store.vector)
    assert len(store.vector) == 1
    assert store.statistics().watermarks == 1
    _ = store.put(KEY, "after", WALL_NS)
    _ = store.collect(WALL_NS, store.vector)
    (sibling,) = store.record(KEY) or ()
    assert (sibling.value, sibling.context) == ("after", ())


def test_nothing_retires_that_somebody_may_lack() -> None:
    """Not while a member's vector is behind, not the running incarnation, not with gaps."""
    store, _ = ended()
    assert not store.retire(CONTROLLER, 1, {})
    assert not store.retire(CONTROLLER, 2, store.vector)
    other = make_store(C)
    _ = other.put(("gap",), 1, WALL_NS)
    _ = store.apply(other.put(("y",), 1, WALL_NS), WALL_NS)
    booted(store, (C, 0))
    assert not store.retire(CONTROLLER, 1, {**store.vector, C: 2})


def test_a_replica_id_with_live_dots_keeps_its_entry_under_the_watermark() -> None:
    """What it wrote and nobody has replaced stays live, here and at those who learn of it."""
    store, old = ended()
    _ = store.put(("other",), 1, WALL_NS)
    store.renew(C)
    booted(store, (C, 3))
    assert store.retire(CONTROLLER, 2, store.vector)
    assert dict(store.vector) == {B: 2}
    duo = Duo(store, make_store(b"d" * 8))
    booted(duo.stores[1], (A, 1), (B, 2), (C, 3))
    duo.meet(2)
    assert duo.equal()
    assert not duo.stores[1].seen.vector.get(old)
    assert [key for key, _ in duo.stores[1].items()] == [KEY, ("other",)]


def test_who_still_holds_an_entry_of_a_retired_replica_id_compares_live_dots() -> None:
    """It is behind the watermark as one is behind the floor, and drops what is dead."""
    store, _ = ended()
    laggard = make_store(b"d" * 8)
    booted(laggard, (A, 1), (B, 2))
    _ = laggard.apply(make_store(A).put(KEY, 1, WALL_NS), WALL_NS)
    _ = store.remove(KEY, WALL_NS)
    _ = store.collect(WALL_NS, store.vector)
    assert store.retire(CONTROLLER, 1, store.vector)
    duo = Duo(store, laggard)
    duo.meet(2)
    assert duo.equal()
    assert len(laggard) == 0
    assert not laggard.seen.vector.get(A)
