"""The plays on the third tier: real processes, sockets and disks."""

from pathlib import Path

import pytest

from tests.tiers.oracle import differences
from tests.tiers.play import Play
from tests.tiers.plays import CRASHED, FAIR, PARTED
from tests.tiers.processes import open_namespaces, open_relays, with_processes


@pytest.mark.parametrize("play", [FAIR, PARTED], ids=lambda play: play.name)
def test_processes_in_namespaces_end_as_the_play_says(play: Play, tmp_path: Path) -> None:
    """Each process on a host of its own, all of them on one switch."""
    with open_namespaces(play.cast, tmp_path) as stage:
        assert list(differences(play.ending, with_processes(play, stage))) == []


def test_processes_on_loopback_end_as_the_play_says(tmp_path: Path) -> None:
    """The same without root: every link goes through a relay."""
    with open_relays(CRASHED.cast, tmp_path) as stage:
        assert list(differences(CRASHED.ending, with_processes(CRASHED, stage))) == []
