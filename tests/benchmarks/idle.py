"""What a controller costs that has nothing to do: ``trellis up``, its API on, nobody asking."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.ensemble import Ensemble
from tests.benchmarks.figures import Figure, figure

TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
SECONDS_PER_MINUTE: Final = 60
KIB_PER_MIB: Final = 1_024


def measure(ensemble: Ensemble, seconds: float) -> Iterator[Figure]:
    """CPU over ``seconds`` and resident memory, of each process."""
    pids = [each.pid for each in ensemble.controllers]
    before, begun = [cpu_s(pid) for pid in pids], time.monotonic()
    time.sleep(seconds)
    minutes = (time.monotonic() - begun) / SECONDS_PER_MINUTE
    spent = [cpu_s(pid) - at for pid, at in zip(pids, before, strict=True)]
    yield figure(
        "idle",
        f"CPU per minute and controller, over {seconds:.0f} s",
        "s/min",
        [each / minutes for each in spent],
        controllers=len(pids),
        target="≤ 0.275 (2.5 Serf)",
    )
    yield figure(
        "idle",
        "resident memory per controller, API on",
        "MiB",
        [_resident_mib(pid) for pid in pids],
        controllers=len(pids),
        target="≤ 60",
    )


def cpu_s(pid: int) -> float:
    """Seconds in user and kernel mode: fields 14 and 15 of proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / KIB_PER_MIB
    raise AssertionError("a process without VmRSS is no process of ours")
