"""Which attempts are looked at: those that something may still happen to, by timestamp.

A history of ten thousand ChangeSets is settled but for the last few. What is applied, or can
neither be answered nor applied nor stand in the way of anything, leaves the agenda, and comes back
when a fact about it arrives. So the cost of a fact does not grow with the history.
"""

from bisect import insort

from mesh.protocol.barrier.order import Settled, settled
from mesh.protocol.barrier.predicates import is_released
from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.catalogue import Ids, numbers
from mesh.wire.identity import Timestamp


class Agenda:
    """The attempts that are not settled for good."""

    def __init__(self, at: Standpoint) -> None:
        self._at = at
        self._ids: Ids = 0
        self._order: list[int] = []
        self._lives_version = 0

    @property
    def pending(self) -> list[int]:
        """The numbers on the agenda, by timestamp."""
        return self._order

    @property
    def undecided(self) -> list[int]:
        """Those of them that are not released."""
        released = self._at.knowledge.released
        return [number for number in self._order if not released >> number & 1]

    def add(self, ids: Ids) -> None:
        """Something new is known about ``ids``. What is applied stays off."""
        for number in numbers(ids & ~self._ids & ~self._at.judge.ids):
            self._ids |= 1 << number
            insort(self._order, number, key=self._place)

    def review(self) -> None:
        """Take off what is settled; put back on what the end of a life may have stirred."""
        at = self._at
        if self._lives_version != at.knowledge.lives.version:
            self._lives_version = at.knowledge.lives.version
            self.add(at.knowledge.proposed)
        done = [number for number in self._order if is_over(at, number)]
        for number in done:
            self._ids &= ~(1 << number)
            self._order.remove(number)
            at.reseal_watch.forget(number)
            at.skip_watch.forget(number)
            if at.judge.ids >> number & 1:
                at.forget(number)

    def _place(self, number: int) -> tuple[Timestamp, bytes]:
        return self._at.change_set(number).place


def is_over(at: Standpoint, number: int) -> bool:
    """Nothing happens to it, here or because of it, before another fact about it arrives."""
    if at.judge.ids >> number & 1:
        return True
    if is_released(at, number):
        return False
    return not is_answer_due(at, number) and settled(at, number) is Settled.YES


def is_answer_due(at: Standpoint, number: int) -> bool:
    """Whether B2 or B3 is to be asked: the current incarnation takes part and is free to speak.

    B4: after No, and after the release, m says nothing more about it but Applied.
    """
    if at.denied >> number & 1 or is_released(at, number):
        return False
    return at.ballot(number).seat(at.me) is not None
