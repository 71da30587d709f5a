"""What a parameter may be: a shape checks a value, reads one from text, and has a JSON Schema.

A check names every mistake, each with its path, and never raises: whoever wrote five wrong values
learns of five. Values are what JSON can say less floats, whose canonical bytes invite mistakes.
"""

import re
from dataclasses import dataclass
from typing import Final, Protocol

from mesh.environment.entries import ObjectId
from mesh.environment.suggestions import nearest
from mesh.wire.limits import KEY_PART_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from mesh.wire.requests import Value

ELEMENTS_MAX: Final = 256
"""Elements of one list or mapping in a parameter: what a person can still oversee."""

INTEGER_MAX: Final = 2**63 - 1

_NOT_TEXT: Final = re.compile("[\ud800-\udfff]")
"""Half a surrogate pair: JSON can spell it, UTF-8 cannot."""


class Misread(ValueError):
    """Text that does not spell a value of the shape: what was expected."""


class Shape(Protocol):
    """One kind of value."""

    @property
    def words(self) -> str:
        """What is expected, for an error or a table: ``a whole number from 1 to 65535``."""

    def errors(self, value: Value, path: str) -> list[str]:
        """Every mistake in ``value``, each beginning with ``path``; none means that it fits."""

    def read(self, text: str) -> Value:
        """The value that ``text`` spells. Raises Misread; bounds are not checked here."""

    def json_schema(self) -> dict[str, Value]:
        """The same as JSON Schema."""

    def references(self, value: Value) -> tuple[ObjectId, ...]:
        """The objects that a fitting ``value`` names."""


class _Plain:
    """A shape whose values name no objects."""

    __slots__ = ()

    def references(self, value: Value) -> tuple[ObjectId, ...]:
        """None."""
        del value
        return ()


@dataclass(frozen=True, slots=True)
class Text(_Plain):
    """A text that matches ``pattern`` from end to end."""

    words: str = "a text"
    pattern: str = r"(?s:.*)"
    characters_min: int = 0
    characters_max: int = TEXT_CHARACTERS_MAX

    def errors(self, value: Value, path: str) -> list[str]:
        """One, where it is no such text."""
        if (
            isinstance(value, str)
            and self.characters_min <= len(value) <= self.characters_max
            and re.fullmatch(self.pattern, value)
            and not _NOT_TEXT.search(value)
        ):
            return []
        is_long = isinstance(value, str) and len(value) > self.characters_max
        most = f" of at most {self.characters_max:,} characters" if is_long else ""
        return [f"{path}: expected {self.words}{most}, not {_shown(value)}"]

    def read(self, text: str) -> Value:
        """The text itself."""
        return text

    def json_schema(self) -> dict[str, Value]:
        """A string with pattern and length."""
        return {
            "type": "string",
            "description": self.words,
            "pattern": f"^(?:{self.pattern})$",
            "minLength": self.characters_min,
            "maxLength": self.characters_max,
        }


