"""The situations that come with Trellis: each keeps what it promises, with the first seeds."""

import pytest

from simulations.files.library import find, names
from simulations.files.situation import Situation
from simulations.trial import attempt
from simulations.verdict import Violation

SEEDS = (0, 1)

NAMED = (
    "both_sides_change_the_same_service",
    "clock_from_2038",
    "cloned_disk",
    "crash_between_seal_and_gossip",
    "lone_survivor",
    "long_partition_past_collection",
    "office_wan_cut",
    "one_way_link",
    "removed_member_refuses",
    "restored_from_last_week",
    "rolling_restart",
    "sealer_in_2038",
    "slow_member",
    "split_while_staging",
    "three_fresh_hosts",
    "two_environments_meet",
)
"""Those that a user is told of by name."""


def broken(situation: Situation) -> list[Violation]:
    """What does not hold."""
    verdicts = [attempt(situation.scenario(seed)) for seed in SEEDS]
    return [violation for verdict in verdicts for violation in verdict.violations]


@pytest.mark.parametrize("name", names())
def test_each_situation_keeps_its_promises(name: str) -> None:
    """A pending one does not yet, and breaks nothing but its promises; else the mark goes away."""
    situation = find(name)
    found = broken(situation)
    if situation.pending is None:
        assert found == []
    else:
        assert found != [], "it holds now: it is pending no more"
        assert [each for each in found if not each.is_promise] == []


def test_each_situation_says_what_it_is_about() -> None:
    """A story for whoever reads it, a title of one line, and at least one promise."""
    for name in names():
        situation = find(name)
        assert len(situation.story) > 100, name
        assert situation.title != name.replace("_", " "), name
        assert situation.plan.expect is not None, name


def test_no_named_situation_is_missing() -> None:
    """What people are told of is there, and is not pending."""
    assert [name for name in NAMED if name not in names()] == []
    assert [name for name in NAMED if find(name).pending is not None] == []
