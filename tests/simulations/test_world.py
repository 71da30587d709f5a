"""The world on scripted controllers: it is deterministic, and its checkers see faults."""

import os
import socket  # noqa: F401  the guard is asked about it by name
import subprocess
import sys
import uuid  # noqa: F401  the same
from collections.abc import Callable

import msgspec
import pytest

from mesh.protocol.now import SECOND
from simulations.plan import Delay
from simulations.scenario import AnyStep, Host, Network, Put, Remove, Scenario, canonical, read
from simulations.troubles import AnyFault, Crash, FailingDisk, OneWay, Pause, SlowDisk, Split
from simulations.verdict import Verdict
from simulations.world import World
from tests.simulations.standin import Fault, StandIns

HOSTS = tuple(Host(name=name, site="s", founds=name == "a") for name in ("a", "b", "c"))
SPLIT = Split(SECOND, 5 * SECOND, groups=(("a",), ("b", "c")))


def put(at_seconds: float, host: str, *path: str) -> Put:
    """A write."""
    return Put(int(at_seconds * SECOND), host, (path,))


def scenario(
    *faults: AnyFault,
    steps: tuple[AnyStep, ...] = (),
    network: Network | None = None,
    seed: int = 1,
) -> Scenario:
    """Three hosts and their troubles."""
    return Scenario(
        seed=seed,
        hosts=HOSTS,
        network=network or Network(Delay("uniform", 100_000, 1_000_000)),
        faults=faults,
        workload=steps,
        horizon_ns=10 * SECOND,
        healing_ns=20 * SECOND,
        assembly_ns=10 * SECOND,
    )


def run(
    what: Scenario, fault: Fault = Fault.NOTHING, sink: Callable[[str], None] | None = None
) -> Verdict:
    """One run on stand-ins, all of which have ``fault``."""
    make = StandIns(fault)
    world = World(what, make, sink=sink)
    make.roster.extend(host.controller for host in world.hosts.values())
    return world.run()


STEPS = (
    put(0.5, "a", "x"),
    put(2, "a", "x"),
    put(2.5, "b", "x"),
    put(3, "c", "y"),
    Remove(4 * SECOND, "b", ("y",)),
    put(8, "c", "x"),
)


def test_a_sound_mesh_passes() -> None:
    """Writes on both sides of a split, a conflict, a removal: the oracle agrees."""
    verdict = run(scenario(SPLIT, steps=STEPS))
    assert verdict.violations == ()
    assert verdict.bites["0-split"] > 0
    assert verdict.counts["Answer"] == len(STEPS)


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (Fault.DEAF, scenario(steps=STEPS)),
        (Fault.ECHOES, scenario(steps=STEPS)),
        (Fault.DELETES, scenario(steps=STEPS)),
        (Fault.RESURRECTS, scenario(SPLIT, steps=STEPS)),
        (
            Fault.FORGETS,
            scenario(
                SPLIT,
                Crash(2 * SECOND + SECOND // 2, 3 * SECOND, host="a", kind="power"),
                steps=(put(2, "a", "x"),),
            ),
        ),
        (
            Fault.ANSWERS_EARLY,
            scenario(
                SlowDisk(0, 3 * SECOND, host="a", extra_ns=2 * SECOND),
                Crash(2 * SECOND, 3 * SECOND, host="a", kind="power"),
                steps=(put(1, "a", "x"), put(1.5, "a", "y")),
            ),
        ),
    ],
)
def test_planted_faults_are_found(fault: Fault, what: Scenario) -> None:
    """A checker that cannot fail proves nothing: each planted fault is a violation."""
    assert run(what).violations == ()
    assert run(what, fault).violations != ()


def test_the_same_scenario_is_the_same_run() -> None:
    """Same scenario, same digest, watched or not; another seed is another run."""
    what = scenario(SPLIT, Crash(SECOND, 2 * SECOND, host="b", kind="killed"), steps=STEPS)
    lines: list[str] = []
    digests = {run(what).digest, run(what).digest, run(what, sink=lines.append).digest}
    assert len(digests) == 1
    assert len(lines) > 50
    assert run(msgspec.structs.replace(what, seed=2)).digest not in digests


_DIGEST = """
from tests.simulations.standin import Fault
from tests.simulations.test_world import SPLIT, STEPS, run, scenario
print(run(scenario(SPLIT, steps=STEPS), Fault.{}).digest)
"""


def _digest_elsewhere(hash_seed: str, fault: Fault) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _DIGEST.format(fault.name)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout


@pytest.mark.repository
def test_another_process_with_another_hash_seed_runs_the_same() -> None:
    """The order of sets and the hash of strings reach no digest; where they do, it is seen."""
    seeds = ("1", "2", "3")
    assert len({_digest_elsewhere(seed, Fault.NOTHING) for seed in seeds}) == 1
    assert len({_digest_elsewhere(seed, Fault.MOODY) for seed in seeds}) > 1


def test_simultaneous_events_are_deterministic() -> None:
    """With constant delays nearly everything happens at once, and always in one order."""
    steps = tuple(Put(SECOND, host.name, (("x",),)) for host in HOSTS)
    what = scenario(steps=steps, network=Network(Delay("constant", 1_000_000)))
    assert run(what).violations == ()
    assert run(what).digest == run(what).digest


@pytest.mark.parametrize(
    "fault",
    [
        SPLIT,
        OneWay(SECOND, 5 * SECOND, source="a", target="b"),
        Crash(SECOND, 5 * SECOND, host="a", kind="killed"),
        Pause(SECOND, 5 * SECOND, host="c"),
        SlowDisk(SECOND, 9 * SECOND, host="c", extra_ns=1_000),
        FailingDisk(SECOND, 4 * SECOND, host="a"),
    ],
)
def test_faults_bite_and_end(fault: AnyFault) -> None:
    """Each kind of fault makes a difference, and its end is an end: everybody agrees."""
    verdict = run(scenario(fault, steps=STEPS))
    assert verdict.violations == ()
    assert all(count > 0 for count in verdict.bites.values())


def test_a_fault_that_touches_nothing_says_so() -> None:
    """A crash of a controller that is down already proves nothing and counts as nothing."""
    crash = Crash(SECOND, 5 * SECOND, host="a", kind="killed")
    again = Crash(2 * SECOND, 3 * SECOND, host="a", kind="killed")
    assert run(scenario(crash, again)).bites == {"0-crash": 1, "1-crash": 0}


def test_a_scenario_is_plain_data() -> None:
    """It has one spelling, and what was spelled is read back; unknown names are errors."""
    what = scenario(SPLIT, steps=STEPS)
    assert read(canonical(what)) == what
    with pytest.raises(msgspec.ValidationError, match="unknown field `speed`"):
        _ = read(canonical(what).replace(b'"seed":', b'"speed":1,"seed":'))