NAME: Final = Text(
    "a name of small letters, digits, '-', '_' and '.', 63 at most, letter or digit at both ends",
    r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?",
)
HEX32: Final = Text("64 hexadecimal digits in small letters", r"[0-9a-f]{64}")
HEX64: Final = Text("128 hexadecimal digits in small letters", r"[0-9a-f]{128}")
CREATION_ID: Final = Text("32 hexadecimal digits in small letters", r"[0-9a-f]{32}")
LABEL: Final = Text("a label such as tier=core", r"[a-z0-9][a-z0-9._/=-]{0,126}")


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of an object of another kind, which must exist as long as this one names it."""

    kind: str
    spelling: Text = NAME
    """How objects of that kind are called."""

    @property
    def words(self) -> str:
        """What is expected."""
        return f"the name of a {self.kind}"

    def errors(self, value: Value, path: str) -> list[str]:
        """One, where it is no name."""
        return self.spelling.errors(value, path)

    def read(self, text: str) -> Value:
        """The name."""
        return text

    def json_schema(self) -> dict[str, Value]:
        """A name."""
        return {**self.spelling.json_schema(), "description": self.words}

    def references(self, value: Value) -> tuple[ObjectId, ...]:
        """The object named."""
        return ((self.kind, str(value)),)


@dataclass(frozen=True, slots=True)
class Choice(_Plain):
    """One of a few words."""

    options: tuple[str, ...]

    @property
    def words(self) -> str:
        """What is expected."""
        return " or ".join(self.options)

    def errors(self, value: Value, path: str) -> list[str]:
        """One, where it is none of them."""
        if isinstance(value, str) and value in self.options:
            return []
        meant = nearest(value, self.options) if isinstance(value, str) else None
        hint = "" if meant is None else f", did you mean '{meant}'?"
        return [f"{path}: expected {self.words}, not {_shown(value)}{hint}"]

    def read(self, text: str) -> Value:
        """The word."""
        return text

    def json_schema(self) -> dict[str, Value]:
        """An enumeration."""
        return {"enum": [*self.options]}


@dataclass(frozen=True, slots=True)
class Whole(_Plain):
    """A whole number within bounds."""

    least: int = 0
    most: int = INTEGER_MAX

    @property
    def words(self) -> str:
        """What is expected."""
        return f"a whole number from {self.least} to {self.most}"

    def errors(self, value: Value, path: str) -> list[str]:
        """One, where it is no such number; True is not 1."""
        if type(value) is int and self.least <= value <= self.most:
            return []
        return [f"{path}: expected {self.words}, not {_shown(value)}"]

    def read(self, text: str) -> Value:
        """The number."""
        if not re.fullmatch(r"-?[0-9]{1,19}", text):
            raise Misread(self.words)
        return int(text)

    def json_schema(self) -> dict[str, Value]:
        """An integer with bounds."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


_UNITS_NS: Final = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}


@dataclass(frozen=True, slots=True)
class Duration(_Plain):
    """A length of time in nanoseconds; a person writes ``250ms`` or ``5m``."""

    least_ns: int
    most_ns: int

    @property
    def words(self) -> str:
        """What is expected."""
        return f"a duration from {spell_duration(self.least_ns)} to {spell_duration(self.most_ns)}"

    def errors(self, value: Value, path: str) -> list[str]:
        """One, where it is no number of nanoseconds within bounds."""
        if type(value) is int and self.least_ns <= value <= self.most_ns:
            return []
        return [
            f"{path}: expected {self.words}, as 250ms or 5m, or in nanoseconds, not {_shown(value)}"
        ]

    def read(self, text: str) -> Value:
        """The nanoseconds of a whole number and its unit."""
        found = re.fullmatch(r"([0-9]{1,19})(ns|us|ms|s|m|h|d)", text)
        if found is None:
            raise Misread(f"{self.words}, such as 250ms or 5m")
        return int(found[1]) * _UNITS_NS[found[2]]

    def json_schema(self) -> dict[str, Value]:
        """An integer with bounds."""
        return {
            "type": "integer",
            "description": "nanoseconds",
            "minimum": self.least_ns,
            "maximum": self.most_ns,
        }


def spell_duration(nanoseconds: int) -> str:
    """A duration in the largest unit that divides it."""
    for unit, size in reversed(_UNITS_NS.items()):
        if nanoseconds >= size and nanoseconds % size == 0:
            return f"{nanoseconds // size}{unit}"
    return "0s"


@dataclass(frozen=True, slots=True)
class Flag(_Plain):
    """Yes or no."""

    words: str = "true or false"

    def errors(self, value: Value, path: str) -> list[str]:
        """One, where it is neither."""
        if isinstance(value, bool):
            return []
        return [f"{path}: expected {self.words}, not {_shown(value)}"]

    def read(self, text: str) -> Value:
        """``true`` or ``yes``, ``false`` or ``no``; no other word, so that nothing is guessed."""
        if text not in {"true", "yes", "false", "no"}:
            raise Misread(f"{self.words} (or yes or no)")
        return text in {"true", "yes"}

    def json_schema(self) -> dict[str, Value]:
        """A boolean."""
        return {"type": "boolean"}


def _shown(value: Value) -> str:
    """A value within an error text, cut to a length that leaves the sentence readable."""
    text = repr(value)
    return text if len(text) <= KEY_PART_CHARACTERS_MAX else f"{text[:60]}… ({len(text)} long)"
