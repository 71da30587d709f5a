"""Sweeps and shrinking with real worker processes, and a real Dask cluster."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from distributed import LocalCluster
from msgspec.structs import replace

from mesh.protocol.now import SECOND
from simulations.engines.child import Child
from simulations.engines.engine import Job, results
from simulations.engines.processes import CannotStart, Processes
from simulations.replay import kept, load, spelled
from simulations.scenario import Host, Put, Scenario, canonical
from simulations.trial import attempt, decoded, signature
from simulations.troubles import (
    AnyFault,
    Crash,
    Isolate,
    OneWay,
    Pause,
    SlowDisk,
    Split,
    Weather,
)
from tests.simulations.sweep.small import SMALL

pytestmark = pytest.mark.integration

PLANTS = "tests.simulations.plants"
SHRINK_SECONDS_MAX = 60
FAULTS = 50


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """The small scenario as a file."""
    path = tmp_path / "small.json"
    _ = path.write_bytes(canonical(SMALL))
    return path


def sim(*words: object, code: int = 0, **environment: str) -> str:
    """What a command of the simulator prints; it must end with ``code``."""
    done = subprocess.run(
        [sys.executable, "-m", "simulations", *map(str, words)],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def test_a_worker_does_not_hear_ctrl_c() -> None:
    """The terminal sends it to all processes; not even one that is only starting complains."""
    child = Child()
    try:
        os.kill(child.pid, signal.SIGINT)
        child.give(canonical(SMALL))
        assert not decoded(child.take()).violations
    finally:
        child.end()


def digest(text: str) -> str:
    """The digest of all seeds, from what a sweep prints as JSON."""
    found: str = json.loads(text)["digest"]
    return found


def test_the_digest_is_the_same_whoever_runs_it(scenario: Path) -> None:
    """One worker or two, whatever the hash seeds: one digest over all seeds."""
    sweep = ("sweep", scenario, "--seeds", "0..9", "--no-database", "--json")
    digests = {
        digest(sim(*sweep, "--workers", workers, PYTHONHASHSEED=hash_seed))
        for workers, hash_seed in ((1, "1"), (2, "2"), (2, "random"))
    }
    assert len(digests) == 1


def test_an_interrupted_sweep_goes_on_where_it_stopped(scenario: Path, tmp_path: Path) -> None:
    """Stopped by TERM it has lost nothing, and the whole is what an uninterrupted one finds."""
    database = tmp_path / "sweep.sqlite3"
    sweep = ("sweep", str(scenario), "--seeds", "0..49", "--workers", "2", "--json")
    process = subprocess.Popen(
        [sys.executable, "-m", "simulations", *sweep, "--database", str(database)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "of 50 seeds" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 130, told
    assert "the same command goes on from here" in told
    done = int(told.partition("stopped after ")[2].partition(" ")[0])
    assert 0 < done < 50
    resumed = sim(*sweep, "--database", database)
    assert digest(resumed) == digest(sim(*sweep, "--no-database"))


def test_a_killed_worker_costs_one_seed() -> None:
    """Its seed is named with the signal, another worker takes its place, the rest is run."""
    jobs = [Job(number, canonical(replace(SMALL, seed=number))) for number in range(8)]
    with Processes(2) as engine:
        engine.give(jobs[0])
        os.kill(engine._workers[0].child.pid, signal.SIGKILL)
        found = [engine.wait(), *results(engine, jobs[1:])]
    lost = [done for done in found if done.verdict is None]
    assert [(done.number, done.lost) for done in lost] == [(0, "was killed by SIGKILL")]
    assert sorted(done.number for done in found) == list(range(8))


def test_a_run_without_end_is_ended() -> None:
    """A worker that takes too long is replaced, and its job named."""
    with Processes(1, run_seconds_max=0.0) as engine:
        engine.give(Job(1, canonical(SMALL)))
        assert "did not end" in engine.wait().lost


def test_workers_that_all_die_are_no_sweep() -> None:
    """Then something is wrong with the workers, and it would never end."""
    jobs = (Job(number, canonical(SMALL)) for number in range(100))
    with (
        Processes(2, plant=f"{PLANTS}:killed_at_the_first_step") as engine,
        pytest.raises(CannotStart, match="SIGKILL"),
    ):
        _ = list(results(engine, jobs))


def test_a_failing_seed_is_told_and_replayed(scenario: Path) -> None:
    """With a bug planted in the workers: the exit code, the rule, and the command that replays."""
    plant = ("--plant", f"{PLANTS}:not_durable")
    told = sim("sweep", scenario, "--seeds", "4..5", "--no-database", *plant, code=1)
    assert "FAILED 4" in told
    assert "persist before send" in told
    assert f"trellis sim replay 4 --scenario {scenario}" in told
    assert "persist before send" in sim("replay", 4, "--scenario", scenario, *plant, code=1)
    assert sim("replay", 4, "--scenario", scenario)


def fifty_faults() -> Scenario:
    """Five hosts, forty-eight faults of all kinds, and at the end the two that the bug needs."""
    random = Random(50)
    hosts = tuple(Host(f"h{number}", "s", founds=number == 0) for number in range(5))
    names = [host.name for host in hosts]
    faults: list[AnyFault] = []
    for number in range(FAULTS - 2):
        one, other, *rest = random.sample(names, len(names))
        begins, ends = number * SECOND, number * SECOND + random.randrange(SECOND // 10, 3 * SECOND)
        kinds: tuple[AnyFault, ...] = (
            Split(begins, ends, groups=((one, other), tuple(rest))),
            OneWay(begins, ends, source=one, target=other),
            Weather(begins, ends, hosts=(one, other), loss=0.3),
            Pause(begins, ends, host=one),
            SlowDisk(begins, ends, host=one, extra_ns=SECOND // 10),
        )
        faults.append(random.choice(kinds))
    faults.append(Crash(60 * SECOND, 61 * SECOND, host="h1", kind="killed"))
    faults.append(Isolate(70 * SECOND, 80 * SECOND, hosts=("h3",)))
    writes = tuple(Put(number * SECOND, random.choice(names), (("x",),)) for number in range(40))
    return Scenario(4, hosts, faults=tuple(faults), workload=writes, horizon_ns=90 * SECOND)


def test_fifty_faults_become_three_within_a_minute(tmp_path: Path) -> None:
    """The same rule is violated by at most three faults, on two cores, and the file replays it."""
    start = fifty_faults()
    assert len(start.faults) == FAULTS
    begin, end = tmp_path / "fifty.json", tmp_path / "few.json"
    _ = begin.write_bytes(spelled(kept(start, attempt(replace(start, horizon_ns=1)))))
    plant = ("--plant", f"{PLANTS}:restarted_and_deserted")
    began = time.monotonic()
    story = sim("shrink", begin, "-o", end, "--workers", 2, *plant)
    assert time.monotonic() - began < SHRINK_SECONDS_MAX
    few = load(end)
    assert few.failure is not None
    assert few.failure.signature.startswith("raised Planted")
    assert 1 <= len(few.scenario.faults) + len(few.scenario.suppressed) <= 3
    assert story.splitlines()[:5] == list(few.story)
    assert "it is the same run" in sim("replay", end, *plant, code=1)
    assert signature(attempt(few.scenario)) is None, "without the bug it passes"


def test_what_does_not_happen_again_is_not_written(tmp_path: Path) -> None:
    """The result of a search must be the same run in a process that has done nothing before."""
    begin, end = tmp_path / "begin.json", tmp_path / "end.json"
    start = Scenario(seed=1, hosts=(Host("h0", "s", founds=True),), horizon_ns=SECOND)
    _ = begin.write_bytes(spelled(kept(start, attempt(start))))
    plant = ("--plant", f"{PLANTS}:numbers_its_runs")
    _ = sim("shrink", begin, "-o", end, "--workers", 1, *plant, code=2)
    assert not end.exists()


def test_a_dask_cluster_gives_the_same_digests(scenario: Path) -> None:
    """The same sweep on a cluster is the same runs."""
    sweep = ("sweep", scenario, "--seeds", "0..9", "--no-database", "--json")
    with LocalCluster(  # type: ignore[no-untyped-call]  # distributed has no types here
        n_workers=1, threads_per_worker=2, dashboard_address=None, silence_logs=50
    ) as cluster:
        address = cluster.scheduler_address
        there = sim(*sweep, "--engine", "dask", "--scheduler", address)
        plant = ("--plant", f"{PLANTS}:killed_at_the_first_step")
        lost = sim(*sweep, *plant, "--engine", "dask", "--scheduler", address, code=1)
    assert digest(there) == digest(sim(*sweep))
    failures = json.loads(lost)["failed"]
    assert len(failures) == 10
    assert "SIGKILL" in failures[0]["text"]
