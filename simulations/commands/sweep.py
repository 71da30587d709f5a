"""Run many seeds, and say which of them violated what."""

import argparse
import json
import shlex
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NoReturn

from simulations.build import this_build
from simulations.commands.choosing import Unknown, chosen_source
from simulations.commands.talking import say, seeds
from simulations.engines.engine import Engine
from simulations.engines.processes import CannotStart, Processes
from simulations.sweep.archive import (
    Archive,
    Row,
    Unusable,
    forget,
    tidy,
    usual_folder,
    usual_place,
)
from simulations.sweep.progress import Display, display
from simulations.sweep.source import Source, key
from simulations.sweep.summary import Summary, summarised
from simulations.sweep.sweep import Sweep

INTERRUPTED: Final = 130
"""The exit code of whoever ends for Ctrl-C."""

UNUSABLE: Final = 2
SHOWN_MAX: Final = 20
"""Failing seeds that are listed; all of them are in the database and in the JSON."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add = parser.add_argument
    _ = add("scenario", nargs="?", help="a scenario; without one each seed has its own")
    _ = add("--seeds", type=seeds, required=True, metavar="A..B", help="both ends included")
    _ = add("--workers", type=int, metavar="N", help="processes; as many as cores, unless stated")
    _ = add("--database", type=Path, metavar="FILE", help="where results are kept")
    _ = add("--no-database", action="store_true", help="keep nothing, and run every seed")
    _ = add("--fresh", action="store_true", help="forget what was found before")
    _ = add("--json", action="store_true", help="the result as JSON")
    _ = add("--engine", choices=("local", "dask"), default="local", help="who runs the seeds")
    _ = add("--scheduler", metavar="ADDRESS", help="of the Dask cluster, such as tcp://host:8786")
    _ = add("--plant", metavar="MODULE:FUNCTION", help="plant a bug in each worker, for tests")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 if anything was violated."""
    _ = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _sweep(arguments, chosen_source(arguments.scenario))
    except (Unknown, Unusable, CannotStart) as error:
        print(f"trellis sim sweep: {error}", file=sys.stderr)  # noqa: T201  it speaks to a person
        return UNUSABLE


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _sweep(arguments: argparse.Namespace, source: Source) -> int:
    chosen: range = arguments.seeds
    began = time.perf_counter()
    with ExitStack() as stack:
        archive = stack.enter_context(_archive(arguments, source))
        before = len(archive.done() & frozenset(chosen))
        try:
            if before < len(chosen):
                _run(arguments, source, archive, before)
        except KeyboardInterrupt:
            _stopped(len(archive.done() & frozenset(chosen)), len(chosen), arguments)
            return INTERRUPTED
        summary = summarised(archive.rows(chosen))
        seconds = time.perf_counter() - began
        if arguments.json:
            rows = archive.rows(chosen)
            say(json.dumps(_document(source, chosen, summary, list(rows), seconds), indent=2))
        else:
            _tell(summary, before, seconds, arguments.scenario)
    return 1 if summary.failed else 0


def _archive(arguments: argparse.Namespace, source: Source) -> Archive:
    name = key(source, this_build(), arguments.plant)
    if arguments.no_database:
        return Archive(None, name)
    folder = usual_folder()
    place: Path = arguments.database or usual_place(folder, source.name, name)
    if arguments.fresh:
        forget(place)
    archive = Archive(place, name)
    tidy(folder)
    return archive


def _run(arguments: argparse.Namespace, source: Source, archive: Archive, before: int) -> None:
    chosen: range = arguments.seeds
    with (
        _engine(arguments) as engine,
        Processes(1, plant=arguments.plant) as checker,
        display(len(chosen), before, "seeds") as shown,
    ):
        sweep = Sweep(source, archive, engine, checker)
        sweep.run(chosen, lambda row: _show(row, shown, arguments.scenario))


