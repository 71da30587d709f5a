"""The plays on the second tier."""

from pathlib import Path

import pytest
from trio.testing import MockClock

from tests.tiers.memory import in_memory
from tests.tiers.oracle import differences
from tests.tiers.play import Play
from tests.tiers.plays import PLAYS


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
async def test_the_real_driver_ends_as_the_play_says(
    play: Play, tmp_path: Path, autojump_clock: MockClock
) -> None:
    """Without sockets, threads and real seconds the driver brings every play to its ending."""
    ending = await in_memory(play, tmp_path)
    assert list(differences(play.ending, ending)) == []
