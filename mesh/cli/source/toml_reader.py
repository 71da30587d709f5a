"""TOML as a tree with line numbers.

The parser of the standard library does not tell lines, so they are looked for beside it: headers
and keys at the beginning of a line. What stands in the middle of one is found where that begins.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Final

from mesh.environment.source.documents import (
    DEPTH_MAX,
    NODES_MAX,
    Mistake,
    Node,
    Place,
    number,
)
from mesh.environment.source.reading import nearest

_KEY: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED: Final = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER: Final = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?")
_MEMBER: Final = re.compile(rf"\s*({_DOTTED})\s*=(.*)", re.DOTALL)
_LINE_IN_ERROR: Final = re.compile(r"\(at line (\d+), column \d+\)")


def read_toml(text: str, file: str) -> tuple[Node | None, list[Mistake]]:
    """The tree of one document, and what no description can hold; None where it is no document."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _LINE_IN_ERROR.search(str(error))
        line = int(found[1]) if found else 1
        why = _LINE_IN_ERROR.sub("", str(error)).strip()
        return None, [Mistake(Place(file, line), "", f"no TOML: {why}")]
    converter = _Converter(file, text)
    return converter.node(document, "", DEPTH_MAX), converter.mistakes


class _Converter:
    def __init__(self, file: str, text: str) -> None:
        self._places = {path: Place(file, line) for path, line in reversed(list(_lines(text)))}
        self._first = Place(file, 1)
        self._left = NODES_MAX
        self.mistakes: list[Mistake] = []

    def node(self, value: object, path: str, depth: int) -> Node:
        """A node; for a value that no description takes, its text."""
        place = nearest(self._places, path, self._first)
        self._left -= 1
        if self._left < 0 or depth < 0:
            return self._wrong(place, path, "too many values, or nested too deep", value)
        match value:
            case bool() | str():
                return Node(place, value)
            case int() if number(str(value)) is not None:
                return Node(place, value)
            case int():
                return self._wrong(place, path, "expected at most 19 decimal digits", value)
            case list():
                elements = enumerate(value)
                return Node(
                    place, [self.node(each, f"{path}[{at}]", depth - 1) for at, each in elements]
                )
            case dict():
                below = f"{path}." if path else ""
                return Node(
                    place,
                    {
                        name: self.node(each, f"{below}{name}", depth - 1)
                        for name, each in value.items()
                    },
                )
            case float():
                text = "a fraction: write a whole number, or a text in quotes"
                return self._wrong(place, path, text, value)
            case _:
                return self._wrong(place, path, "a date or a time: put it in quotes", value)

    def _wrong(self, place: Place, path: str, text: str, value: object) -> Node:
        self.mistakes.append(Mistake(place, path, text))
        return Node(place, str(value))


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """The paths of headers and keys, each with its line; nothing within a text of several lines."""
    table = ""
    closing = ""
    for at, line in enumerate(text.splitlines(), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        header = _HEADER.match(line)
        member = None if header else _MEMBER.match(line)
        if header:
            table = _path(header[1])
            yield table, at
        elif member:
            path = _path(member[1])
            yield (f"{table}.{path}" if table else path), at
            for quotes in ('"""', "'''"):
                if member[2].count(quotes) % 2:
                    closing = quotes


def _path(dotted: str) -> str:
    parts = re.findall(_KEY, dotted)
    return ".".join(part[1:-1] if part[0] in "\"'" else part for part in parts)
