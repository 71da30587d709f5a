"""``make tiers``: every play on every tier; exit 1 where one ends otherwise than it must."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest
import trio
from trio.testing import MockClock

from mesh.cli.errors import CommandError
from tests.hosts.processes import FellShort
from tests.tiers.memory import in_memory
from tests.tiers.oracle import Ending, differences
from tests.tiers.play import Play
from tests.tiers.plays import PLAYS
from tests.tiers.processes import open_namespaces, open_relays, with_processes
from tests.tiers.simulator import simulated

Tier = Callable[[Play, Path], Ending]


def _in_the_simulator(play: Play, _directory: Path) -> Ending:
    return simulated(play, seed=0)


def _in_memory(play: Play, directory: Path) -> Ending:
    return trio.run(in_memory, play, directory, clock=MockClock(autojump_threshold=0))


def _in_namespaces(play: Play, directory: Path) -> Ending:
    with open_namespaces(play.cast, directory) as stage:
        return with_processes(play, stage)


def _on_loopback(play: Play, directory: Path) -> Ending:
    with open_relays(play.cast, directory) as stage:
        return with_processes(play, stage)


TIERS: Final[Mapping[str, Tier]] = {
    "simulator": _in_the_simulator,
    "memory": _in_memory,
    "namespaces": _in_namespaces,
    "loopback": _on_loopback,
}
USUAL: Final = ("simulator", "memory", "namespaces")


def main() -> int:
    """Give what was asked for, one line for each play on each tier."""
    parser = argparse.ArgumentParser(prog="tiers", description=__doc__)
    _ = parser.add_argument("--tier", choices=TIERS, action="append", help="this one (several)")
    _ = parser.add_argument("plays", nargs="*", help=", ".join(play.name for play in PLAYS))
    arguments = parser.parse_args()
    unknown = set(arguments.plays) - {play.name for play in PLAYS}
    if unknown:
        parser.error(f"no such play: {', '.join(sorted(unknown))}")
    tiers = arguments.tier or USUAL
    plays = [play for play in PLAYS if not arguments.plays or play.name in arguments.plays]
    failed = [not _give(play, tier) for play in plays for tier in tiers]
    _say(f"tiers: {len(failed)} endings, {sum(failed)} not as they must be")
    return int(any(failed))


def _give(play: Play, tier: str) -> bool:
    """Whether ``play`` ended as it must; says so."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        try:
            wrong = list(differences(play.ending, TIERS[tier](play, Path(directory))))
        except pytest.skip.Exception as skipped:
            _say(f"{play.name:10} {tier:10} not here: {skipped}")
            return True
        except (AssertionError, CommandError, FellShort) as error:
            wrong = [str(error)]
    _say(f"{play.name:10} {tier:10} {time.monotonic() - begun:5.1f} s  {wrong or 'as it must'}")
    return not wrong


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
