"""The mesh of one run: three to five controllers that are parted once or twice, and meet again."""

from collections.abc import Iterator
from random import Random
from typing import Final

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.luck import Luck
from simulations.plan import Delay
from simulations.scenario import Disk, Host, Network, Scenario
from simulations.troubles import Split

_FIRST_NS: Final = 3 * SECOND
_PARTED_NS: Final = (8 * SECOND, 11 * SECOND)
"""Longer than a detector takes to give the others up, so that each side changes things alone."""
_TOGETHER_NS: Final = 4 * SECOND
_SOON_NS: Final = (200 * MILLISECOND, 3 * SECOND)
_SOON_ONE_IN: Final = 2
"""Of the second splits, how many come while the sides of the first are being merged."""
_SITES: Final = ("office", "cloud")
_MAJORITY_ONE_IN: Final = 6
_SECOND_ONE_IN: Final = 3
_MAJORITY_MIN: Final = 3


def scenario_of(seed: int) -> Scenario:
    """The scenario of ``seed``, without the people in it."""
    random = Luck(seed).stream("changes", "scenario")
    count = random.choice((3, 3, 3, 4, 5))
    names = [f"h{number}" for number in range(count)]
    faults = tuple(_splits(random, names))
    return Scenario(
        seed=seed,
        hosts=tuple(
            Host(name=name, site=_SITES[at % len(_SITES)], founds=at == 0)
            for at, name in enumerate(names)
        ),
        network=Network(Delay("exponential", 100_000, random.choice((100, 1_000, 5_000)) * 1_000)),
        disk=Disk(Delay("exponential", 100_000, random.choice((300_000, 3_000_000)))),
        faults=faults,
        population="admitted",
        policy="all-active" if random.randrange(_MAJORITY_ONE_IN) else "majority",
        horizon_ns=faults[-1].ends_ns + _TOGETHER_NS,
        look_ns=100 * MILLISECOND,
    )


def _splits(random: Random, names: list[str]) -> Iterator[Split]:
    starts_ns = _FIRST_NS
    for _ in range(1 if random.randrange(_SECOND_ONE_IN) else 2):
        ends_ns = starts_ns + random.randrange(*_PARTED_NS)
        yield Split(starts_ns, ends_ns, groups=_groups(random, names))
        is_soon = not random.randrange(_SOON_ONE_IN)
        starts_ns = ends_ns + (random.randrange(*_SOON_NS) if is_soon else _TOGETHER_NS)


def _groups(random: Random, names: list[str]) -> tuple[tuple[str, ...], ...]:
    """Two sides, seldom three."""
    shuffled = random.sample(names, len(names))
    first = random.randint(1, len(names) - 1)
    if len(names) - first > 1 and not random.randrange(4):
        second = random.randint(first + 1, len(names) - 1)
        return tuple(shuffled[:first]), tuple(shuffled[first:second]), tuple(shuffled[second:])
    return tuple(shuffled[:first]), tuple(shuffled[first:])
