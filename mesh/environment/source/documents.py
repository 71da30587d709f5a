"""A document as it was read: values that remember where they stand, so that a mistake can be found.

YAML and TOML become the same tree; what follows does not know which of them it was.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from mesh.environment.shapes import INTEGER_MAX
from mesh.wire.requests import Value

FILES_MAX: Final = 256
FILE_BYTES_MAX: Final = 1_048_576
"""One file: a thousand objects; what is larger is hardly written by people."""
NODES_MAX: Final = 100_000
"""Values of all files together, each alias counted as often as it is used: eight bytes of YAML can
stand for as many values as there are atoms."""
DEPTH_MAX: Final = 12
"""Nesting of a document: kind, name, field and a free value below."""


class Place(NamedTuple):
    """Where something stands."""

    file: str
    line: int
    """Counted from 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Node(NamedTuple):
    """One value and its place; that of a member is the line of its key."""

    place: Place
    value: "bool | int | str | list[Node] | dict[str, Node] | None"

    def plain(self) -> Value:
        """The value alone."""
        match self.value:
            case list(elements):
                return [each.plain() for each in elements]
            case dict(members):
                return {name: each.plain() for name, each in members.items()}
            case None | bool() | int() | str() as scalar:
                return scalar

    def walk(self, path: str) -> Iterator[tuple[str, Place]]:
        """Every path below this one, spelled as shapes spell them, and where it stands."""
        yield path, self.place
        match self.value:
            case list(elements):
                for at, each in enumerate(elements):
                    yield from each.walk(f"{path}[{at}]")
            case dict(members):
                for name, each in members.items():
                    yield from each.walk(f"{path}.{name}" if path else name)
            case _:
                pass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in the files, for a person and for a program."""

    place: Place
    path: str
    """What it is about: ``service.blog.health.port``; empty: the file."""
    text: str

    def __str__(self) -> str:
        return (
            f"{self.place}: {self.path}: {self.text}" if self.path else f"{self.place}: {self.text}"
        )

    @property
    def expected(self) -> str | None:
        """What would have been right, where the text says so."""
        found = re.search(r"expected (.*?)(?:, not .*)?$", self.text)
        return found[1] if found else None

    @property
    def suggestion(self) -> str | None:
        """What may have been meant."""
        found = re.search(r"did you mean '([^']*)'", self.text)
        return found[1] if found else None


def number(text: str) -> int | None:
    """The whole number that ``text`` spells; None: it is none, or beyond 64 bits."""
    digits = text.replace("_", "")
    if not re.fullmatch(r"[-+]?[0-9]{1,19}", digits):
        return None
    found = int(digits)
    return found if abs(found) <= INTEGER_MAX else None
