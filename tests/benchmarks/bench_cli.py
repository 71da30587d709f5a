"""How long a plain command takes, as a person waits for it: python -m tests.benchmarks.bench_cli.

Each is a process of its own, from its start to its end, beside one controller on this machine; the
start of Python alone stands beside it. Processor time says what is ours where others keep the
machine busy.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.integration.cli.hosts import TRELLIS, Host, hosts

ROUNDS: Final = 25
COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "trellis status": (*TRELLIS, "status"),
    "trellis info get": (*TRELLIS, "info", "get", "/bench/1"),
    "trellis change list": (*TRELLIS, "change", "list"),
    "trellis change log -n 20": (*TRELLIS, "change", "log", "-n", "20"),
    "trellis service list": (*TRELLIS, "service", "list"),
}


def measure(host: Host) -> dict[str, tuple[float, float]]:
    """Milliseconds of each command, the median: by the clock, and of the processor."""
    assert host.run("info", "set", "/bench/1", "1").code == 0
    for number in range(20):
        assert host.run("item", "set", "--name", "a", "--value", str(number)).code == 0
    environment = {**os.environ, "TRELLIS_DATA_DIR": str(host.data_dir)}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, words in COMMANDS.items():
            taken[name].append(_once(words, environment))
    return {
        name: (
            statistics.median(wall for wall, _ in samples),
            statistics.median(cpu for _, cpu in samples),
        )
        for name, samples in taken.items()
    }


def _once(words: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    begun = time.perf_counter()
    with Path(os.devnull).open("wb") as sink:
        actions = [(os.POSIX_SPAWN_DUP2, sink.fileno(), 1)]
        pid = os.posix_spawn(words[0], list(words), environment, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
    assert status == 0, words
    return (time.perf_counter() - begun) * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as directory, hosts(Path(directory), ["ash"]) as made:
        made[0].start("--found")
        figures = measure(made[0])
    for name, (wall, cpu) in figures.items():
        sys.stdout.write(f"{name:28}{wall:8.0f} ms{cpu:8.0f} ms of the processor\n")
    sys.stdout.write(f"load {os.getloadavg()[0]:.1f}\n")


if __name__ == "__main__":
    main()
