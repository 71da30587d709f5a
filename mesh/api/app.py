"""The app: a route for each row of the table, and what becomes of what goes wrong."""

from collections.abc import Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import HTTPExceptionHandler

from mesh.api import problems, table
from mesh.api.access import demand
from mesh.api.bodies import reply
from mesh.api.endpoint import JSON, Gives, Query, Resource
from mesh.api.handle import STATE, Desk
from mesh.api.openapi import document
from mesh.api.problems import wrong_usage
from mesh.driver.errors import DiskFailed, Interrupted, Overloaded, Refused
from mesh.environment.suggestions import unknown_name


def _route(resource: Resource) -> Route:
    """A resource that takes its level over everything; without one it judges by itself."""
    known = {each.name: each for each in resource.query}

    async def answer(request: Request) -> Response:
        if resource.level is not None:
            demand(request, resource.level)
        _demand_known(request, known)
        return await resource.answer(request)

    return Route(resource.path, answer, methods=[resource.method])


def _demand_known(request: Request, known: Mapping[str, Query]) -> None:
    """Raises Problem for what would be ignored: a misspelled parameter or word means something."""
    errors: list[str] = []
    for name, text in request.query_params.multi_items():
        query = known.get(name)
        if query is None:
            errors.append(unknown_name("parameter", name, [*known]))
        elif query.words and text not in query.words:
            errors.append(f"{name}: {unknown_name('word', text, [*query.words])}")
    if errors:
        raise wrong_usage(*errors)


async def _openapi(_: Request) -> Response:
    """This API, described for programs."""
    return reply(document(RESOURCES))


RESOURCES: Final = (
    *table.RESOURCES,
    Resource(
        "GET",
        "/v1/openapi.json",
        "this API, described for programs (OpenAPI 3.1)",
        _openapi,
        (Gives(None, media=JSON),),
    ),
)
"""All of them; to add one is to add a row to :mod:`mesh.api.table`."""

ROUTES: Final = tuple(map(_route, RESOURCES))

_HANDLERS: Final[dict[int | type[Exception], HTTPExceptionHandler]] = {
    problems.Problem: problems.on_problem,
    Refused: problems.on_refused,
    Interrupted: problems.on_unavailable,
    Overloaded: problems.on_unavailable,
    DiskFailed: problems.on_unavailable,
    HTTPException: problems.on_http,
}


def make_app(desk: Desk) -> Starlette:
    """The API of one controller."""
    app = Starlette(routes=ROUTES, exception_handlers=_HANDLERS)
    setattr(app.state, STATE, desk)
    return app
