"""Serving the API on the unix socket, as long as a block lasts.

    async with open_api(controller, path):
        ...

When the block ends, listeners to events are let go, requests under way are finished within a
moment, and the socket's file goes.
"""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from hypercorn.typing import ASGIFramework

from mesh.api.app import make_app
from mesh.api.events import Ring
from mesh.api.following import follow
from mesh.api.handle import Desk
from mesh.api.unix import bind, unbind
from mesh.controller import Controller

GRACE_S: Final = 1.0
"""For requests under way when the controller stops."""

IDLE_S: Final = 60.0
"""A connection without a request is closed after this long."""

HEADER_BYTES_MAX: Final = 16_384
"""Request line and headers; our longest path has 2 KiB."""


@asynccontextmanager
async def open_api(controller: Controller, path: Path) -> AsyncIterator[None]:
    """Serve the API of ``controller`` at ``path`` until the block ends.

    Raises mesh.api.unix.SocketInUse where another controller answers there, and OSError where no
    socket can be made there.
    """
    bound = bind(path)
    desk = Desk(controller, Ring(os.urandom(4).hex()))
    stopping = trio.Event()
    stopped = trio.Event()
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow, desk)
            _ = await nursery.start(_serve, make_app(desk), bound.detach(), stopping, stopped)
            try:
                yield
            finally:
                desk.ring.close()
                stopping.set()
                with trio.move_on_after(2 * GRACE_S, shield=True):
                    await stopped.wait()
                nursery.cancel_scope.cancel()
    finally:
        unbind(path)


async def _serve(
    app: ASGIFramework,
    descriptor: int,
    stopping: trio.Event,
    stopped: trio.Event,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    try:
        await serve(
            app,
            _config(descriptor),
            shutdown_trigger=stopping.wait,
            task_status=task_status,
            mode="asgi",
        )
    finally:
        stopped.set()


def _config(descriptor: int) -> Config:
    config = Config()
    errors = logging.getLogger("trellis.api")
    errors.setLevel(logging.WARNING)  # that it runs is said by whoever started it
    config.bind = [f"fd://{descriptor}"]
    config.accesslog = None
    config.errorlog = errors
    config.graceful_timeout = GRACE_S
    config.keep_alive_timeout = IDLE_S
    config.h11_max_incomplete_size = HEADER_BYTES_MAX
    config.include_server_header = False
    return config
