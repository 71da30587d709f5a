"""A hybrid logical clock: stamps that follow the wall clock, never repeat, and never run away.

A stamp is 48 bits of milliseconds and 16 bits that count within one of them. Stamps only order
*concurrent* values for display; causality comes from dots. So a wrong stamp is a nuisance and not
a danger: a merge never refuses one (replicas would decide differently and diverge), and the next
causal write wins over it whatever its own stamp says.

Invariant: every stamp made here is greater than all made here before, and the clock is never
pulled further ahead of the wall clock than `drift_ns_max` by what others claim.

Source: Kulkarni et al., "Logical Physical Clocks" (2014), with the bound on folding that
CockroachDB found necessary.
"""

from typing import Final

from crdt.errors import RefusedWrite
from crdt.limits import drift_ns_max, stamp_max

_COUNTER_BITS: Final = 16
_NS_PER_MS: Final = 1_000_000


def stamp_at(wall_ns: int) -> int:
    """Return the least stamp of the millisecond of `wall_ns`."""
    return wall_ns // _NS_PER_MS << _COUNTER_BITS


def stamp_ms(stamp: int) -> int:
    """Return the milliseconds since 1970 that a stamp names."""
    return stamp >> _COUNTER_BITS


class HybridClock:
    """The stamps of one store. `last` is the greatest stamp made or folded so far."""

    __slots__ = ("last",)

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def tick(self, wall_ns: int) -> int:
        """Make a stamp for a write at `wall_ns`. A full counter carries into the milliseconds."""
        stamp = stamp_at(wall_ns)
        if stamp <= self.last:
            stamp = self.last + 1
        self.last = stamp
        return stamp

    def fold(self, stamp: int, wall_ns: int) -> bool:
        """Let a stamp from elsewhere move this clock; False where it is too far ahead to do so."""
        if stamp > stamp_at(wall_ns + drift_ns_max):
            return False
        self.last = max(self.last, stamp)
        return True


def check_first_hop(stamp: int, wall_ns: int) -> int:
    """Return a stamp that an author brings along.

    Here, and only here, a far-future stamp is refused: every replica after this one must merge it.

    Raises:
        RefusedWrite: the stamp is no stamp, or more than a minute ahead of the wall clock.
    """
    if not 0 <= stamp <= stamp_max:
        raise RefusedWrite(f"the stamp {stamp} is not within 64 bits: leave it out")
    if stamp > stamp_at(wall_ns + drift_ns_max):
        ahead_s = (stamp_ms(stamp) * _NS_PER_MS - wall_ns) // 1_000_000_000
        raise RefusedWrite(
            f"the stamp lies {ahead_s} s in the future, more than a minute:"
            " set the clock of the writer, or leave the stamp out",
        )
    return stamp
