"""The sides of a partition that a merge brings together, and what is in dispute between them.

There is one side for each head of what is merged: the last that somebody did before the sides met.
"""

from dataclasses import dataclass

from mesh.environment.roster_effect import roster_effect
from mesh.protocol.catalogue import Catalogue, ChangeSet, Ids, numbers
from mesh.protocol.history.line import Step
from mesh.wire.requests import Key, Kind


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two ChangeSets of different sides of which one must give way."""

    earlier: bytes
    """The tx with the lower timestamp: without a decision this one stands."""
    later: bytes
    key: Key | None
    """Over what; None where two sides remove each other from the roster."""
    detail: str
    set_aside: bytes | None
    """The tx that gives way; None while nobody has decided."""


class Sides:
    """Who has met whom: two ChangeSets have, where one head has both behind it."""

    def __init__(self, catalogue: Catalogue, ids: Ids, common: Ids, beneath: Ids) -> None:
        self.apart: Ids = ids & ~common & ~beneath
        self._beneath = beneath
        removals = [each for each in numbers(self.apart) if removed_by(catalogue[each])]
        self.removals = removals if len(removals) > 1 else []
        """What takes somebody from the roster, where there are several."""
        self._sides = [
            (catalogue.ancestors(head) or 0) | 1 << head for head in catalogue.heads(ids)
        ]

    def is_settled(self, step: Step) -> bool:
        """Whether it lies behind everything, as what a checkpoint closed does."""
        return bool(self._beneath >> step.number & 1)

    def with_it(self, step: Step) -> list[Ids]:
        """The sides that have ``step``."""
        return [side for side in self._sides if side >> step.number & 1]

    def met(self, one: Step, other: Step) -> bool:
        """Whether some side has both, and so has decided between them already."""
        both = 1 << one.number | 1 << other.number
        return any(side & both == both for side in self._sides)


def removed_by(change_set: ChangeSet) -> tuple[bytes, ...]:
    """The controllers that it would take from the roster."""
    if change_set.kind is not Kind.ROSTER:
        return ()
    return roster_effect(change_set.request.resolved).removed
