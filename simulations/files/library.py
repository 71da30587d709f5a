"""The situations that come with Trellis, by name."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from simulations.files.problems import hint
from simulations.files.situation import Situation, read_file, read_situation

SUFFIX = ".toml"


class NoSituation(LookupError):
    """Neither a file nor a situation of the library: what there is."""


def names() -> tuple[str, ...]:
    """All situations of the library, sorted."""
    return tuple(sorted(name for name, _ in _texts()))


def library() -> Iterator[Situation]:
    """All of them, in the order of their names."""
    for name, text in sorted(_texts()):
        yield read_situation(text, name, source=name)


def find(word: str) -> Situation:
    """The situation that ``word`` means: one of the library, or a file.

    Raises NoSituation, Misspelled and OSError.
    """
    place = _place(word)
    if isinstance(place, Path):
        return read_file(place)
    name, text = place
    return read_situation(text, name, source=name)


def text_of(word: str) -> str:
    """The situation that ``word`` means, as it is written.

    Raises NoSituation and OSError.
    """
    place = _place(word)
    return place.read_text(encoding="utf-8") if isinstance(place, Path) else place[1]


def _place(word: str) -> Path | tuple[str, str]:
    """A file, or the name and the text of a situation of the library."""
    name = word.replace("-", "_")
    for known, text in _texts():
        if name == known:
            return known, text
    path = Path(word)
    if path.suffix == SUFFIX or path.is_file():
        return path
    raise NoSituation(f"there is no situation {word!r}, and no such file; {hint(name, names())}")


def _texts() -> Iterator[tuple[str, str]]:
    for entry in files("simulations").joinpath("scenarios").iterdir():
        if entry.name.endswith(SUFFIX):
            yield entry.name.removesuffix(SUFFIX), entry.read_text(encoding="utf-8")
