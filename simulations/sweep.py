"""Many seeds, on several cores, each run in a process that knows nothing of the others."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from simulations.generator import generate
from simulations.reality import RealLife
from simulations.verdict import Verdict
from simulations.world import World


@dataclass(frozen=True, slots=True)
class Sweep:
    """What became of many runs."""

    digest: str
    """Over all seeds and their digests."""
    runs: int
    failed: tuple[Verdict, ...]
    events: int
    simulated_ns: int
    healing_ns: int
    """The longest time from the end of the last trouble until all agreed."""
    slowest: int
    """The seed that took so long."""
    counts: dict[str, int]
    """What happened how often."""
    toothless: tuple[str, ...]
    """Kinds of faults of which not one bit."""


def run_seed(seed: int) -> Verdict:
    """One run of the generated scenario of ``seed``."""
    return World(generate(seed), RealLife).run()


def sweep(seeds: Sequence[int], workers: int, report: Callable[[Verdict], None]) -> Sweep:
    """Run all ``seeds``; ``report`` sees each verdict, in the order of the seeds."""
    hasher = hashlib.blake2b(digest_size=32)
    failed: list[Verdict] = []
    bites: dict[str, int] = {}
    counts: dict[str, int] = {}
    events = simulated_ns = 0
    slowest = (0, seeds[0])
    for verdict in _verdicts(seeds, workers):
        report(verdict)
        hasher.update(f"{verdict.seed} {verdict.digest}\n".encode())
        events += verdict.events
        simulated_ns += verdict.simulated_ns
        slowest = max(slowest, (verdict.healing_ns, verdict.seed))
        if verdict.violations:
            failed.append(verdict)
        for name, count in verdict.counts.items():
            counts[name] = counts.get(name, 0) + count
        for name, count in verdict.bites.items():
            kind = name.partition("-")[2]
            bites[kind] = bites.get(kind, 0) + count
    toothless = tuple(sorted(kind for kind, count in bites.items() if not count))
    return Sweep(
        digest=hasher.hexdigest(),
        runs=len(seeds),
        failed=tuple(failed),
        events=events,
        simulated_ns=simulated_ns,
        healing_ns=slowest[0],
        slowest=slowest[1],
        counts=counts,
        toothless=toothless,
    )


def _verdicts(seeds: Sequence[int], workers: int) -> Iterator[Verdict]:
    if workers == 1:
        yield from map(run_seed, seeds)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run_seed, seeds, chunksize=1)
