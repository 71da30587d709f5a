"""The one join, case by case: each surprising one has a name."""

from crdt import REMOVED, Sibling
from crdt.record import context_for, current, dominates, join, knowledge, supersedes

A, B, C = b"a" * 8, b"b" * 8, b"c" * 8


def unseen(replica: bytes, counter: int) -> bool:
    """Stand for a store that has seen nothing."""
    del replica, counter
    return False


def test_a_local_sibling_stays_unless_it_is_superseded() -> None:
    """A remote record that does not know of a local sibling leaves it alone."""
    mine, theirs = Sibling(A, 1, 5, "mine"), Sibling(B, 1, 6, "theirs")
    assert join((mine,), (theirs,), unseen) == (mine, theirs)


def test_a_superseded_sibling_goes() -> None:
    """A remote write that had seen the local sibling replaces it."""
    mine, theirs = Sibling(A, 1, 5, "mine"), Sibling(B, 1, 6, "theirs", ((A, 1),))
    assert join((mine,), (theirs,), unseen) == (theirs,)
    assert join((theirs,), (mine,), unseen) == (theirs,)


def test_an_author_supersedes_its_own_earlier_writes() -> None:
    """Without an entry of its own, a context means: all that this author wrote before."""
    assert supersedes(Sibling(A, 5, 0, "x"), A, 4)
    assert not supersedes(Sibling(A, 5, 0, "x"), A, 5)
    assert not supersedes(Sibling(A, 5, 0, "x", ((A, 2),)), A, 3)


def test_seen_and_not_live_means_dead() -> None:
    """A dot that was seen here and is not live here is not taken."""
    theirs = Sibling(B, 1, 6, "theirs")
    assert join((), (theirs,), lambda replica, counter: (replica, counter) == (B, 1)) == ()


def test_a_record_that_brings_nothing_returns_the_local_one() -> None:
    """What did not inflate is the very same object, so that nobody forwards it."""
    local = (Sibling(A, 1, 5, "mine"), Sibling(B, 1, 6, "theirs"))
    assert join(local, (local[1],), unseen) is local


def test_evidence_stays_until_it_is_dominated() -> None:
    """A removal whose author wrote again without its context stays beside the new value.

    It is all that says what it removed.
    """
    removal = Sibling(A, 3, 5, REMOVED, ((B, 7),))
    again = Sibling(A, 4, 6, "again")
    record = join((removal,), (again,), unseen)
    assert record == (removal, again)
    assert current(record) == (again,)
    assert join(record, (Sibling(B, 7, 1, "what was removed"),), unseen) == record


def test_domination_is_transitive_where_superseding_is_not_enough() -> None:
    """Who supersedes a write and all that it superseded makes it superfluous."""
    first = Sibling(A, 1, 1, "first")
    second = Sibling(B, 1, 2, "second", ((A, 1),))
    third = Sibling(C, 1, 3, "third", ((A, 1), (B, 1)))
    careless = Sibling(C, 1, 3, "careless", ((B, 1),))
    assert dominates(second, first)
    assert dominates(third, second)
    assert dominates(third, first)
    assert supersedes(careless, *second.dot)
    assert not dominates(careless, second)


def test_a_new_write_supersedes_everything_held() -> None:
    """Its context holds each dot and all that these had superseded, ascending."""
    record = (Sibling(A, 2, 1, "x", ((C, 9),)), Sibling(B, 4, 2, "y"))
    assert knowledge(record) == {A: 2, B: 4, C: 9}
    context = context_for(record, A, None, unseen_name)
    assert context == ((B, 4), (C, 9))


def test_a_write_with_a_token_names_its_own_entry() -> None:
    """What its author wrote after the token was given out is not superseded."""
    record = (Sibling(A, 3, 1, "later"),)
    assert context_for(record, A, {A: 2}, unseen_name) == ((A, 2),)


def test_retired_replica_ids_leave_contexts() -> None:
    """Where all dots of a replica id are known to be seen, no context needs to name it."""
    record = (Sibling(B, 3, 1, "x", ((C, 2),)),)
    assert context_for(record, A, None, lambda name: name == C) == ((B, 3),)


def unseen_name(replica: bytes) -> bool:
    """Stand for a store without watermarks."""
    del replica
    return False
