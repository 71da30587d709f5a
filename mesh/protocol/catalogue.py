"""The ChangeSets known here, each under a small number, so that sets of them are integers.

The barrier is arithmetic on sets: ancestors, what is applied, what is open. With attempts numbered
in the order in which they became known, a set is an ``int`` with one bit for each, and union,
difference and subset are one machine operation on a few hundred bytes instead of a walk through
tables. The numbers are local: nothing that leaves the controller names them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from mesh.protocol.ground import FOUNDED, Ground
from mesh.protocol.objection import Objection
from mesh.wire import cbor
from mesh.wire.facts import NoReason, Propose
from mesh.wire.identity import Timestamp
from mesh.wire.requests import (
    Attempt,
    Kind,
    Request,
    decode_attempt,
    decode_request,
    is_of_this_version,
    read_request,
)

Ids = int
"""A set of attempts: bit i stands for the attempt numbered i."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ChangeSet:
    """A proposal in the hand: the attempt, the request that it carries, and their ids."""

    id: bytes
    attempt: Attempt
    request: Request
    """What was signed; a blank where that cannot be read here."""
    propose: Propose
    flaw: Objection | None = None
    """Why it cannot be read here: INVALID, nobody ever can, or VERSION, others may."""

    @property
    def tx(self) -> bytes:
        """The id of the request, the same for every attempt of it."""
        return self.attempt.tx

    @property
    def timestamp(self) -> Timestamp:
        """Its place in the order."""
        return self.attempt.timestamp

    @property
    def place(self) -> tuple[Timestamp, bytes]:
        """Its timestamp, and its id for an author who used one twice: no two are at one place."""
        return self.attempt.timestamp, self.id

    @property
    def kind(self) -> Kind:
        """What it does to the history."""
        return self.attempt.kind


_IN_HAND: Final = WeakValueDictionary[bytes, ChangeSet]()
"""Those without a flaw that somebody holds, by their ids, so that none is read or held twice."""


def read_change_set(propose: Propose) -> ChangeSet:
    """The ChangeSet that ``propose`` carries.

    One whose request does not decode has a flaw: those who take part owe it an answer all the same.
    Raises cbor.Undecodable where the attempt does not decode. That attempt and request fit each
    other is not checked here.
    """
    known = _IN_HAND.get(propose.attempt_id)
    if known is not None and known.propose == propose:
        return known
    fresh = _read(propose, read_request)
    if fresh.flaw is None:
        _IN_HAND[fresh.id] = fresh
    return fresh


def _read(propose: Propose, read: Callable[[bytes], Request]) -> ChangeSet:
    attempt = decode_attempt(propose.attempt)
    raw = propose.request.raw
    try:
        return ChangeSet(propose.attempt_id, attempt, read(raw), propose)
    except cbor.Undecodable as error:
        flaw = Objection(NoReason.INVALID, f"the request is malformed: {error}")
        if not is_of_this_version(raw):
            flaw = Objection(NoReason.VERSION, "the request is of a version that is not read here")
        return ChangeSet(propose.attempt_id, attempt, _blank(attempt), propose, flaw)


def _blank(attempt: Attempt) -> Request:
    """What stands for a request that cannot be read: signed by no operator, and asking nothing."""
    return Request(
        version=0,
        environment=bytes(32),
        signer=attempt.author.controller,
        name="unreadable",
        written=(),
        resolved=(),
        base=(),
        overridden=(),
        patience_ns=0,
        reason="",
        nonce=bytes(16),
        origin=None,
        override=False,
    )


def numbers(ids: Ids) -> Iterator[int]:
    """The numbers in ``ids``, ascending."""
    while ids:
        low = ids & -ids
        yield low.bit_length() - 1
        ids ^= low


class Catalogue:
    """All ChangeSets of which the proposal is held, with their ancestors as sets.

    What lies below ``ground`` has no number: it is behind everything, as the founding record is.
    """

    def __init__(self, ground: Ground = FOUNDED) -> None:
        self.begin(ground)

    def begin(self, ground: Ground) -> None:
        """Forget every number, and stand on ``ground``."""
        self.ground = ground
        self._change_sets: list[ChangeSet] = []
        self._numbers: dict[bytes, int] = {}
        self._ancestors: dict[int, Ids] = {}

    def __len__(self) -> int:
        return len(self._change_sets)

    def __getitem__(self, number: int) -> ChangeSet:
        return self._change_sets[number]

    @property
    def change_sets(self) -> Sequence[ChangeSet]:
        """All of them, by number."""
        return self._change_sets

    def number(self, attempt_id: bytes) -> int | None:
        """The number of an attempt, None while its proposal is not held."""
        return self._numbers.get(attempt_id)

    def add(self, change_set: ChangeSet) -> int:
        """The number of ``change_set``, a new one where it was not known."""
        known = self._numbers.get(change_set.id)
        if known is not None:
            return known
        number = len(self._change_sets)
        self._change_sets.append(change_set)
        self._numbers[change_set.id] = number
        return number

    def read_again(self, number: int) -> None:
        """Make ``number`` anew from the bytes of its proposal, whatever is in hand."""
        known = self._change_sets[number]
        again = _read(known.propose, decode_request)
        assert again.id == known.id, f"the proposal of {known.id.hex()} has changed in memory"
        self._change_sets[number] = again

    def ancestors(self, number: int) -> Ids | None:
        """All that ``number`` was made on top of, itself not included, down to the ground.

        None while one of them is unknown.
        """
        known = self._ancestors.get(number)
        if known is not None:
            return known
        pending = [number]
        while pending:
            top = pending[-1]
            parents = self._parents(top)
            if parents is None:
                return None
            missing = [parent for parent in parents if parent not in self._ancestors]
            if missing:
                pending.extend(missing)
                continue
            union = 0
            for parent in parents:
                union |= self._ancestors[parent] | 1 << parent
            self._ancestors[top] = union
            _ = pending.pop()
        return self._ancestors[number]

    def _parents(self, number: int) -> list[int] | None:
        found = self.parents(self._change_sets[number])
        return [parent for parent in found if parent is not None] if None not in found else None

    def parents(self, change_set: ChangeSet) -> list[int | None]:
        """The parents of ``change_set`` above the ground; None for one that is unknown."""
        below = self.ground.known
        parents = change_set.attempt.parents
        return [self._numbers.get(each) for each in parents if each not in below]

    def ordered(self, ids: Ids) -> list[int]:
        """The numbers in ``ids`` in the order of the history, earliest first."""
        return sorted(numbers(ids), key=lambda number: self._change_sets[number].place)

    def heads(self, ids: Ids) -> list[int]:
        """Those of ``ids`` that are no ancestor of another one in it, by timestamp.

        The parents of what comes next.
        """
        # What became known last covers most of the others, so few are looked at.
        heads, covered, left = 0, 0, ids
        while left:
            number = left.bit_length() - 1
            heads |= 1 << number
            covered |= self.ancestors(number) or 0
            left &= ~(covered | 1 << number)
        return self.ordered(heads & ~covered)
