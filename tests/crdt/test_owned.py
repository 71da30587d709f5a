"""Entries that live and die with a process, shown as the reader's own membership sees it."""

from collections.abc import Callable

import pytest

from crdt import Entry, Key, Liveness, OwnedStore, Put, RefusedWrite, Remove, Standing
from crdt.limits import shown_dimmed_ns
from crdt.sync.messages import Cover, Message
from tests.crdt.duo import A, B, C, Duo
from tests.crdt.world import SECOND_NS, WALL_NS, make_owned, make_store

KEY: Key = ("instances", "ann", "web-1", "health")
OTHER: Key = ("instances", "bob", "web-2", "health")
D = b"d" * 8


def alive(owner: str) -> Standing:
    """Stand for a membership in which everybody is alive."""
    del owner
    return Standing.ALIVE


def both() -> tuple[OwnedStore, OwnedStore]:
    """Return the stores of ann (replica id A) and bob (B), who know each other."""
    ann, bob = make_owned(A), make_owned(B)
    for store in (ann, bob):
        for owner, replica in (("ann", A), ("bob", B)):
            _ = store.announce(owner, replica, SECOND_NS)
    return ann, bob


def entries(
    store: OwnedStore, standing: Standing = Standing.ALIVE, now_ns: int = SECOND_NS
) -> dict[Key, Liveness]:
    """Return what a reader sees below ("instances",)."""
    found = store.entries(("instances",), lambda _: standing, now_ns, WALL_NS)
    return {entry.key: entry.liveness for entry in found}


def met(ann: OwnedStore, bob: OwnedStore) -> Duo:
    """Let both stores meet until they are equal."""
    duo = Duo(make_store(A), make_store(B), owned=(ann, bob))
    duo.meet(3)
    assert duo.equal()
    return duo


def test_entries_spread_like_any_other() -> None:
    """What the owner writes, the other reads; the value comes back as it was written."""
    ann, bob = both()
    _ = ann.put(KEY, {"port": 80}, WALL_NS)
    _ = ann.write([Put((*KEY[:2], "web-3"), (1, 2))], WALL_NS)
    _ = met(ann, bob)
    found = list(bob.entries(("instances", "ann"), alive, SECOND_NS, WALL_NS))
    assert [entry.value for entry in found] == [{"port": 80}, (1, 2)]


def one_session(before: bytes | None, meanwhile: bytes) -> tuple[Duo, OwnedStore]:
    """Bob fetches what ann (A) has said; of whom he learns before and in the midst of it."""
    ann, bob = make_owned(A), make_owned(B)
    _ = ann.announce("ann", A, SECOND_NS)
    _ = ann.put(KEY, "up", WALL_NS)
    if before is not None:
        _ = bob.announce("ann", before, SECOND_NS)
    duo = Duo(make_store(A), make_store(B), owned=(ann, bob))

    def learn(message: Message) -> bool:
        if isinstance(message, Cover) and message.owned:
            _ = bob.announce("ann", meanwhile, SECOND_NS)
        return True

    duo.keep = learn
    duo.hear(1, duo.syncs[0].ping())
    assert duo.said(Cover) > 0
    return duo, bob


def test_who_ends_in_mid_session_leaves_nothing_behind() -> None:
    """The vector of a replica id that has ended is not taken over, whatever counted before."""
    _, bob = one_session(A, C)
    assert bob.current == {"ann": C}
    assert bob.vector == {}


def test_who_becomes_current_in_mid_session_is_taken_over_by_the_next_one() -> None:
    """Records of a replica id that did not count when they came were dropped; its vector is too.

    Otherwise the store would claim to have seen what it never held, and take it for lost here.
    """
    duo, bob = one_session(None, A)
    assert bob.current == {"ann": A}
    assert bob.vector == {}
    duo.meet(2)
    assert duo.equal()
    assert entries(bob) == {KEY: Liveness.LIVE}
    assert duo.alarms == []


def test_liveness_is_derived_from_the_readers_own_membership() -> None:
    """Alive: live. Suspect: dimmed. Failed: gone, but kept, and back at once after a heal."""
    ann, bob = both()
    _ = ann.put(KEY, "up", WALL_NS)
    _ = met(ann, bob)
    for standing, liveness in [
        (Standing.ALIVE, Liveness.LIVE),
        (Standing.SUSPECT, Liveness.DIMMED),
        (Standing.FAILED, Liveness.GONE),
        (Standing.ALIVE, Liveness.LIVE),
    ]:
        assert entries(bob, standing) == {KEY: liveness}


def test_nobody_writes_under_anothers_name() -> None:
    """Not to set, not to remove, and not by a record that claims the key."""
    ann, bob = both()
    _ = ann.put(KEY, "up", WALL_NS)
    _ = met(ann, bob)
    acts: list[Callable[[], object]] = [
        lambda: bob.put(KEY, "down", WALL_NS),
        lambda: bob.remove(KEY, WALL_NS),
        lambda: bob.write([Remove(KEY)], WALL_NS),
        lambda: bob.register(KEY, "x", SECOND_NS, WALL_NS),
        lambda: bob.put(("short",), "x", WALL_NS),
    ]
    for act in acts:
        with pytest.raises(RefusedWrite, match="not an entry of this controller"):
            _ = act()
    liar = make_owned(B)
    _ = liar.announce("ann", B, SECOND_NS)
    assert ann.apply(liar.put(KEY, "lies", WALL_NS), WALL_NS).inflated == []
    assert entries(ann) == entries(bob) == {KEY: Liveness.LIVE}


