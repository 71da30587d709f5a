"""From documents to the objects that they describe: every mistake in them, each with its place.

What is left out of a new object is filled in as a command would fill it in, so a description that
says less than what stands there is no difference, as long as it means the same.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mesh.environment.compounds import ListOf
from mesh.environment.declarations import NAME_PARAMETER, Parameter
from mesh.environment.entries import ObjectId
from mesh.environment.kind import Kind
from mesh.environment.kinds import COMMANDS, data, environment, secret
from mesh.environment.shapes import NAME, Shape
from mesh.environment.source.documents import Mistake, Node, Place
from mesh.environment.source.filling import Filler
from mesh.environment.source.spelling import read_value
from mesh.environment.source.standing import DESCRIBED, SETTINGS, VALUE, Ground
from mesh.environment.suggestions import unknown_name
from mesh.environment.templates import has_template
from mesh.wire.identity import fingerprint
from mesh.wire.requests import Value

ELSEWHERE: Final = {
    "controller": "trellis members",
    "invite": "trellis invite",
    "operator": "trellis operator",
    "token": "trellis token",
}
"""Kinds that no file describes, and what manages them."""

KEPT_APART: Final = "kept apart: trellis secret set"
"""Stands for the value of a secret, which is in no file."""

_OF_DATA: Final = (data.VALUE, data.DEFAULT, data.REQUIRED)
_MEMBER: Final = re.compile(r"^unknown member '([^']*)'")


@dataclass(frozen=True, slots=True)
class Described:
    """One object as files describe it."""

    place: Place
    fields: Mapping[str, Value]
    places: Mapping[str, Place]
    """Where each value of it stands, by its path from the kind on."""
    written: Mapping[str, Value]
    """The fields that have templates, as they were written."""

    def at(self, path: str) -> Place:
        """Where ``path`` stands, or what it is part of."""
        return nearest(self.places, path, self.place)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the files say, and what is wrong with them."""

    objects: Mapping[ObjectId, Described]
    secrets: Mapping[str, Place]
    mistakes: tuple[Mistake, ...]


def spelled(owner: ObjectId) -> str:
    """An object in a path: ``service.blog``; the settings are ``environment``."""
    return f"{owner[0]}.{owner[1]}" if owner != SETTINGS else owner[0]


def nearest(places: Mapping[str, Place], path: str, otherwise: Place) -> Place:
    """The place of ``path`` or of the longest path above it that stands somewhere."""
    while path not in places:
        shorter = re.sub(r"(\.[^.\[]*|\[\d+\])$", "", path)
        if shorter == path:
            return otherwise
        path = shorter
    return places[path]


def read_documents(documents: Iterable[Node], ground: Ground, *, prune: bool = False) -> Reading:
    """The objects that ``documents`` describe, on top of ``ground``.

    Templates take data that is described or stands there; with ``prune`` only what is described.
    """
    reader = _Reader(ground)
    sections = [each for document in documents for each in reader.sections(document)]
    for kind, node in sections:
        if kind == data.NAME:
            reader.section(kind, node)
    reader.know(prune=prune)
    for kind, node in sections:
        if kind != data.NAME:
            reader.section(kind, node)
    return Reading(reader.objects, reader.secrets, tuple(reader.mistakes))


