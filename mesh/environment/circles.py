"""Who comes after whom must lead round in no circle: nothing in one could ever begin.

A walk along the arrows that never steps twice on the same object, so it takes as long as there are
arrows; an arrow back to where the walk came along closes a circle.
"""

from collections.abc import Callable, Iterable, Iterator

from mesh.environment.entries import ObjectId

Circle = tuple[ObjectId, ...]


def circles(
    beginnings: Iterable[ObjectId], following: Callable[[ObjectId], Iterable[ObjectId]]
) -> Iterator[Circle]:
    """A circle for every arrow back that is found from ``beginnings`` on; none: there is none."""
    done: dict[ObjectId, None] = {}
    for beginning in beginnings:
        yield from _walk(beginning, following, done)


def _walk(
    beginning: ObjectId,
    following: Callable[[ObjectId], Iterable[ObjectId]],
    done: dict[ObjectId, None],
) -> Iterator[Circle]:
    trail: dict[ObjectId, Iterator[ObjectId]] = {}
    ahead: list[ObjectId] = [beginning]
    while ahead or trail:
        if ahead:
            here = ahead.pop()
            if here in trail:
                way = tuple(trail)
                yield way[way.index(here) :]
            elif here not in done:
                trail[here] = iter(following(here))
        at = next(reversed(trail), None)
        if at is None:
            return
        step = next(trail[at], None)
        if step is None:
            del trail[at]
            done[at] = None
        else:
            ahead.append(step)
