"""What the history still knows of what a listener missed.

Events are kept in memory and end with the process; the history of ChangeSets does not. So every
event carries the place in the history that had been told with it: how many ChangeSets, and which
was the last. Whoever comes back with such a place, after a restart or after being away for longer
than events are kept, is told every ChangeSet since, once, in the order of the history.

Invariant: nothing is told from a place that is not found again exactly: where a merge has put
something in before it, or a checkpoint has closed the book above it, the past is gone.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol, Self

from mesh.protocol.replica import Replica, views

_DIGITS: Final = 16
"""Of a tx: no two of one history share so many."""


class Place(NamedTuple):
    """How much of the history had been told."""

    told: int
    """ChangeSets, those below the checkpoint among them."""
    last: str
    """The first digits of the last one; empty: there was none."""

    @classmethod
    def read(cls, text: str) -> Self | None:
        """From ``12.3f9a12c04b77e0d1``; None where it is no place."""
        count, _, last = text.partition(".")
        is_count = count.isascii() and count.isdigit() and len(count) <= _DIGITS
        return cls(int(count), last) if is_count and len(last) in {0, _DIGITS} else None

    def spell(self) -> str:
        """As a part of an event's id."""
        return f"{self.told}.{self.last}"

    def after(self, tx: str) -> "Place":
        """The next one, with ``tx`` told."""
        return Place(self.told + 1, tx[:_DIGITS])


BEGINNING: Final = Place(0, "")


class Past(Protocol):
    """The history, as far as listeners are concerned."""

    def between(self, start: Place, end: Place) -> Sequence[str] | None:
        """The tx told after ``start`` up to ``end``, in order; None where they are not known."""

    def waiting(self) -> Sequence[str]:
        """The tx that are not in the history: what became of them may be news, too."""


class NoPast:
    """Nothing is known of what was before."""

    def between(self, start: Place, end: Place) -> Sequence[str] | None:
        """Nothing lies between a place and itself."""
        return () if start == end else None

    def waiting(self) -> Sequence[str]:
        """Nothing waits."""
        return ()


class HistoryPast:
    """The past of the controller whose present life ``replica`` gives."""

    def __init__(self, replica: Callable[[], Replica]) -> None:
        self._replica = replica

    def here(self) -> Place:
        """All of the history as it is now."""
        line = views.timeline(self._replica())
        return Place(line.below + len(line.tx), line.tx[-1][:_DIGITS] if line.tx else "")

    def recent(self, count: int) -> Sequence[str]:
        """The last ``count`` of the history."""
        return views.timeline(self._replica()).tx[-count:]

    def between(self, start: Place, end: Place) -> Sequence[str] | None:
        """As the history has them now."""
        line = views.timeline(self._replica())
        first, last = _find(line, start), _find(line, end)
        return None if first is None or last is None or last < first else line.tx[first:last]

    def waiting(self) -> Sequence[str]:
        """What waits at the barrier or for people, and what came to nothing."""
        return views.timeline(self._replica()).outside


def _find(line: views.Timeline, place: Place) -> int | None:
    """How many of ``line`` lie before ``place``; None where it is not there any more."""
    before = place.told - line.below
    if before == 0:
        known = any(tx.startswith(place.last) for tx in line.tx)
        return 0 if not place.last or not known else None
    if not 0 < before <= len(line.tx) or not place.last:
        return None
    return before if line.tx[before - 1].startswith(place.last) else None
