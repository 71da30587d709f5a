"""A kind of object, declared: its fields, its sets, what it claims for itself, and its commands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesh.environment.entries import ObjectId
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
    described: bool = False
    """Source files may describe it: what an environment is to be, not who may change it."""
    acyclic: str = ""
    """The field whose references must lead round in no circle; empty: there is none."""

    def footprint(self, name: str, fields: Fields) -> Footprint:
        """What an object of this kind asks of all the others."""
        references = tuple(
            named
            for field in self.fields
            if field.name in fields
            for named in field.shape.references(fields[field.name])
        )
        return Footprint((*references, *self._of_elements(fields)), self.claims(name, fields))

    def _of_elements(self, fields: Fields) -> Iterator[ObjectId]:
        """What the elements of the sets refer to."""
        for each in self.sets:
            elements = fields.get(each.name, [])
            assert isinstance(elements, list)
            for element in elements:
                yield from each.element.shape.references(element)
