"""The fold against an oracle that is written a second time, over random worlds."""

from random import Random

import pytest

from mesh.environment.entries import entry_hash
from mesh.protocol.catalogue import Ids, numbers
from mesh.protocol.history import History, LogEntry, Standing, merging
from mesh.wire.requests import Key, Kind
from tests.mesh.protocol.history.reference import Reference, reference_fold
from tests.mesh.protocol.history.world import World, new_history
from tests.mesh.protocol.history.worlds import (
    arrivals,
    closed_subset,
    everything,
    random_world,
)

SEEDS = range(25)


@pytest.fixture(name="world", params=SEEDS)
def _world(request: pytest.FixtureRequest) -> World:
    return random_world(Random(request.param))


@pytest.fixture(name="random")
def _random(request: pytest.FixtureRequest) -> Random:
    return Random(str(request.node.name))


def _outcome(entry: LogEntry) -> str:
    return (entry.outcome.why or entry.outcome.standing).value


def _outcomes(history: History) -> dict[int, str]:
    return {entry.number: _outcome(entry) for entry in history.log()}


def _cells(history: History) -> dict[Key, tuple[bool, object, bytes | None]]:
    return {
        key: (entry.present, entry.value, entry.version)
        for key, entry in history.state.entries()
        if entry.version is not None
    }


def _assert_equal(history: History, expected: Reference) -> None:
    assert _outcomes(history) == expected.outcomes
    cells = {key: cell for key, cell in expected.state.items() if cell[2] is not None}
    assert _cells(history) == cells
    assert history.state.roster == expected.roster


def test_the_fold_equals_the_oracle(world: World) -> None:
    """Outcomes, values, versions and roster equal those of a fold that is written down naively."""
    ids = everything(world)
    _assert_equal(new_history(world.catalogue, ids), reference_fold(world.catalogue, ids))


def test_any_order_of_arrival_gives_one_state(world: World, random: Random) -> None:
    """Whatever arrives first, the state, its hash, the log and the set-aside list are the same."""
    whole = new_history(world.catalogue, everything(world))
    for _ in range(3):
        history = new_history(world.catalogue)
        for chunk in arrivals(random, world):
            history.extend(chunk)
        assert history.state_hash == whole.state_hash
        assert history.history_hash == whole.history_hash
        assert tuple(history.log()) == tuple(whole.log())
        assert history.conflicts() == whole.conflicts()


def test_each_step_of_the_way_equals_the_oracle(world: World, random: Random) -> None:
    """Not only at the end: after every arrival the state is the fold of what has arrived."""
    history = new_history(world.catalogue)
    for at, chunk in enumerate(arrivals(random, world)):
        history.extend(chunk)
        if at % 4 == 0:
            _assert_equal(history, reference_fold(world.catalogue, history.ids))


def test_the_incremental_hash_is_the_sum_over_all_entries(world: World, random: Random) -> None:
    """The hash that is kept with each change equals the one computed from what is there."""
    history = new_history(world.catalogue)
    for chunk in arrivals(random, world):
        history.extend(chunk)
    total = sum(entry_hash(key, entry) for key, entry in history.state.entries())
    assert history.state_hash == (total % 2**256).to_bytes(32, "big")


def test_rosters_of_other_sets_equal_the_oracle(world: World, random: Random) -> None:
    """roster(ids) is the fold of just those, and asking leaves no trace."""
    history = new_history(world.catalogue, everything(world))
    before = history.state_hash, tuple(history.log())
    for _ in range(6):
        ids = closed_subset(random, world)
        assert history.roster(ids) == reference_fold(world.catalogue, ids).roster
    assert (history.state_hash, tuple(history.log())) == before


def test_a_vote_foresees_the_fold(world: World, random: Random) -> None:
    """There is no objection if, and only if, it takes effect after those it is judged over."""
    history = new_history(world.catalogue, closed_subset(random, world))
    before = history.state_hash
    for number in range(len(world.catalogue)):
        _assert_foreseen(world, history, number, closed_subset(random, world))
    assert history.state_hash == before


