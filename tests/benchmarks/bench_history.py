"""How long the fold takes on a long history: python -m tests.benchmarks.bench_history."""

import timeit
from collections.abc import Callable, Iterator
from itertools import chain, repeat

from mesh.protocol.catalogue import Ids
from tests.mesh.protocol.history.world import (
    BOB,
    Side,
    World,
    command,
    item,
    new_history,
    roster_of_three,
)

LENGTH = 10_000
ROUNDS = 200


def measure() -> dict[str, float]:
    """Microseconds for each deed on a history of ``LENGTH`` ChangeSets."""
    world = World()
    side = _long(world)
    figures = {"extend by one at the end, all told": _growing(side)}
    numbers = [
        side.propose(side.resolve(item(f"new{at}", at)), lamport=10**6 + at) for at in range(ROUNDS)
    ]
    over = side.ids
    fresh = chain(numbers, repeat(numbers[-1]))
    figures["objection at the end, first time"] = _each(
        lambda: side.history.objection(world.catalogue[next(fresh)], over), ROUNDS
    )
    figures["objection at the end, again"] = _each(
        lambda: side.history.objection(world.catalogue[numbers[-1]], over), ROUNDS
    )
    figures["objection over one more than applied"] = _each(
        lambda: side.history.objection(world.catalogue[numbers[-1]], over | 1 << numbers[0]), ROUNDS
    )
    behind = list(_prefixes(world, side))
    prefixes = iter(behind)
    figures["roster of what a recent one was made on"] = _each(
        lambda: side.history.roster(next(prefixes)), len(behind)
    )
    figures["extend by one at the end"] = _each(_extending(side, numbers), ROUNDS)
    figures["late by 100"] = _late(world, side, 100)
    figures["history hash, after a change"] = _hash(side)
    figures["snapshot, after a change"] = _snapshot(side)
    figures["all of it, from nothing"] = _each(lambda: new_history(world.catalogue, side.ids), 1)
    return figures


def _long(world: World) -> Side:
    side = roster_of_three(world)
    _ = side.change(command("service", "create", name="web", role="web", ports=[80]))
    for at in range(LENGTH // 20):
        name = f"p{at}"
        _ = side.change(command("path", "create", name=name, host=name, services={"web": 1}))
    at = 0
    while len(world.catalogue) < LENGTH:
        _ = side.change(item(f"i{at % 2_000}", at))
        at += 1
    return side


def _growing(side: Side) -> float:
    values = iter(range(ROUNDS))
    return _each(lambda: side.change(item("growing", next(values))), ROUNDS)


def _extending(side: Side, numbers: list[int]) -> Callable[[], None]:
    left = iter(numbers)
    return lambda: side.history.extend(1 << next(left))


def _prefixes(world: World, side: Side) -> Iterator[Ids]:
    for entry in list(side.history.log())[-ROUNDS:]:
        yield world.catalogue.ancestors(entry.number) or 0


def _late(world: World, side: Side, steps: int) -> float:
    log = list(side.history.log())
    at = log[-steps].timestamp.lamport
    late = world.side(BOB)
    number = late.propose(late.resolve(item("late", 1)), lamport=at)
    return _each(lambda: side.history.extend(1 << number), 1)


def _hash(side: Side) -> float:
    def deed() -> None:
        side.history._history_hash = None
        _ = side.history.history_hash

    return _each(deed, ROUNDS)


def _snapshot(side: Side) -> float:
    def deed() -> None:
        side.history._state = None
        _ = side.history.state

    return _each(deed, ROUNDS)


def _each(deed: Callable[[], object], rounds: int) -> float:
    return timeit.timeit(deed, number=rounds) / rounds * 1e6


if __name__ == "__main__":
    for what, microseconds in measure().items():
        print(f"{what:45} {microseconds:12.1f} us")  # noqa: T201  a program that people run