def _engine(arguments: argparse.Namespace) -> Engine:
    if arguments.engine == "local":
        return Processes(arguments.workers, plant=arguments.plant)
    try:
        from simulations.engines.dask import open_dask  # noqa: PLC0415  an extra
    except ModuleNotFoundError as error:
        raise Unusable(
            f"--engine dask needs a package that is not installed ({error.name}):"
            " pip install 'trellis-mesh[sweep]'"
        ) from error
    if arguments.scheduler is None:
        raise Unusable("--engine dask needs the --scheduler ADDRESS of the cluster")
    try:
        return open_dask(arguments.scheduler, plant=arguments.plant)
    except OSError as error:
        raise Unusable(f"no Dask scheduler answers at {arguments.scheduler}: {error}") from error


# --- telling --------------------------------------------------------------------------------------


def _show(row: Row, shown: Display, scenario: str | None) -> None:
    shown.advance(failed=row.failure is not None)
    if row.failure is not None:
        shown.say(f"seed {row.seed}: {_what(row)}\n  replay: {_replay(row.seed, scenario)}")


def _what(row: Row) -> str:
    if row.remark or row.verdict is None:
        return f"{row.failure}: {row.remark}"
    return str(row.verdict.violations[0])


def _stopped(done: int, wanted: int, arguments: argparse.Namespace) -> None:
    if arguments.no_database:
        way = "nothing is kept"
    elif arguments.fresh:
        way = "the same command without --fresh goes on from here"
    else:
        way = "the same command goes on from here"
    text = f"\nstopped after {done} of {wanted} seeds; {way}"
    print(text, file=sys.stderr)  # noqa: T201  it speaks to a person


def _replay(seed: int, scenario: str | None) -> str:
    words = ["trellis", "sim", "replay", str(seed)]
    if scenario is not None:
        words += ["--scenario", scenario]
    return shlex.join(words)


def _tell(summary: Summary, before: int, seconds: float, scenario: str | None) -> None:
    again = f" ({before} of them before)" if before else ""
    say(
        f"{summary.runs} seeds{again} in {seconds:.0f} s:"
        f" {summary.simulated_ns / 3.6e12:.1f} h simulated, {summary.events:,} events;"
        f" {len(summary.failed)} failed"
    )
    say(f"facts written: {_facts(summary.counts)}")
    say(f"agreed after {summary.healing_ns / 1e9:.1f} s at most (seed {summary.slowest})")
    if summary.toothless:
        say(f"faults that never made a difference: {', '.join(summary.toothless)}")
    for row in summary.failed[:SHOWN_MAX]:
        say(f"FAILED {row.seed}: {_what(row)}")
        say(f"  {_replay(row.seed, scenario)}")
    if len(summary.failed) > SHOWN_MAX:
        say(f"  … and {len(summary.failed) - SHOWN_MAX} more (--json lists all)")
    say(f"digest of all {summary.digest}")


def _facts(counts: Mapping[str, int]) -> str:
    facts = sorted((name, count) for name, count in counts.items() if name.startswith("fact "))
    return ", ".join(f"{name.removeprefix('fact ')} {count:,}" for name, count in facts)


def _document(
    source: Source, chosen: range, summary: Summary, rows: list[Row], seconds: float
) -> dict[str, object]:
    """What ``--json`` prints; durations in seconds."""
    build = this_build()
    return {
        "format": 1,
        "scenario": source.name,
        "trellis": build.trellis,
        "code": build.code,
        "seeds": [chosen[0], chosen[-1]],
        "seconds": round(seconds, 3),
        "digest": summary.digest,
        "events": summary.events,
        "simulated_s": summary.simulated_ns / 1e9,
        "counts": dict(sorted(summary.counts.items())),
        "bites": dict(sorted(summary.bites.items())),
        "failed": [
            {"seed": row.seed, "failure": row.failure, "text": _what(row)} for row in summary.failed
        ],
        "runs": [_run_document(row) for row in rows],
    }


def _run_document(row: Row) -> dict[str, object]:
    verdict = row.verdict
    if verdict is None:
        return {"seed": row.seed, "failure": row.failure}
    return {
        "seed": row.seed,
        "failure": row.failure,
        "digest": row.digest,
        "events": verdict.events,
        "simulated_s": verdict.simulated_ns / 1e9,
        "healing_s": verdict.healing_ns / 1e9,
    }
