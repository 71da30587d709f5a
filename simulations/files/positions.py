"""On which line of a TOML document each key stands.

The standard library's reader gives values without their places, and an error without a line sends
its reader searching. This walks over the same text once more. It relies on the document being
valid TOML, as was found before: so a string ends where it must, and every bracket closes.
"""

import re
from collections.abc import Iterator
from typing import Final

Place = tuple[str | int, ...]
"""Keys, and numbers in arrays, from the top."""

_SPACE: Final = re.compile(r"[ \t]*")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.DOTALL
)
_PLAIN: Final = re.compile(r"[^,\]}\n#]+")
_ESCAPE: Final = re.compile(r'\\(["\\])')


def lines_of(text: str) -> dict[Place, int]:
    """The line of each table, key and element of ``text``, counted from 1."""
    return dict(_Walk(text).document())


class _Walk:
    """A place in the text that only moves forward."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._arrays: dict[Place, int] = {}
        """Tables in each array of tables so far."""

    def document(self) -> Iterator[tuple[Place, int]]:
        table: Place = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                line = self._line_now()
                table = self._head()
                yield table, line
            else:
                yield from self._pair(table)
            self._skip(_BLANK)

    def _head(self) -> Place:
        """``[a.b]`` or ``[[a.b]]``."""
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        table: Place = ()
        for key in self._keys():
            table = (*table, key)
            if table in self._arrays:
                table = (*table, self._arrays[table] - 1)
        if is_array:
            array = table[:-1] if table and isinstance(table[-1], int) else table
            number = self._arrays.get(array, 0)
            self._arrays[array] = number + 1
            table = (*array, number)
        self._at += 2 if is_array else 1
        return table

    def _pair(self, table: Place) -> Iterator[tuple[Place, int]]:
        """``a.b = value``."""
        line = self._line_now()
        place = table
        for key in self._keys():
            place = (*place, key)
            yield place, line
        self._at += 1
        self._skip(_SPACE)
        yield from self._value(place)

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            keys.append(self._key())
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _key(self) -> str:
        word = self._take(_KEY)
        if word.startswith('"'):
            return _ESCAPE.sub(r"\1", word[1:-1])
        return word.strip("'")

    def _value(self, place: Place) -> Iterator[tuple[Place, int]]:
        match self._text[self._at]:
            case "[":
                yield from self._array(place)
            case "{":
                yield from self._inline(place)
            case '"' | "'":
                _ = self._take(_STRING)
            case _:
                _ = self._take(_PLAIN)

    def _array(self, place: Place) -> Iterator[tuple[Place, int]]:
        for number, _ in enumerate(self._elements("]")):
            yield (*place, number), self._line_now()
            yield from self._value((*place, number))

    def _inline(self, place: Place) -> Iterator[tuple[Place, int]]:
        for _ in self._elements("}"):
            yield from self._pair(place)

    def _elements(self, end: str) -> Iterator[None]:
        """Stops before each element of what begins here, and after the whole."""
        self._at += 1
        while True:
            self._skip(_BLANK)
            if self._text.startswith(",", self._at):
                self._at += 1
            elif self._text.startswith(end, self._at):
                self._at += 1
                return
            else:
                yield

    def _line_now(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _skip(self, pattern: re.Pattern[str]) -> None:
        _ = self._take(pattern)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None, f"no valid TOML at character {self._at}"
        self._at = found.end()
        return found[0]
