"""The resources of the API, as one table."""

from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import HTTPExceptionHandler

from mesh.api import problems, resources_changes, resources_controller, resources_information
from mesh.api.handle import STATE, Desk
from mesh.driver.errors import DiskFailed, Interrupted, Overloaded, Refused

ROUTES: Final = (
    Route("/v1/status", resources_controller.status, methods=["GET"]),
    Route("/v1/doctor", resources_controller.doctor, methods=["GET"]),
    Route("/v1/metrics", resources_controller.show_metrics, methods=["GET"]),
    Route("/v1/events", resources_controller.events, methods=["GET"]),
    Route("/v1/found", resources_controller.found, methods=["POST"]),
    Route("/v1/members", resources_controller.members, methods=["GET"]),
    Route("/v1/members/accept", resources_controller.accept, methods=["POST"]),
    Route("/v1/environment", resources_controller.environment, methods=["GET"]),
    Route("/v1/info", resources_information.index, methods=["GET"]),
    Route("/v1/info", resources_information.write, methods=["POST"]),
    Route("/v1/info/{path:path}", resources_information.show, methods=["GET"]),
    Route("/v1/info/{path:path}", resources_information.put, methods=["PUT"]),
    Route("/v1/info/{path:path}", resources_information.remove, methods=["DELETE"]),
    Route("/v1/changes", resources_changes.index, methods=["GET"]),
    Route("/v1/changes", resources_changes.submit, methods=["POST"]),
    Route("/v1/changes/{id}", resources_changes.show, methods=["GET"]),
    Route("/v1/changes/{id}/restage", resources_changes.restage, methods=["POST"]),
    Route("/v1/changes/{id}/refuse", resources_changes.refuse, methods=["POST"]),
    Route("/v1/changes/{id}/merge", resources_changes.merge, methods=["POST"]),
    Route("/v1/conflicts", resources_changes.conflicts, methods=["GET"]),
    Route("/v1/drafts", resources_changes.list_drafts, methods=["GET"]),
    Route("/v1/drafts", resources_changes.open_draft, methods=["POST"]),
    Route("/v1/drafts/{name}", resources_changes.show_draft, methods=["GET"]),
    Route("/v1/drafts/{name}", resources_changes.discard, methods=["DELETE"]),
    Route("/v1/drafts/{name}/commands", resources_changes.append, methods=["POST"]),
)

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
