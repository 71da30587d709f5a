"""Which merge counts for which ChangeSet.

A merge is judged in the fold of what it was made on top of, which does not contain it: there its
signer must have had the right, and it may decide only about what its sides did not have in common.
For each tx that merge counts which names it and is no ancestor of another that names it; of several
the one with the lowest timestamp. So a later merge may revise an earlier one that it has seen, and
of two at once everybody follows the same.
"""

from collections.abc import Callable
from typing import Final

from mesh.protocol.catalogue import Catalogue, ChangeSet, Ids, numbers
from mesh.protocol.history.line import Footing, SetAside
from mesh.protocol.history.outcomes import Outcome, Standing, Why
from mesh.protocol.history.prepared import Prepared
from mesh.protocol.history.recent import Recent
from mesh.protocol.history.rules import refusal_of_rights
from mesh.wire.requests import Kind

RULINGS_KEPT_MAX: Final = 64
"""Sets of merges whose rulings are remembered: those of the heads that are asked about."""

Footings = Callable[[Ids], Footing]


class Rulings:
    """The merges known, and what they decide."""

    def __init__(
        self,
        catalogue: Catalogue,
        prepared: Callable[[ChangeSet], Prepared],
        footing: Footings,
    ) -> None:
        self._catalogue = catalogue
        self._prepared = prepared
        self._footing = footing
        self._seen = 0
        self._merges: Ids = 0
        self._refusals: dict[int, Outcome | None] = {}
        self._kept: Recent[Ids, SetAside] = Recent(RULINGS_KEPT_MAX)

    def merges(self, ids: Ids) -> Ids:
        """The merges in ``ids``."""
        for number in range(self._seen, len(self._catalogue)):
            if self._catalogue[number].kind is Kind.MERGE:
                self._merges |= 1 << number
        self._seen = len(self._catalogue)
        return ids & self._merges

    def aside(self, ids: Ids) -> SetAside:
        """What the merges in ``ids`` set aside."""
        merges = self.merges(ids)
        known = self._kept.get(merges)
        return self._kept.put(merges, self._rule(merges)) if known is None else known

    def refusal(self, number: int) -> Outcome | None:
        """Why a merge counts for nothing; None where it counts."""
        if number not in self._refusals:
            ancestors = self._catalogue.ancestors(number)
            assert ancestors is not None, "a history is closed under ancestors"
            prepared = self._prepared(self._catalogue[number])
            self._refusals[number] = self.refusal_over(prepared, ancestors)
        return self._refusals[number]

    def refusal_over(self, prepared: Prepared, ancestors: Ids) -> Outcome | None:
        """The same for a merge that need not be in the catalogue."""
        footing = self._footing(ancestors)
        refused = refusal_of_rights(prepared, footing.roster, footing.rights)
        if refused is not None:
            return refused
        faults = prepared.faults or self._oversteps(prepared, ancestors)
        return Outcome(Standing.SET_ASIDE, Why.FAILED, faults[0]) if faults else None

    def _oversteps(self, prepared: Prepared, ancestors: Ids) -> tuple[str, ...]:
        decision = prepared.decision
        named = (*decision.keep, *decision.set_aside)
        if len(dict.fromkeys(named)) < len(named):
            return ("it names a ChangeSet twice",)
        known = self._by_tx(ancestors)
        settled = self._by_tx(self.common(ancestors))
        merges = self._by_tx(self.merges(ancestors))
        for tx in named:
            if tx not in known:
                return (f"it decides about {tx.hex()}, which it was not made on top of",)
            if tx in settled:
                return (f"it decides about {tx.hex()}, which all its sides had",)
            if tx in merges:
                return (f"it decides about {tx.hex()}, which is a merge itself",)
        return ()

    def common(self, ids: Ids) -> Ids:
        """What every side has, one side for each head of ``ids``."""
        common = ids
        for head in self._catalogue.heads(ids):
            common &= (self._catalogue.ancestors(head) or 0) | 1 << head
        return common

    def _by_tx(self, ids: Ids) -> dict[bytes, None]:
        return dict.fromkeys(self._catalogue[number].tx for number in numbers(ids))

    def _rule(self, merges: Ids) -> SetAside:
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
        return self._catalogue[next(each for each in candidates if not seen >> each & 1)]
