"""A tree as YAML or as TOML: always the same text for the same values, one line for one value.

Both are written here and not by a library, since what matters is what a comparison of two exports
shows: members in a given order, short lists in one line, no anchors, and no date of writing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from mesh.cli.errors import FAILED, CommandError
from mesh.wire.requests import Value

_LINE_CHARACTERS: Final = 88
"""A list that makes a line longer than this stands in several."""

_BARE: Final = re.compile(r"[A-Za-z/_](?:[A-Za-z0-9_./@+=~:-]*[A-Za-z0-9_/+=~-])?")
_DURATION: Final = re.compile(r"[0-9]+(?:ns|us|ms|s|m|h|d)")
_WORDS: Final = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def to_yaml(members: Mapping[str, Value], depth: int = 0) -> str:
    """A mapping as a block."""
    return "".join(_yaml_member(name, value, depth) for name, value in members.items())


def _yaml_member(name: str, value: Value, depth: int) -> str:
    head = f"{'  ' * depth}{_yaml_text(name)}:"
    match value:
        case dict() if value:
            return f"{head}\n{to_yaml(value, depth + 1)}"
        case str() if "\n" in value and _is_block(value):
            return f"{head} {_yaml_block(value, depth + 1)}"
        case list() if value and len(line := f"{head} {_yaml_flow(value)}") > _LINE_CHARACTERS:
            del line
            indent = "  " * (depth + 1)
            return head + "".join(f"\n{indent}- {_yaml_flow(each)}" for each in value) + "\n"
        case _:
            return f"{head} {_yaml_flow(value)}\n"


def _is_block(text: str) -> bool:
    """Whether a text of several lines reads back the same from a block of them."""
    lines = text.removesuffix("\n").split("\n")
    return all(line.isprintable() for line in lines) and not (
        lines[0] == "" or lines[0].startswith(" ") or lines[-1] == ""
    )


def _yaml_block(text: str, depth: int) -> str:
    indent = "  " * depth
    mark = "|" if text.endswith("\n") else "|-"
    lines = text.removesuffix("\n").split("\n")
    return "\n".join([mark, *(indent + line if line else "" for line in lines)]) + "\n"


def _yaml_flow(value: Value) -> str:
    match value:
        case str():
            return _yaml_text(value)
        case list():
            return f"[{', '.join(_yaml_flow(each) for each in value)}]"
        case dict():
            pairs = (f"{_yaml_text(name)}: {_yaml_flow(each)}" for name, each in value.items())
            return f"{{{', '.join(pairs)}}}"
        case None | bool() | int():
            return json.dumps(value)


def _yaml_text(text: str) -> str:
    is_word = text.lower() in _WORDS
    bare = _BARE.fullmatch(text) or _DURATION.fullmatch(text)
    return text if bare and not is_word else _quoted(text)


def _quoted(text: str) -> str:
    """In double quotes, in a way that YAML and TOML read alike."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character)
    if short is not None:
        return short
    code = ord(character)
    return f"\\U{code:08x}"


def to_toml(kind: str, members: Mapping[str, Value], *, flat: bool) -> str:
    """One kind: a table for each object; ``flat``: one table, a line for each."""
    if flat:
        return f"[{kind}]\n" + "".join(_toml_lines(members))
    tables = [
        f"[{kind}.{_toml_key(name)}]\n" + "".join(_toml_lines(_table(fields)))
        for name, fields in members.items()
    ]
    return "\n".join(tables)


def _table(fields: Value) -> Mapping[str, Value]:
    assert isinstance(fields, dict)
    return fields


def _toml_lines(members: Mapping[str, Value]) -> Iterator[str]:
    for name, value in members.items():
        yield f"{_toml_key(name)} = {_toml_value(value)}\n"


def _toml_value(value: Value) -> str:
    match value:
        case str():
            return _quoted(value)
        case list():
            return f"[{', '.join(_toml_value(each) for each in value)}]"
        case dict():
            pairs = (f"{_toml_key(name)} = {_toml_value(each)}" for name, each in value.items())
            return f"{{ {', '.join(pairs)} }}" if value else "{}"
        case None:
            raise CommandError(FAILED, "TOML has no word for nothing (null): export as YAML.")
        case bool() | int():
            return json.dumps(value)


def _toml_key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _quoted(name)
