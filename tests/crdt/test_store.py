"""Local writes and what readers are shown of them."""

import pytest

from crdt import Put, RefusedWrite, Remove, Sibling, Store, Token, data_set_epoch
from tests.crdt.world import WALL_NS, make_store

A, B = b"a" * 8, b"b" * 8
KEY = ("info", "x")


def values(store: Store, key: tuple[str, ...] = KEY) -> tuple[object, ...]:
    """Return the winner and its conflicts; () where there is nothing."""
    reading = store.read(key)
    return () if reading is None else (reading.value, *reading.conflicts)


def test_concurrent_values_are_all_kept_and_the_winner_is_the_same_everywhere() -> None:
    """The latest stamp wins, then the greatest dot; the rest are conflicts."""
    left, right = make_store(A), make_store(B)
    from_left, from_right = left.put(KEY, "early", WALL_NS), right.put(KEY, "late", WALL_NS + 10**9)
    _ = left.apply(from_right, WALL_NS)
    _ = right.apply(from_left, WALL_NS)
    assert values(left) == values(right) == ("late", "early")


def test_one_write_resolves_a_conflict() -> None:
    """It supersedes all that its store holds of the key."""
    left, right = make_store(A), make_store(B)
    _ = left.put(KEY, "one", WALL_NS)
    _ = left.apply(right.put(KEY, "two", WALL_NS), WALL_NS)
    _ = right.apply(left.put(KEY, "both", WALL_NS), WALL_NS)
    assert values(left) == values(right) == ("both",)


def test_a_token_supersedes_exactly_what_was_shown() -> None:
    """What was written since the token was given out survives beside the new value."""
    store = make_store(A)
    _ = store.put(KEY, "shown", WALL_NS)
    token = Token.decode(store.token(KEY).encode())
    _ = store.put(KEY, "not shown", WALL_NS + 10**9)
    _ = store.put(KEY, "from the reader", WALL_NS + 2 * 10**9, token)
    assert values(store) == ("from the reader", "not shown")


def test_the_token_of_an_absent_key_supersedes_nothing() -> None:
    """Two clients that both saw nothing make a conflict, at one controller too."""
    store = make_store(A)
    token = store.token(KEY)
    _ = store.put(KEY, "first", WALL_NS, token)
    _ = store.put(KEY, "second", WALL_NS + 10**9, token)
    assert values(store) == ("second", "first")


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x81\x01", b"\x82\x41x\x01", b"\xa0"])
def test_a_token_that_was_never_given_out_is_refused(data: bytes) -> None:
    """Clients bring bytes; wrong ones are their mistake, said in a sentence."""
    with pytest.raises(RefusedWrite, match="was not given out"):
        _ = Token.decode(data)


def test_removing_a_subtree_removes_what_is_observed_and_spares_what_is_not() -> None:
    """A concurrent write below the prefix survives."""
    left, right = make_store(A), make_store(B)
    delta = left.write(
        [Put(("t", "a"), 1), Put(("t", "b"), 2), Put(("t", "d"), 0), Put(("u",), 3)], WALL_NS
    )
    _ = right.apply(delta, WALL_NS)
    concurrent = right.put(("t", "c"), 4, WALL_NS) + right.put(("t", "b"), 5, WALL_NS)
    _ = right.apply(left.remove_prefix(("t",), WALL_NS), WALL_NS)
    _ = left.apply(concurrent, WALL_NS)
    for store in (left, right):
        assert [(key, r.value) for key, r in store.items()] == [
            (("t", "b"), 5),
            (("t", "c"), 4),
            (("u",), 3),
        ]


def test_items_are_sorted_and_prefixes_are_whole_parts() -> None:
    """("ab",) is not below ("a",)."""
    store = make_store(A)
    for key in [("b",), ("ab",), ("a", "2"), ("a",), ("a", "1", "x")]:
        _ = store.put(key, 1, WALL_NS)
    assert [key for key, _ in store.items(("a",))] == [("a",), ("a", "1", "x"), ("a", "2")]
    _ = store.remove(("a",), WALL_NS)
    _ = store.put(("a", "0"), 1, WALL_NS)
    assert [key for key, _ in store.items()] == [
        ("a", "0"),
        ("a", "1", "x"),
        ("a", "2"),
        ("ab",),
        ("b",),
    ]


def test_removing_what_is_not_there_writes_nothing() -> None:
    """An absent key, a removed key, and a token that was shown none of what is there."""
    store = make_store(A)
    before = store.token(KEY)
    assert store.remove(KEY, WALL_NS) == ()
    _ = store.put(KEY, 1, WALL_NS)
    assert store.remove(KEY, WALL_NS, before) == ()
    assert store.remove(KEY, WALL_NS)
    assert store.remove(KEY, WALL_NS) == ()
    assert store.counter == 2


def test_a_batch_is_written_whole_or_not_at_all() -> None:
    """One bad operation refuses all of them."""
    store = make_store(A)
    _ = store.put(("a",), 1, WALL_NS)
    with pytest.raises(RefusedWrite):
        _ = store.write([Remove(("a",)), Put(("b",), 1), Put(("c",), object())], WALL_NS)
    with pytest.raises(RefusedWrite, match="written twice"):
        _ = store.write([Put(("b",), 1), Remove(("b",))], WALL_NS)
    assert [key for key, _ in store.items()] == [("a",)]
    assert store.counter == 1


def test_a_process_that_writes_nothing_costs_nothing() -> None:
    """Its replica id appears in no vector."""
    store = make_store(A)
    assert dict(store.vector) == {}
    assert make_store(B).extent_hash() == store.extent_hash()


def test_a_write_under_my_replica_id_that_i_did_not_make_is_refused() -> None:
    """Somebody is a clone of this process, or lies: it is reported, and nothing changes."""
    store = make_store(A)
    _ = store.put(KEY, "mine", WALL_NS)
    applied = store.apply([(("y",), (Sibling(A, 7, 0, "not mine"),))], WALL_NS)
    assert applied.rejected
    assert applied.equivocations
    assert ("y",) not in store
    assert dict(store.vector) == {A: 1}


def test_a_new_incarnation_starts_a_new_line_of_dots() -> None:
    """After `renew` no dot of the old replica id is ever made again."""
    store = make_store(A)
    _ = store.put(KEY, 1, WALL_NS)
    store.renew(B)
    _ = store.put(KEY, 2, WALL_NS)
    assert dict(store.vector) == {A: 1, B: 1}
    with pytest.raises(AssertionError, match="never used twice"):
        store.renew(A)


def test_only_what_inflated_is_reported() -> None:
    """A delta that arrives again is nothing to forward."""
    left, right = make_store(A), make_store(B)
    delta = left.put(KEY, 1, WALL_NS)
    assert right.apply(delta, WALL_NS).inflated == list(delta)
    assert right.apply(delta, WALL_NS).inflated == []


def test_data_sets_have_different_epochs() -> None:
    """Another environment, generation or nonce is another data set."""
    epochs = {
        data_set_epoch(b"e", 1, b"n"),
        data_set_epoch(b"f", 1, b"n"),
        data_set_epoch(b"e", 2, b"n"),
        data_set_epoch(b"e", 1, b"m"),
    }
    assert len(epochs) == 4
    assert {len(epoch) for epoch in epochs} == {16}
