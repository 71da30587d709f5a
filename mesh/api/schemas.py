"""From the types of answers and bodies to JSON Schema 2020-12, as OpenAPI 3.1 takes it.

Bodies are msgspec Structs, which know their own. Answers are TypedDicts of a few simple shapes;
a shape that is none of these is our own mistake and stops the start of the tests.
"""

from types import NoneType, UnionType
from typing import Final, Union, get_args, get_origin, is_typeddict

import msgspec

from mesh.protocol.replica.views import Json

Schema = dict[str, object]

PLACE: Final = "#/components/schemas/"

_SIMPLE: Final[dict[object, Schema]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
}


def of_bodies(bodies: list[type]) -> dict[str, Schema]:
    """The components for these Structs, by their names."""
    _, components = msgspec.json.schema_components(
        bodies, schema_hook=_anything, ref_template=PLACE + "{name}"
    )
    return components


def _anything(kind: type) -> Schema:
    """Values that are checked elsewhere: their types know no schema."""
    assert kind is object
    return {"description": "any JSON"}


def of_answer(kind: object, components: dict[str, Schema]) -> Schema:
    """The schema for ``kind``; what it refers to is added to ``components``."""
    if kind == Json:
        return {}
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if is_typeddict(kind):
        return _of_fields(kind, components)
    inner = get_args(kind)
    match get_origin(kind):
        case origin if origin is list:
            return {"type": "array", "items": of_answer(inner[0], components)}
        case origin if origin is dict:
            values = of_answer(inner[1], components)
            return {"type": "object", "additionalProperties": values}
        case origin if origin in {Union, UnionType}:
            return {"anyOf": [of_answer(each, components) for each in inner]}
        case _:
            raise AssertionError(f"{kind}: no shape of an answer")


def _of_fields(kind: object, components: dict[str, Schema]) -> Schema:
    """A TypedDict, kept under its name; without a field of its own that nobody knows."""
    name, fields = str(getattr(kind, "__name__", kind)), _fields(kind)
    if name not in components:
        components[name] = {}
        components[name] |= {
            "title": name,
            "description": (kind.__doc__ or "").strip(),
            "type": "object",
            "properties": {each: of_answer(of, components) for each, of in fields.items()},
            "required": sorted(getattr(kind, "__required_keys__", ())),
            "additionalProperties": False,
        }
    return {"$ref": PLACE + name}


def _fields(kind: object) -> dict[str, object]:
    """Its annotations as they were written: to read them anew would unroll Json without end."""
    found: dict[str, object] = getattr(kind, "__annotations__", {})
    bare = {}
    for name, annotation in found.items():
        marked = str(get_origin(annotation)) in {"typing.NotRequired", "typing.Required"}
        bare[name] = get_args(annotation)[0] if marked else annotation
    return bare
