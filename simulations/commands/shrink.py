"""Make the smallest scenario that fails like a given one, and write it to a file."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from simulations.commands.choosing import Unknown, chosen_source
from simulations.commands.talking import say
from simulations.engines.engine import Job, prepare
from simulations.engines.processes import CannotStart, Processes
from simulations.replay import Unreadable, kept, load, spelled
from simulations.scenario import Scenario, canonical
from simulations.shrink.search import SECONDS_MAX, Limits, NoFailure
from simulations.shrink.shrink import Shrunk, shrink
from simulations.shrink.story import told

REFUSED: Final = 2
NOTICE_EVERY_S: Final = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add = parser.add_argument
    _ = add("which", metavar="FILE|SEED", help="a run in a file, or a seed that a sweep named")
    _ = add("-o", "--output", type=Path, required=True, metavar="OUT", help="the file to write")
    _ = add("--scenario", help="the scenario of the sweep that named the seed")
    _ = add("--seconds", type=float, default=SECONDS_MAX, help="when to be content")
    _ = add("--workers", type=int, metavar="N", help="processes; as many as cores, unless stated")
    _ = add("--plant", metavar="MODULE:FUNCTION", help="plant a bug in each worker, for tests")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 0 when something was written, 2 when there was nothing to shrink."""
    try:
        start = _start(arguments)
        prepare(arguments.plant)
        with Processes(arguments.workers, plant=arguments.plant) as engine:
            limits = Limits(seconds=arguments.seconds)
            shrunk = shrink(start, engine, limits, _notice())
        _run_afresh(shrunk, arguments.plant)
    except (Unreadable, Unknown, NoFailure, CannotStart, Leaks) as error:
        print(f"trellis sim shrink: {error}", file=sys.stderr)  # noqa: T201  it speaks to a person
        return REFUSED
    story = told(start, shrunk)
    output: Path = arguments.output
    _ = output.write_bytes(spelled(kept(shrunk.scenario, shrunk.verdict, story)))
    for line in story:
        say(line)
    say(f"written to {output}; replay: trellis sim replay {output} --trace")
    return 0


class Leaks(Exception):
    """The result is another run in another process."""


def _run_afresh(shrunk: Shrunk, plant: str | None) -> None:
    """The worker that found it has done many runs before: a new one must see the same.

    Raises Leaks, and CannotStart.
    """
    with Processes(1, plant=plant) as engine:
        engine.give(Job(1, canonical(shrunk.scenario)))
        done = engine.wait()
    if done.verdict is None or done.verdict.digest != shrunk.verdict.digest:
        seen = "that process was lost" if done.verdict is None else "the digest is another one"
        raise Leaks(
            f"what was found does not happen again in a fresh process ({seen}): something outside"
            " of the scenario decides, and nothing was written; to find it:"
            f" python -m simulations determinism --seeds {shrunk.scenario.seed}"
        )


def _start(arguments: argparse.Namespace) -> Scenario:
    if arguments.which.isdecimal():
        return chosen_source(arguments.scenario).scenario(int(arguments.which))
    return load(Path(arguments.which)).scenario


def _notice() -> Callable[[Scenario, int], None]:
    """Says how small it is, now and then."""
    began = said = time.monotonic()

    def notice(scenario: Scenario, trials: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said < NOTICE_EVERY_S:
            return
        said = now
        print(  # noqa: T201  it speaks to a person
            f"{now - began:.0f} s, {trials} runs: {len(scenario.faults)} faults,"
            f" {len(scenario.workload)} steps, {len(scenario.hosts)} hosts,"
            f" {scenario.horizon_ns / 1e9:g} s",
            file=sys.stderr,
            flush=True,
        )

    return notice
