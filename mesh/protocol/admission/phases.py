"""The states of a controller on its way into an environment, as a table."""

from enum import Enum, StrEnum
from typing import Final


class Phase(StrEnum):
    """Where a controller stands."""

    LISTENING = "listening"
    """It knows no environment, and finds out whether there is one."""
    PENDING = "pending"
    """There is one: it knocks until a person accepts it."""
    FOUNDED = "founded"
    """It founded one alone and nothing was done in it: it gives it up for an older claim."""
    MEMBER = "member"
    """It belongs to an environment for good: welcomed to it, or its founder on purpose."""
    YIELDED = "yielded"
    """It gave up what it had founded; this life is over, the next one is PENDING."""


class Turn(Enum):
    """What moves a controller from one state to another."""

    MET = "met"
    """Somebody has an environment."""
    SILENCE = "silence"
    """Nobody was heard who has one, for as long as it listens."""
    TOLD = "told"
    """A person says: found one, or keep the one that was founded."""
    WELCOMED = "welcomed"
    """A member says that it was admitted."""
    USED = "used"
    """A person did something in the environment."""
    OUTRANKED = "outranked"
    """An environment was met to which it yields."""


TRANSITIONS: Final[dict[Phase, dict[Turn, Phase]]] = {
    Phase.LISTENING: {
        Turn.MET: Phase.PENDING,
        Turn.SILENCE: Phase.FOUNDED,
        Turn.TOLD: Phase.MEMBER,
    },
    Phase.PENDING: {
        Turn.TOLD: Phase.MEMBER,
        Turn.WELCOMED: Phase.MEMBER,
    },
    Phase.FOUNDED: {
        Turn.TOLD: Phase.MEMBER,
        Turn.USED: Phase.MEMBER,
        Turn.OUTRANKED: Phase.YIELDED,
    },
    Phase.MEMBER: {},
    Phase.YIELDED: {},
}
"""Absent pairs are deliberate: nobody leaves an environment in which something was done, and
what was given up is not taken back."""


def after(phase: Phase, turn: Turn) -> Phase:
    """The state to which ``turn`` leads from ``phase``; the pair is in the table."""
    following = TRANSITIONS[phase].get(turn)
    assert following is not None, f"{turn} in {phase}"
    return following
