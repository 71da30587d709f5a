"""Changes in a mesh that parts and meets again: `python -m tests.changes [--runs N]`.

Runs of the simulator, one for each seed, in which everything that any controller holds is held
against a second reading of the rules. It tells what was seen; the exit code is 1 if anything was
found, with the command that shows it again.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from multiprocessing import get_context
from typing import Final

from simulations.sweep.progress import display
from tests.changes.run import Outcome, run

RUNS: Final = 1_000
SHORT: Final = 12
"""Runs of the short form, which the gate asks for."""

FOUND: Final = 1
INTERRUPTED: Final = 130
SHOWN_MAX: Final = 20


def main(words: Sequence[str]) -> int:
    """Run, and tell."""
    arguments = _arguments(words)
    count: int = SHORT if arguments.short else arguments.runs
    seeds = range(arguments.first, arguments.first + count)
    began, totals, failed = time.monotonic(), Counter[str](), dict[int, Outcome]()
    with (
        get_context("fork").Pool(arguments.jobs) as pool,
        display(len(seeds), 0, "runs") as shown,
    ):
        for seed, outcome in pool.imap_unordered(_numbered, seeds):
            totals.update(outcome.figures)
            if outcome.verdict.violations:
                failed[seed] = outcome
                shown.say(_told(seed, outcome))
            shown.advance(failed=seed in failed)
    _say(f"{len(seeds)} runs in {time.monotonic() - began:.0f} s; {len(failed)} failed")
    _say(", ".join(f"{what} {often:,}" for what, often in totals.items()))
    for seed in sorted(failed)[:SHOWN_MAX]:
        _say(f"FAILED {_told(seed, failed[seed])}")
    return FOUND if failed else 0


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.changes", description=__doc__)
    add, jobs = parser.add_argument, len(os.sched_getaffinity(0))
    _ = add("--runs", type=int, default=RUNS, metavar="N", help=f"how many ({RUNS:,})")
    _ = add("--first", type=int, default=0, metavar="SEED", help="the first seed (0)")
    _ = add("--jobs", type=int, default=jobs, metavar="N", help=f"processes at once ({jobs})")
    _ = add("--short", action="store_true", help=f"the first {SHORT} runs only")
    return parser.parse_args(words)


def _numbered(seed: int) -> tuple[int, Outcome]:
    return seed, run(seed)


def _told(seed: int, outcome: Outcome) -> str:
    violation = outcome.verdict.violations[0]
    return f"{violation}\n  again: python -m tests.changes --first {seed} --runs 1"


def _say(line: str) -> None:
    print(line)  # noqa: T201  a program


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201  a program
        sys.exit(INTERRUPTED)
