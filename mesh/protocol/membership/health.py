"""How much this controller doubts itself before it doubts others.

A host that is starved of CPU hears answers late and would accuse everybody. So each sign that the
fault is ours raises a score, each answer in time lowers it, and all waiting is multiplied by it:
who is slow judges slowly. The best sign is a helper that did not even say that it failed: its
*nack* should have come, whatever the target does.

Source: Lifeguard's local health multiplier.
"""

import enum
from collections.abc import Mapping
from typing import Final

HEALTH_SCORE_MAX: Final = 8
"""Waits grow at most nine times: slow, but never out of the game."""


class Sign(enum.Enum):
    """What happened that speaks for us or against us."""

    ANSWERED = enum.auto()
    """A probe was answered in time."""
    NACK_MISSING = enum.auto()
    """A helper believed alive said nothing at all."""
    NOBODY_TO_ASK = enum.auto()
    """A probe failed and there was no helper: it may be our own link as well."""
    SUSPECTED = enum.auto()
    """Others suspect us."""
    LATE = enum.auto()
    """We were woken late."""


WEIGHTS: Final[Mapping[Sign, int]] = {
    Sign.ANSWERED: -1,
    Sign.NACK_MISSING: 1,
    Sign.NOBODY_TO_ASK: 1,
    Sign.SUSPECTED: 1,
    Sign.LATE: 1,
}


class Health:
    """The score, 0 (fine) to HEALTH_SCORE_MAX."""

    def __init__(self) -> None:
        self._score = 0

    @property
    def score(self) -> int:
        """How slow this controller takes itself to be."""
        return self._score

    def note(self, sign: Sign, times: int = 1) -> None:
        """Take ``sign`` into account, ``times`` times."""
        self._score = min(max(self._score + WEIGHTS[sign] * times, 0), HEALTH_SCORE_MAX)

    def scaled(self, wait_ns: int) -> int:
        """``wait_ns``, the longer the worse we are."""
        return wait_ns * (self._score + 1)