@dataclass(slots=True)
class _Fields:
    """The fields of one object, as far as they were read."""

    kind: Kind
    path: str
    values: dict[str, Value]
    written: dict[str, Value] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    ground: Ground
    objects: dict[ObjectId, Described] = field(default_factory=dict)
    secrets: dict[str, Place] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    filler: Filler = field(default_factory=lambda: Filler({}))

    def sections(self, document: Node) -> Iterator[tuple[str, Node]]:
        """The kinds that one file describes."""
        if isinstance(document.value, dict):
            yield from document.value.items()
        elif document.value is not None:
            self._wrong(document.place, "", "expected kinds of object, such as service:")

    def know(self, *, prune: bool) -> None:
        """Data is what was described so far, and without ``prune`` what stands there."""
        stands = (
            {}
            if prune
            else {
                name: self.ground.objects[data.NAME, name].fields
                for name in self.ground.names(data.NAME)
            }
        )
        said = {
            name: each.fields for (kind, name), each in self.objects.items() if kind == data.NAME
        }
        self.filler = Filler({**stands, **said})

    def section(self, kind: str, node: Node) -> None:
        """All that one file says of one kind."""
        if kind == environment.NAME:
            self._object(SETTINGS, node)
        elif kind == secret.NAME:
            self._secrets(node)
        elif kind in DESCRIBED:
            for name, each in self._members(node, kind, f"names of {kind}s, each with its fields"):
                self._object((kind, name), each)
        else:
            self._wrong(node.place, kind, _unknown_kind(kind))

    def _object(self, owner: ObjectId, node: Node) -> None:
        path = spelled(owner)
        if owner in self.objects:
            first = self.objects[owner].place
            self._wrong(node.place, path, f"is described at {first} already")
            return
        places = dict(node.walk(path))
        kind = DESCRIBED[owner[0]]
        found = _Fields(kind, path, defaults(kind))
        if owner != SETTINGS:
            found.errors += _name_shape(kind).errors(owner[1], path)
        if kind.plain and owner != SETTINGS:
            self._take(found, VALUE, kind.fields[0].shape, node, path)
        else:
            self._take_all(found, dict(self._members(node, path, "its fields")))
        self.objects[owner] = Described(node.place, found.values, places, found.written)
        for error in found.errors:
            self._broken(places, node.place, error)

    def _take_all(self, found: "_Fields", given: Mapping[str, Node]) -> None:
        shapes = field_shapes(found.kind)
        for name, node in given.items():
            path = f"{found.path}.{name}"
            if name in shapes:
                self._take(found, name, shapes[name], node, path)
            else:
                found.errors.append(f"{path}: {unknown_name('field', name, list(shapes))}")
        if not found.kind.plain:
            found.errors += _missing(found.kind, given, found.path)
        if found.kind.name == data.NAME and not any(each in given for each in _OF_DATA):
            found.errors.append(f"{found.path}: expected {' or '.join(_OF_DATA)}")

    def _take(self, found: "_Fields", name: str, shape: Shape, node: Node, path: str) -> None:
        """One value, filled in; data is taken as it stands."""
        written = read_value(shape, node.plain())
        value, wrong = written, list[str]()
        if found.kind.name != data.NAME and has_template(written):
            found.written[name] = written
            value, wrong = self.filler.fill(written, path)
        if not wrong:
            value, wrong = self._named(found.kind, name, value, path)
        found.errors += wrong or shape.errors(value, path)
        found.values[name] = sorted_set(found.kind, name, value)

    def _named(self, kind: Kind, name: str, value: Value, path: str) -> tuple[Value, list[str]]:
        """A controller by its key, whatever people wrote to say which."""
        parameter = next((each for each in kind.fields if each.name == name), None)
        if parameter is None or parameter.written is None or not isinstance(value, str):
            return value, []
        known = self.ground.controllers
        for key, its_name in known.items():
            if value in (key, its_name, fingerprint(bytes.fromhex(key))):
                return key, []
        names = [each for each in known.values() if each]
        return value, [f"{path}: {unknown_name('controller', value, names)}"]

    def _secrets(self, node: Node) -> None:
        for name, each in self._members(node, secret.NAME, "names of secrets"):
            self.secrets[name] = each.place
            for member, value in self._members(each, f"{secret.NAME}.{name}", "value, readers"):
                if member == "value" and value.value != KEPT_APART:
                    text = f"no file holds a secret: trellis secret set {name}, here {KEPT_APART!r}"
                    self._wrong(value.place, f"{secret.NAME}.{name}.value", text)

    def _members(self, node: Node, path: str, words: str) -> Iterator[tuple[str, Node]]:
        """What stands in a mapping; an empty section is an empty mapping."""
        if isinstance(node.value, dict):
            yield from node.value.items()
        elif node.value is not None:
            self._wrong(node.place, path, f"expected {words}")

    def _broken(self, places: Mapping[str, Place], otherwise: Place, error: str) -> None:
        """A mistake from what a shape says, at its most precise place."""
        path, _, text = error.partition(": ")
        member = _MEMBER.match(text)
        if member:
            path = f"{path}.{member[1]}"
        self._wrong(nearest(places, path, otherwise), path, text)

    def _wrong(self, place: Place, path: str, text: str) -> None:
        self.mistakes.append(Mistake(place, path, text))


def field_shapes(kind: Kind) -> dict[str, Shape]:
    """What stands in the description of an object of this kind."""
    fields = {each.name: each.shape for each in kind.fields}
    return fields | {each.name: ListOf(each.element.shape) for each in kind.sets}


def defaults(kind: Kind) -> dict[str, Value]:
    """What an object has without being given it."""
    return {each.name: each.default for each in kind.fields if each.default is not None}


def sorted_set(kind: Kind, name: str, value: Value) -> Value:
    """The elements of a set in order, as they are told; any other value as it is."""
    is_set = any(each.name == name for each in kind.sets)
    if is_set and isinstance(value, list):
        return [*sorted(str(each) for each in value)]
    return value


def name_parameter(kind: Kind) -> Parameter | None:
    """What the names of this kind are like, where a command says so."""
    for verb in ("create", "set"):
        command = COMMANDS.get((kind.name, verb))
        for each in () if command is None else command.parameters:
            if each.name == NAME_PARAMETER:
                return each
    return None


def _name_shape(kind: Kind) -> Shape:
    found = name_parameter(kind)
    return NAME if found is None else found.shape


def _missing(kind: Kind, given: Mapping[str, Node], path: str) -> list[str]:
    return [
        f"{path}.{each.name}: missing, expected {each.shape.words}"
        for each in kind.fields
        if each.required and each.name not in given
    ]


def _unknown_kind(kind: str) -> str:
    if kind in ELSEWHERE:
        return f"is not described in files: `{ELSEWHERE[kind]}` is for that"
    return unknown_name("kind", kind, [*DESCRIBED, secret.NAME])
