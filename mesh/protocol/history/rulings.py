"""Which merge counts for which ChangeSet, and how far the last checkpoint goes.

A merge is judged in the fold of what it was made on top of, which does not contain it: there its
signer must have had the right, and it may decide only about what its sides did not have in common;
one with no person behind it only as the policy says.
For each tx that merge counts which names it and is no ancestor of another that names it; of several
the one that a person stands behind, and then the one with the lowest timestamp. So a later merge
may revise an earlier one that it has seen, and of two at once everybody follows the same.

A checkpoint counts that a majority of the roster took part in, and all who did had to seal. Below
it the book is closed: what turns up there later, and is not in it, is set aside.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mesh.protocol.catalogue import Catalogue, ChangeSet, Ids, numbers
from mesh.protocol.history.line import Footing, SetAside
from mesh.protocol.history.outcomes import Outcome, Standing, Why
from mesh.protocol.history.prepared import Prepared
from mesh.protocol.history.recent import Recent
from mesh.protocol.history.rules import has_every_right, refusal_of_rights
from mesh.protocol.terms import Terms, terms_of
from mesh.wire.requests import Command, Kind

RULINGS_KEPT_MAX: Final = 64
"""Sets of merges whose rulings are remembered: those of the heads that are asked about."""

Footings = Callable[[Ids], Footing]

Overreach = Callable[[Sequence[Command], Ids, Ids], str | None]
"""(what a merge says, its ancestors, what lies behind all) -> why that takes a person."""

_NOTHING: Final[frozenset[bytes]] = frozenset()


@dataclass(slots=True)
class Shut:
    """What one checkpoint that counts has closed."""

    terms: Terms
    change_set: ChangeSet
    inside: Ids
    """K, as far as it lies above the ground."""
    folded: frozenset[bytes]
    """The tx of these."""
    late: Ids = 0
    """Of all that is known, what lies below it and is not in K."""

    def sort(self, number: int, change_set: ChangeSet) -> None:
        """Take note of one that has become known."""
        if not self.inside >> number & 1 and change_set.timestamp <= self.terms.through:
            self.late |= 1 << number


class Rulings:
    """The merges known, and what they decide."""

    def __init__(
        self,
        catalogue: Catalogue,
        prepared: Callable[[ChangeSet], Prepared],
        footing: Footings,
        overreach: Overreach,
    ) -> None:
        self._catalogue = catalogue
        self._prepared = prepared
        self._footing = footing
        self._overreach = overreach
        self._seen = 0
        self._merges: Ids = 0
        self._checkpoints: Ids = 0
        self._refusals: dict[int, Outcome | None] = {}
        self._of_people: dict[int, bool] = {}
        """Of the merges that count: whether a person stands behind it."""
        self._kept: Recent[tuple[Ids, Ids], SetAside] = Recent(RULINGS_KEPT_MAX)
        self._shut: dict[int, Shut] = {}
        self._late: Ids = 0
        """Of all that is known, what lies below the ground."""
        self._covered: Shut | None = None
        """What the last checkpoint in H has closed, where the ground does not lie there yet."""

    def merges(self, ids: Ids) -> Ids:
        """The merges in ``ids``."""
        self._look()
        return ids & self._merges

    def checkpoints(self, ids: Ids) -> Ids:
        """The checkpoints in ``ids``, those that count for nothing included."""
        self._look()
        return ids & self._checkpoints

    def _look(self) -> None:
        """Sort what has become known since."""
        ground = self._catalogue.ground
        for number in range(self._seen, len(self._catalogue)):
            change_set = self._catalogue[number]
            if change_set.kind is Kind.MERGE:
                self._merges |= 1 << number
            if change_set.kind is Kind.CHECKPOINT:
                self._checkpoints |= 1 << number
            if ground.lies_below(change_set.timestamp):
                self._late |= 1 << number
            for shut in self._shut.values():
                shut.sort(number, change_set)
        self._seen = len(self._catalogue)

    def aside(self, ids: Ids) -> SetAside:
        """What the merges in ``ids``, and the last checkpoint in it, set aside."""
        merges = self.merges(ids)
        shut = self.shut(ids)
        late = ids & (self._late if shut is None else self._late | shut.late)
        known = self._kept.get((merges, late))
        if known is not None:
            return known
        folded = shut.folded if shut is not None and late else _NOTHING
        return self._kept.put((merges, late), SetAside(self._rule(merges), late, folded))

    def shut(self, ids: Ids) -> "Shut | None":
        """What the last checkpoint in ``ids`` that counts has closed; None: there is none."""
        last: Shut | None = None
        for number in self._catalogue.ordered(self.checkpoints(ids)):
            if self.refusal(number) is None:
                last = self._shut[number]
        return last

    def refusal(self, number: int) -> Outcome | None:
        """Why a merge or a checkpoint counts for nothing; None where it counts."""
        if number not in self._refusals:
            ancestors = self._catalogue.ancestors(number)
            assert ancestors is not None, "a history is closed under ancestors"
            prepared = self._prepared(self._catalogue[number])
            is_inside = self._covered is not None and self._covered.inside >> number & 1
            covered = None if is_inside else self._covered
            self._refusals[number] = refusal = self._judge(prepared, ancestors, covered)
            if self._merges >> number & 1 and refusal is None:
                behind = ancestors | (0 if covered is None else covered.inside)
                people = has_every_right(prepared, self._footing(behind).rights)
                self._of_people[number] = people
            if self._checkpoints >> number & 1 and refusal is None:
                self._shut[number] = self._shutting(number, ancestors)
        return self._refusals[number]

    def refusal_over(self, prepared: Prepared, ancestors: Ids) -> Outcome | None:
        """The same for one that need not be in the catalogue."""
        number = self._catalogue.number(prepared.change_set.id)
        if number is not None and prepared.change_set.kind is Kind.MERGE:
            return self.refusal(number)  # it is asked about with each vote, and is much to work out
        return self._judge(prepared, ancestors, self._covered)

    @property
    def beneath(self) -> Ids:
        """What lies behind everything that is judged now, above the ground."""
        return 0 if self._covered is None else self._covered.inside

    def cover(self, shut: "Shut") -> None:
        """What ``shut`` has closed lies behind everything above it from now on: as if it had gone.

        So all who applied that checkpoint judge alike, whether they still hold what is below it.
        """
        if shut is self._covered:
            return
        self._covered = shut
        settled = shut.inside | self._checkpoints
        self._refusals = {at: why for at, why in self._refusals.items() if settled >> at & 1}
        self._kept = Recent(RULINGS_KEPT_MAX)

    def _judge(self, prepared: Prepared, ancestors: Ids, covered: "Shut | None") -> Outcome | None:
        beneath = 0 if covered is None else covered.inside
        footing = self._footing(ancestors | beneath)
        refused = refusal_of_rights(prepared, footing.roster, footing.rights)
        if refused is not None:
            return refused
        if prepared.change_set.kind is Kind.CHECKPOINT:
            faults = prepared.faults or _undersealed(prepared.change_set, footing.roster)
        else:
            faults = prepared.faults or self._oversteps(prepared, ancestors, covered)
            if not faults and not has_every_right(prepared, footing.rights):
                faults = self._overreaches(prepared, ancestors, beneath)
        return Outcome(Standing.SET_ASIDE, Why.FAILED, faults[0]) if faults else None

    def _shutting(self, number: int, ancestors: Ids) -> "Shut":
        change_set = self._catalogue[number]
        terms = terms_of(change_set.request)
        assert terms is not None, "what is malformed has faults"
        inside = 0
        for each in numbers(ancestors):
            if self._catalogue[each].timestamp <= terms.through:
                inside |= 1 << each
        shut = Shut(terms, change_set, inside, frozenset(self._by_tx(inside)))
        for each in range(self._seen):
            shut.sort(each, self._catalogue[each])
        return shut

    def _oversteps(
        self, prepared: Prepared, ancestors: Ids, covered: "Shut | None"
    ) -> tuple[str, ...]:
        decision = prepared.decision
        named = (*decision.keep, *decision.set_aside)
        if len(dict.fromkeys(named)) < len(named):
            return ("it names a ChangeSet twice",)
        known = self._by_tx(ancestors)
        settled = self._by_tx(self.common(ancestors))
        merges = self._by_tx(self.merges(ancestors))
        shut = _NOTHING if covered is None else covered.folded
        for tx in named:
            if tx in shut or tx in self._catalogue.ground.folded:
                return (f"it decides about {tx.hex()}, which lies below a checkpoint",)
            if tx not in known:
                return (f"it decides about {tx.hex()}, which it was not made on top of",)
            if tx in settled:
                return (f"it decides about {tx.hex()}, which all its sides had",)
            if tx in merges:
                return (f"it decides about {tx.hex()}, which is a merge itself",)
        return ()

    def _overreaches(self, prepared: Prepared, ancestors: Ids, beneath: Ids) -> tuple[str, ...]:
        """What a merge decides that nobody stands behind but a controller."""
        said = prepared.change_set.request.resolved
        why = None if prepared.unknown else self._overreach(said, ancestors, beneath)
        return () if why is None else (why,)

    def common(self, ids: Ids) -> Ids:
        """What every side has, one side for each head of ``ids``."""
        common = ids
        for head in self._catalogue.heads(ids):
            common &= (self._catalogue.ancestors(head) or 0) | 1 << head
        return common

    def _by_tx(self, ids: Ids) -> dict[bytes, None]:
        return dict.fromkeys(self._catalogue[number].tx for number in numbers(ids))

    def _rule(self, merges: Ids) -> dict[bytes, bytes]:
        naming: dict[bytes, list[int]] = {}
        for number in self._catalogue.ordered(merges):
            if self.refusal(number) is None:
                decision = self._prepared(self._catalogue[number]).decision
                for tx in (*decision.keep, *decision.set_aside):
                    naming.setdefault(tx, []).append(number)
        aside: dict[bytes, bytes] = {}
        for tx, candidates in naming.items():
            counting = self._counting(candidates)
            if tx in self._prepared(counting).decision.set_aside:
                aside[tx] = counting.tx
        return aside

    def _counting(self, candidates: list[int]) -> ChangeSet:
        """The one that counts among merges that name one tx, given by timestamp."""
        seen = 0
        for number in candidates:
            seen |= self._catalogue.ancestors(number) or 0
        last = [each for each in candidates if not seen >> each & 1]
        people = [each for each in last if self._of_people[each]]
        return self._catalogue[(people or last)[0]]


def _undersealed(change_set: ChangeSet, roster: tuple[bytes, ...]) -> tuple[str, ...]:
    """Why too few stand behind a checkpoint.

    Whoever was not asked must be in the minority, and whoever was asked must have sealed. So of two
    checkpoints one knows the other, and one controller alone closes no book.
    """
    attempt = change_set.attempt
    members = {who.controller for who in attempt.participants}
    if any(each not in roster for each in members):
        return ("somebody takes part who is not in the roster",)
    if 2 * len(members) <= len(roster):
        return ("a checkpoint takes more than half of the roster",)
    if attempt.quorum != len(attempt.participants):
        return ("a checkpoint takes the seals of all who take part",)
    return ()
