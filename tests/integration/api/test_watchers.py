"""Two hundred who listen to one controller, over real sockets: each is told everything once."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Final

import trio

from tests.integration.cli.hosts import Host, hosts

WATCHERS: Final = 200
WRITES: Final = 15
"""Three times: while all listen, while nobody does, and after they came back."""

HOST: Final = b"Host: localhost\r\n"


class Watcher:
    """A client that reads server-sent events, and goes on where its connection ended."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)
        self._last = ""
        self.told: list[str] = []

    async def watch(self, count: int, ready: trio.MemorySendChannel[None] | None = None) -> None:
        """Listen until ``count`` paths have been told in all; then the connection is dropped."""
        async with await trio.open_unix_socket(self._socket) as stream:
            resume = f"Last-Event-ID: {self._last}\r\n".encode() if self._last else b""
            asked = b"GET /v1/events?kinds=information&prefix=/w HTTP/1.1\r\n"
            await stream.send_all(asked + HOST + resume + b"\r\n")
            async with aclosing(_lines(stream)) as lines:
                async for line in lines:
                    if line.startswith(": trellis") and ready is not None:
                        await ready.send(None)
                    self._take(line)
                    if len(self.told) >= count:
                        return

    def _take(self, line: str) -> None:
        name, _, value = line.partition(": ")
        if name == "id":
            self._last = value
        elif name == "event":
            assert value == "information", "nobody who listens is told that something was missed"
        elif name == "data":
            self.told.append(json.loads(value)["path"])


async def _lines(stream: trio.SocketStream) -> AsyncGenerator[str]:
    """Each line; those of the head and of the chunks are among them and mean nothing here."""
    rest = b""
    async for piece in stream:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.decode().rstrip("\r")


@asynccontextmanager
async def listening(watchers: list[Watcher], count: int) -> AsyncIterator[None]:
    """All of them listen; the block ends when each has been told ``count`` paths in all."""
    send, receive = trio.open_memory_channel[None](len(watchers))
    async with trio.open_nursery() as nursery:
        for watcher in watchers:
            nursery.start_soon(watcher.watch, count, send)
        for _ in watchers:
            await receive.receive()
        yield


async def write(host: Host, first: int) -> None:
    """Put entries one after the other, on one connection."""
    async with await trio.open_unix_socket(str(host.data_dir / "api.sock")) as stream:
        for number in range(first, first + WRITES):
            body = b'{"value": 1}'
            head = (
                f"PUT /v1/info/w/{number:03} HTTP/1.1\r\nContent-Length: {len(body)}\r\n".encode()
            )
            await stream.send_all(head + HOST + b"\r\n" + body)
            answer = b""
            while not answer.endswith(b"}"):
                answer += await stream.receive_some()
            assert answer.startswith(b"HTTP/1.1 200"), answer


def test_each_watcher_is_told_everything_once_and_in_order(tmp_path: Path) -> None:
    """While they listen, and after they were away: Last-Event-ID brings what they missed."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")

        async def play() -> list[Watcher]:
            watchers = [Watcher(ash.data_dir / "api.sock") for _ in range(WATCHERS)]
            with trio.fail_after(50):
                async with listening(watchers, WRITES):
                    await write(ash, 0)
                await write(ash, WRITES)
                async with listening(watchers, 3 * WRITES):
                    await write(ash, 2 * WRITES)
            return watchers

        expected = [f"/w/{number:03}" for number in range(3 * WRITES)]
        for watcher in trio.run(play):
            assert watcher.told == expected
