"""``make bench-peers``: ours and theirs in turn, on one machine in the same minutes; ratios.

A ChangeSet of ten commands against a transaction of ten puts, three members each, data on the same
disk. Ours is staged on all three before any shows it; theirs is on two of three when it is
answered. So the ratio says what that promise costs, not which is better. The clients of etcd speak
JSON to it; ours are inside the controllers.
"""

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from tests.benchmarks import floors
from tests.benchmarks.agreement import COMMANDS
from tests.benchmarks.ensemble import Ensemble, Failed, await_that, open_ensemble
from tests.benchmarks.figures import Figure, figure, heading, milliseconds, report, row
from tests.benchmarks.idle import cpu_s
from tests.benchmarks.peers import etcd
from tests.hosts.processes import free_ports

OUTPUT: Final = Path("build") / "bench-peers.json"
MEMBERS: Final = 3
ROUNDS: Final = 3
"""Ours and theirs in turn so often: what else the machine does meets both."""

ONE_BY_ONE: Final = 60
PAUSE_S: Final = 0.05
CLIENTS: Final = 16
FLOOD_S: Final = 6.0
TOLD_S_MAX: Final = 20.0

Samples = dict[str, list[float]]


def main() -> int:
    """Measure, print the table and the ratios, write the JSON."""
    options = argparse.ArgumentParser(prog="bench-peers", description=__doc__)
    _ = options.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = int(options.parse_args().rounds)
    load_before = os.getloadavg()
    _say(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load before {load_before[0]:.1f}")
    floor = list(floors.measure())
    ours: Samples = {}
    theirs: Samples = {}
    try:
        for _ in range(rounds):
            _measure_etcd(theirs)
            _measure_ours(ours)
    except Failed as error:
        _say(f"NOT MEASURED: {error}")
        return 1
    figures = [*floor, *_figures("etcd", theirs), *_figures("trellis", ours)]
    _say(heading())
    for each in figures:
        _say(row(each))
    ratios = {name: median(ours[name]) / median(theirs[name]) for name in ours}
    for name, ratio in ratios.items():
        _say(f"ratio, ours to theirs: {name:40} {ratio:8.2f}")
    _say(f"load after {os.getloadavg()[0]:.1f}")
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    document = {"load_before": load_before, "figures": report(figures), "ratios": ratios}
    _ = OUTPUT.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def _figures(who: str, samples: Samples) -> Iterator[Figure]:
    for name, values in samples.items():
        what, _, unit = name.rpartition(", ")
        yield figure(who, what, unit, values, controllers=MEMBERS)


LATENCY: Final = "one at a time until all three have told, ms"
RATE: Final = f"{CLIENTS} clients at once, 1/s"
CPU: Final = "CPU of all three for each, ms"


# --- theirs ---------------------------------------------------------------------------------------


def _measure_etcd(samples: Samples) -> None:
    with etcd.open_cluster(MEMBERS) as cluster:
        watchers = [etcd.Watcher(port) for port in cluster.ports]
        clients = [etcd.Client(port) for port in cluster.ports]
        asked: dict[str, int] = {}
        for number in range(ONE_BY_ONE):
            name = f"one-{number}"
            asked[name] = time.monotonic_ns()
            clients[number % MEMBERS].put_all(name, COMMANDS)
            time.sleep(PAUSE_S)

        def all_told() -> bool:
            return all(name in each.told for each in watchers for name in asked)

        await_that(all_told, TOLD_S_MAX, "all watchers were told")
        last = [max(each.told[name] for each in watchers) - at for name, at in asked.items()]
        samples.setdefault(LATENCY, []).extend(milliseconds(last))
        pids = [each.pid for each in cluster.processes]
        done, spent = _flood(cluster.ports, pids)
        samples.setdefault(RATE, []).append(done / FLOOD_S)
        samples.setdefault(CPU, []).append(1_000 * spent / done)


def _flood(ports: list[int], pids: list[int]) -> tuple[int, float]:
    """How many transactions are committed, and the CPU of the members, in seconds."""
    counts = [0] * CLIENTS
    ends = time.monotonic() + FLOOD_S

    def commit(at: int) -> None:
        client = etcd.Client(ports[at % len(ports)])
        while time.monotonic() < ends:
            client.put_all(f"flood-{at}-{counts[at]}", COMMANDS)
            counts[at] += 1
        client.close()

    before = sum(map(cpu_s, pids))
    threads = [threading.Thread(target=commit, args=(at,)) for at in range(CLIENTS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sum(counts), sum(map(cpu_s, pids)) - before


# --- ours -----------------------------------------------------------------------------------------


def _measure_ours(samples: Samples) -> None:
    with open_ensemble(MEMBERS, free_ports(MEMBERS), players=True) as ensemble:
        asked: dict[str, int] = {}
        for number in range(ONE_BY_ONE):
            player = ensemble.controllers[number % MEMBERS]
            answer = player.ask("submit", commands=COMMANDS, name=f"one-{number}")
            asked[str(answer["tx"])] = answer["asked"]
            time.sleep(PAUSE_S)
        shown = _shown_by_all(ensemble, list(asked))
        last = [max(here[tx][0] for here in shown) - at for tx, at in asked.items()]
        samples.setdefault(LATENCY, []).extend(milliseconds(last))
        pids = [each.pid for each in ensemble.controllers]
        before, begun = sum(map(cpu_s, pids)), time.monotonic()
        done = _flood_ours(ensemble)
        took = time.monotonic() - begun
        samples.setdefault(RATE, []).append(len(done) / took)
        samples.setdefault(CPU, []).append(1_000 * (sum(map(cpu_s, pids)) - before) / len(done))


def _flood_ours(ensemble: Ensemble) -> list[str]:
    """Every player has its share of the clients; the tx of all that was shown."""
    done: list[str] = []
    failed: list[Failed] = []

    def flood(at: int) -> None:
        try:
            clients = len(range(at, CLIENTS, MEMBERS))
            answer = ensemble.controllers[at].ask(
                "flood", 60.0, commands=COMMANDS, clients=clients, for_s=FLOOD_S
            )
            done.extend(answer["shown"])
        except Failed as error:
            failed.append(error)

    threads = [threading.Thread(target=flood, args=(at,)) for at in range(len(ensemble))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if failed:
        raise failed[0]
    return done


def _shown_by_all(ensemble: Ensemble, wanted: list[str]) -> list[dict[str, list[int]]]:
    shown: list[dict[str, list[int]]] = []

    def all_shown() -> bool:
        shown[:] = [each.ask("told")["shown"] for each in ensemble.controllers]
        return all(tx in here for here in shown for tx in wanted)

    await_that(all_shown, TOLD_S_MAX, "all ChangeSets are shown by all")
    return shown


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  a program


if __name__ == "__main__":
    sys.exit(main())
