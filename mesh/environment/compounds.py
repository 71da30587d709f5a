"""Shapes that are made of shapes, and the free value that an item holds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mesh.environment.entries import ObjectId
from mesh.environment.shapes import ELEMENTS_MAX, INTEGER_MAX, Misread, Shape, Text
from mesh.environment.suggestions import unknown_name
from mesh.wire.requests import Value

FREE_DEPTH_MAX: Final = 8
"""Nesting of a free value: half of what a whole request may have."""

FREE_CHARACTERS_MAX: Final = 65_536
"""One free value as JSON: an item is a setting for a service, files travel otherwise."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """Values of one shape, in an order that means something; none twice."""

    element: Shape
    elements_max: int = ELEMENTS_MAX
    repeats: bool = False

    @property
    def words(self) -> str:
        """What is expected."""
        return f"a list, each element {self.element.words}"

    def errors(self, value: Value, path: str) -> list[str]:
        """Those of all elements."""
        if not isinstance(value, list):
            return [f"{path}: expected {self.words}"]
        if len(value) > self.elements_max:
            return [f"{path}: {len(value)} elements, at most {self.elements_max} are taken"]
        found = [
            error
            for at, element in enumerate(value)
            for error in self.element.errors(element, f"{path}[{at}]")
        ]
        if (
            not found
            and not self.repeats
            and len({repr(element) for element in value}) < len(value)
        ):
            found.append(f"{path}: an element stands there twice")
        return found

    def read(self, text: str) -> Value:
        """Elements with commas between them, or a JSON list where an element needs a comma."""
        if text.startswith("["):
            return read_json(text)
        return [self.element.read(part) for part in text.split(",")] if text else []

    def json_schema(self) -> dict[str, Value]:
        """An array."""
        return {
            "type": "array",
            "items": self.element.json_schema(),
            "maxItems": self.elements_max,
            "uniqueItems": not self.repeats,
        }

    def references(self, value: Value) -> tuple[ObjectId, ...]:
        """Those of all elements."""
        assert isinstance(value, list)
        return tuple(named for element in value for named in self.element.references(element))


@dataclass(frozen=True, slots=True)
class MappingOf:
    """Values of one shape under keys of another."""

    key: Shape
    value: Shape
    elements_min: int = 0
    elements_max: int = ELEMENTS_MAX
    unsaid: Value = None
    """The value of a key that is written alone; None: it must be written."""

    @property
    def words(self) -> str:
        """What is expected."""
        return f"a mapping from {self.key.words} to {self.value.words}"

    def errors(self, value: Value, path: str) -> list[str]:
        """Those of all keys and values."""
        if not isinstance(value, dict):
            return [f"{path}: expected {self.words}"]
        if not self.elements_min <= len(value) <= self.elements_max:
            bounds = f"from {self.elements_min} to {self.elements_max}"
            return [f"{path}: {len(value)} elements, expected {bounds}"]
        return [
            error
            for name, element in value.items()
            for error in (
                *self.key.errors(name, path),
                *self.value.errors(element, f"{path}.{name}"),
            )
        ]

    def read(self, text: str) -> Value:
        """``key=value`` with commas between them, or a JSON object."""
        if text.startswith("{"):
            return read_json(text)
        found: dict[str, Value] = {}
        for part in text.split(",") if text else ():
            name, equals, value = part.partition("=")
            if name in found or (not equals and self.unsaid is None):
                raise Misread(f"{self.words}, such as a=1,b=2")
            found[name] = self.value.read(value) if equals else self.unsaid
        return found

    def json_schema(self) -> dict[str, Value]:
        """An object with additional properties."""
        return {
            "type": "object",
            "propertyNames": self.key.json_schema(),
            "additionalProperties": self.value.json_schema(),
            "minProperties": self.elements_min,
            "maxProperties": self.elements_max,
        }

    def references(self, value: Value) -> tuple[ObjectId, ...]:
        """Those of all keys and values."""
        assert isinstance(value, dict)
        return tuple(
            named
            for name, element in value.items()
            for named in (*self.key.references(name), *self.value.references(element))
        )


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a record."""

    name: str
    shape: Shape
    required: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A few members, each of its own shape."""

    what: str
    members: tuple[Member, ...]

    @property
    def words(self) -> str:
        """What is expected."""
        return f"{self.what}: an object with {', '.join(member.name for member in self.members)}"

    def errors(self, value: Value, path: str) -> list[str]:
        """Unknown members, missing ones, and the errors of each."""
        if not isinstance(value, dict):
            return [f"{path}: expected {self.words}"]
        shapes = {member.name: member.shape for member in self.members}
        found = [
            f"{path}: {unknown_name('member', name, list(shapes))}"
            for name in value
            if name not in shapes
        ]
        for member in self.members:
            if member.name in value:
                found += member.shape.errors(value[member.name], f"{path}.{member.name}")
            elif member.required:
                found.append(f"{path}.{member.name}: missing, expected {member.shape.words}")
        return found

    def read(self, text: str) -> Value:
        """A JSON object, or ``key=value`` with commas between them."""
        if text.startswith("{"):
            return read_json(text)
        shapes = {member.name: member.shape for member in self.members}
        found: dict[str, Value] = {}
        for part in text.split(",") if text else ():
            name, equals, value = part.partition("=")
            if not equals or name in found:
                raise Misread(self.words)
            found[name] = shapes[name].read(value) if name in shapes else value
        return found

    def json_schema(self) -> dict[str, Value]:
        """A closed object."""
        required: list[Value] = [member.name for member in self.members if member.required]
        return {
            "type": "object",
            "properties": {member.name: member.shape.json_schema() for member in self.members},
            "required": required,
            "additionalProperties": False,
        }

    def references(self, value: Value) -> tuple[ObjectId, ...]:
        """Those of all members."""
        assert isinstance(value, dict)
        return tuple(
            named
            for member in self.members
            if member.name in value
            for named in member.shape.references(value[member.name])
        )


_ANY_TEXT: Final = Text(characters_max=FREE_CHARACTERS_MAX)


@dataclass(frozen=True, slots=True)
class Free:
    """Whatever JSON can say, less floats, within bounds of size and depth."""

    words: str = "a JSON value without fractions"

    def errors(self, value: Value, path: str) -> list[str]:
        """Floats, numbers beyond 64 bits, and what is too deep or too large."""
        found = _free_errors(value, path, FREE_DEPTH_MAX)
        if not found and len(json.dumps(value, ensure_ascii=False)) > FREE_CHARACTERS_MAX:
            found.append(f"{path}: longer than {FREE_CHARACTERS_MAX} characters as JSON")
        return found

    def read(self, text: str) -> Value:
        """JSON where it is JSON, otherwise the text itself."""
        try:
            return read_json(text)
        except Misread:
            return text

    def json_schema(self) -> dict[str, Value]:
        """Anything."""
        return {"description": self.words}

    def references(self, value: Value) -> tuple[ObjectId, ...]:
        """None."""
        del value
        return ()


def _free_errors(value: object, path: str, depth: int) -> list[str]:
    if depth < 0:
        return [f"{path}: nested deeper than {FREE_DEPTH_MAX}"]
    match value:
        case None | bool():
            return []
        case int():
            fits = -INTEGER_MAX <= value <= INTEGER_MAX
            return [] if fits else [f"{path}: a number beyond 64 bits"]
        case str():
            return _ANY_TEXT.errors(value, path)
        case list():
            return _joined(
                [
                    _free_errors(element, f"{path}[{at}]", depth - 1)
                    for at, element in enumerate(value)
                ]
            )
        case dict():
            return _joined(
                [
                    _ANY_TEXT.errors(name, path)
                    + _free_errors(element, f"{path}.{name}", depth - 1)
                    for name, element in value.items()
                ]
            )
        case _:
            return [f"{path}: a {type(value).__name__}, write it as a whole number or as text"]


def _joined(parts: Sequence[list[str]]) -> list[str]:
    return [error for part in parts for error in part]


def read_json(text: str) -> Value:
    """A JSON value. Raises Misread, for doubled keys too: which one counts must not be a guess."""
    try:
        value: Value = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Misread(f"JSON ({error})") from error
    return value


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Misread("each key once")
    return found
