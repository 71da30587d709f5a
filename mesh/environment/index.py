"""Who refers to whom, and who claims what: derived from the objects, kept with every change.

Whether a reference dangles, or a port is taken twice, must be known after each ChangeSet of a
refold through thousands; so the answer is looked up here and never searched for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mesh.environment.entries import ObjectId
from mesh.wire.requests import Value

Fields = Mapping[str, Value]
"""An object as a whole, by the names of its fields."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that only one object may have, such as a port among the services of one role."""

    what: tuple[str, ...]
    """The thing claimed, in words: ``("port", "web", "80")``."""
    where: str | None = None
    """Claims of different places do not meet; None is every place."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one object asks of all the others."""

    references: tuple[ObjectId, ...] = ()
    claims: tuple[Claim, ...] = ()


NO_FOOTPRINT: Final = Footprint()


class Index:
    """The footprints of all objects, turned around."""

    def __init__(self) -> None:
        self._footprints: dict[ObjectId, Footprint] = {}
        self._referrers: dict[ObjectId, dict[ObjectId, None]] = {}
        self._claims: dict[tuple[str, ...], dict[ObjectId, dict[str | None, None]]] = {}

    def footprint(self, owner: ObjectId) -> Footprint:
        """What ``owner`` refers to and claims."""
        return self._footprints.get(owner, NO_FOOTPRINT)

    def referrer(self, target: ObjectId) -> ObjectId | None:
        """The first object, by name, that refers to ``target``."""
        return min(self._referrers.get(target, ()), default=None)

    def rival(self, owner: ObjectId, claim: Claim) -> ObjectId | None:
        """The first other object, by name, that claims the same thing at the same place."""
        return min(
            (
                other
                for other, places in self._claims.get(claim.what, {}).items()
                if other != owner
                and (claim.where is None or None in places or claim.where in places)
            ),
            default=None,
        )

    def replace(self, owner: ObjectId, footprint: Footprint) -> None:
        """``owner`` now asks this and nothing else."""
        before = self._footprints.pop(owner, NO_FOOTPRINT)
        if before == footprint:
            if footprint is not NO_FOOTPRINT:
                self._footprints[owner] = footprint
            return
        self._withdraw(owner, before)
        for target in footprint.references:
            self._referrers.setdefault(target, {})[owner] = None
        for claim in footprint.claims:
            self._claims.setdefault(claim.what, {}).setdefault(owner, {})[claim.where] = None
        if footprint != NO_FOOTPRINT:
            self._footprints[owner] = footprint

    def _withdraw(self, owner: ObjectId, footprint: Footprint) -> None:
        for target in dict.fromkeys(footprint.references):
            _drop(self._referrers, target, owner)
        for what in dict.fromkeys(claim.what for claim in footprint.claims):
            owners = self._claims[what]
            del owners[owner]
            if not owners:
                del self._claims[what]


def _drop(table: dict[ObjectId, dict[ObjectId, None]], target: ObjectId, owner: ObjectId) -> None:
    owners = table[target]
    del owners[owner]
    if not owners:
        del table[target]
