"""Whether what the files describe holds together: references, claims, and circles.

The fold checks the same after every ChangeSet. Here it is checked before anything is sent, and
each breach is told with the file and the line.
"""

from collections.abc import Iterator, Mapping

from mesh.environment.circles import circles
from mesh.environment.entries import ObjectId
from mesh.environment.index import Claim, Index
from mesh.environment.kinds import SCHEMA, controller, link
from mesh.environment.shapes import Shape
from mesh.environment.source.documents import Mistake
from mesh.environment.source.reading import Described, field_shapes, spelled
from mesh.environment.source.standing import SETTINGS, Ground
from mesh.environment.suggestions import unknown_name
from mesh.wire.requests import Value

Whole = Mapping[ObjectId, Mapping[str, Value]]
"""Every object that there is to be, by its fields."""


def breaches_of_whole(
    described: Mapping[ObjectId, Described], whole: Whole, ground: Ground
) -> Iterator[Mistake]:
    """What would not hold if ``whole`` were there; told are those of ``described`` objects."""
    sound = {owner: each for owner, each in described.items() if owner != SETTINGS}
    for owner, each in sound.items():
        yield from _dangling(owner, each, whole, ground)
    yield from _unlinked(described, whole)
    yield from _rivals(sound, whole)
    yield from _circles(sound, whole)


def _dangling(owner: ObjectId, each: Described, whole: Whole, ground: Ground) -> Iterator[Mistake]:
    for name, shape in field_shapes(SCHEMA[owner[0]]).items():
        for target in _references(shape, each.fields.get(name)):
            kind, wanted = target
            if target in whole or (kind == controller.NAME and wanted in ground.controllers):
                continue
            known = [name for its_kind, name in whole if its_kind == kind]
            path = f"{spelled(owner)}.{name}"
            text = unknown_name(kind, wanted, known) if known else f"there is no {kind} {wanted!r}"
            yield Mistake(each.at(path), path, text)


def _unlinked(described: Mapping[ObjectId, Described], whole: Whole) -> Iterator[Mistake]:
    """The link from which changes are to come, where there is none of that name."""
    settings = described.get(SETTINGS)
    wanted = None if settings is None else settings.fields.get("promotion")
    if settings is None or not isinstance(wanted, str) or not wanted:
        return
    known = [name for kind, name in whole if kind == link.NAME]
    if wanted not in known:
        path = f"{spelled(SETTINGS)}.promotion"
        text = unknown_name(link.NAME, wanted, known) if known else f"there is no link {wanted!r}"
        yield Mistake(settings.at(path), path, text)


def _references(shape: Shape, value: Value) -> tuple[ObjectId, ...]:
    if value is None or shape.errors(value, ""):
        return ()
    return shape.references(value)


def _rivals(described: Mapping[ObjectId, Described], whole: Whole) -> Iterator[Mistake]:
    index = Index()
    for owner, fields in whole.items():
        sound = None if owner == SETTINGS else _sound_part(owner, fields)
        if sound is not None and not SCHEMA[owner[0]].plain:
            index.replace(owner, SCHEMA[owner[0]].footprint(owner[1], sound))
    for owner, each in described.items():
        for claim in index.footprint(owner).claims:
            rival = index.rival(owner, claim)
            if rival is not None and (rival not in described or rival < owner):
                yield _clash(owner, each, claim, rival, described.get(rival))


def _clash(
    owner: ObjectId, each: Described, claim: Claim, rival: ObjectId, other: Described | None
) -> Mistake:
    where = "which is there" if other is None else str(other.place)
    what = " ".join(claim.what)
    field = f"{claim.what[0]}s"
    path = f"{spelled(owner)}.{field}" if field in each.fields else spelled(owner)
    return Mistake(each.at(path), path, f"{what} is claimed by {spelled(rival)} too ({where})")


def _circles(described: Mapping[ObjectId, Described], whole: Whole) -> Iterator[Mistake]:
    def following(owner: ObjectId) -> tuple[ObjectId, ...]:
        kind = SCHEMA[owner[0]]
        named = whole.get(owner, {}).get(kind.acyclic)
        return tuple((owner[0], str(name)) for name in named) if isinstance(named, list) else ()

    for circle in circles(described, following):
        owner = next((each for each in circle if each in described), None)
        if owner is not None:
            path = f"{spelled(owner)}.{SCHEMA[owner[0]].acyclic}"
            names = " after ".join(name for _, name in (*circle, circle[0]))
            yield Mistake(described[owner].at(path), path, f"in a circle: {names}")


def _sound_part(owner: ObjectId, fields: Mapping[str, Value]) -> dict[str, Value] | None:
    """The fields that fit their shapes, for what they claim; None where a required one does not."""
    kind = SCHEMA[owner[0]]
    shapes = field_shapes(kind)
    sound = {
        name: value
        for name, value in fields.items()
        if name in shapes and not shapes[name].errors(value, "")
    }
    return sound if all(each.name in sound for each in kind.fields if each.required) else None
