"""Datagrams that come twice: one window for each life that speaks.

What is kept for one controller is bounded, whatever lives it claims to have. A life whose window
went is never listened to again, or whoever had recorded its datagrams could play them once more. So
the earliest life goes first and an earlier one gets no window: the present one stays.
"""

from typing import Final

from mesh.wire.envelope import ReplayWindow
from mesh.wire.identity import Incarnation

LIVES_MAX: Final = 4
"""Lives of one controller at a time: a clone beside it, and each just started anew."""


class Replays:
    """The numbers seen of each life."""

    def __init__(self) -> None:
        self._windows: dict[bytes, dict[Incarnation, ReplayWindow]] = {}

    def accept(self, sender: Incarnation, counter: int) -> bool:
        """Whether the datagram ``counter`` of ``sender`` is fresh; from now on it is not."""
        lives = self._windows.setdefault(sender.controller, {})
        window = lives.get(sender)
        if window is None:
            if len(lives) >= LIVES_MAX:
                earliest = min(lives)
                if sender < earliest:
                    return False
                del lives[earliest]
            window = lives[sender] = ReplayWindow()
        return window.accept(counter)

    def keep(self, controllers: frozenset[bytes]) -> None:
        """Forget everybody else."""
        for gone in [each for each in self._windows if each not in controllers]:
            del self._windows[gone]
