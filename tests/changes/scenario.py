"""The mesh of one run: three to five controllers that are parted once or twice, and meet again.

In half of the runs some of them fall over meanwhile, with or without the last that they wrote; in
some the history is summed up on the way, in a few even while somebody is away.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.luck import Luck
from simulations.plan import Delay
from simulations.scenario import Disk, Host, Network, Scenario
from simulations.troubles import Crash, Leave, Split

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
_FALLS: Final = (0, 0, 1, 1, 2)
"""How many controllers fall over in one run, each as likely."""
_FALL_AFTER_NS: Final = 1_500 * MILLISECOND
_DOWN_NS: Final = (300 * MILLISECOND, 4 * SECOND)
_KINDS: Final = ("killed", "killed", "power", "torn", "leaves")
_CHECKPOINTS: Final = (None, None, 4, 10)
"""How many changes are kept in full: so few that some runs take a checkpoint, or several."""
_ABSENCES_NS: Final = (None, None, None, 2 * SECOND)


def scenario_of(seed: int) -> Scenario:
    """The scenario of ``seed``, without the people in it."""
    random = Luck(seed).stream("changes", "scenario")
    count = random.choice((3, 3, 3, 4, 5))
    names = [f"h{number}" for number in range(count)]
    splits = tuple(_splits(random, names))
    ends_ns = splits[-1].ends_ns
    falls = _falls(Luck(seed).stream("changes", "falls"), names, ends_ns)
    summing = Luck(seed).stream("changes", "checkpoints")
    return Scenario(
        seed=seed,
        hosts=tuple(
            Host(name=name, site=_SITES[at % len(_SITES)], founds=at == 0)
            for at, name in enumerate(names)
        ),
        network=Network(Delay("exponential", 100_000, random.choice((100, 1_000, 5_000)) * 1_000)),
        disk=Disk(Delay("exponential", 100_000, random.choice((300_000, 3_000_000)))),
        faults=(*splits, *falls),
        population="admitted",
        policy="all-active" if random.randrange(_MAJORITY_ONE_IN) else "majority",
        checkpoint_changes=summing.choice(_CHECKPOINTS),
        absence_max_ns=summing.choice(_ABSENCES_NS),
        horizon_ns=ends_ns + _TOGETHER_NS,
        look_ns=100 * MILLISECOND,
    )


def _splits(random: Random, names: list[str]) -> Iterator[Split]:
    starts_ns = _FIRST_NS
    for _ in range(1 if random.randrange(_SECOND_ONE_IN) else 2):
        ends_ns = starts_ns + random.randrange(*_PARTED_NS)
        yield Split(starts_ns, ends_ns, groups=_groups(random, names))
        is_soon = not random.randrange(_SOON_ONE_IN)
        starts_ns = ends_ns + (random.randrange(*_SOON_NS) if is_soon else _TOGETHER_NS)


def _falls(random: Random, names: Sequence[str], ends_ns: int) -> Iterator[Crash | Leave]:
    """Each controller falls at most once: the third start within a minute would have to wait."""
    count = random.choice(_FALLS)
    for name in random.sample(names, min(count, len(names))):
        starts_ns = random.randrange(_FALL_AFTER_NS, ends_ns)
        up_ns = starts_ns + random.randrange(*_DOWN_NS)
        match random.choice(_KINDS):
            case "killed" | "power" | "torn" as kind:
                yield Crash(starts_ns, up_ns, host=name, kind=kind)
            case _:
                yield Leave(starts_ns, up_ns, host=name)


def _groups(random: Random, names: list[str]) -> tuple[tuple[str, ...], ...]:
    """Two sides, seldom three."""
    shuffled = random.sample(names, len(names))
    first = random.randint(1, len(names) - 1)
    if len(names) - first > 1 and not random.randrange(4):
        second = random.randint(first + 1, len(names) - 1)
        return tuple(shuffled[:first]), tuple(shuffled[first:second]), tuple(shuffled[second:])
    return tuple(shuffled[:first]), tuple(shuffled[first:])
