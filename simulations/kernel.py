"""Virtual time: what is to happen next, in one heap, on integer nanoseconds.

Nothing here ever waits. The earliest event runs, and time is where that event stands; between two
events there is nothing. Events of one moment run in the order in which they were asked for, so a
run is a function of what was scheduled and of nothing else.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

Action = Callable[[], None]

START_NS: Final = 1_000_000_000
"""Time does not begin at 0: zero stays free to mean never."""


class Kernel:
    """The heap and the hand that takes from it."""

    def __init__(self) -> None:
        self.now_ns = START_NS
        self.events = 0
        """Events that have run."""
        self._heap: list[tuple[int, int, Action]] = []
        self._scheduled = 0
        self._halted = False

    def at(self, time_ns: int, action: Action) -> None:
        """Run ``action`` at ``time_ns``, which is not in the past."""
        assert time_ns >= self.now_ns, "an event in the past would break causality"
        self._scheduled += 1
        heappush(self._heap, (time_ns, self._scheduled, action))

    def after(self, delay_ns: int, action: Action) -> None:
        """Run ``action`` when ``delay_ns`` have passed."""
        assert delay_ns >= 0, "an event in the past would break causality"
        self._scheduled += 1
        heappush(self._heap, (self.now_ns + delay_ns, self._scheduled, action))

    def run(self, until_ns: int) -> None:
        """Run everything up to and with ``until_ns``, which is then the time."""
        heap = self._heap
        while heap and heap[0][0] <= until_ns and not self._halted:
            self.now_ns, _, action = heappop(heap)
            self.events += 1
            action()
        if not self._halted:
            self.now_ns = until_ns

    def halt(self) -> None:
        """Let time stand still for good, after the event that runs now."""
        self._halted = True
