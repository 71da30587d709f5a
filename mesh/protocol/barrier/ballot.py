"""Who said what about one attempt: the votes, counted as they arrive.

A seal names a whole *set*: "I am bound, together with exactly these". So votes for different sets
never add up, and the count for a set is full only when each of its members has sealed that very
set. Sets are integers, bit i standing for the i-th participant. Invariant: nothing that an
incarnation says after its No is counted.
"""

from dataclasses import dataclass

from mesh.protocol.catalogue import ChangeSet, numbers
from mesh.wire.facts import No
from mesh.wire.identity import Incarnation

Members = int
"""A set of participants of one attempt: bit i stands for ``participants[i]``."""

Controllers = int
"""A set of controllers, in the numbering of the knowledge that holds the ballot."""


@dataclass(slots=True)
class Votes:
    """Who sealed one set, and the latest clock among its own members."""

    sealers: Members = 0
    clock_ns: int = 0


class Ballot:
    """The votes on one attempt."""

    __slots__ = (
        "_nay",
        "_nay_of",
        "_seats",
        "change_set",
        "complete",
        "controllers",
        "denied",
        "last",
        "nos",
        "quorum",
        "sealed",
        "sets",
        "version",
        "votes",
    )

    def __init__(self, change_set: ChangeSet, controllers: tuple[Controllers, ...]) -> None:
        """``controllers`` holds the one bit of each participant's controller, in their order."""
        attempt = change_set.attempt
        self.change_set = change_set
        self.controllers = controllers
        self.quorum = attempt.quorum
        self.sealed: Members = 0
        """Participants that sealed any set."""
        self.denied: Members = 0
        """Participants that said No."""
        self.nos: dict[int, No] = {}
        self.sets: dict[int, tuple[Members, ...]] = {}
        """The sets that each participant sealed, in order."""
        self.last: dict[int, Members] = {}
        """The set that each participant sealed last."""
        self.votes: dict[Members, Votes] = {}
        self.complete: tuple[Members, ...] = ()
        """P-complete: the sets of at least q all of whose members sealed exactly that set."""
        self.version = 0
        """Moves with every vote that counts."""
        self._seats = {who: seat for seat, who in enumerate(attempt.participants)}
        self._nay: Members = 0
        self._nay_of: tuple[int, Members] = (0, 0)

    @property
    def participants(self) -> tuple[Incarnation, ...]:
        """P."""
        return self.change_set.attempt.participants

    @property
    def everybody(self) -> Members:
        """P as a set."""
        return (1 << len(self.controllers)) - 1

    def seat(self, who: Incarnation) -> int | None:
        """The place of ``who`` in P."""
        return self._seats.get(who)

    def of(self, controller: Controllers) -> Members:
        """The participants that are incarnations of ``controller`` (one bit)."""
        mask = 0
        for seat, bit in enumerate(self.controllers):
            if bit == controller:
                mask |= 1 << seat
        return mask

    def incarnations(self, members: Members) -> tuple[Incarnation, ...]:
        """The participants in ``members``, in the order of P."""
        return tuple(self.participants[seat] for seat in numbers(members))

    def controllers_of(self, members: Members) -> Controllers:
        """The controllers of ``members``."""
        mask = 0
        for seat in numbers(members):
            mask |= self.controllers[seat]
        return mask

    def seal(self, who: Incarnation, members: Members, clock_ns: int) -> bool:
        """Count a seal.

        True where it completes ``members``; one that P does not allow counts for nothing.
        """
        seat = self._seats.get(who)
        if seat is None or self.denied >> seat & 1 or members & ~self.everybody:
            return False
        self.sealed |= 1 << seat
        self.last[seat] = members
        said = self.sets.get(seat, ())
        if members in said:
            return False
        self.version += 1
        self.sets[seat] = (*said, members)
        votes = self.votes.setdefault(members, Votes())
        votes.sealers |= 1 << seat
        if members >> seat & 1:
            votes.clock_ns = max(votes.clock_ns, clock_ns)
        if not self._is_full(members, votes.sealers) or members in self.complete:
            return False
        self.complete = (*self.complete, members)
        return True

    def _is_full(self, members: Members, sealers: Members) -> bool:
        return members.bit_count() >= max(self.quorum, 1) and not members & ~sealers

    def deny(self, who: Incarnation, no: No) -> None:
        """Count a No."""
        seat = self._seats.get(who)
        if seat is not None and not self.denied >> seat & 1:
            self.version += 1
            self.denied |= 1 << seat
            self.nos[seat] = no

    def nay(self, closed: Members) -> Members:
        """P-nay: the least set with all who said No and all ``closed`` whose sets each meet it.

        Remembered for as long as no vote and no end of a life could change it.
        """
        state = (self.version, closed)
        if state != self._nay_of:
            self._nay, self._nay_of = self._least_nay(closed), state
        return self._nay

    def _least_nay(self, closed: Members) -> Members:
        nay = self.denied
        grew = True
        while grew:
            grew = False
            for seat in numbers(closed & ~nay):
                if all(members & nay for members in self.sets.get(seat, ())):
                    nay |= 1 << seat
                    grew = True
        return nay
