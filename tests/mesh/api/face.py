"""The API without a socket: a real controller on a network and a disk in memory, and its app.

Time is trio's, which jumps ahead when everybody waits; nothing here waits for a real second.
"""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import trio
import trio.testing
from starlette.types import ASGIApp, Message

from mesh.api.access import CALLER, OWNER
from mesh.api.app import make_app
from mesh.api.events import Ring
from mesh.api.following import follow
from mesh.api.handle import Desk
from mesh.api.past import HistoryPast
from mesh.controller import Controller, Parts, open_controller
from mesh.driver.clock import TrioClock
from mesh.driver.configuration import ClusterSection, Configuration, ControllerSection
from mesh.driver.journal.memory import MemoryStorage
from mesh.driver.network.memory import Hub, MemoryNetwork
from mesh.wire.identity import Address


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        told: dict[str, Any] = json.loads(self.raw)
        return told


class Face:
    """One controller's API."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.app: ASGIApp = make_app(desk)

    @property
    def controller(self) -> Controller:
        """The controller behind it."""
        return self.desk.controller

    async def ask(self, method: str, path: str, body: object = None) -> Reply:
        """One request, its body as JSON; bytes are sent as they are."""
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        arriving = iter([{"type": "http.request", "body": raw, "more_body": False}])
        sent: list[Message] = []

        async def receive() -> Message:
            return next(arriving)

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope_of(method, path), receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], headers, content)

    @asynccontextmanager
    async def listen(
        self, query: str = "", last_id: str | None = None
    ) -> AsyncGenerator[trio.MemoryReceiveChannel[str]]:
        """Server-sent events, one text for each, until the block ends."""
        gone = trio.Event()
        told, events = trio.open_memory_channel[str](1_000)

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            text = message.get("body", b"").decode()
            if text and not text.startswith(":"):
                await told.send(text)
            if message["type"] == "http.response.body" and not message["more_body"]:
                await told.aclose()

        scope = scope_of("GET", f"/v1/events{query}")
        if last_id is not None:
            scope["headers"] = [(b"last-event-id", last_id.encode())]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.app, scope, receive, send)
            await trio.testing.wait_all_tasks_blocked()
            yield events
            gone.set()


async def until(wanted: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again, in virtual time, until it is so."""
    with trio.fail_after(60):
        while not await wanted():  # noqa: ASYNC110  what is waited for has no event
            await trio.sleep(0.01)


def scope_of(method: str, path: str) -> dict[str, Any]:
    """An ASGI scope for one request."""
    where, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [],
        "client": None,
        "server": None,
        CALLER: OWNER,
    }


@dataclass(slots=True)
class Town:
    """Controllers on one network in memory."""

    nursery: trio.Nursery
    hub: Hub
    directory: Path

    @asynccontextmanager
    async def open(
        self, name: str, *, found: bool = False, seed: str | None = None
    ) -> AsyncGenerator[Face]:
        """One controller with its API, as long as the block lasts."""
        address = Address("10.0.0.1", 7_000 + len(name) + sum(name.encode()))
        seeds = () if seed is None else (self.address(seed),)
        configuration = replace(
            Configuration(),
            controller=ControllerSection(name=name, data_dir=self.directory / name),
            cluster=ClusterSection(mdns=False, found=found, seeds=seeds),
        )
        parts = Parts(
            clock=TrioClock(),
            network=MemoryNetwork(self.hub, address),
            storage=MemoryStorage(self.nursery),
            luck=Random(name),
        )
        async with open_controller(configuration, parts) as controller:
            face = Face(Desk(controller, Ring("test", HistoryPast(lambda: controller.replica))))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(follow, face.desk)
                yield face
                face.desk.ring.close()
                nursery.cancel_scope.cancel()

    def address(self, name: str) -> Address:
        """Where the controller ``name`` listens."""
        return Address("10.0.0.1", 7_000 + len(name) + sum(name.encode()))


@asynccontextmanager
async def open_town(directory: Path) -> AsyncGenerator[Town]:
    """A network in memory, with disks in memory."""
    async with trio.open_nursery() as nursery:
        yield Town(nursery, Hub(nursery), directory)
        nursery.cancel_scope.cancel()
