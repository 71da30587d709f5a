"""When the configuration that readers see becomes the next one.

What was applied is prepared at once and shown at its instant, like a curtain that all theatres of a
town raise at eight: the scenery stands before, and nobody sees it early. Instants of later
ChangeSets never overtake earlier ones here. A controller that is ready only after eight raises its
curtain at once and says that it was late.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
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
    ticket: int
    """The writes that have to be durable before anybody sees it."""
    late: bool
    why: str
    """Why the instant was not kept to; empty where it was."""


class Swaps:
    """The swaps to come, in order."""

    def __init__(self) -> None:
        self._waiting: deque[Swap] = deque()

    def schedule(
        self,
        tx: tuple[bytes, ...],
        configuration: Configuration,
        instant_ns: int | None,
        why: str,
        ticket: int,
        now: Now,
    ) -> None:
        """Show ``configuration`` at the wall time ``instant_ns``; None.

        At once, for the reason ``why``.
        """
        remaining_ns = 0 if instant_ns is None else instant_ns - now.wall_ns
        late = remaining_ns < 0
        due_ns = now.monotonic_ns + max(0, remaining_ns)
        if self._waiting:
            due_ns = max(due_ns, self._waiting[-1].due_ns)
        self._waiting.append(Swap(tx, configuration, due_ns, ticket, late, why))

    def deadline_ns(self, is_durable: Callable[[int], bool]) -> int | None:
        """Monotonic time of the next swap; None where there is none or it waits for the disk."""
        if not self._waiting or not is_durable(self._waiting[0].ticket):
            return None
        return self._waiting[0].due_ns

    def due(self, is_durable: Callable[[int], bool], now: Now) -> tuple[Swap, ...]:
        """The swaps whose time has come and whose writes are durable, in order."""
        ready: list[Swap] = []
        while (
            self._waiting
            and self._waiting[0].due_ns <= now.monotonic_ns
            and is_durable(self._waiting[0].ticket)
        ):
            ready.append(self._waiting.popleft())
        return tuple(ready)