def test_an_ended_incarnation_leaves_the_store_and_stays_dimmed_for_a_while() -> None:
    """A restart of a controller, whose services live on, is no gap for a load balancer."""
    ann, bob = both()
    _ = ann.put(KEY, "up", WALL_NS)
    _ = met(ann, bob)
    assert bob.announce("ann", C, SECOND_NS) == (KEY,)
    assert len(bob) == 0
    assert bob.root() == bytes(8)
    assert A not in bob.vector
    assert entries(bob) == {KEY: Liveness.DIMMED}
    assert bob.deadline == SECOND_NS + shown_dimmed_ns
    assert entries(bob, now_ns=SECOND_NS + shown_dimmed_ns) == {}
    assert bob.expire(SECOND_NS + shown_dimmed_ns - 1) == ()
    assert bob.expire(SECOND_NS + shown_dimmed_ns) == (KEY,)
    assert bob.deadline is None


def test_what_the_new_incarnation_announces_takes_the_place_of_what_is_dimmed() -> None:
    """Key by key, as it comes in."""
    ann, bob = both()
    _ = ann.put(KEY, "up", WALL_NS)
    _ = met(ann, bob)
    ann.renew(C)
    for store in (ann, bob):
        _ = store.announce("ann", C, SECOND_NS)
    _ = bob.apply(ann.put(KEY, "up again", WALL_NS), WALL_NS)
    (entry,) = bob.entries((), alive, SECOND_NS, WALL_NS)
    assert (entry.value, entry.liveness) == ("up again", Liveness.LIVE)


def test_late_copies_of_an_ended_incarnation_are_dead_by_rule() -> None:
    """No tombstone is needed: only the current replica id counts, and nothing else is seen."""
    ann, bob = both()
    late = ann.put(KEY, "up", WALL_NS)
    _ = bob.announce("ann", C, SECOND_NS)
    assert bob.apply(late, WALL_NS).inflated == []
    assert dict(bob.vector) == {}


def test_a_removal_from_the_roster_ends_all_at_once() -> None:
    """Not even dimmed."""
    ann, bob = both()
    _ = ann.put(KEY, "up", WALL_NS)
    _ = met(ann, bob)
    assert bob.announce("ann", None, SECOND_NS) == (KEY,)
    assert entries(bob) == {}
    assert bob.announce("ann", None, SECOND_NS) == ()


def test_the_hash_covers_the_current_replica_ids() -> None:
    """Two stores that disagree on who is current are not equal, empty as they may be."""
    ann, bob = both()
    assert ann.extent_hash() == bob.extent_hash()
    _ = bob.announce("ann", C, SECOND_NS)
    assert ann.extent_hash() != bob.extent_hash()


def test_stores_that_disagree_on_who_is_current_do_not_harm_each_other() -> None:
    """What does not count here is not taken; once both know the Boot they are equal."""
    ann, bob = both()
    _ = bob.put(OTHER, "up", WALL_NS)
    ann.renew(C)
    _ = ann.announce("ann", C, SECOND_NS)
    _ = ann.put(KEY, "up", WALL_NS)
    duo = Duo(make_store(A), make_store(B), owned=(ann, bob))
    duo.meet(3)
    assert entries(bob) == {OTHER: Liveness.LIVE}
    _ = bob.announce("ann", C, SECOND_NS)
    duo.meet(3)
    assert duo.equal()
    assert entries(bob) == {KEY: Liveness.LIVE, OTHER: Liveness.LIVE}
    assert duo.alarms == []


def test_the_owner_takes_its_own_entry_away() -> None:
    """By a tombstone of its own, collected like any other."""
    ann, bob = both()
    _ = ann.put(KEY, "up", WALL_NS)
    duo = met(ann, bob)
    _ = ann.remove(KEY, WALL_NS)
    assert ann.collect(WALL_NS, ann.vector) == 1
    duo.meet(3)
    assert duo.equal()
    assert entries(bob) == {}


def test_a_registration_lasts_its_time_to_live() -> None:
    """Registered again it lasts as long again; without a time to live it does not end."""
    ann, _ = both()
    _ = ann.register(KEY, "up", 30 * SECOND_NS, WALL_NS)
    _ = ann.put((*KEY[:2], "for ever"), "up", WALL_NS)

    def live(wall_ns: int) -> list[Entry]:
        found = ann.entries((), alive, SECOND_NS, wall_ns)
        return [entry for entry in found if entry.liveness is Liveness.LIVE]

    assert len(live(WALL_NS + 30 * SECOND_NS)) == 2
    assert len(live(WALL_NS + 31 * SECOND_NS)) == 1
    _ = ann.register(KEY, "up", 30 * SECOND_NS, WALL_NS + 10 * SECOND_NS)
    assert len(live(WALL_NS + 31 * SECOND_NS)) == 2
    with pytest.raises(RefusedWrite, match="at least a millisecond"):
        _ = ann.register(KEY, "up", 10, WALL_NS)


def test_readers_merge_by_instance_what_is_registered_at_several_controllers() -> None:
    """The most live one, and of those the latest."""
    ann, bob = both()
    _ = ann.register(("instances", "ann", "web"), "old", 60 * SECOND_NS, WALL_NS)
    _ = bob.register(("instances", "bob", "web"), "new", 60 * SECOND_NS, WALL_NS + SECOND_NS)
    _ = met(ann, bob)
    merged = ann.instances("instances", alive, SECOND_NS, WALL_NS)
    assert {key: entry.value for key, entry in merged.items()} == {("web",): "new"}

    def without_bob(owner: str) -> Standing:
        return Standing.FAILED if owner == "bob" else Standing.ALIVE

    merged = ann.instances("instances", without_bob, SECOND_NS, WALL_NS)
    assert merged[("web",)].value == "old"


def test_nothing_of_it_is_persisted() -> None:
    """There is never anything to write, and nothing waits to be durable."""
    ann, _ = both()
    _ = ann.put(KEY, "up", WALL_NS)
    assert not ann.take_dirty()
