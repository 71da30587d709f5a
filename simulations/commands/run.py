"""Run one scenario."""

import argparse
import time
from pathlib import Path

from simulations.commands.talking import say
from simulations.generator import generate
from simulations.reality import RealLife
from simulations.scenario import Scenario, read
from simulations.verdict import Verdict
from simulations.world import World


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    chosen = parser.add_mutually_exclusive_group(required=True)
    _ = chosen.add_argument("--seed", type=int, help="the generated scenario of this seed")
    _ = chosen.add_argument("--scenario", type=Path, help="a resolved scenario (JSON)")
    _ = parser.add_argument("--trace", action="store_true", help="print every event")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 if anything was violated."""
    scenario = _scenario(arguments)
    began = time.perf_counter()
    verdict = World(scenario, RealLife, sink=say if arguments.trace else None).run()
    _tell(verdict, time.perf_counter() - began)
    return 1 if verdict.violations else 0


def _scenario(arguments: argparse.Namespace) -> Scenario:
    if arguments.seed is not None:
        return generate(arguments.seed)
    path: Path = arguments.scenario
    return read(path.read_bytes())


def _tell(verdict: Verdict, seconds: float) -> None:
    say(f"digest {verdict.digest}")
    say(
        f"{verdict.simulated_ns / 1e9:.1f} s simulated in {seconds:.2f} s:"
        f" {verdict.events} events, {verdict.steps} steps of controllers"
    )
    for name, count in verdict.bites.items():
        say(f"fault {name}: bit {count} times")
    say("  ".join(f"{name} {count}" for name, count in verdict.counts.items()))
    for violation in verdict.violations:
        say(f"VIOLATED {violation}")
    say("violated" if verdict.violations else "all that must hold has held")
