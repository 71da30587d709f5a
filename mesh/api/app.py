"""The resources of the API, as one table."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import HTTPExceptionHandler

from mesh.api import (
    problems,
    resources_access,
    resources_changes,
    resources_consents,
    resources_controller,
    resources_history,
    resources_information,
    resources_links,
)
from mesh.api.access import demand
from mesh.api.handle import STATE, Desk
from mesh.driver.errors import DiskFailed, Interrupted, Overloaded, Refused
from mesh.environment.rights import Level

Endpoint = Callable[[Request], Awaitable[Response]]


def _guarded(path: str, method: str, endpoint: Endpoint, level: Level | None) -> Route:
    """A resource that takes ``level`` over everything; None: it judges by itself."""

    async def judged(request: Request) -> Response:
        if level is not None:
            demand(request, level)
        return await endpoint(request)

    return Route(path, judged, methods=[method])


_VIEW, _EDIT, _APPLY, _ADMIN = Level.VIEW, Level.EDIT, Level.APPLY, Level.ADMIN

_TABLE: Final[tuple[tuple[str, str, Endpoint, Level | None], ...]] = (
    ("/v1/status", "GET", resources_controller.status, None),
    ("/v1/whoami", "GET", resources_access.whoami, None),
    ("/v1/doctor", "GET", resources_controller.doctor, _VIEW),
    ("/v1/metrics", "GET", resources_controller.show_metrics, _VIEW),
    ("/v1/events", "GET", resources_controller.events, _VIEW),
    ("/v1/found", "POST", resources_controller.found, _ADMIN),
    ("/v1/members", "GET", resources_controller.members, _VIEW),
    ("/v1/members/accept", "POST", resources_controller.accept, None),
    ("/v1/members/rotate-key", "POST", resources_controller.rotate_key, _ADMIN),
    ("/v1/environment", "GET", resources_controller.environment, None),
    ("/v1/operators/{name}/locked", "GET", resources_access.locked_key, _VIEW),
    ("/v1/requests", "POST", resources_access.submit, None),
    ("/v1/info", "GET", resources_information.index, None),
    ("/v1/info", "POST", resources_information.write, None),
    ("/v1/info/{path:path}", "GET", resources_information.show, None),
    ("/v1/info/{path:path}", "PUT", resources_information.put, None),
    ("/v1/info/{path:path}", "DELETE", resources_information.remove, None),
    ("/v1/changes", "GET", resources_history.index, _VIEW),
    ("/v1/changes", "POST", resources_changes.submit, None),
    ("/v1/changes/{id}", "GET", resources_changes.show, None),
    ("/v1/changes/{id}/restage", "POST", resources_changes.restage, None),
    ("/v1/changes/{id}/revert", "POST", resources_history.revert, None),
    ("/v1/changes/{id}/diff", "GET", resources_history.difference, _VIEW),
    ("/v1/checkpoints", "POST", resources_history.checkpoint, _ADMIN),
    ("/v1/changes/{id}/refuse", "POST", resources_changes.refuse, _APPLY),
    ("/v1/changes/{id}/request", "GET", resources_consents.show, _VIEW),
    ("/v1/changes/{id}/approve", "POST", resources_consents.approve, None),
    ("/v1/changes/{id}/withdraw", "POST", resources_consents.withdraw, _EDIT),
    ("/v1/changes/{id}/merge", "POST", resources_changes.merge, None),
    ("/v1/changes/{id}/publish", "POST", resources_links.publish, _APPLY),
    ("/v1/published", "GET", resources_links.index, _VIEW),
    ("/v1/published/{id}", "GET", resources_links.published, _VIEW),
    ("/v1/links/{name}/peer", "GET", resources_links.peer, _VIEW),
    ("/v1/promotions", "POST", resources_links.promote, None),
    ("/v1/conflicts", "GET", resources_changes.conflicts, _VIEW),
    ("/v1/drafts", "GET", resources_changes.list_drafts, _VIEW),
    ("/v1/drafts", "POST", resources_changes.open_draft, _EDIT),
    ("/v1/drafts/{name}", "GET", resources_changes.show_draft, _VIEW),
    ("/v1/drafts/{name}", "DELETE", resources_changes.discard, _EDIT),
    ("/v1/drafts/{name}/effect", "GET", resources_changes.draft_effect, _VIEW),
    ("/v1/drafts/{name}/renew", "POST", resources_changes.renew_draft, _EDIT),
    ("/v1/drafts/{name}/commands", "POST", resources_changes.append, _EDIT),
)
"""Path, verb, what answers, and the right over everything that it takes.

Where there is none the resource asks for less, by the prefix, or every controller judges: by the
signature of what is brought.
"""

ROUTES: Final = tuple(_guarded(*line) for line in _TABLE)

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
