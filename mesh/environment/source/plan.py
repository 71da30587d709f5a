"""A plan: what is different, and the requests that would change it.

A plan is a function of the files and of the environment alone, and applying it leaves nothing to
plan: who applies the same files twice does nothing the second time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mesh.environment.entries import ObjectId
from mesh.environment.source.differing import Action, Difference, differences, kept
from mesh.environment.source.documents import Mistake, Node, Place
from mesh.environment.source.reading import Described, read_documents
from mesh.environment.source.standing import Ground
from mesh.environment.source.steps import Step, steps_of
from mesh.environment.source.whole import breaches_of_whole
from mesh.wire.requests import Value


@dataclass(frozen=True, slots=True)
class Plan:
    """What would make an environment what files describe."""

    differences: tuple[Difference, ...]
    steps: tuple[Step, ...]
    same: int
    """Described objects that are there already, as they are described."""
    kept: tuple[ObjectId, ...]
    """Objects that no file describes, and that stay."""
    places: Mapping[ObjectId, Place]
    """Where each object is described."""
    unset_secrets: Mapping[str, Place]
    """Secrets that the files name and the environment does not have."""

    def count(self, action: Action) -> int:
        """How many objects are created, modified or deleted."""
        return sum(each.action is action for each in self.differences)


@dataclass(frozen=True, slots=True)
class Misdescribed:
    """Files that no plan can be made of: every mistake, in the order of the files."""

    mistakes: tuple[Mistake, ...]


def make_plan(
    documents: Iterable[Node],
    ground: Ground,
    *,
    prune: bool = False,
    misread: Sequence[Mistake] = (),
) -> Plan | Misdescribed:
    """Compare ``documents`` with what stands in ``ground``.

    What they do not describe stays, unless ``prune`` says that it is to go. ``misread`` is what was
    found wrong when they were read: of what stands at one place the first mistake is told.
    """
    reading = read_documents(documents, ground, prune=prune)
    whole = _whole(reading.objects, ground, prune=prune)
    mistakes: dict[tuple[Place, str], Mistake] = {}
    for each in (*misread, *reading.mistakes, *breaches_of_whole(reading.objects, whole, ground)):
        _ = mistakes.setdefault((each.place, each.path), each)
    if mistakes:
        return Misdescribed(tuple(sorted(mistakes.values(), key=lambda each: each.place)))
    found = tuple(differences(reading.objects, ground, prune=prune))
    secrets = {name: at for name, at in reading.secrets.items() if name not in ground.secrets}
    changed = sum(each.action is not Action.DELETE for each in found)
    return Plan(
        found,
        steps_of(found, ground),
        len(reading.objects) - changed,
        () if prune else kept(reading.objects, ground),
        {owner: each.place for owner, each in reading.objects.items()},
        secrets,
    )


def _whole(
    described: Mapping[ObjectId, Described], ground: Ground, *, prune: bool
) -> dict[ObjectId, Mapping[str, Value]]:
    stays = {} if prune else {owner: each.fields for owner, each in ground.objects.items()}
    return {**stays, **{owner: each.fields for owner, each in described.items()}}
