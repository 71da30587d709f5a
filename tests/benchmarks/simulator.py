"""How fast the simulator is: its loop beside others, the whole with real replicas, many seeds.

An event is a delivered message, a completed write, or a timer that produced one; checkers and
digest are on. The processor's time counts, not the clock on the wall, except where cores work
together. What a mesh of a thousand needs is measured for as long as it may take, and what is not
reached is said.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import simpy

from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.identity import Address
from simulations.chronicle import Chronicle
from simulations.engines.engine import Job, results
from simulations.engines.processes import Processes
from simulations.kernel import Kernel
from simulations.luck import Luck
from simulations.network.datagrams import Datagrams
from simulations.network.paths import Paths
from simulations.plan import Delay
from simulations.reality import RealLife
from simulations.scenario import Host, Network, Put, Scenario, canonical
from simulations.world import World
from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.relay import EVENTS, HOSTS, Relay

SEEDS: Final = 40
"""Short runs of ten controllers; the target is about a thousand, and all of them are alike."""

ADMITTED_FROM: Final = 100
"""Meshes of this size were admitted before they are switched on: that everybody arrives and is
accepted is another figure, and a long one."""

SIMLOOM: Final = "simloom==0.5.0"
CHILD_SECONDS_MAX: Final = 300
_PYTHONS: Final = ("python3.12", "python3.13")
_INSTALLED: Final = Path.home() / ".pyenv" / "versions"
"""Where pyenv keeps versions that are not the chosen one."""


def measure(sizes: tuple[int, ...] = (3, 10, 100, 1_000)) -> Iterator[Figure]:
    """All parts; ``sizes`` of meshes with real replicas, up to the first that does not assemble."""
    yield _loop("our kernel", _on_kernel(), "≥ 400,000")
    yield _loop("our network: loss, links, digest", _on_network(), "≥ 400,000")
    yield _loop("SimPy", _on_simpy(), "beside")
    yield from _simloom()
    yield _many(SEEDS)
    for size in sizes:
        figures = tuple(_mesh(size))
        yield from figures
        if not figures[0].median:
            return


def _loop(name: str, rate: float, target: str) -> Figure:
    return figure("simulator", name, "events/s", [rate], target=target)


# --- the loop, beside others ----------------------------------------------------------------------


def _on_kernel() -> float:
    kernel, relay = Kernel(), Relay()

    def happen(host: int) -> None:
        if relay.events < EVENTS:
            kernel.after(relay.happen(host, kernel.now_ns), lambda: happen(host))

    began = time.process_time()
    for host in range(HOSTS):
        happen(host)
    kernel.run(1 << 62)
    return relay.events / (time.process_time() - began)


class _Ear:
    """A host that sends on whatever it hears."""

    def __init__(self, number: int, world: "_Ring") -> None:
        self.name = f"h{number}"
        self.address = Address(f"10.0.0.{number + 1}", 1)
        self._next = Address(f"10.0.0.{(number + 1) % HOSTS + 1}", 1)
        self._world = world

    def heard(self, source: Address, payload: bytes) -> None:
        """Record it, and send it on."""
        world = self._world
        world.heard += 1
        world.chronicle.note(world.kernel.now_ns, self.name, "DatagramReceived", payload)
        if world.heard < EVENTS:
            world.datagrams.send(self, self._next, payload)


class _Ring:
    """A hundred hosts in a ring; each datagram may be lost or come twice."""

    def __init__(self) -> None:
        self.kernel = Kernel()
        self.chronicle = Chronicle()
        self.heard = 0
        ears: dict[Address, _Ear] = {}
        plan = Network(Delay("exponential", 0, MILLISECOND), loss=0.05, duplication=0.06)
        self.datagrams = Datagrams(self.kernel, Paths(plan, Luck(1)), ears)
        for number in range(HOSTS):
            ear = _Ear(number, self)
            ears[ear.address] = ear
        self.ears = tuple(ears.values())


def _on_network() -> float:
    ring = _Ring()
    began = time.process_time()
    for ear in ring.ears:
        for _ in range(10):
            ear.heard(ear.address, bytes(100))
    ring.kernel.run(1 << 62)
    return ring.heard / (time.process_time() - began)


def _on_simpy() -> float:
    environment, relay = simpy.Environment(), Relay()

    def host(number: int) -> Iterator[simpy.Event]:
        while relay.events < EVENTS:
            yield environment.timeout(relay.happen(number, int(environment.now)))

    began = time.process_time()
    for number in range(HOSTS):
        _ = environment.process(host(number))  # type: ignore[arg-type]  # any generator will do
    environment.run()
    return relay.events / (time.process_time() - began)


def _simloom() -> Iterator[Figure]:
    python = _younger_python()
    if python is None:
        yield figure("simulator", "simloom: no Python 3.12 here", "events/s", [0.0])
        return
    with tempfile.TemporaryDirectory(prefix="trellis-bench-") as folder:
        inside = Path(folder) / "bin" / "python"
        relay = Path(__file__).with_name("relay.py")
        try:
            _run(python, "-m", "venv", folder)
            _run(str(inside), "-m", "pip", "install", "--quiet", SIMLOOM)
            rate = float(_run(str(inside), str(relay)))
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            yield figure("simulator", f"simloom: not measured, {error}"[:58], "events/s", [0.0])
            return
    yield _loop("simloom", rate, "beside")


def _younger_python() -> str | None:
    """An interpreter that simloom runs on, and that runs: a shim of pyenv may not."""
    found = [shutil.which(name) for name in _PYTHONS]
    found += [
        str(path)
        for name in _PYTHONS
        for path in _INSTALLED.glob(f"{name.removeprefix('python')}*/bin/{name}")
    ]
    for python in filter(None, found):
        done = subprocess.run([python, "-c", ""], check=False, capture_output=True)
        if done.returncode == 0:
            return python
    return None


def _run(*words: str) -> str:
    done = subprocess.run(
        words, check=True, capture_output=True, text=True, timeout=CHILD_SECONDS_MAX
    )
    return done.stdout.strip()


# --- real replicas --------------------------------------------------------------------------------

_TARGETS: Final = {10: "≥ 600x", 100: "≥ 60x", 1_000: "≥ 5x"}


def _mesh(size: int) -> Iterator[Figure]:
    """A mesh at work, in a process of its own: the rate of events, of time, and the memory."""
    words = (sys.executable, "-m", "tests.benchmarks.simulator", str(size))
    try:
        told = _run(*words).split()
    except subprocess.SubprocessError as error:
        late = isinstance(error, subprocess.TimeoutExpired)
        text = f"mesh: more than {CHILD_SECONDS_MAX} s" if late else "mesh: does not assemble"
        yield figure("simulator", text, "x", [0.0], controllers=size, target=_TARGETS.get(size, ""))
        return
    rate, pace, assembly, megabytes = map(float, told)
    names = ("events with replicas", "virtual over real time", "to assemble", "memory")
    units = ("events/s", "x", "s", "MB")
    targets = ("≥ 60,000", _TARGETS.get(size, ""), "", "< 1,000" if size == max(_TARGETS) else "")
    values = (rate, pace, assembly, megabytes)
    for name, unit, value, target in zip(names, units, values, targets, strict=True):
        yield figure("simulator", name, unit, [value], controllers=size, target=target)


def working(size: int, seconds: int, seed: int = 1) -> Scenario:
    """``size`` controllers that write running information now and then, and nothing goes wrong."""
    hosts = tuple(Host(f"h{number}", "s", founds=number == 0) for number in range(size))
    writes = tuple(
        Put(number * SECOND // 2, f"h{number % size}", (("app", f"{number % 7}"),))
        for number in range(2 * seconds)
    )
    return Scenario(
        seed=seed,
        hosts=hosts,
        workload=writes,
        population="admitted" if size >= ADMITTED_FROM else "arriving",
        horizon_ns=seconds * SECOND,
        assembly_ns=3_600 * SECOND,
    )


class _Timed(World):
    """A run that notes the processor's time and the events so far at the start of each phase."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario, RealLife)
        self.began = [(_processor_s(), 0)]

    def _phase(self, words: str) -> None:
        self.began.append((_processor_s(), self.kernel.events))
        super()._phase(words)


