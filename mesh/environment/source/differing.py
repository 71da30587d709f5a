"""What would change, object by object: what is described against what stands there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mesh.environment.entries import ObjectId
from mesh.environment.kinds import SCHEMA
from mesh.environment.source.documents import Place
from mesh.environment.source.reading import Described
from mesh.environment.source.standing import DESCRIBED, SETTINGS, Ground, Standing
from mesh.wire.requests import Value

_NOWHERE: Final = Place("", 0)


class Action(StrEnum):
    """What becomes of an object."""

    CREATE = "create"
    MODIFY = "modify"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Alteration:
    """One field; None: it has no value."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Elements:
    """What a set gains and loses."""

    field: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not as it is described."""

    owner: ObjectId
    action: Action
    fields: tuple[Alteration, ...] = ()
    elements: tuple[Elements, ...] = ()
    id: str = ""
    """The creation id of the object that is meant; empty for a new one."""
    described: Mapping[str, Value] = field(default_factory=dict)
    """All of its fields as they are to be submitted, with templates where they were written."""


def differences(
    described: Mapping[ObjectId, Described], ground: Ground, *, prune: bool
) -> Iterator[Difference]:
    """By kind and name; deletions of what is not described only with ``prune``."""
    order = list(DESCRIBED)
    owners = dict.fromkeys((*described, *(ground.objects if prune else ())))
    for owner in sorted(owners, key=lambda each: (order.index(each[0]), each[1])):
        before, after = ground.objects.get(owner), described.get(owner)
        if after is not None:
            yield from _difference(owner, before, after)
        elif owner != SETTINGS:
            assert before is not None
            yield _deletion(owner, before)


def kept(described: Mapping[ObjectId, Described], ground: Ground) -> tuple[ObjectId, ...]:
    """What stands there and is not described."""
    return tuple(
        sorted(each for each in ground.objects if each not in described and each != SETTINGS)
    )


def since(before: Ground, after: Ground) -> tuple[Difference, ...]:
    """What has become of the described objects of an environment from one moment to another."""
    stands = {
        owner: Described(_NOWHERE, each.fields, {}, {}) for owner, each in after.objects.items()
    }
    return tuple(differences(stands, before, prune=True))


def _difference(
    owner: ObjectId, before: Standing | None, described: Described
) -> Iterator[Difference]:
    had: Mapping[str, Value] = {} if before is None else before.fields
    after, submitted = described.fields, {**described.fields, **described.written}
    sets = [each.name for each in SCHEMA[owner[0]].sets]
    names = [each.name for each in SCHEMA[owner[0]].fields if each.name not in sets]
    if owner == SETTINGS:
        names = [name for name in names if name in after]
    fields = tuple(
        Alteration(name, had.get(name), after.get(name))
        for name in names
        if not same(had.get(name), after.get(name))
    )
    elements = tuple(_elements(name, had.get(name), after.get(name)) for name in sets)
    elements = tuple(each for each in elements if each.added or each.removed)
    if before is None:
        yield Difference(owner, Action.CREATE, fields, elements, described=submitted)
    elif fields or elements:
        yield Difference(owner, Action.MODIFY, fields, elements, before.id, submitted)


def _deletion(owner: ObjectId, before: Standing) -> Difference:
    fields = tuple(
        Alteration(name, value, None)
        for name, value in before.fields.items()
        if value not in ([], None)
    )
    return Difference(owner, Action.DELETE, fields, (), before.id)


def _elements(name: str, before: Value, after: Value) -> Elements:
    had = [str(each) for each in before] if isinstance(before, list) else []
    has = [str(each) for each in after] if isinstance(after, list) else []
    return Elements(
        name,
        tuple(each for each in has if each not in had),
        tuple(each for each in had if each not in has),
    )


def same(one: Value, other: Value) -> bool:
    """Whether both are the same value; True is not 1, and the order of members means nothing."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case _:
            return type(one) is type(other) and one == other
