"""Looking back: the log, what lies between two places of it, and undoing what one of them did."""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from mesh.api.bodies import count, read, reply
from mesh.api.handle import desk_of
from mesh.api.problems import CONFLICT, Problem, not_found, wrong_usage
from mesh.api.requests import RevertBody
from mesh.api.resources_changes import tx_of
from mesh.api.signing import carry_out
from mesh.protocol.inputs import RevertChange, TakeCheckpoint
from mesh.protocol.replica import views

CHANGES_MAX: Final = 1_000
CHANGES: Final = 50
"""Lines of a log that a person asks for without saying how many."""

_TIME_MAX: Final = 2**63 - 1


async def index(request: Request) -> Response:
    """What waits, then the history from its end; by what the query asks for."""
    desk = desk_of(request)
    asked = request.query_params
    limit = count(request, "limit", CHANGES, CHANGES_MAX)
    if asked.get("only") == "waiting":
        _demand_alone(request)
        waiting = views.pending(desk.replica, desk.now())
        more = len(waiting) > limit
        return reply(views.LogView(changes=waiting[:limit], more=more, below_checkpoint=0))
    query = views.Query(
        asked.get("name", ""),
        asked.get("object", ""),
        asked.get("signer", ""),
        count(request, "since_ns", 0, _TIME_MAX),
        asked.get("before", ""),
    )
    try:
        return reply(views.log(desk.replica, desk.now(), query, limit))
    except views.Ambiguous as error:
        raise wrong_usage(f"before: {query.before} {error}") from error
    except LookupError as error:
        raise not_found(f"no ChangeSet '{error.args[0]}' is known here") from error


def _demand_alone(request: Request) -> None:
    """What waits is not searched: whoever asks for it is told so, rather than not heard."""
    others = [name for name in request.query_params if name not in {"only", "limit"}]
    if others:
        raise wrong_usage(f"only=waiting is narrowed down by limit alone, not by {others[0]}")


async def difference(request: Request) -> Response:
    """What reads differently after another ChangeSet, or now, from after this one."""
    desk = desk_of(request)
    one, two = request.path_params["id"], request.query_params.get("to", "")
    try:
        return reply(views.difference(desk.replica, desk.now(), one, two))
    except views.Ambiguous as error:
        raise wrong_usage(str(error)) from error
    except LookupError as error:
        asked = str(error.args[0])
        if views.is_below_checkpoint(desk.replica, asked):
            text = f"{asked} is older than the checkpoint: only its effect is kept"
        else:
            text = f"no ChangeSet '{asked}' is applied here; see `trellis change log`"
        raise not_found(text) from error


async def revert(request: Request) -> Response:
    """A new ChangeSet that puts back what this one has written over."""
    desk = desk_of(request)
    body = await read(request, RevertBody)
    tx = tx_of(desk, request.path_params["id"])
    return await carry_out(
        request, lambda call: RevertChange(call, tx, body.force, body.reason, body.override)
    )


async def checkpoint(request: Request) -> Response:
    """Close the book below everything that is applied, now."""
    desk = desk_of(request)
    if desk.replica.participant is None:
        raise Problem(HTTPStatus.CONFLICT, CONFLICT, "there is no environment here yet")
    return reply(await desk.controller.call(TakeCheckpoint), HTTPStatus.ACCEPTED)
