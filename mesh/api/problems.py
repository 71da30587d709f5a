"""What went wrong, as a value that travels: problem details (RFC 9457) with our exit code in them.

The command line shows ``errors`` and ends with ``exit_code``; a program reads the same fields. So
an error says the same thing to both, and the command line never guesses from a status number.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from mesh.driver.errors import DiskFailed, Interrupted, Overloaded, Refused

FAILED: Final = 1
WRONG_USAGE: Final = 2
REFUSED: Final = 4
CONFLICT: Final = 5

_STATUS: Final = {
    FAILED: HTTPStatus.UNPROCESSABLE_ENTITY,
    WRONG_USAGE: HTTPStatus.BAD_REQUEST,
    REFUSED: HTTPStatus.FORBIDDEN,
    CONFLICT: HTTPStatus.CONFLICT,
}


class Problem(Exception):
    """A request that is not carried out, and why."""

    def __init__(self, status: HTTPStatus, exit_code: int, *errors: str) -> None:
        """``errors``: every mistake at once, each with what, why, and what to do."""
        super().__init__("; ".join(errors))
        self.status = status
        self.exit_code = exit_code
        self.errors = errors


def wrong_usage(*errors: str) -> Problem:
    """The request makes no sense as it stands."""
    return Problem(HTTPStatus.BAD_REQUEST, WRONG_USAGE, *errors)


def not_found(error: str) -> Problem:
    """What the request names is not there."""
    return Problem(HTTPStatus.NOT_FOUND, FAILED, error)


def from_refusal(error: Refused) -> Problem:
    """The controller said no."""
    status = _STATUS.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)
    return Problem(status, error.code, *error.errors)


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """``problem`` as ``application/problem+json``."""
    body = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": str(problem),
        "errors": list(problem.errors),
        "exit_code": problem.exit_code,
    }
    asks = problem.status is HTTPStatus.UNAUTHORIZED
    return Response(
        msgspec.json.encode(body),
        problem.status.value,
        headers={"www-authenticate": "Bearer"} if asks else headers,
        media_type="application/problem+json",
    )


# --- how the framework hands over what was raised -------------------------------------------------


async def on_problem(_: Request, error: Exception) -> Response:
    """Ours."""
    assert isinstance(error, Problem)
    return answer(error)


async def on_refused(_: Request, error: Exception) -> Response:
    """The controller's no."""
    assert isinstance(error, Refused)
    return answer(from_refusal(error))


async def on_unavailable(_: Request, error: Exception) -> Response:
    """The controller could not; the text says whether it may have happened all the same."""
    assert isinstance(error, Interrupted | Overloaded | DiskFailed)
    return answer(Problem(HTTPStatus.SERVICE_UNAVAILABLE, FAILED, str(error)))


async def on_http(request: Request, error: Exception) -> Response:
    """The framework's own: no such resource, or not with this verb."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == HTTPStatus.NOT_FOUND:
        return answer(not_found(f"there is no {path}; docs/reference/api.md lists what there is"))
    problem = Problem(
        HTTPStatus(error.status_code), WRONG_USAGE, f"{request.method} {path}: {error.detail}"
    )
    if error.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
        return answer(problem)
    return answer(problem, {"allow": ", ".join(_methods(request))})


def _methods(request: Request) -> list[str]:
    """With which one may ask for this path (RFC 9110): the framework looks at one route only."""
    routes = [each for each in request.app.routes if isinstance(each, Route)]
    fitting = [
        each.methods or set() for each in routes if each.matches(request.scope)[0] != Match.NONE
    ]
    return sorted(set().union(*fitting))
