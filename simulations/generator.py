"""Random scenarios: each seed is a small mesh with troubles and a workload of its own.

Troubles overlap on purpose, and the workload goes for few keys, so that changes made on both sides
of a cut meet each other. One run in eight has no trouble at all: then nobody may refuse anything,
and the order is the same everywhere.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final, Literal

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.luck import Luck
from simulations.scenario import (
    AnyFault,
    AnyStep,
    Change,
    ClockStep,
    Crash,
    Delay,
    Disk,
    FailingDisk,
    Host,
    Network,
    OneWay,
    Order,
    Pause,
    Put,
    Remove,
    Scenario,
    SlowDisk,
    Split,
    Weather,
)

HORIZON_NS: Final = 30 * SECOND

_SITES: Final = ("office", "cloud", "home")
_ITEMS: Final = ("one", "two", "three")
_PATHS: Final = (("app", "a"), ("app", "b"), ("app", "c", "d"), ("x",))
_CALM_ONE_IN: Final = 8
_ED25519_ONE_IN: Final = 16
_MAJORITY_ONE_IN: Final = 4
_NEWCOMER_ONE_IN: Final = 5


def generate(seed: int) -> Scenario:
    """The scenario of ``seed``."""
    random = Luck(seed).stream("scenario")
    count = random.choice((2, 3, 3, 3, 4, 4, 5))
    calm = not random.randrange(_CALM_ONE_IN)
    hosts = _hosts(random, count, calm=calm)
    names = [host.name for host in hosts if host.joins_ns is None]
    return Scenario(
        seed=seed,
        hosts=hosts,
        network=_network(random, calm=calm),
        disk=Disk(_delay(random, 300_000)),
        faults=() if calm else _faults(random, names),
        workload=_workload(random, names, calm=calm, majority=_may_have_majority(random, count)),
        calm=calm,
        horizon_ns=HORIZON_NS,
        signatures="mac" if random.randrange(_ED25519_ONE_IN) else "ed25519",
    )


# --- the mesh -----------------------------------------------------------------------------------


def _hosts(random: Random, count: int, *, calm: bool) -> tuple[Host, ...]:
    hosts = [
        Host(
            name=f"h{number}",
            site=_SITES[number % len(_SITES)],
            starts_ns=random.randrange(SECOND),
            founds=number == 0,
            wall_offset_ns=random.randrange(-2 * MILLISECOND, 2 * MILLISECOND),
            drift_ppb=random.randrange(-50_000, 50_000),
        )
        for number in range(count)
    ]
    if not calm and not random.randrange(_NEWCOMER_ONE_IN):
        joins_ns = random.randrange(HORIZON_NS // 2)
        hosts.append(Host(name=f"h{count}", site=_SITES[0], joins_ns=joins_ns))
    return tuple(hosts)


def _may_have_majority(random: Random, count: int) -> bool:
    return count >= 3 and not random.randrange(_MAJORITY_ONE_IN)  # noqa: PLR2004  as the rule has it


def _network(random: Random, *, calm: bool) -> Network:
    loss = 0.0 if calm else random.choice((0.0, 0.0, 0.01, 0.05))
    duplication = random.choice((0.0, 0.02))
    return Network(_delay(random, random.choice((200_000, 2_000_000))), loss, duplication)


def _delay(random: Random, spread_ns: int) -> Delay:
    kinds: Sequence[Delay] = (
        Delay("constant", spread_ns),
        Delay("uniform", spread_ns // 2, spread_ns),
        Delay("exponential", spread_ns // 4, spread_ns),
        Delay("lognormal", spread_ns // 4, spread_ns),
        Delay("pareto", spread_ns // 4, spread_ns),
    )
    return random.choice(kinds)


# --- troubles -----------------------------------------------------------------------------------

_Interval = tuple[int, int]
_Trouble = Callable[[Random, list[str], _Interval], AnyFault]


def _faults(random: Random, names: list[str]) -> tuple[AnyFault, ...]:
    troubles: list[_Trouble] = [
        _split,
        _split,
        _split,
        _one_way,
        _weather,
        _crash,
        _crash,
        _pause,
        _slow_disk,
        _failing_disk,
        _clock_step,
    ]
    chosen = [random.choice(troubles) for _ in range(random.randint(1, 4))]
    faults = [trouble(random, names, _interval(random)) for trouble in chosen]
    return tuple(sorted(faults, key=lambda fault: fault.starts_ns))


def _interval(random: Random) -> _Interval:
    """From a tenth of a second to ten seconds, short ones as likely as long ones."""
    length_ns = int(100 * MILLISECOND * 100 ** random.random())
    starts_ns = random.randrange(HORIZON_NS - length_ns)
    return starts_ns, starts_ns + length_ns


def _split(random: Random, names: list[str], at: _Interval) -> Split:
    shuffled = random.sample(names, len(names))
    border = random.randint(1, len(names) - 1)
    return Split(*at, groups=(tuple(shuffled[:border]), tuple(shuffled[border:])))


def _one_way(random: Random, names: list[str], at: _Interval) -> OneWay:
    source, target = random.sample(names, 2)
    return OneWay(*at, source=source, target=target)


def _weather(random: Random, names: list[str], at: _Interval) -> Weather:
    hosts = tuple(random.sample(names, random.randint(1, len(names))))
    loss = random.choice((0.1, 0.3, 0.6))
    extra = _delay(random, random.choice((1, 20, 200)) * MILLISECOND)
    return Weather(*at, hosts=hosts, loss=loss, duplication=0.1, delay=extra)


def _crash(random: Random, names: list[str], at: _Interval) -> Crash:
    host = random.choice(names)
    kinds: tuple[Literal["killed", "power", "wiped"], ...] = ("killed", "power", "wiped")
    return Crash(*at, host=host, kind=random.choices(kinds, (4, 4, 1))[0])


def _pause(random: Random, names: list[str], at: _Interval) -> Pause:
    return Pause(*at, host=random.choice(names))


def _slow_disk(random: Random, names: list[str], at: _Interval) -> SlowDisk:
    extra_ns = random.choice((10, 100, 1_000)) * MILLISECOND
    return SlowDisk(*at, host=random.choice(names), extra_ns=extra_ns)


def _failing_disk(random: Random, names: list[str], at: _Interval) -> FailingDisk:
    return FailingDisk(*at, host=random.choice(names))


def _clock_step(random: Random, names: list[str], at: _Interval) -> ClockStep:
    by_ns = random.choice((-1, 1)) * random.choice((20 * MILLISECOND, SECOND, 3_600 * SECOND))
    return ClockStep(*at, host=random.choice(names), by_ns=by_ns)


# --- what is asked ------------------------------------------------------------------------------


def _workload(
    random: Random, names: list[str], *, calm: bool, majority: bool
) -> tuple[AnyStep, ...]:
    steps: list[AnyStep] = []
    steps.extend(_information_step(random, names) for _ in range(random.randint(5, 15)))
    changes = range(random.randint(3, 10))
    if calm:
        steps.extend(_lone_change(random, names, number) for number in changes)
    else:
        steps.extend(_change(random, names, number) for number in changes)
        if majority:
            order = Order("environment", "set", {"barrier": "majority"})
            steps.append(Change(0, names[0], (order,)))
    return tuple(sorted(steps, key=lambda step: step.at_ns))


def _information_step(random: Random, names: list[str]) -> AnyStep:
    at_ns, host = random.randrange(HORIZON_NS), random.choice(names)
    if not random.randrange(5):
        return Remove(at_ns, host, random.choice(_PATHS))
    paths = tuple(random.sample(_PATHS, random.randint(1, 2)))
    return Put(at_ns, host, paths)


def _change(random: Random, names: list[str], number: int) -> Change:
    items = random.sample(_ITEMS, random.randint(1, 2))
    orders = tuple(Order("item", "set", {"name": item, "value": f"v{number}"}) for item in items)
    patience_ns = random.choice((2, 10, 30)) * SECOND
    return Change(random.randrange(HORIZON_NS), random.choice(names), orders, patience_ns)


def _lone_change(random: Random, names: list[str], number: int) -> Change:
    """A change that meets no other one, with more patience than the run is long."""
    order = Order("item", "set", {"name": f"item{number}", "value": f"v{number}"})
    at_ns, host = random.randrange(HORIZON_NS), random.choice(names)
    return Change(at_ns, host, (order,), 10 * HORIZON_NS)
