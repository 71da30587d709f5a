"""Run many seeds, and say which of them violated what."""

import argparse
import os
import time
from typing import Final

from simulations.commands.talking import say, seeds
from simulations.sweep import Sweep, sweep
from simulations.verdict import Verdict

PROGRESS_EVERY: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    _ = parser.add_argument("--seeds", type=seeds, required=True, metavar="A..B")
    _ = parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 if anything was violated."""
    chosen: range = arguments.seeds
    began = time.perf_counter()
    done = 0

    def report(verdict: Verdict) -> None:
        nonlocal done
        done += 1
        if verdict.violations:
            say(f"seed {verdict.seed}: {verdict.violations[0]}")
            say(f"  replay: python -m simulations run --seed {verdict.seed} --trace")
        if done % PROGRESS_EVERY == 0:
            say(f"{done} of {len(chosen)} seeds, {time.perf_counter() - began:.0f} s")

    swept = sweep(chosen, arguments.workers, report)
    _tell(swept, time.perf_counter() - began)
    return 1 if swept.failed else 0


def _tell(swept: Sweep, seconds: float) -> None:
    say(
        f"{swept.runs} seeds in {seconds:.0f} s: {swept.simulated_ns / 1e9 / 3600:.1f} h simulated,"
        f" {swept.events / seconds:,.0f} events/s; {len(swept.failed)} violated"
    )
    facts = ", ".join(
        f"{name.removeprefix('fact ')} {count:,}"
        for name, count in sorted(swept.counts.items())
        if name.startswith("fact ")
    )
    say(f"facts written: {facts}")
    say(f"agreed after {swept.healing_ns / 1e9:.1f} s at most (seed {swept.slowest})")
    if swept.toothless:
        say(f"faults that never made a difference: {', '.join(swept.toothless)}")
    say(f"digest of all {swept.digest}")
