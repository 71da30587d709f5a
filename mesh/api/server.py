"""Serving the API, as long as a block lasts: on the unix socket, and on TCP where [api] says so.

    async with open_api(controller, path):
        ...

When the block ends, listeners to events are let go, requests under way are finished within a
moment, and the socket's file goes.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import trio
from starlette.types import ASGIApp

from mesh.api.access import LocalRule, Peer, local_rule
from mesh.api.app import make_app
from mesh.api.events import Ring
from mesh.api.following import follow
from mesh.api.handle import Desk
from mesh.api.listening import GRACE_S, IDLE_S, REMOTE_IDLE_S, BoundedStream, Door, Server
from mesh.api.past import HistoryPast
from mesh.api.porter import Porter
from mesh.api.tls import Tls, open_tls
from mesh.api.unix import bind, unbind
from mesh.controller import Controller
from mesh.driver.errors import StartError

LOCAL_CONNECTIONS_MAX: Final = 1_024
"""On the unix socket, where only users of this host are: people, and programs that listen."""


@dataclass(frozen=True, slots=True)
class Face:
    """Where the API is served on TCP."""

    address: str
    fingerprint: str
    """SHA-256 of the certificate."""


@asynccontextmanager
async def open_api(controller: Controller, path: Path) -> AsyncIterator[Face | None]:
    """Serve the API of ``controller`` at ``path``, and on TCP where its configuration says so.

    Gives where, None where there is only the unix socket. Raises mesh.api.unix.SocketInUse where
    another controller answers there, StartError for what [api] and [auth] name and is not there,
    and OSError where no socket can be made.
    """
    past = HistoryPast(lambda: controller.replica)
    desk = Desk(controller, Ring(os.urandom(4).hex(), past))
    app, server, rule = make_app(desk), Server(desk.tally), _rule(controller)
    remote = await _remote(controller)
    bound = bind(path, shared=rule.is_shared)
    bound.listen(LOCAL_CONNECTIONS_MAX)
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(bound))
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow, desk)
            nursery.start_soon(server.serve, listener, _local(app, desk, rule))
            if remote is not None:
                door = _on_tcp(app, desk, remote.tls)
                for each in remote.listeners:
                    nursery.start_soon(server.serve, each, door)
            try:
                yield None if remote is None else remote.face
            finally:
                desk.ring.close()
                with trio.move_on_after(2 * GRACE_S, shield=True):
                    await server.stop()
                nursery.cancel_scope.deadline = trio.current_time() + GRACE_S
    finally:
        unbind(path)


def _rule(controller: Controller) -> LocalRule:
    section = controller.configuration.auth
    try:
        return local_rule(section.users, section.groups)
    except KeyError as error:
        raise StartError(f"[auth] names somebody who is not known to this host: {error}") from error


def _local(app: ASGIApp, desk: Desk, rule: LocalRule) -> Door:
    def admit(stream: BoundedStream) -> ASGIApp:
        peer = Peer.of(stream.socket)
        return Porter(app, desk, rule.caller(peer), is_local=True)

    return Door("unix", LOCAL_CONNECTIONS_MAX, admit, lambda stream: stream, IDLE_S)


# --- TCP ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Remote:
    """Sockets on TCP, open and not yet served."""

    listeners: list[trio.SocketListener]
    tls: Tls
    face: Face


async def _remote(controller: Controller) -> _Remote | None:
    where = controller.configuration.api.listen
    if where is None:
        return None
    tls = open_tls(controller.configuration)
    listeners = await trio.open_tcp_listeners(where.port, host=where.host)
    host, port = listeners[0].socket.getsockname()[:2]
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return _Remote(listeners, tls, Face(shown, tls.fingerprint))


def _on_tcp(app: ASGIApp, desk: Desk, tls: Tls) -> Door:
    limit = desk.controller.configuration.limits.api_connections_max
    porter = Porter(app, desk, None, is_local=False)
    secured = partial(
        trio.SSLStream, ssl_context=tls.context, server_side=True, https_compatible=True
    )
    return Door("TCP", limit, lambda _: porter, secured, REMOTE_IDLE_S)
