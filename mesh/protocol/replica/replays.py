"""Datagrams that come twice: one window for each life that speaks.

Who speaks under a member's name is not proven before datagrams are sealed, so what is kept for
one controller is bounded, whatever lives it claims to have.
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
            window = lives[sender] = ReplayWindow()
            if len(lives) > LIVES_MAX:
                del lives[next(iter(lives))]
        return window.accept(counter)

    def keep(self, controllers: frozenset[bytes]) -> None:
        """Forget everybody else."""
        for gone in [each for each in self._windows if each not in controllers]:
            del self._windows[gone]
