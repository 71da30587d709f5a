"""When a vote can only be given up by the life that cast it.

Under majority a controller that sealed waits for the others of P, however long: any of them may
have released it. If too many of them begin new lives that cannot prove what the old ones said, as
after a power cut, nobody is left who could complete a set, and nobody may say No either. That is in
doubt for good. It hinders nothing but one thing: while something is open, no change of the roster
is sealed (B11), so that a mesh could never again take anybody in.

What a life has open ends with it, as every restart shows: the seals stay, and bind whenever a set
turns out to be complete. So the life that is stranded ends by itself, and the next one votes. That
is a restart like any other, at a moment chosen; no rule about votes knows of it.
"""

from dataclasses import dataclass

from mesh.protocol.barrier.predicates import nay, open_ids
from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.catalogue import Ids, numbers


@dataclass(frozen=True, slots=True)
class StartAnew:
    """This life should end, and another one begin: these attempts will not end in it."""

    numbers: tuple[int, ...]


def stranded(at: Standpoint) -> Ids:
    """P-stranded. Open, and of P fewer than q live on who have not said No."""
    ids = 0
    for number in numbers(open_ids(at)):
        ballot = at.ballot(number)
        left = ballot.everybody & ~nay(at, number) & ~_ended(at, number)
        if left.bit_count() < ballot.quorum:
            ids |= 1 << number
    return ids


def _ended(at: Standpoint, number: int) -> int:
    """The seats of those who have begun a later life."""
    mask = 0
    for seat, who in enumerate(at.ballot(number).participants):
        if at.knowledge.lives.ended(who):
            mask |= 1 << seat
    return mask


class Renewal:
    """Waits whether the news comes after all; members go one after the other, by id."""

    def __init__(self, at: Standpoint) -> None:
        self._at = at
        self._since_ns: int | None = None

    def next(self, now_ns: int) -> StartAnew | None:
        """What is to be done about it now; None: nothing before ``deadline_ns``."""
        lost = stranded(self._at)
        if not lost:
            self._since_ns = None
            return None
        if self._since_ns is None:
            self._since_ns = now_ns
        due_ns = self.deadline_ns
        return StartAnew(tuple(numbers(lost))) if due_ns is not None and now_ns >= due_ns else None

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time at which this life ends; None where nothing is stranded."""
        if self._since_ns is None:
            return None
        timing = self._at.timing
        before = [who for who in self._at.live if who < self._at.me]
        steps = min(len(before), timing.renew_steps_max)
        return self._since_ns + timing.renew_ns + steps * timing.renew_step_ns
