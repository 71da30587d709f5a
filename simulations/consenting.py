"""Who must agree, in a generated scenario: people with rights, and a demand for their approval.

Everything that was to be changed then waits for people, on the boards of those who have heard of
it. They approve here and there, too early and too late, and now and then a right is withdrawn
meanwhile, or another number of them must agree. It draws from a stream of luck of its own, so that
a seed without it is the run that it was.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

import msgspec

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.scenario import AnyStep, Approve, Change, Dismiss, Invite, Order, Welcome

_ONE_IN: Final = 8
_PEOPLE: Final = {
    "ann": ("approve:/",),
    "ben": ("approve:/", "apply:/item"),
    "cid": ("approve:/item/one", "approve:/item/two"),
}
_ARRIVE_NS: Final = 100 * MILLISECOND
_DEMAND_NS: Final = 600 * MILLISECOND
_AFTER_NS: Final = (5 * MILLISECOND, 200 * MILLISECOND, 10 * SECOND)
"""How long approvals take at most, each as likely."""
_APPROVALS: Final = (1, 1, 2, 2, 3)
"""How many are given to one change."""
_SHIFTS_MAX: Final = 3


def some_consent(
    random: Random, names: Sequence[str], steps: tuple[AnyStep, ...], horizon_ns: int
) -> tuple[AnyStep, ...]:
    """``steps`` where people must agree to them; most often as they are.

    Nor where somebody comes or goes, which would wait for people for ever.
    """
    if random.randrange(_ONE_IN) or any(isinstance(each, Dismiss | Invite) for each in steps):
        return steps
    named = tuple(_named(each, number) for number, each in enumerate(steps))
    wanted = [each for each in named if isinstance(each, Change)]
    demand = Order("environment", "set", {"approvals": random.choice((1, 1, 2))})
    more: list[AnyStep] = [
        Welcome(_ARRIVE_NS, names[0], people=_PEOPLE),
        Change(_DEMAND_NS, names[0], (demand,), name="demand"),
        *_shifts(random, names, horizon_ns),
    ]
    wanted += [each for each in more if isinstance(each, Change) and each.name != "demand"]
    more += [each for change in wanted for each in _approvals(random, names, change, horizon_ns)]
    return tuple(sorted((*named, *more), key=lambda step: step.at_ns))


def _named(step: AnyStep, number: int) -> AnyStep:
    """So that somebody can approve it."""
    if isinstance(step, Change) and not step.name:
        return msgspec.structs.replace(step, name=f"wanted-{number}")
    return step


def _shifts(random: Random, names: Sequence[str], horizon_ns: int) -> Iterator[Change]:
    for number in range(random.randrange(_SHIFTS_MAX + 1)):
        person = random.choice([*_PEOPLE])
        right = {"name": person, "right": random.choice(_PEOPLE[person])}
        order = Order("right", random.choice(("grant", "revoke", "revoke")), {**right})
        if not random.randrange(_SHIFTS_MAX):
            order = Order("environment", "set", {"approvals": random.choice((1, 2))})
        at_ns, host = random.randrange(SECOND, horizon_ns), random.choice(names)
        yield Change(at_ns, host, (order,), name=f"shift-{number}")


def _approvals(
    random: Random, names: Sequence[str], change: Change, horizon_ns: int
) -> Iterator[Approve]:
    for _ in range(random.choice(_APPROVALS)):
        after_ns = random.randrange(random.choice(_AFTER_NS))
        at_ns, person = min(change.at_ns + after_ns, horizon_ns), random.choice([*_PEOPLE])
        yield Approve(at_ns, random.choice(names), change=change.name, by=person)
