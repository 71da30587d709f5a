"""Running information: read, write, remove."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from mesh.api.access import INFORMATION, demand
from mesh.api.bodies import count, flag, read, reply
from mesh.api.handle import desk_of
from mesh.api.problems import not_found, wrong_usage
from mesh.api.requests import ValueBody, WriteBody, WritesBody
from mesh.environment.rights import Level
from mesh.protocol.inputs import Path, Write
from mesh.protocol.replica import views
from mesh.wire.limits import KEY_PARTS_MAX

ENTRIES_MAX: Final = 10_000
"""Entries in one answer; a prefix narrows it down."""
ENTRIES: Final = 1_000


async def index(request: Request) -> Response:
    """Entries below a prefix."""
    desk = desk_of(request)
    prefix = views.read_path(request.query_params.get("prefix", ""))
    demand(request, Level.VIEW, (INFORMATION, *prefix))
    limit = count(request, "limit", ENTRIES, ENTRIES_MAX)
    return reply(views.information(desk.replica, prefix, limit))


async def show(request: Request) -> Response:
    """One entry."""
    path = _path(request.path_params["path"])
    demand(request, Level.VIEW, (INFORMATION, *path))
    entry = views.entry(desk_of(request).replica, path)
    if entry is None:
        raise not_found(f"there is nothing at {views.spell_path(path)}")
    return reply(entry)


async def put(request: Request) -> Response:
    """Write one entry."""
    path = _path(request.path_params["path"])
    demand(request, Level.EDIT, (INFORMATION, *path))
    body = await read(request, ValueBody)
    write = Write(path, body.value, seen=_token(body.seen))
    return reply(await desk_of(request).controller.write((write,)))


async def write(request: Request) -> Response:
    """Write and remove several entries; all become visible here together."""
    body = await read(request, WritesBody)
    writes = tuple(_write(each) for each in body.writes)
    for each in writes:
        demand(request, Level.EDIT, (INFORMATION, *each.path))
    return reply(await desk_of(request).controller.write(writes))


async def remove(request: Request) -> Response:
    """Remove one entry, or all below a prefix."""
    desk = desk_of(request)
    path = _path(request.path_params["path"])
    demand(request, Level.EDIT, (INFORMATION, *path))
    if flag(request, "recursive"):
        return reply(await desk.controller.remove(path))
    if views.entry(desk.replica, path) is None:
        raise not_found(
            f"there is nothing at {views.spell_path(path)} itself; what is below it is removed "
            "recursively (-r on the command line)"
        )
    seen = _token(request.query_params.get("seen"))
    return reply(await desk.controller.write((Write(path, None, removes=True, seen=seen),)))


def _write(body: WriteBody) -> Write:
    return Write(_path(body.path), body.value, removes=body.remove, seen=_token(body.seen))


def _path(text: str) -> Path:
    path = views.read_path(text)
    if not 1 <= len(path) <= KEY_PARTS_MAX:
        raise wrong_usage(
            f"'{text}': expected a path of 1 to {KEY_PARTS_MAX} parts, such as /web/1"
        )
    return path


def _token(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise wrong_usage("seen: expected the token of a reading, as it was given out") from None
