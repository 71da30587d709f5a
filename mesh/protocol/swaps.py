"""When the configuration that readers see becomes the next one.

What was applied is prepared at once and shown at its instant, like a curtain that all theatres of a
town raise at eight: the scenery stands before, and nobody sees it early. Instants of later
ChangeSets never overtake earlier ones here. A controller that is ready only after eight raises its
curtain at once and says that it was late.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from mesh.environment.configuration import Configuration
from mesh.protocol.now import Now

SWAPS_PUBLISHED_MAX: Final = 256
"""Swaps that each controller goes on telling others, for the skew that people are shown."""


@dataclass(frozen=True, slots=True)
class Swap:
    """One raising of the curtain, to come or done."""

    tx: tuple[bytes, ...]
    """The ChangeSets that it shows, in their order."""
    configuration: Configuration
    due_ns: int
    """Monotonic."""
    late: bool
    """It was ready only after its instant: released, merged or made durable too late."""
    why: str
    """Why there was no instant to keep to; empty where there was one."""


@dataclass(slots=True)
class _Scheduled:
    swap: Swap
    ticket: int | None = None
    """The writes that have to be durable before anybody sees it; None: more of them may follow."""
    ready_ns: int | None = None
    """Monotonic time at which its writes were first seen to be durable."""


class Swaps:
    """The swaps to come, in order."""

    def __init__(self) -> None:
        self._waiting: deque[_Scheduled] = deque()

    def schedule(
        self,
        tx: tuple[bytes, ...],
        configuration: Configuration,
        instant_ns: int | None,
        why: str,
        now: Now,
    ) -> None:
        """Show ``configuration`` at the wall time ``instant_ns``, but not before ``bind``.

        None: at once, for the reason ``why``.
        """
        remaining_ns = 0 if instant_ns is None else instant_ns - now.wall_ns
        due_ns = now.monotonic_ns + max(0, remaining_ns)
        before_ns = self._waiting[-1].swap.due_ns if self._waiting else due_ns
        late = remaining_ns < 0 or (instant_ns is not None and before_ns > due_ns)
        swap = Swap(tx, configuration, max(due_ns, before_ns), late, why)
        self._waiting.append(_Scheduled(swap))

    def bind(self, ticket: int) -> None:
        """All that follows from what was scheduled so far is said: ``ticket`` names these writes.

        That this controller applied it is one of them, and it is said only after it was applied.
        """
        for each in self._waiting:
            if each.ticket is None:
                each.ticket = ticket

    def awaited_ns(self, tx: bytes) -> int | None:
        """Monotonic time at which ``tx`` is to be shown; None where it waits for no swap."""
        waiting = (each.swap for each in self._waiting)
        return next((swap.due_ns for swap in waiting if tx in swap.tx), None)

    def awaits_disk(self, is_durable: Callable[[int], bool]) -> bool:
        """Whether something is still to be shown of which not all is durable, as far as is known.

        What was scheduled last is durable last.
        """
        return bool(self._waiting) and not _is_on_disk(self._waiting[-1], is_durable)

    def deadline_ns(self, is_durable: Callable[[int], bool]) -> int | None:
        """Monotonic time of the next swap; None where there is none or it waits for the disk."""
        if not self._waiting or not _is_on_disk(self._waiting[0], is_durable):
            return None
        return self._waiting[0].swap.due_ns

    def due(self, is_durable: Callable[[int], bool], now: Now) -> tuple[Swap, ...]:
        """The swaps whose time has come and whose writes are durable, in order.

        To be asked whenever something became durable: what is not ready when its time has come is
        late by that, and not by what a timer is late by.
        """
        for each in self._waiting:
            if not _is_on_disk(each, is_durable):
                break
            each.ready_ns = now.monotonic_ns if each.ready_ns is None else each.ready_ns
        shown: list[Swap] = []
        while self._waiting and _is_due(self._waiting[0], now):
            shown.append(_judged(self._waiting.popleft()))
        return tuple(shown)


def _is_on_disk(scheduled: _Scheduled, is_durable: Callable[[int], bool]) -> bool:
    return scheduled.ticket is not None and is_durable(scheduled.ticket)


def _is_due(scheduled: _Scheduled, now: Now) -> bool:
    return scheduled.ready_ns is not None and scheduled.swap.due_ns <= now.monotonic_ns


def _judged(scheduled: _Scheduled) -> Swap:
    """Late also where its writes were; what has no instant is never late."""
    swap, ready_ns = scheduled.swap, scheduled.ready_ns
    assert ready_ns is not None, "only what is ready is shown"
    return replace(swap, late=True) if not swap.why and ready_ns > swap.due_ns else swap
