"""``make damage``: random damage to one controller's memory; a report; exit 1 on any fault."""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from tests.damage import processes, simulated
from tests.damage.outcome import Run
from tests.hosts.processes import FellShort

REPORT: Final = Path("build/damage")


def main(words: Sequence[str] | None = None) -> int:
    """Run what was asked for, write the report; the last line is the summary."""
    parser = argparse.ArgumentParser(prog="damage", description=__doc__)
    parser.add_argument("--memory", type=int, default=500, help="runs in the simulator")
    parser.add_argument("--processes", type=int, default=50, help="runs with real processes")
    parser.add_argument("--seed", type=int, default=0, help="of the first run")
    parser.add_argument("--report", type=Path, default=REPORT, help="the folder of the report")
    arguments = parser.parse_args(words)
    begun = time.monotonic()
    runs: dict[str, list[Run]] = {"memory": [], "processes": []}
    seeds = range(arguments.seed, arguments.seed + arguments.memory)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        for run in workers.map(simulated.run, seeds):
            _note(runs["memory"], run, arguments.memory)
    fell_short = ""
    try:
        processes.run_many(
            arguments.processes,
            arguments.seed,
            lambda run: _note(runs["processes"], run, arguments.processes),
        )
    except FellShort as error:
        fell_short = str(error)
    report = _report(runs, fell_short, time.monotonic() - begun)
    arguments.report.mkdir(parents=True, exist_ok=True)
    _ = (arguments.report / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    text = _text(report)
    _ = (arguments.report / "report.txt").write_text(text)
    _ = sys.stdout.write(text)
    return 0 if report["well"] else 1


def _note(runs: list[Run], run: Run, of: int) -> None:
    runs.append(run)
    state = "; ".join(run.wrong) if run.wrong else "healed"
    line = f"{len(runs)} of {of}: {run.damage} (seed {run.seed}): {state}"
    _ = sys.stdout.write(f"{line} after {run.healing_s:.1f} s\n")
    _ = sys.stdout.flush()


def _report(runs: dict[str, list[Run]], fell_short: str, elapsed_s: float) -> dict[str, object]:
    every = [run for some in runs.values() for run in some]
    return {
        "well": not fell_short and not any(run.wrong for run in every),
        "elapsed_s": round(elapsed_s, 1),
        "fell_short": fell_short,
        "parts": {name: _part(some) for name, some in runs.items()},
        "wrong": [asdict(run) for run in every if run.wrong],
    }


def _part(runs: list[Run]) -> dict[str, object]:
    return {
        "runs": len(runs),
        "bit": sum(run.bit for run in runs),
        "kinds": dict(sorted(Counter(run.damage for run in runs).items())),
        "wrong": sum(bool(run.wrong) for run in runs),
        "healing_s_max": round(max((run.healing_s for run in runs), default=0.0), 2),
    }


def _text(report: dict[str, object]) -> str:
    parts = report["parts"]
    assert isinstance(parts, dict)
    lines = [
        f"damage, {name}: {part['runs']} runs, {part['bit']} took something away, {part['wrong']}"
        f" went wrong; healed after {part['healing_s_max']} s at most"
        for name, part in parts.items()
    ]
    wrong = report["wrong"]
    assert isinstance(wrong, list)
    lines += [f"  seed {run['seed']}, {run['damage']}: {run['wrong']}" for run in wrong]
    if report["fell_short"]:
        lines.append(f"  FELL SHORT: {report['fell_short']}")
    outcome = "nothing false was spread, all healed and was told" if report["well"] else "WRONG"
    lines.append(f"damage: {outcome}, in {report['elapsed_s']} s")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
