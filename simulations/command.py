"""The simulator as a program: run one seed, sweep many, prove that they are the same everywhere."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from simulations.generator import generate
from simulations.reality import RealLife
from simulations.scenario import Scenario, canonical, read
from simulations.sweep import sweep
from simulations.verdict import Verdict
from simulations.world import World

PROGRESS_EVERY: Final = 20
_HASH_SEEDS: Final = ("1", "2")


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for; the exit code: 1 if anything was violated."""
    options = _parser().parse_args(arguments)
    deed: int = options.deed(options)
    return deed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulations", description=__doc__)
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    run = deeds.add_parser("run", help="run one scenario")
    chosen = run.add_mutually_exclusive_group(required=True)
    _ = chosen.add_argument("--seed", type=int, help="the generated scenario of this seed")
    _ = chosen.add_argument("--scenario", type=Path, help="a resolved scenario (JSON)")
    _ = run.add_argument("--trace", action="store_true", help="print every event")
    run.set_defaults(deed=_run)
    show = deeds.add_parser("show", help="print the resolved scenario of a seed")
    _ = show.add_argument("--seed", type=int, required=True)
    show.set_defaults(deed=_show)
    many = deeds.add_parser("sweep", help="run many seeds")
    _ = many.add_argument("--seeds", type=_seeds, required=True, metavar="A..B")
    _ = many.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    many.set_defaults(deed=_sweep)
    same = deeds.add_parser("determinism", help="the same seeds in two processes")
    _ = same.add_argument("--seeds", type=str, required=True, metavar="A..B")
    same.set_defaults(deed=_determinism)
    return parser


def _seeds(text: str) -> range:
    first, dots, last = text.partition("..")
    try:
        return range(int(first), int(last if dots else first) + 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no range of seeds such as 0..199") from None


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a program speaks to the person who runs it


# --- one run ------------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
    scenario = _scenario(options)
    began = time.perf_counter()
    verdict = World(scenario, RealLife, sink=_say if options.trace else None).run()
    _tell(verdict, time.perf_counter() - began)
    return 1 if verdict.violations else 0


def _scenario(options: argparse.Namespace) -> Scenario:
    if options.seed is not None:
        return generate(options.seed)
    path: Path = options.scenario
    return read(path.read_bytes())


def _tell(verdict: Verdict, seconds: float) -> None:
    _say(f"digest {verdict.digest}")
    _say(
        f"{verdict.simulated_ns / 1e9:.1f} s simulated in {seconds:.2f} s:"
        f" {verdict.events} events, {verdict.steps} steps of controllers"
    )
    for name, count in verdict.bites.items():
        _say(f"fault {name}: bit {count} times")
    _say("  ".join(f"{name} {count}" for name, count in verdict.counts.items()))
    for violation in verdict.violations:
        _say(f"VIOLATED {violation}")
    _say("violated" if verdict.violations else "all that must hold has held")


def _show(options: argparse.Namespace) -> int:
    _say(canonical(generate(options.seed)).decode())
    return 0


# --- many runs ----------------------------------------------------------------------------------


def _sweep(options: argparse.Namespace) -> int:
    seeds: range = options.seeds
    began = time.perf_counter()
    done = 0

    def report(verdict: Verdict) -> None:
        nonlocal done
        done += 1
        if verdict.violations:
            _say(f"seed {verdict.seed}: {verdict.violations[0]}")
            _say(f"  replay: python -m simulations run --seed {verdict.seed} --trace")
        if done % PROGRESS_EVERY == 0:
            _say(f"{done} of {len(seeds)} seeds, {time.perf_counter() - began:.0f} s")

    swept = sweep(seeds, options.workers, report)
    seconds = time.perf_counter() - began
    _say(
        f"{swept.runs} seeds in {seconds:.0f} s: {swept.simulated_ns / 1e9 / 3600:.1f} h simulated,"
        f" {swept.events / seconds:,.0f} events/s; {len(swept.failed)} violated"
    )
    facts = ", ".join(
        f"{name.removeprefix('fact ')} {count:,}"
        for name, count in sorted(swept.counts.items())
        if name.startswith("fact ")
    )
    _say(f"facts written: {facts}")
    _say(f"agreed after {swept.healing_ns / 1e9:.1f} s at most (seed {swept.slowest})")
    if swept.toothless:
        _say(f"faults that never made a difference: {', '.join(swept.toothless)}")
    _say(f"digest of all {swept.digest}")
    return 1 if swept.failed else 0


def _determinism(options: argparse.Namespace) -> int:
    _ = _seeds(options.seeds)
    digests = [_digest_under(hash_seed, options.seeds) for hash_seed in _HASH_SEEDS]
    if len(set(digests)) != 1:
        _say(f"seeds {options.seeds} differ between processes: {', '.join(digests)}")
        return 1
    _say(f"seeds {options.seeds}: one digest in {len(digests)} processes, {digests[0]}")
    return 0


def _digest_under(hash_seed: str, seeds: str) -> str:
    swept = subprocess.run(  # noqa: S603  this very program, with arguments checked above
        [sys.executable, "-m", "simulations", "sweep", "--seeds", seeds, "--workers", "1"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=False,
        text=True,
    )
    return swept.stdout.strip().rpartition(" ")[2] or swept.stderr
