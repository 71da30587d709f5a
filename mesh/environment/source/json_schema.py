"""The JSON Schema (draft 2020-12) of source files, for editors that complete and check them."""

from mesh.environment.compounds import ListOf, MappingOf, Record
from mesh.environment.kind import Kind
from mesh.environment.kinds import environment, secret
from mesh.environment.shapes import Choice, Duration, Flag, Reference, Shape, Text, Whole
from mesh.environment.source.reading import KEPT_APART, field_shapes, name_parameter
from mesh.environment.source.standing import DESCRIBED
from mesh.wire.requests import Value

_TEMPLATE: dict[str, Value] = {"type": "string", "pattern": r"\{\{.+\}\}"}
_DURATION: dict[str, Value] = {"type": "string", "pattern": "^[0-9]+(ns|us|ms|s|m|h|d)$"}


def source_schema() -> dict[str, Value]:
    """One file: kinds, names, fields."""
    kinds: dict[str, Value] = {
        name: _settings(kind) if name == environment.NAME else _objects(kind)
        for name, kind in DESCRIBED.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Source files of a Trellis environment",
        "type": ["object", "null"],
        "properties": {**kinds, secret.NAME: _secrets()},
        "additionalProperties": False,
    }


def _objects(kind: Kind) -> dict[str, Value]:
    parameter = name_parameter(kind)
    described: dict[str, Value] = {
        "type": ["object", "null"],
        "description": kind.help,
        "additionalProperties": _of_shape(kind.fields[0].shape) if kind.plain else _settings(kind),
    }
    if parameter is not None:
        described["propertyNames"] = parameter.shape.json_schema()
    return described


def _settings(kind: Kind) -> dict[str, Value]:
    """The fields of one object."""
    told: dict[str, Value] = {}
    words = {each.name: each.help for each in kind.fields} | {
        each.name: f"each: {each.element.help}" for each in kind.sets
    }
    for name, shape in field_shapes(kind).items():
        schema = _of_shape(shape)
        told[name] = {**schema, "description": words[name]}
    demanded: list[Value] = [each.name for each in kind.fields if each.required]
    return {
        "type": ["object", "null"] if not demanded else "object",
        "description": kind.help,
        "properties": told,
        "required": [] if kind.plain else demanded,
        "additionalProperties": False,
    }


def _of_shape(shape: Shape) -> dict[str, Value]:
    """As values stand in files: durations with their unit, templates where a value may be one."""
    match shape:
        case ListOf(element):
            return {**shape.json_schema(), "items": _of_shape(element)}
        case MappingOf():
            mapping: Value = {
                **shape.json_schema(),
                "additionalProperties": _of_shape(shape.value),
            }
            if shape.unsaid is None:
                return {"anyOf": [mapping]}
            names: Value = {"type": "array", "items": shape.key.json_schema()}
            return {"anyOf": [mapping, names]}
        case Record():
            told: Value = {each.name: _of_shape(each.shape) for each in shape.members}
            return {**shape.json_schema(), "properties": told}
        case Duration():
            return {"anyOf": [shape.json_schema(), _DURATION, _TEMPLATE]}
        case Text() | Choice() | Whole() | Flag() | Reference():
            return {"anyOf": [shape.json_schema(), _TEMPLATE]}
        case _:
            return shape.json_schema()


def _secrets() -> dict[str, Value]:
    return {
        "type": ["object", "null"],
        "description": "secrets by name; their values are in no file",
        "additionalProperties": {
            "type": ["object", "null"],
            "properties": {
                "value": {"const": KEPT_APART},
                "readers": {"type": "array", "items": {"type": "string"}},
            },
        },
    }
