"""Delta debugging: which of many things does a failure need?

Split them into parts; try each part alone, the last one first, for what happened just before a
failure is most likely needed; then everything but one part; where nothing fails any more, split
finer. What is left at the end is 1-minimal: leaving out any single thing loses the
failure (the algorithm ddmin of Zeller and Hildebrandt, 2002).
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")

Holds = Callable[[Iterator[tuple[T, ...]]], tuple[T, ...] | None]
"""The first of several choices that still fails; None if none does."""


def minimal(things: Sequence[T], first: Holds[T], *, parts_max: int | None = None) -> tuple[T, ...]:
    """As few of ``things`` as the failure needs; all of them together fail.

    With ``parts_max`` they are never split finer than that: less work, and more may be left.
    """
    kept = tuple(things)
    if not kept or first(iter([()])) is not None:
        return ()
    parts = 2
    while len(kept) > 1:
        found = first(_choices(kept, parts))
        if found is not None:
            parts = 2 if len(found) <= -(-len(kept) // parts) else max(parts - 1, 2)
            kept = found
        elif parts >= min(len(kept), parts_max or len(kept)):
            break
        else:
            parts = min(2 * parts, len(kept))
    return kept


def _choices(kept: tuple[T, ...], parts: int) -> Iterator[tuple[T, ...]]:
    """Each part alone, then everything but one part; with two parts these are the same."""
    borders = [len(kept) * at // parts for at in range(parts + 1)]
    spans = list(pairwise(borders))
    for begin, end in reversed(spans):
        yield kept[begin:end]
    if len(spans) > 2:  # noqa: PLR2004  as said
        for begin, end in spans:
            yield kept[:begin] + kept[end:]