def _processor_s() -> float:
    """Time in this process; `time.process_time` says so too, but not within a simulation."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _one_mesh(size: int, seconds: int) -> None:
    """Prints events/s, pace, seconds of assembly, and megabytes: the assembly is not counted."""
    world = _Timed(working(size, seconds))
    verdict = world.run()
    assert not verdict.violations, verdict.violations
    first, *_, (assembled_s, before), (rested_s, after) = world.began
    took = rested_s - assembled_s
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = ((after - before) / took, seconds / took, assembled_s - first[0], megabytes)
    _ = sys.stdout.write(" ".join(f"{each:.3f}" for each in told) + "\n")


def _many(seeds: int) -> Figure:
    """Short runs on all cores, on the wall's clock: ten controllers, two virtual minutes."""
    jobs = (Job(seed, canonical(working(10, 120, seed))) for seed in range(seeds))
    began = time.perf_counter()
    with Processes() as engine:
        lost = sum(done.verdict is None for done in results(engine, jobs))
    assert not lost, "a worker was lost"
    per_thousand = (time.perf_counter() - began) * 1_000 / seeds
    cores = len(os.sched_getaffinity(0))
    name = f"1,000 short runs on {cores} cores, from {seeds}"
    return figure("simulator", name, "s", [per_thousand], controllers=10, target="< 120")


if __name__ == "__main__":
    _one_mesh(int(sys.argv[1]), 60)
