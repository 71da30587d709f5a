"""Connections to the API: accepted, bounded, and each with a porter of its own.

Hypercorn speaks HTTP on each connection. Who is at the other end is known only where a connection
is accepted, so accepting is done here, and with it all that keeps slow or many strangers from
costing much: how many at once, how long a handshake, a request's head and a write may take.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIFramework, ConnectionState
from starlette.types import ASGIApp

from mesh.api.tally import Tally

GRACE_S: Final = 1.0
"""For requests under way when the controller stops."""

IDLE_S: Final = 60.0
"""A connection on which no whole head of a request arrived for so long is closed."""

REMOTE_IDLE_S: Final = 15.0
"""The same on TCP, where anybody may connect."""

HANDSHAKE_S: Final = 10.0
"""For a TLS handshake."""

SEND_S: Final = 30.0
"""For one write: who takes nothing for so long is gone, or means harm."""

HEADER_BYTES_MAX: Final = 16_384
"""Request line and headers; our longest path has 2 KiB."""


class BoundedStream(trio.abc.HalfCloseableStream):
    """A connection on which no write waits for ever."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self.socket = stream.socket
        """Hypercorn asks it for addresses."""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, or break the connection. Raises trio.BrokenResourceError."""
        with trio.move_on_after(SEND_S) as scope:
            await self._stream.send_all(data)
        if scope.cancelled_caught:
            await trio.aclose_forcefully(self._stream)
            raise trio.BrokenResourceError(f"nothing was taken for {SEND_S} s")

    async def wait_send_all_might_not_block(self) -> None:
        """As the connection has it."""
        await self._stream.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """As the connection has it."""
        await self._stream.send_eof()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """As the connection has it."""
        return await self._stream.receive_some(max_bytes)

    async def aclose(self) -> None:
        """As the connection has it."""
        await self._stream.aclose()


@dataclass(slots=True)
class Door:
    """What the connections of one kind of socket have in common."""

    kind: str
    """For counters: ``unix``, ``TCP``."""
    connections_max: int
    admit: Callable[[BoundedStream], ASGIApp]
    """The app for a new connection."""
    wrap: Callable[[BoundedStream], trio.abc.Stream]
    """What is spoken below HTTP: nothing, or TLS."""
    idle_s: float
    open: int = field(default=0, init=False)


class Server:
    """Serves doors until it is told to stop."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._context = WorkerContext(None)

    async def serve(self, listener: trio.SocketListener, door: Door) -> None:
        """Accept and serve until cancelled or stopped."""
        config = _config(door)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._await_stop, nursery.cancel_scope)
            while True:
                try:
                    accepted = await listener.accept()
                except OSError as error:
                    logging.getLogger("trellis.api").warning("nobody can be accepted: %s", error)
                    await trio.sleep(_RETRY_S)
                    continue
                if door.open >= door.connections_max:
                    self._tally.count(f"{door.kind} connections over the limit")
                    await trio.aclose_forcefully(accepted)
                    continue
                door.open += 1
                nursery.start_soon(self._converse, BoundedStream(accepted), door, config)

    async def stop(self) -> None:
        """Let idle connections go; what is under way has a moment."""
        await self._context.terminated.set()

    async def _await_stop(self, scope: trio.CancelScope) -> None:
        await self._context.terminated.wait()
        await trio.sleep(GRACE_S)
        scope.cancel()

    async def _converse(self, stream: BoundedStream, door: Door, config: Config) -> None:
        try:
            # Starlette and Hypercorn describe ASGI each in its own words; of streams Hypercorn
            # names the one with TLS, and takes others.
            app = ASGIWrapper(cast("ASGIFramework", door.admit(stream)))
            wrapped = cast("trio.SSLStream[trio.SocketStream]", door.wrap(stream))
            await TCPServer(app, config, self._context, ConnectionState({}), wrapped)
        finally:
            door.open -= 1
            await trio.aclose_forcefully(stream)


_RETRY_S: Final = 0.1
"""After a failed accept: descriptors are lacking, which others may give back."""


def _config(door: Door) -> Config:
    config = Config()
    errors = logging.getLogger("trellis.api")
    errors.setLevel(logging.WARNING)  # that it runs is said by whoever started it
    config.accesslog = None
    config.errorlog = errors
    config.graceful_timeout = GRACE_S
    config.keep_alive_timeout = door.idle_s
    config.ssl_handshake_timeout = HANDSHAKE_S
    config.h11_max_incomplete_size = HEADER_BYTES_MAX
    config.include_server_header = False
    return config
