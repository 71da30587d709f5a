"""Counters seen out of order, as disjoint runs: what a gap costs is one run, not its length.

Invariant: runs are ascending, neither overlap nor touch, and there are never more than
`cloud_runs_max` of them. Beyond that the highest are forgotten: whoever asks is then told "not
seen", and the worst that follows is that something is sent and joined once more.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from crdt.limits import cloud_runs_max


class Intervals:
    """A set of positive integers. `runs()` yields (first, last) pairs, ascending."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, runs: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in runs:
            self.add_run(first, last)

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def __len__(self) -> int:
        """Count the runs, not the numbers in them."""
        return len(self._firsts)

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._firsts, number)
        return place > 0 and number <= self._lasts[place - 1]

    def runs(self) -> Iterator[tuple[int, int]]:
        """Return the runs as (first, last), ascending."""
        return zip(self._firsts, self._lasts, strict=True)

    def last(self) -> int:
        """Return the greatest number; 0 where there is none."""
        return self._lasts[-1] if self._lasts else 0

    def add(self, number: int) -> None:
        """Add one number."""
        self.add_run(number, number)

    def add_run(self, first: int, last: int) -> None:
        """Add first..last, melting together every run that it overlaps or touches."""
        firsts, lasts = self._firsts, self._lasts
        low = bisect_right(lasts, first - 2)
        high = bisect_right(firsts, last + 1)
        if low < high:
            first = min(first, firsts[low])
            last = max(last, lasts[high - 1])
        firsts[low:high] = [first]
        lasts[low:high] = [last]
        del firsts[cloud_runs_max:], lasts[cloud_runs_max:]

    def absorb(self, through: int) -> int:
        """Drop what a contiguous prefix 1..through covers.

        Returns how far that prefix reaches once the run that begins right after it has joined it.
        """
        place = bisect_right(self._firsts, through + 1)
        if place:
            through = max(through, self._lasts[place - 1])
            del self._firsts[:place], self._lasts[:place]
        return through
