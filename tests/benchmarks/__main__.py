"""``make bench``: real controllers on loopback, and what they cost. Figures, never tests.

Times are those of this machine in these minutes, so floors and the machine's load stand beside
them. Ratios against other systems need those systems on the same machine: that is
``make bench-peers``, for some figures; for the others targets are shown in absolute figures as
measured for those systems once, on a machine of the same kind.
"""

import argparse
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.benchmarks import agreement, bench_store, floors, idle, silence, simulator, spread
from tests.benchmarks.ensemble import Failed, open_ensemble
from tests.benchmarks.figures import Figure, figure, heading, report, row
from tests.torture.processes import free_ports

OUTPUT: Final = Path("build/bench.json")
STORE_KEYS: Final = 50_000
PARTS: Final = ("floors", "store", "simulator", "http", "idle", "change", "barrier", "failures")
SIZES: Final = (3, 10, 30)
FEW: Final = 10
"""Beyond so many controllers everything is done less often: they share two cores."""


def main() -> int:
    """Measure what was asked for, print the table, write the JSON."""
    options = _options()
    _ = signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all is put away as usual
    load_before = os.getloadavg()
    begun = time.monotonic()
    _say(_machine(load_before))
    _say(heading())
    figures: list[Figure] = []
    failures: list[str] = []
    for name, part in _parts(options.only, options.sizes):
        try:
            for each in part():
                figures.append(each)
                _say(row(each))
        except Failed as error:
            failures.append(f"{name}: {error}")
            _say(f"NOT MEASURED: {failures[-1]}")
    load_after = os.getloadavg()
    _say(f"load after: {_spell_load(load_after)}; took {time.monotonic() - begun:.0f} s")
    _write(options.output, figures, failures, load_before, load_after)
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", type=_names, default=PARTS, help=",".join(PARTS))
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="controllers, such as 3,10")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the JSON")
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    for each in chosen:
        if each not in PARTS:
            raise argparse.ArgumentTypeError(f"there is no part '{each}': {', '.join(PARTS)}")
    return chosen


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(int(each) for each in text.split(","))
    if min(sizes) < 2:
        raise argparse.ArgumentTypeError("a mesh has two controllers or more")
    return sizes


Part = tuple[str, Callable[[], Iterator[Figure]]]


def _parts(only: Iterable[str], sizes: Iterable[int]) -> Iterator[Part]:
    wanted = set(only)
    if "floors" in wanted:
        yield "floors", floors.measure
    if "store" in wanted:
        yield "store", _store
    if "simulator" in wanted:
        yield "simulator", simulator.measure
    for size in sizes:
        if wanted & {"http", "idle"}:
            yield f"trellis up, {size} times", lambda: _commands(size, wanted)  # noqa: B023  called at once
        if wanted & {"change", "barrier", "failures"}:
            yield f"players, {size} of them", lambda: _players(size, wanted)  # noqa: B023  called at once


def _commands(size: int, wanted: set[str]) -> Iterator[Figure]:
    """``trellis up``, as people run it."""
    few = size > FEW
    with open_ensemble(size, free_ports(size), players=False) as ensemble:
        if "idle" in wanted:
            time.sleep(silence.REST_S)
            yield from idle.measure(ensemble, 30.0 if size > min(SIZES) else 60.0)
        if "http" in wanted:
            yield from spread.over_http(ensemble, 60 if few else 200)


def _players(size: int, wanted: set[str]) -> Iterator[Figure]:
    """The same with a clock inside."""
    few = size > FEW
    with open_ensemble(size, free_ports(size), players=True) as ensemble:
        time.sleep(silence.REST_S)
        if "change" in wanted:
            yield spread.idle_bytes(ensemble)
            yield from spread.in_process(ensemble, 90 if few else 240)
        if "barrier" in wanted:
            yield from agreement.through_barrier(ensemble, 30 if few else 120)
        if "failures" in wanted:
            yield silence.killed(ensemble, 2 if few else 5)
            yield silence.stopped(ensemble, 2 if few else 4)


def _store() -> Iterator[Figure]:
    """The store beside pycrdt; the target is pycrdt's own figure where there is one."""
    for each in bench_store.run(STORE_KEYS):
        beside = "" if each.pycrdt is None else f"pycrdt {each.pycrdt:,.0f}"
        wanted = "" if each.target is None else f"target {each.target:,.0f}"
        target = ", ".join(filter(None, (wanted, beside)))
        yield figure("store", each.name, each.unit, [each.ours], target=target)


# --- telling --------------------------------------------------------------------------------------


def _machine(load: tuple[float, float, float]) -> str:
    cores = len(os.sched_getaffinity(0))
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {cores} cores, Linux {platform.release()},"
        f" Python {platform.python_version()}, load before: {_spell_load(load)}\n"
        "targets are absolute figures for the eye; ratios against Serf and etcd on this machine"
        " come with make bench-peers"
    )


def _spell_load(load: tuple[float, float, float]) -> str:
    return " ".join(f"{each:.2f}" for each in load)


def _write(
    path: Path,
    figures: list[Figure],
    failures: list[str],
    before: tuple[float, float, float],
    after: tuple[float, float, float],
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": before,
        "load_after": after,
        "figures": report(figures),
        "not_measured": failures,
    }
    _ = path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
