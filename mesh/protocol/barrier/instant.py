"""B5: the moment at which all show the new state.

All who know the seals compute the same instant from them: when the last member of the earliest
complete set had sealed, plus the guard that the author named, which covers telling everybody. It is
a time on wall clocks, so it counts only where clocks are near each other; a sealer that lives in
the future must not make everybody wait for it. Nothing about safety depends on it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from mesh.protocol.barrier.ballot import Ballot
from mesh.protocol.now import SECOND
from mesh.wire.identity import Incarnation

AHEAD_MAX_NS: Final = SECOND
"""How far beyond the guard an instant may lie: honest clocks differ by less."""


@dataclass(frozen=True, slots=True)
class Instant:
    """T(C)."""

    wall_ns: int
    guard_ns: int
    members: tuple[Incarnation, ...]
    """The complete set whose last seal it follows."""


class SwapReason(Enum):
    """Why a swap comes when it comes, for people."""

    INSTANT = "at the instant"
    NEVER_SEALED = "no set is complete here"
    CLOCKS = "the clocks of those who sealed are not known to be near this one"
    AHEAD = "the instant lies too far ahead: a clock among those who sealed is wrong"


@dataclass(frozen=True, slots=True)
class Plan:
    """When to swap: at the wall time ``at_wall_ns``, or at once (None)."""

    at_wall_ns: int | None
    why: SwapReason


def instant_of(ballot: Ballot) -> Instant | None:
    """B5: the least, over complete sets S, of the latest clock among their seals; plus the guard.

    None where no set is complete.
    """
    if not ballot.complete:
        return None
    guard_ns = ballot.change_set.attempt.guard_ns
    sealed_ns, members = min((ballot.votes[each].clock_ns, each) for each in ballot.complete)
    return Instant(sealed_ns + guard_ns, guard_ns, ballot.incarnations(members))


def plan(instant: Instant | None, wall_ns: int, clocks_close: bool) -> Plan:  # noqa: FBT001  # the one thing asked
    """B5: whether T counts on a wall clock that reads ``wall_ns``.

    ``clocks_close``: the clocks of all members of the instant's set were measured to be within
    half the guard of this one.
    """
    if instant is None:
        return Plan(None, SwapReason.NEVER_SEALED)
    if not clocks_close:
        return Plan(None, SwapReason.CLOCKS)
    if instant.wall_ns > wall_ns + instant.guard_ns + AHEAD_MAX_NS:
        return Plan(None, SwapReason.AHEAD)
    return Plan(instant.wall_ns, SwapReason.INSTANT)


def is_late(instant: Instant, swapped_wall_ns: int) -> bool:
    """B5: a swap after T is shown as late."""
    return swapped_wall_ns > instant.wall_ns
