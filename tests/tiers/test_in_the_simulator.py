"""The plays on the first tier."""

from typing import Final

import pytest

from tests.tiers.oracle import differences
from tests.tiers.play import Play
from tests.tiers.plays import MANY, PLAYS
from tests.tiers.simulator import simulated

RUNS: Final = [(play, 0) for play in PLAYS] + [(play, 1) for play in PLAYS if play is not MANY]


@pytest.mark.parametrize(("play", "seed"), RUNS, ids=lambda each: getattr(each, "name", None))
def test_the_simulator_ends_as_the_play_says(play: Play, seed: int) -> None:
    """Whatever the luck of links and disks, every play comes to its ending and breaks no rule."""
    assert list(differences(play.ending, simulated(play, seed))) == []
