"""Consent in the fold against an oracle that is written a second time, over random worlds."""

import os
from collections import Counter
from random import Random
from typing import Final

import pytest

from mesh.protocol.catalogue import numbers
from mesh.protocol.history import History
from mesh.wire.requests import Kind
from tests.mesh.protocol.history.peopled import peopled_world
from tests.mesh.protocol.history.reference import Reference, reference_fold
from tests.mesh.protocol.history.world import World, new_history
from tests.mesh.protocol.history.worlds import arrivals, closed_subset, everything
from tests.mutants.consent import MUTANTS

SEEDS: Final = range(int(os.environ.get("TRELLIS_PEOPLED_WORLDS", "4")))
"""A thousand are for whoever changes the rules."""

PLANTED: Final = (
    "consent-signer-approves",
    "consent-whoever-signs-approves",
    "consent-whoever-overrides",
)
PLANTED_WORLDS: Final = 8


@pytest.fixture(name="random", params=SEEDS, scope="module")
def _random(request: pytest.FixtureRequest) -> Random:
    return Random(request.param)


@pytest.fixture(name="world", scope="module")
def _world(random: Random) -> World:
    return peopled_world(random)


def _assert_equal(history: History, expected: Reference) -> None:
    outcomes = {
        each.number: (each.outcome.why or each.outcome.standing).value for each in history.log()
    }
    assert outcomes == expected.outcomes
    assert {
        key: (entry.present, entry.value, entry.version)
        for key, entry in history.state.entries()
        if entry.version is not None
    } == {key: cell for key, cell in expected.state.items() if cell[2] is not None}


def test_the_fold_with_consent_equals_the_oracle(world: World) -> None:
    """Who is refused for want of rights, approvals or promotion is refused by both."""
    ids = everything(world)
    _assert_equal(new_history(world.catalogue, ids), reference_fold(world.catalogue, ids))


def test_any_order_of_arrival_gives_one_answer(world: World, random: Random) -> None:
    """Also where the approval and the revocation of the right to give it arrive in either order."""
    history = new_history(world.catalogue)
    for at, chunk in enumerate(arrivals(random, world)):
        history.extend(chunk)
        if at % 12 == 0:
            _assert_equal(history, reference_fold(world.catalogue, history.ids))
    assert history.state_hash == new_history(world.catalogue, everything(world)).state_hash


def test_a_vote_foresees_consent(world: World, random: Random) -> None:
    """There is no objection if, and only if, it takes effect after those it is judged over."""
    history, catalogue = new_history(world.catalogue), world.catalogue
    for number in random.sample(range(len(catalogue)), 4):
        judged = catalogue[number]
        over = closed_subset(random, world) | (catalogue.ancestors(number) or 0)
        earlier = [n for n in numbers(over) if catalogue[n].timestamp < judged.timestamp]
        if judged.kind is Kind.MERGE or any(catalogue[n].tx == judged.tx for n in earlier):
            continue
        ids = sum(1 << each for each in (*earlier, number))
        outcome = reference_fold(catalogue, ids).outcomes[number]
        objection = history.objection(judged, over)
        assert (objection is None) == (outcome == "effective"), objection


def test_the_worlds_are_worth_it() -> None:
    """Every rule has its say, and most things take effect all the same."""
    outcomes = Counter[str]()
    for seed in range(5):
        world = peopled_world(Random(seed))
        outcomes.update(reference_fold(world.catalogue, everything(world)).outcomes.values())
    reached = ("effective", "refused", "conflict", "repeated", "failed")
    assert all(outcomes[each] for each in reached), outcomes
    assert outcomes["effective"] > outcomes["refused"] > outcomes["failed"]


@pytest.mark.repository  # bugs are planted in its sources
@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_rule_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these faults of consent shows within a few worlds."""
    MUTANTS[name].patch(monkeypatch)
    assert any(_differs(seed) for seed in range(PLANTED_WORLDS))


def _differs(seed: int) -> bool:
    world = peopled_world(Random(seed))
    ids = everything(world)
    try:
        _assert_equal(new_history(world.catalogue, ids), reference_fold(world.catalogue, ids))
    except AssertionError:
        return True
    return False
