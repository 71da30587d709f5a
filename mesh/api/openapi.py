"""The OpenAPI 3.1 document: the table of resources, for programs that read such documents.

``GET /v1/openapi.json`` answers it. It says all that may be answered: a test asks every resource
whether it does, and schemathesis looks for what does not.
"""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Final

from mesh.api import schemas
from mesh.api.endpoint import EVENT_STREAM, JSON, Gives, Query, Resource
from mesh.api.schemas import Schema

PROBLEM: Final = "application/problem+json"
PROBLEMS: Final = {
    "400": "The request makes no sense as it stands",
    "401": "A token is needed, or this one is not known here",
    "403": "A right is missing, or the controllers refuse",
    "404": "What the request names is not there",
    "405": "There is the resource, but not with this verb",
    "408": "The body did not arrive in time",
    "409": "It contradicts what happened meanwhile",
    "413": "The body is too large",
    "422": "It was understood and cannot be done",
    "429": "Too many requests",
    "502": "The linked environment cannot be reached, or says no",
    "503": "The controller cannot at the moment",
}

_PARAMETER: Final = re.compile(r"\{(\w+)(:path)?\}")

_PROBLEM: Final[Schema] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457), with every mistake, and the command line's code.",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "string"}},
        "exit_code": {"type": "integer"},
    },
    "required": ["type", "title", "status", "detail", "errors", "exit_code"],
    "additionalProperties": False,
}


def document(table: Iterable[Resource]) -> Schema:
    """The document for ``table``."""
    rows = list(table)
    bodies = [each.body for each in rows if each.body is not None]
    components = schemas.of_bodies(list(dict.fromkeys(bodies)))
    components["Problem"] = _PROBLEM
    paths: dict[str, Schema] = {}
    for row in rows:
        operations = paths.setdefault(spelled(row.path), {})
        operations[row.method.lower()] = _operation(row, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trellis controller",
            "version": version("trellis-mesh"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": _problems(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "On TCP. On the unix socket the kernel says who asks.",
                }
            },
        },
    }


def spelled(path: str) -> str:
    """A path as OpenAPI has it."""
    return _PARAMETER.sub(r"{\1}", path)


def _operation(row: Resource, components: dict[str, Schema]) -> Schema:
    module = row.answer.__module__.rpartition(".")[2].removeprefix("resources_")
    told: Schema = {
        "operationId": f"{module}_{row.answer.__name__.strip('_')}",
        "summary": row.summary,
        "parameters": [*_in_path(row), *map(_in_query, row.query), *_in_header(row)],
        "responses": _responses(row, components),
    }
    if row.level is not None:
        told["description"] = f"Takes the right `{row.level.value}` over everything."
    if row.body is not None:
        schema = {"$ref": schemas.PLACE + row.body.__name__}
        told["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return told


def _in_path(row: Resource) -> list[Schema]:
    schema = {"type": "string", "minLength": 1}
    return [
        {"name": found.group(1), "in": "path", "required": True, "schema": schema}
        for found in _PARAMETER.finditer(row.path)
    ]


def _in_query(query: Query) -> Schema:
    schema: Schema = {"type": "string"}
    if query.kind is bool:
        schema = {"type": "boolean"}
    elif query.kind is int:
        schema = {"type": "integer", "minimum": 1, "maximum": query.most}
    elif query.words:
        schema = {"type": "string", "enum": list(query.words)}
    return {"name": query.name, "in": "query", "description": query.text, "schema": schema}


def _in_header(row: Resource) -> list[Schema]:
    if all(each.media != EVENT_STREAM for each in row.gives):
        return []
    text = "the id of the last event that was seen: go on after it"
    schema = {"type": "string"}
    return [{"name": "Last-Event-ID", "in": "header", "description": text, "schema": schema}]


def _responses(row: Resource, components: dict[str, Schema]) -> Schema:
    told: Schema = {}
    for each in row.gives:
        schema = _of(each, components)
        told[str(each.status.value)] = {
            "description": each.status.phrase,
            "content": {each.media: {"schema": schema}},
        }
    for status in PROBLEMS:
        told[status] = {"$ref": f"#/components/responses/{status}"}
    return told


def _problems() -> Schema:
    """Every resource may answer each of them."""
    content = {PROBLEM: {"schema": {"$ref": schemas.PLACE + "Problem"}}}
    return {status: {"description": text, "content": content} for status, text in PROBLEMS.items()}


def _of(given: Gives, components: dict[str, Schema]) -> Schema:
    if given.shape is not None:
        return schemas.of_answer(given.shape, components)
    return {"type": "object"} if given.media == JSON else {"type": "string"}
