"""The exact oracle: what is shown in the end is what nobody superseded, no more and no less."""

import pytest

from tests.crdt.world import World, shown_in

SEEDS_PER_CASE = 10


def run_seed(seed: int, steps: int = 300) -> World:
    """Run one schedule to its end, and compare what every store shows with the oracle."""
    world = World(seed, nodes=3 + seed % 3)
    world.run(steps)
    world.heal()
    assert world.equal(), f"seed {seed}: the stores are not equal after healing"
    for node in world.nodes:
        assert shown_in(node.kept) == world.oracle.live(world.nodes), f"seed {seed}"
    assert not world.alarms, f"seed {seed}: an alarm among honest and healthy stores"
    return world


@pytest.mark.parametrize("first", range(0, 100, SEEDS_PER_CASE))
def test_every_store_shows_exactly_what_is_live(first: int) -> None:
    """In the end every store shows exactly the writes that nobody superseded.

    Whatever was lost, repeated, reordered, collected, restarted or wiped; and nobody raises an
    alarm.
    """
    for seed in range(first, first + SEEDS_PER_CASE):
        _ = run_seed(seed)


def test_the_schedule_is_a_function_of_the_seed() -> None:
    """One seed is one run: the same dots, the same stores."""
    first, second = run_seed(7), run_seed(7)
    assert first.nodes[0].sync.ping() == second.nodes[0].sync.ping()
    assert first.oracle.superseded == second.oracle.superseded
