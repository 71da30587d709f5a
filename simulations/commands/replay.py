"""Run again what a file or a seed describes, and compare it with what came of it then."""

import argparse
import sys
import time
from pathlib import Path
from typing import Final

from simulations.build import this_build
from simulations.commands.choosing import Unknown, chosen_source
from simulations.commands.talking import say
from simulations.engines.engine import prepare
from simulations.replay import Kept, Unreadable, difference, load
from simulations.trial import attempt, signature
from simulations.verdict import Verdict

REFUSED: Final = 2
"""The exit code where nothing was replayed, or where it was not the same run."""

_SECONDS: Final = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add = parser.add_argument
    _ = add("which", metavar="FILE|SEED", help="what shrink wrote, or a seed that a sweep named")
    _ = add("--scenario", help="the scenario of the sweep that named the seed")
    _ = add("--trace", action="store_true", help="print every event")
    _ = add("--until", type=_duration, metavar="TIME", help="stop there, such as '3.2 s'")
    _ = add("--anyway", action="store_true", help="though it was made by another version")
    _ = add("--plant", metavar="MODULE:FUNCTION", help="plant a bug first, for tests")


def _duration(text: str) -> int:
    """``3.2 s`` in nanoseconds; argparse reports what is no duration."""
    number = text.rstrip("hmins ")
    unit = text[len(number) :].strip() or "s"
    try:
        return int(float(number) * _SECONDS[unit] * 1e9)
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as '3.2 s'") from None


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 if anything was violated, 2 if it could not be replayed or was another run."""
    try:
        then = None if arguments.which.isdecimal() else load(Path(arguments.which))
        scenario = (
            then.scenario
            if then is not None
            else chosen_source(arguments.scenario).scenario(int(arguments.which))
        )
    except (Unreadable, Unknown) as error:
        return _refuse(str(error))
    remark = difference(then, this_build()) if then is not None else ""
    if then is not None and then.trellis != this_build().trellis and not arguments.anyway:
        return _refuse(
            f"{remark}: what happens now proves nothing about then (--anyway replays it)"
        )
    prepare(arguments.plant)
    began = time.perf_counter()
    sink = say if arguments.trace else None
    verdict = attempt(scenario, sink=sink, until_ns=arguments.until)
    _tell(verdict, time.perf_counter() - began)
    code = 1 if verdict.violations else 0
    if then is None or arguments.until is not None:
        return code
    return _compare(then, verdict, remark) or code


def _refuse(text: str) -> int:
    print(f"trellis sim replay: {text}", file=sys.stderr)  # noqa: T201  it speaks to a person
    return REFUSED


def _tell(verdict: Verdict, seconds: float) -> None:
    say(f"digest {verdict.digest}")
    say(
        f"{verdict.simulated_ns / 1e9:.1f} s simulated in {seconds:.2f} s:"
        f" {verdict.events} events, {verdict.steps} steps of controllers"
    )
    for name, count in verdict.bites.items():
        say(f"fault {name}: bit {count} times")
    for violation in verdict.violations:
        say(f"VIOLATED {violation}")
    if not verdict.violations:
        say("all that must hold has held")


def _compare(then: Kept, now: Verdict, remark: str) -> int:
    """Say how the two runs relate; not 0 where the same code gave another one."""
    kind, was = signature(now), then.failure.signature if then.failure is not None else None
    if now.digest == then.digest:
        say("it is the same run, event by event")
        return 0
    if not remark:
        return _refuse(
            f"the same code gave another run: digest {now.digest} instead of {then.digest};"
            " something outside of the scenario has leaked into it"
        )
    say(f"another run than then, for {remark}")
    if kind == was:
        say("it still fails alike" if was is not None else "neither failed")
    elif was is not None:
        say(f"{was} no longer fails" if kind is None else f"then it was {was}, now it is {kind}")
    return 0
