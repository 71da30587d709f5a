"""Readings of the same records: what each makes of concurrent writes."""

from collections.abc import Callable

import pytest

from crdt import (
    AddWinsSet,
    Counter,
    Delta,
    Flag,
    OrderedPaths,
    RefusedWrite,
    Register,
    Store,
)
from crdt.fractions import place_between
from tests.crdt.world import WALL_NS, make_store

KEY = ("k",)


@pytest.fixture
def two() -> tuple[Store, Store]:
    """Return two stores that have not met."""
    return make_store(b"a" * 8), make_store(b"b" * 8)


def cross(two: tuple[Store, Store], *acts: Callable[[], Delta]) -> None:
    """Let each store act without having heard of the other's act, then exchange both."""
    deltas = [act() for act in acts]
    for store in two:
        for delta in deltas:
            _ = store.apply(delta, WALL_NS)


def test_register_shows_the_winner_and_the_rest(two: tuple[Store, Store]) -> None:
    """Conflicts are shown until one write resolves them."""
    left, right = (Register(store, KEY) for store in two)
    cross(two, lambda: left.set(1, WALL_NS), lambda: right.set(2, WALL_NS + 10**9))
    assert (left.value, left.conflicts) == (right.value, right.conflicts) == (2, (1,))
    cross(two, lambda: left.resolve(3, WALL_NS))
    assert (right.value, right.conflicts) == (3, ())


def test_flag_is_on_where_anybody_switched_it_on(two: tuple[Store, Store]) -> None:
    """Concurrently with switching it off, on wins, whatever the stamps say."""
    left, right = (Flag(store, KEY) for store in two)
    cross(
        two,
        lambda: left.switch(on=True, wall_ns=WALL_NS),
        lambda: right.switch(on=False, wall_ns=WALL_NS + 10**9),
    )
    assert left
    assert right
    cross(two, lambda: right.switch(on=False, wall_ns=WALL_NS))
    assert not left


def test_set_keeps_what_is_added_concurrently(two: tuple[Store, Store]) -> None:
    """An element that one adds while the other discards it stays."""
    left, right = (AddWinsSet(store, KEY) for store in two)
    cross(two, lambda: left.add("x", WALL_NS), lambda: left.add("y", WALL_NS))
    cross(two, lambda: left.add("x", WALL_NS), lambda: right.discard("x", WALL_NS + 10**9))
    cross(two, lambda: right.discard("y", WALL_NS))
    assert list(left) == list(right) == ["x"]
    assert "y" not in left
    assert right.discard("never there", WALL_NS) == ()


def test_counter_adds_up_what_everybody_counted(two: tuple[Store, Store]) -> None:
    """Concurrent counting loses nothing, in any number of rounds."""
    left, right = (Counter(store, KEY) for store in two)
    for step in range(3):
        cross(two, lambda: left.add(5, WALL_NS), lambda: right.add(-2, WALL_NS))
        assert int(left) == int(right) == 3 * (step + 1)
    cross(two, lambda: left.add(1, WALL_NS))
    assert int(left) == int(right) == 10
    record = two[0].record(KEY)
    assert record is not None
    assert len(record) == 2


def test_counter_removed_concurrently_keeps_the_tally_that_was_not_seen(
    two: tuple[Store, Store],
) -> None:
    """A removal removes the tallies it saw; who counted meanwhile stays with its whole tally."""
    left, right = (Counter(store, KEY) for store in two)
    cross(two, lambda: left.add(5, WALL_NS), lambda: right.add(3, WALL_NS))
    cross(two, lambda: two[0].remove(KEY, WALL_NS), lambda: right.add(1, WALL_NS))
    assert int(left) == int(right) == 4


def test_counter_within_64_bits() -> None:
    """A tally that would leave 64 bits is refused."""
    counter = Counter(make_store(b"a" * 8), KEY)
    _ = counter.add(2**63 - 1, WALL_NS)
    with pytest.raises(RefusedWrite, match="64 bits"):
        _ = counter.add(1, WALL_NS)


def test_ordered_paths_keep_the_order_that_was_chosen(two: tuple[Store, Store]) -> None:
    """Inserting at the same place at once keeps both, in one order everywhere."""
    left, right = (OrderedPaths(store, KEY) for store in two)
    cross(two, lambda: left.insert("first", WALL_NS))
    first = next(place for place, _ in left)
    cross(two, lambda: left.insert("last", WALL_NS, after=first))
    cross(
        two,
        lambda: left.insert("from left", WALL_NS, after=first),
        lambda: right.insert("from right", WALL_NS, after=first),
    )
    order = [value for _, value in left]
    assert order == [value for _, value in right]
    assert (order[0], order[-1]) == ("first", "last")
    assert set(order[1:3]) == {"from left", "from right"}
    cross(two, lambda: right.discard(first, WALL_NS))
    cross(two, lambda: right.replace(next(place for place, _ in right), "new", WALL_NS))
    assert next(value for _, value in left) == "new"


def test_there_is_always_a_place_between() -> None:
    """Also between two of one fraction, which only their suffixes tell apart."""
    low, high = place_between("", "", "a"), place_between("", "", "b")
    assert low < place_between(low, high, "c") < high
    assert place_between("", low, "c") < low < high < place_between(high, "", "c")


def test_a_place_that_has_become_too_long_is_refused() -> None:
    """Put between the same two a thousand times, a list has to be written anew."""
    places = [""]

    def put_first(times: int) -> None:
        for _ in range(times):
            places.append(place_between("", places[-1], "x"))

    with pytest.raises(RefusedWrite, match="write the list anew"):
        put_first(5_000)
    with pytest.raises(RefusedWrite, match="no place in a list"):
        _ = place_between("/no/place", "", "x")
