"""The files of a directory: which of them describe, and their documents, or what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mesh.cli.errors import WRONG_USAGE, CommandError
from mesh.environment.source.documents import (
    FILE_BYTES_MAX,
    FILES_MAX,
    Mistake,
    Node,
    Place,
)

YAML_SUFFIXES: Final = (".yaml", ".yml")
TOML_SUFFIX: Final = ".toml"


def files_of(place: Path) -> list[Path]:
    """The files that describe, sorted; none that is hidden. Raises CommandError."""
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise CommandError(WRONG_USAGE, f"{place} is no directory and no file.")
    found = sorted(
        each
        for each in place.rglob("*")
        if each.suffix in (*YAML_SUFFIXES, TOML_SUFFIX)
        and each.is_file()
        and not any(part.startswith(".") for part in each.relative_to(place).parts)
    )
    if len(found) > FILES_MAX:
        text = f"{place} holds {len(found)} files; at most {FILES_MAX} are read: name fewer."
        raise CommandError(WRONG_USAGE, text)
    return found


def read_file(path: Path) -> tuple[Node | None, list[Mistake]]:
    """One document, and what is wrong with it; None where it is none."""
    place = Place(str(path), 1)
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            why = f"larger than {FILE_BYTES_MAX} bytes: cut it into several files"
            return None, [Mistake(place, "", why)]
        text = path.read_text("utf-8")
    except OSError as error:
        return None, [Mistake(place, "", f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError as error:
        return None, [Mistake(place, "", f"no UTF-8 from byte {error.start} on")]
    if path.suffix == TOML_SUFFIX:
        from mesh.cli.source.toml_reader import read_toml

        return read_toml(text, str(path))
    from mesh.cli.source.yaml_reader import read_yaml

    return read_yaml(text, str(path))


def read_directory(place: Path) -> tuple[list[Node], list[Mistake]]:
    """Every document below ``place``, and all that is wrong with them. Raises CommandError."""
    files = files_of(place)
    if not files:
        text = f"{place} holds no .yaml and no .toml file; `trellis export -o {place}` writes some."
        raise CommandError(WRONG_USAGE, text)
    documents: list[Node] = []
    mistakes: list[Mistake] = []
    for path in files:
        node, wrong = read_file(path)
        mistakes += wrong
        if node is not None:
            documents.append(node)
    return documents, mistakes
