"""Mistakes in a file: where each stands, what is wrong, and what may have been meant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from simulations.files.positions import Place


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake."""

    line: int
    """Counted from 1."""
    where: str
    """The key, with dots."""
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.where}: {self.text}" if self.where else self.text


class Misspelled(Exception):
    """A file that is no situation: all that is wrong with it, by line."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(sorted(dict.fromkeys(problems)))
        count = len(self.problems)
        head = f"{source}: {count} mistakes" if count != 1 else f"{source}: one mistake"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


class Notes:
    """Collects the mistakes of one document."""

    def __init__(self, lines: Mapping[Place, int], prefix: Place = ()) -> None:
        self.problems: list[Problem] = []
        self._lines = lines
        self._prefix = prefix
        """Where what is read now stands in the document, if it was laid over something else."""

    def over(self, prefix: Place) -> "Notes":
        """Notes about what ``prefix`` lays over the document."""
        notes = Notes(self._lines, prefix)
        notes.problems = self.problems
        return notes

    def wrong(self, place: Place, text: str) -> None:
        """What stands at ``place`` is a mistake."""
        own = (*self._prefix, *place)
        line, where = self._line(own), place
        if self._prefix and own in self._lines:
            where = own
        elif self._prefix:
            line = self._line(place)
        if not any((each.line, each.text) == (line, text) for each in self.problems):
            self.problems.append(Problem(line, _dotted(where), text))

    def _line(self, place: Place) -> int:
        """That of the nearest thing around which has one."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)


def _dotted(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def hint(word: str, known: Iterable[str]) -> str:
    """``did you mean 'split'?``; where nothing is near, what there is."""
    words = list(known)
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(words)}" if words else "there are none"
