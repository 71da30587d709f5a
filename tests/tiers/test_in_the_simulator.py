"""The plays on the first tier."""

import pytest

from tests.tiers.oracle import differences
from tests.tiers.play import Play
from tests.tiers.plays import PLAYS
from tests.tiers.simulator import simulated


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
def test_the_simulator_ends_as_the_play_says(play: Play, seed: int) -> None:
    """Whatever the luck of links and disks, every play comes to its ending and breaks no rule."""
    assert list(differences(play.ending, simulated(play, seed))) == []
