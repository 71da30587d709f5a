"""Writes docs/reference/api.md: python -m tests.tools.api_reference.

The tables come from the resources that are served; what is said between them in words stands in
api_reference.md beside this file, with a line such as ``@@ DRAFTS`` where a table belongs.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, get_args, is_typeddict

import msgspec

from mesh.api import table
from mesh.api.app import RESOURCES
from mesh.api.endpoint import EVENT_STREAM, JSON, Gives, Query, Resource
from mesh.api.openapi import document, spelled
from mesh.api.schemas import PLACE, Schema
from mesh.protocol.replica.views import Json

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
WORDS: Final = Path(__file__).with_name("api_reference.md")

_GROUPS: Final = {
    "CONTROLLER": (*table.CONTROLLER, *RESOURCES[len(table.RESOURCES) :]),
    "INFORMATION": table.INFORMATION,
    "CHANGES": table.CHANGES,
    "CONSENT": table.CONSENT,
    "DRAFTS": table.DRAFTS,
}
_MARK: Final = re.compile(r"^@@ (\w+)$", re.MULTILINE)
_SHAPES: Final = "SHAPES"


def page() -> str:
    """The whole page."""
    schemas = _schemas()
    text = WORDS.read_text()
    marked = set(_MARK.findall(text))
    assert marked == {*_GROUPS, _SHAPES}, f"a table without a place, or the reverse: {marked}"
    return _MARK.sub(lambda found: _part(found[1], schemas), text)


def _part(mark: str, schemas: dict[str, Schema]) -> str:
    lines = _shapes(schemas) if mark == _SHAPES else _resources(_GROUPS[mark], schemas)
    return "\n".join(lines)


def _schemas() -> dict[str, Schema]:
    components = document(RESOURCES)["components"]
    assert isinstance(components, dict)
    found: dict[str, Schema] = components["schemas"]
    return found


# --- resources ------------------------------------------------------------------------------------


def _resources(rows: Iterable[Resource], schemas: dict[str, Schema]) -> Iterator[str]:
    yield "| resource | takes | answers | what |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        takes = "<br>".join(_takes(row, schemas))
        gives = "<br>".join(map(_gives, row.gives))
        right = f" *{row.level.value}*" if row.level is not None else ""
        yield f"| {row.method} `{spelled(row.path)}` | {takes} | {gives} | {row.summary}.{right} |"


def _takes(row: Resource, schemas: dict[str, Schema]) -> Iterator[str]:
    if row.body is not None:
        yield _linked(row.body.__name__)
        assert row.body.__name__ in schemas, "every body is described"
    yield from map(_query, row.query)


def _query(query: Query) -> str:
    if query is table.SIGNER:  # many resources take it, so it is said once
        return f"`?{query.name}=`"
    told = f"`?{query.name}=` {query.text}"
    if query.words:
        told += f": {', '.join(f'`{word}`' for word in query.words)}"
    return f"{told} (at most {query.most:,})" if query.most and query.most < _VAST else told


_VAST: Final = 2**31
"""A bound above this is one of a type, and of no use to people."""


def _gives(gives: Gives) -> str:
    if gives.shape is not None:
        return f"{gives.status.value} {_linked(gives.shape.__name__)}"
    what = {JSON: "JSON", EVENT_STREAM: "events"}.get(gives.media, "text")
    return f"{gives.status.value} {what}"


def _linked(name: str) -> str:
    return f"[{name}](#{name.lower()})"


# --- shapes ---------------------------------------------------------------------------------------


def _shapes(schemas: dict[str, Schema]) -> Iterator[str]:
    classes = {each.__name__: each for each in _classes()}
    for name in sorted(schemas):
        schema = schemas[name]
        yield f"### {name}\n"
        yield f"{_prose(str(schema.get('description', '')))}\n"
        yield from _fields(schema, _docs(classes[name]) if name in classes else {})
        yield ""


def _classes() -> Iterator[type]:
    """Every class that a body or an answer is made of."""
    bodies = [row.body for row in RESOURCES if row.body is not None]
    answers = [each.shape for row in RESOURCES for each in row.gives if each.shape is not None]
    found: dict[type, None] = {}
    for each in (*bodies, *answers):
        _gather(each, found)
    yield from found


def _gather(kind: object, found: dict[type, None]) -> None:
    """Into ``found``, every Struct and TypedDict that ``kind`` speaks of."""
    for inner in () if kind == Json else get_args(kind):
        _gather(inner, found)
    if not isinstance(kind, type) or kind in found:
        return
    if is_typeddict(kind) or issubclass(kind, msgspec.Struct):
        found[kind] = None
        for each in inspect.get_annotations(kind).values():
            _gather(each, found)
        for base in getattr(kind, "__orig_bases__", ()):
            _gather(base, found)


def _fields(schema: Schema, said: dict[str, str]) -> Iterator[str]:
    fields, required = schema.get("properties"), schema.get("required", [])
    assert isinstance(fields, dict)
    assert isinstance(required, list)
    yield "| field | type | what |"
    yield "| --- | --- | --- |"
    for name, of in fields.items():
        may = "" if name in required else ", may be missing"
        yield f"| `{name}` | {_typed(of)}{may} | {said.get(name, '')} |"


def _typed(schema: Schema) -> str:
    """A JSON Schema in a few words."""
    match schema:
        case {"$ref": str(place)}:
            return _linked(place.removeprefix(PLACE))
        case {"anyOf": list(several)}:
            return " or ".join(map(_typed, several))
        case {"enum": list(words)}:
            return " or ".join(f"`{word}`" for word in words)
        case {"type": "array", "items": dict(items)}:
            return f"list of {_typed(items)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"map of {_typed(values)}"
        case {"type": str(kind)}:
            return kind
        case _:
            return "any JSON"


def _docs(shape: type) -> dict[str, str]:
    """The text under each field, also of what the shape is made from."""
    found: dict[str, str] = {}
    for base in getattr(shape, "__orig_bases__", shape.__bases__):
        if isinstance(base, type) and base.__module__.startswith("mesh."):
            found |= _docs(base)
    return {**found, **dict(_own_docs(shape))}


def _own_docs(shape: type) -> Iterator[tuple[str, str]]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(shape))).body
    assert isinstance(definition, ast.ClassDef)
    renamed = _spellings(shape)
    name = ""
    for statement in definition.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                yield renamed.get(name, name), _prose(text)
            case _:
                name = ""


def _spellings(shape: type) -> dict[str, str]:
    """The names of a body's fields in JSON."""
    if not issubclass(shape, msgspec.Struct):
        return {}
    return dict(zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True))


def _prose(text: str) -> str:
    """One line of Markdown."""
    line = " ".join(text.split()).replace("``", "`").replace("|", "\\|")
    return re.sub(r"\bNone\b", "null", line)


if __name__ == "__main__":
    _ = PAGE.write_text(page())
