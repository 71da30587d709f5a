"""What people and services ask for in a generated scenario.

A change takes some ten milliseconds and a trouble some seconds, so that left to chance they would
hardly ever meet. Therefore most changes come in bursts, bursts come around the moments at which a
trouble begins or ends, or when detectors have just given somebody up, and all of them go for few
keys. An operator who wants to say no must meet a change that still waits, which is a matter of
milliseconds: so he tries again and again around the end of a trouble.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.scenario import AnyStep, Change, Dismiss, Order, Put, Refuse, Remove
from simulations.troubles import AnyFault, OneWay

_ITEMS: Final = ("one", "two", "three")
_PATHS: Final = (("app", "a"), ("app", "b"), ("app", "c", "d"), ("x",))

_BEFORE_NS: Final = 50 * MILLISECOND
_AFTER_NS: Final = 200 * MILLISECOND
"""Around the beginning and the end of a trouble."""

_GIVEN_UP_NS: Final = 6 * SECOND
"""By then detectors have given up whoever a trouble made silent."""

_LONE_CHANGES: Final = 8
_INFORMATION_STEPS: Final = 15
_REFUSALS: Final = 30
_CHAIN: Final = 4
_REFUSING_ONE_IN: Final = 2
_DISMISSING_ONE_IN: Final = 10
_DISMISSING_ROSTER_MIN: Final = 4
"""Enough stay for every policy."""


def some_demands(
    random: Random, names: Sequence[str], faults: Sequence[AnyFault], horizon_ns: int
) -> tuple[AnyStep, ...]:
    """Steps in the order of their times. Without faults: changes that never meet."""
    moments = _moments(random, faults, horizon_ns)
    steps = [
        _information_step(random, names, random.choice(moments), horizon_ns)
        for _ in range(_INFORMATION_STEPS)
    ]
    if not faults:
        steps += [_lone_change(random, names, each, horizon_ns) for each in range(_LONE_CHANGES)]
    else:
        for burst in range(random.randint(2, 8)):
            steps += _burst(random, names, random.choice(moments), burst, horizon_ns)
        if not random.randrange(_REFUSING_ONE_IN):
            fault = random.choice(faults)
            moment_ns = min(random.choice((fault.starts_ns, fault.ends_ns)), horizon_ns)
            steps += _refusals(random, random.choice(names), moment_ns, horizon_ns)
        for fault in faults:
            if isinstance(fault, OneWay) and len(names) > len((fault.source, fault.target)):
                steps += _ambush(random, names, fault, horizon_ns)
        if len(names) >= _DISMISSING_ROSTER_MIN and not random.randrange(_DISMISSING_ONE_IN):
            gone = _dismissal(random, names, random.choice(moments), horizon_ns)
            steps = [each for each in steps if each.host != gone.member or each.at_ns < gone.at_ns]
            steps.append(gone)
    return tuple(sorted(steps, key=lambda step: step.at_ns))


def _moments(random: Random, faults: Sequence[AnyFault], horizon_ns: int) -> list[int]:
    """When things are asked: at any time, and where it hurts."""
    moments = [random.randrange(horizon_ns) for _ in range(4)]
    for fault in faults:
        moments += [fault.starts_ns, min(fault.ends_ns, horizon_ns)]
        given_up_ns = fault.starts_ns + random.randrange(_GIVEN_UP_NS)
        if given_up_ns < fault.ends_ns:
            moments += [given_up_ns] * 2
    return moments


def _near(random: Random, moment_ns: int, horizon_ns: int) -> int:
    near_ns = moment_ns + random.randrange(-_BEFORE_NS, _AFTER_NS)
    return min(max(near_ns, 0), horizon_ns)


def _information_step(
    random: Random, names: Sequence[str], moment_ns: int, horizon_ns: int
) -> AnyStep:
    at_ns, host = _near(random, moment_ns, horizon_ns), random.choice(names)
    if not random.randrange(5):
        return Remove(at_ns, host, random.choice(_PATHS))
    paths = tuple(random.sample(_PATHS, random.randint(1, 2)))
    return Put(at_ns, host, paths)


def _burst(
    random: Random, names: Sequence[str], moment_ns: int, burst: int, horizon_ns: int
) -> Iterator[AnyStep]:
    """Several changes within a moment, by several controllers, or one on top of the other."""
    patience_ns = random.choice((1, 5, 30)) * SECOND
    author = random.choice(names) if random.getrandbits(1) else None
    for number in range(random.randint(1, 5)):
        at_ns = _near(random, moment_ns, horizon_ns)
        orders = _orders(random, f"v{burst}.{number}")
        yield Change(at_ns, author or random.choice(names), orders, patience_ns)


def _orders(random: Random, value: str) -> tuple[Order, ...]:
    items = random.sample(_ITEMS, random.randint(1, 2))
    return tuple(Order("item", "set", {"name": item, "value": value}) for item in items)


def _refusals(random: Random, host: str, moment_ns: int, horizon_ns: int) -> Iterator[AnyStep]:
    """One operator says no to whatever waits, over and over."""
    every_ns = random.choice((2, 10, 30)) * MILLISECOND
    for number in range(_REFUSALS):
        at_ns = moment_ns - _BEFORE_NS + number * every_ns
        yield Refuse(min(max(at_ns, 0), horizon_ns), host)


def _ambush(
    random: Random, names: Sequence[str], fault: OneWay, horizon_ns: int
) -> Iterator[AnyStep]:
    """Changes on top of each other, and a refusal where the votes of the former ones are missing.

    Who does not hear one of the others cannot know that a change is released, and waits with the
    next one until somebody tells it. In that time its operator may well say no.
    """
    author = random.choice([name for name in names if name not in {fault.source, fault.target}])
    for number in range(_CHAIN):
        at_ns = fault.starts_ns + _BEFORE_NS + number * random.randrange(5, 50) * MILLISECOND
        orders = _orders(random, f"chain{number}")
        yield Change(min(at_ns, horizon_ns), author, orders, 30 * SECOND)
        yield from _refusals(random, fault.target, at_ns + _BEFORE_NS, horizon_ns)


def _dismissal(random: Random, names: Sequence[str], moment_ns: int, horizon_ns: int) -> Dismiss:
    """One is removed, and nobody asks it for anything any more."""
    host, member = random.sample(list(names), 2)
    return Dismiss(_near(random, moment_ns, horizon_ns), host, member=member)


def _lone_change(random: Random, names: Sequence[str], number: int, horizon_ns: int) -> AnyStep:
    """A change that meets no other one, with more patience than the run is long."""
    order = Order("item", "set", {"name": f"item{number}", "value": f"v{number}"})
    at_ns, host = random.randrange(horizon_ns), random.choice(names)
    return Change(at_ns, host, (order,), 10 * horizon_ns)
