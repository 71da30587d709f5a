"""Random scenarios: each seed is a small mesh with troubles and a workload of its own.

A change takes some ten milliseconds and a trouble some seconds, so that left to chance they would
hardly ever meet. Therefore troubles overlap, most changes come in bursts, bursts come around the
moments at which a trouble begins or ends, or when detectors have just given somebody up, and all
of them go for few keys. One run in eight has no trouble at all: then nobody may refuse anything,
and the order is the same everywhere.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final, Literal

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.luck import Luck
from simulations.plan import Delay
from simulations.scenario import (
    AnyStep,
    Change,
    Disk,
    Host,
    Network,
    Order,
    Put,
    Refuse,
    Remove,
    Scenario,
)
from simulations.troubles import (
    AnyFault,
    ClockStep,
    Crash,
    FailingDisk,
    OneWay,
    Pause,
    SlowDisk,
    Split,
    Weather,
)

HORIZON_NS: Final = 40 * SECOND

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
    faults = () if calm else _faults(random, names)
    return Scenario(
        seed=seed,
        hosts=hosts,
        network=_network(random, calm=calm),
        disk=Disk(_delay(random, 300_000)),
        faults=faults,
        workload=_workload(random, names, faults, majority=_may_have_majority(random, count)),
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
    chosen = [random.choice(troubles) for _ in range(random.randint(1, 7))]
    faults = [trouble(random, names, _interval(random)) for trouble in chosen]
    return tuple(sorted(faults, key=lambda fault: fault.starts_ns))


def _interval(random: Random) -> _Interval:
    """From a twentieth of a second to twenty seconds, short ones as likely as long ones."""
    length_ns = int(50 * MILLISECOND * 400 ** random.random())
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
    kind: Literal["killed", "power", "wiped", "restored"]
    kind = random.choice(
        ("killed", "killed", "killed", "power", "power", "power", "wiped", "restored")
    )
    return Crash(*at, host=host, kind=kind)


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

_BEFORE_NS: Final = 50 * MILLISECOND
_AFTER_NS: Final = 200 * MILLISECOND
"""Around the beginning and the end of a trouble."""

_GIVEN_UP_NS: Final = 6 * SECOND
"""By then detectors have given up whoever a trouble made silent."""


def _workload(
    random: Random, names: list[str], faults: tuple[AnyFault, ...], *, majority: bool
) -> tuple[AnyStep, ...]:
    steps: list[AnyStep] = []
    if not faults:
        steps.extend(_lone_change(random, names, number) for number in range(8))
    elif majority:
        order = Order("environment", "set", {"barrier": "majority"})
        steps.append(Change(0, names[0], (order,)))
    moments = _moments(random, faults)
    steps.extend(_information_step(random, names, random.choice(moments)) for _ in range(15))
    if faults:
        for burst in range(random.randint(2, 8)):
            steps.extend(_burst(random, names, random.choice(moments), burst))
    return tuple(sorted(steps, key=lambda step: step.at_ns))


def _moments(random: Random, faults: tuple[AnyFault, ...]) -> list[int]:
    """When things are asked: at any time, and where it hurts."""
    moments = [random.randrange(HORIZON_NS) for _ in range(4)]
    for fault in faults:
        moments += [fault.starts_ns, fault.ends_ns]
        given_up_ns = fault.starts_ns + random.randrange(_GIVEN_UP_NS)
        if given_up_ns < fault.ends_ns:
            moments += [given_up_ns] * 2
    return moments


def _near(random: Random, moment_ns: int) -> int:
    near_ns = moment_ns + random.randrange(-_BEFORE_NS, _AFTER_NS)
    return min(max(near_ns, 0), HORIZON_NS)


def _information_step(random: Random, names: list[str], moment_ns: int) -> AnyStep:
    at_ns, host = _near(random, moment_ns), random.choice(names)
    if not random.randrange(5):
        return Remove(at_ns, host, random.choice(_PATHS))
    paths = tuple(random.sample(_PATHS, random.randint(1, 2)))
    return Put(at_ns, host, paths)


def _burst(random: Random, names: list[str], moment_ns: int, burst: int) -> Iterator[AnyStep]:
    """Several changes within a moment, by several controllers; at times somebody says no."""
    patience_ns = random.choice((1, 5, 30)) * SECOND
    for number in range(random.randint(1, 5)):
        at_ns, host = _near(random, moment_ns), random.choice(names)
        if not random.randrange(12):
            yield Refuse(at_ns, host)
        else:
            orders = _orders(random, f"v{burst}.{number}")
            yield Change(at_ns, host, orders, patience_ns)


def _orders(random: Random, value: str) -> tuple[Order, ...]:
    items = random.sample(_ITEMS, random.randint(1, 2))
    return tuple(Order("item", "set", {"name": item, "value": value}) for item in items)


def _lone_change(random: Random, names: list[str], number: int) -> Change:
    """A change that meets no other one, with more patience than the run is long."""
    order = Order("item", "set", {"name": f"item{number}", "value": f"v{number}"})
    at_ns, host = random.randrange(HORIZON_NS), random.choice(names)
    return Change(at_ns, host, (order,), 10 * HORIZON_NS)
