"""Checkers that look at single steps: each is shown what it must see, and what it must let pass."""

import pytest

from mesh.protocol.catalogue import read_change_set
from mesh.protocol.effects import Effects
from mesh.protocol.now import SECOND
from mesh.wire.facts import Fact, No, NoReason
from mesh.wire.identity import Address
from simulations.checkers.bounds import (
    BYTES_PER_SECOND_MAX,
    STEPS_PER_SECOND_MAX,
    UNWRITTEN_MAX,
    BoundsChecker,
)
from simulations.checkers.ledger import Ledger
from simulations.checkers.resurrection import ResurrectionChecker
from simulations.checkers.votes import VoteChecker
from tests.mesh.protocol.barrier.stage import Proposal, Stage, key, life

# --- votes --------------------------------------------------------------------------------------


class Watched:
    """A stage whose votes are looked at: written at once, and heard by whom the test says."""

    def __init__(self) -> None:
        self.stage = Stage(3)
        self.ledger = Ledger()
        self.checker = VoteChecker(self.ledger)

    def propose(self) -> Proposal:
        """Controller 1 proposes among all."""
        proposal = self.stage.propose(1)
        self.ledger.add(read_change_set(proposal.propose))
        return proposal

    def cast(self, fact: Fact, *hearers: int) -> list[str]:
        """``fact`` is written, then durable at ``hearers`` too: the letters of what it breaks."""
        found = [text.split(":")[0] for text in self.checker.decided(fact)]
        self.checker.written(fact)
        if isinstance(fact.body, No):
            self.ledger[fact.body.attempt].nos[fact.origin] = fact.body.why
        for hearer in hearers:
            self.checker.held(key(hearer), fact)
        return found


@pytest.fixture
def watched() -> Watched:
    """Three controllers."""
    return Watched()


def test_nobody_seals_with_whose_no_it_holds(watched: Watched) -> None:
    """B3: a set with a known naysayer is wrong, with one who is not known yet it is not."""
    change = watched.propose()
    assert watched.cast(watched.stage.refuse(3, change), 1) == []
    assert watched.cast(watched.stage.seal(2, change, (1, 2, 3))) == []
    assert watched.cast(watched.stage.seal(1, change, (1, 2, 3))) == ["B3"]


def test_what_was_lost_is_not_held_against_anybody(watched: Watched) -> None:
    """After a loss of its disk a controller need not know what it once held."""
    change = watched.propose()
    _ = watched.cast(watched.stage.refuse(3, change), 1)
    watched.checker.wiped(key(1))
    assert watched.cast(watched.stage.seal(1, change, (1, 2, 3))) == []


def test_never_the_same_set_twice(watched: Watched) -> None:
    """B3: a set may grow again, but each comes once."""
    change = watched.propose()
    for members, found in (((1, 2, 3), []), ((1, 2), []), ((1, 2, 3), ["B3"])):
        assert watched.cast(watched.stage.seal(1, change, members)) == found


def test_nothing_follows_a_no(watched: Watched) -> None:
    """B4: after a No neither a seal nor another No."""
    change = watched.propose()
    assert watched.cast(watched.stage.refuse(2, change)) == []
    assert "B4" in watched.cast(watched.stage.seal(2, change, (1, 2)))
    assert "B4" in watched.cast(watched.stage.refuse(2, change))


@pytest.mark.parametrize(("latest", "found"), [((1, 3), ["B3a"]), ((1, 2), [])])
def test_who_withdraws_has_a_naysayer_in_every_set(
    watched: Watched, latest: tuple[int, ...], found: list[str]
) -> None:
    """B3a: judged by the latest set alone another one can still complete."""
    change = watched.propose()
    _ = watched.cast(watched.stage.seal(1, change, latest))
    _ = watched.cast(watched.stage.seal(1, change, (1, 2, 3)))
    _ = watched.cast(watched.stage.refuse(2, change), 1)
    withdrawal = watched.stage.refuse(1, change, NoReason.WITHDRAW)
    assert watched.cast(withdrawal) == found


def test_a_life_that_is_over_may_count_as_a_naysayer(watched: Watched) -> None:
    """B3a: whoever was closed without a clean set is in Nay, so that life proves nothing here."""
    change = watched.propose()
    _ = watched.cast(watched.stage.seal(1, change, (1, 2)))
    _ = watched.cast(watched.stage.boot(2, proven=True))
    assert watched.cast(watched.stage.refuse(1, change, NoReason.WITHDRAW)) == []


def test_a_boot_proves_the_last_number_or_none(watched: Watched) -> None:
    """B12: an older image does not know what was written after it, and must not say."""
    change = watched.propose()
    last = watched.stage.seal(1, change, (1, 2, 3))
    _ = watched.cast(last)
    sound = watched.stage.boot(1, proven=True)
    assert watched.cast(sound) == []
    later = watched.stage.write(life(1), last.body)
    _ = watched.cast(later)
    assert watched.cast(sound) == ["B12"]
    assert watched.cast(watched.stage.boot(2, proven=False)) == []


# --- what was removed ---------------------------------------------------------------------------


def shows(checker: ResurrectionChecker, *values: str) -> list[str]:
    """Controller a shows ``values`` from now on: what is wrong with that."""
    return list(checker.changed("a", (("x",),), lambda _: frozenset[object](values)))


def test_what_was_removed_does_not_come_back() -> None:
    """A value is shown, then not, then again: that is one too many."""
    checker = ResurrectionChecker()
    checker.began("a")
    for values in (("1",), ("1", "2"), ("2",), (), ("3",)):
        assert shows(checker, *values) == []
    assert shows(checker, "1", "3") == ["a: '1' is back at x"]


def test_a_new_life_begins_with_what_its_disk_has() -> None:
    """A removal that nobody acknowledged may be lost with the life that made it."""
    checker = ResurrectionChecker()
    checker.began("a")
    assert shows(checker, "1") == shows(checker) == []
    checker.began("a")
    assert shows(checker, "1") == []


# --- bounds -------------------------------------------------------------------------------------


def test_a_storm_of_steps_is_seen_once() -> None:
    """So many steps within one second, by one controller, and not spread over two."""
    checker = BoundsChecker()
    found = [text for _ in range(STEPS_PER_SECOND_MAX + 5) for text in checker.stepped("a", 1)]
    assert found == [f"a took {STEPS_PER_SECOND_MAX} steps within a second"]
    quiet = BoundsChecker()
    for second in range(2):
        for _ in range(STEPS_PER_SECOND_MAX - 1):
            assert not list(quiet.stepped("a", second * SECOND))


def test_a_flood_of_bytes_is_seen_once() -> None:
    """Datagrams and frames together."""
    checker = BoundsChecker()
    half = bytes(BYTES_PER_SECOND_MAX // 2)
    effects = Effects(datagrams=((Address("10.0.0.1", 1), half),), frames=((1, half),))
    assert list(checker.sends("a", effects, 1)) == [
        f"a sent {BYTES_PER_SECOND_MAX} bytes within a second"
    ]
    assert not list(checker.sends("a", effects, 1))
    assert not list(checker.sends("b", Effects(), 1))


def test_what_waits_for_a_disk_is_bounded() -> None:
    """One more than the limit is too many."""
    checker = BoundsChecker()
    assert not list(checker.waits("a", UNWRITTEN_MAX))
    assert list(checker.waits("a", UNWRITTEN_MAX + 1))