def test_a_vote_asked_for_again_is_found_anew(world: World, random: Random) -> None:
    """What was said over one set is not said over another."""
    history = new_history(world.catalogue)
    for chunk in arrivals(random, world):
        history.extend(chunk)
        for number in random.choices(range(len(world.catalogue)), k=2):
            for over in (history.ids, closed_subset(random, world), history.ids):
                _assert_foreseen(world, history, number, over)


def test_what_was_voted_on_folds_as_ever(world: World, random: Random) -> None:
    """Votes on everything, before anything and at every step, leave no trace in the fold."""
    history = new_history(world.catalogue)
    for chunk in arrivals(random, world):
        for number in numbers(chunk):
            if (world.catalogue.ancestors(number) or 0) & ~history.ids == 0:
                _ = history.objection(world.catalogue[number], history.ids)
        history.extend(chunk)
    _assert_equal(history, reference_fold(world.catalogue, everything(world)))


def _assert_foreseen(world: World, history: History, number: int, others: Ids) -> None:
    """The vote over ``others`` and its ancestors is what the oracle makes of it."""
    over = others | (world.catalogue.ancestors(number) or 0)
    earlier = _earlier(world, number, over)
    if world.catalogue[number].kind is Kind.MERGE or _is_tried(world, number, earlier):
        return
    fold = reference_fold(world.catalogue, earlier | 1 << number)
    objection = history.objection(world.catalogue[number], over)
    assert (objection is None) == (fold.outcomes[number] == "effective"), objection


def _earlier(world: World, number: int, over: Ids) -> Ids:
    ids = 0
    for other in range(len(world.catalogue)):
        is_lower = world.catalogue[other].timestamp < world.catalogue[number].timestamp
        if over >> other & 1 and is_lower:
            ids |= 1 << other
    return ids


def _is_tried(world: World, number: int, ids: Ids) -> bool:
    tx = world.catalogue[number].tx
    return any(
        world.catalogue[other].tx == tx for other in range(len(world.catalogue)) if ids >> other & 1
    )


def test_no_change_set_takes_effect_in_part(world: World) -> None:
    """Of an effective ChangeSet every key was written, by it or later; of any other, none."""
    history = new_history(world.catalogue, everything(world))
    order = [entry.tx for entry in history.log() if entry.written_keys]
    versions = [entry.version for _, entry in history.state.entries()]
    for entry in history.log():
        if entry.outcome.standing is not Standing.EFFECTIVE:
            assert entry.written_keys == ()
            assert entry.outcome.standing is Standing.REPEATED or entry.tx not in versions
            continue
        for change in entry.written_keys:
            version = history.state.version(change.key)
            assert version is not None
            assert order.index(version) >= order.index(entry.tx)


def test_each_request_takes_effect_at_most_once(world: World) -> None:
    """However many attempts of it were released."""
    history = new_history(world.catalogue, everything(world))
    effective = [e.tx for e in history.log() if e.outcome.standing is Standing.EFFECTIVE]
    assert len(effective) == len(dict.fromkeys(effective))


def test_restaging_is_possible_or_explained(world: World) -> None:
    """Whatever was set aside resolves on today's base, or says why it cannot."""
    history = new_history(world.catalogue, everything(world))
    before = history.state_hash
    for entry in history.conflicts():
        resolution = history.restage(entry.tx, world.nonce())
        assert getattr(resolution, "errors", None) != ()
    assert history.state_hash == before


def test_a_merge_is_the_same_however_much_is_folded_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes later changes nothing about who stands in whose way before it."""
    history, plans = new_history(world.catalogue), []
    for part in (1, 4, len(world.catalogue)):
        monkeypatch.setattr(merging, "PART", part)
        plans.append(history.plan_merge(everything(world), lambda number: number % 3))
    assert plans[0] == plans[1] == plans[2]


def test_worlds_are_worth_it() -> None:
    """The random worlds reach every rule of the fold."""
    reached: dict[str, None] = {}
    for seed in SEEDS:
        world = random_world(Random(seed))
        fold = reference_fold(world.catalogue, everything(world))
        reached.update(dict.fromkeys(fold.outcomes.values()))
    assert sorted(reached) == ["conflict", "effective", "failed", "merged", "refused", "repeated"]
