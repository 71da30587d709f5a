"""A kind of object, declared: its fields, its sets, what it claims for itself, and its commands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesh.environment.index import Claim, Fields, Footprint

if TYPE_CHECKING:
    from mesh.environment.declarations import Declaration, ElementSet, Parameter


def claim_nothing(name: str, fields: Fields) -> tuple[Claim, ...]:
    """For kinds whose objects share everything."""
    del name, fields
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object; to add one is to write one table of this."""

    name: str
    help: str
    fields: tuple["Parameter", ...]
    commands: tuple["Declaration", ...]
    sets: tuple["ElementSet", ...] = ()
    claims: Callable[[str, Fields], tuple[Claim, ...]] = claim_nothing
    plain: bool = False
    """An object is one value under its own key, without fields and without a creation id."""

    def footprint(self, name: str, fields: Fields) -> Footprint:
        """What an object of this kind asks of all the others."""
        references = tuple(
            named
            for field in self.fields
            if field.name in fields
            for named in field.shape.references(fields[field.name])
        )
        return Footprint(references, self.claims(name, fields))
