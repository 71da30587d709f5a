"""One resource with one verb: all that is said about it, once.

Routes, the OpenAPI document and the checks of both are made from these. So what is served and what
is described cannot come apart, and who adds a resource adds one row.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from mesh.api.metrics import CONTENT_TYPE
from mesh.environment.rights import Level

JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
PROMETHEUS: Final = CONTENT_TYPE.partition(";")[0]


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter that may stand in the query."""

    name: str
    text: str
    kind: type = str
    most: int | None = None
    """Of a whole number, which is never less than 1."""
    words: tuple[str, ...] = ()
    """All that it may be; none: anything."""


@dataclass(frozen=True, slots=True)
class Gives:
    """An answer when all is well."""

    shape: type | None
    """A TypedDict; None: not described further."""
    status: HTTPStatus = HTTPStatus.OK
    media: str = JSON


@dataclass(frozen=True, slots=True)
class Resource:
    """One row of the table."""

    method: str
    path: str
    summary: str
    answer: Callable[[Request], Awaitable[Response]]
    gives: tuple[Gives, ...]
    level: Level | None = None
    """The right over everything that it takes. None: it asks for less, by the prefix, or every
    controller judges, by the signature of what is brought."""
    query: tuple[Query, ...] = ()
    body: type | None = None
    """A msgspec Struct; None: no body is read."""
