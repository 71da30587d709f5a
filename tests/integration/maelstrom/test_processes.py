"""The node as a process, on pipes and in real time, as Maelstrom starts it."""

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from subprocess import PIPE
from typing import Any, Final

import pytest
import trio

pytestmark = pytest.mark.integration

NODES: Final = ("n1", "n2", "n3")
COMMAND: Final = (sys.executable, "-m", "simulations", "maelstrom-node")
LOOK_S: Final = 0.1
END_S_MAX: Final = 5

Body = dict[str, Any]


class Relay:
    """Carries lines between processes; what goes between two sides of a partition is dropped."""

    def __init__(self) -> None:
        self.cut_off: frozenset[str] = frozenset()
        self.dropped = 0
        self._processes: dict[str, trio.Process] = {}
        self._writing = {name: trio.Lock() for name in NODES}
        self._answers: dict[int, Body] = {}
        self._arrived = trio.Condition()
        self._requests = 0
        self._is_over = False

    @asynccontextmanager
    async def opened(self, *arguments: str) -> AsyncIterator["Relay"]:
        """All nodes run within the block."""
        async with trio.open_nursery() as nursery:
            for name in NODES:
                command = [*COMMAND, *arguments]
                self._processes[name] = await trio.lowlevel.open_process(
                    command, stdin=PIPE, stdout=PIPE
                )
                nursery.start_soon(self._carry, name)
            try:
                yield self
            finally:
                with trio.CancelScope(shield=True):
                    codes = [await self._end(name) for name in NODES]
        assert codes == [0] * len(NODES)

    async def _end(self, name: str) -> int:
        """Close its standard input: it ends by itself."""
        process = self._processes[name]
        assert process.stdin is not None
        self._is_over = True
        async with self._writing[name]:
            await process.stdin.aclose()
        with trio.move_on_after(END_S_MAX):
            return await process.wait()
        process.kill()
        return await process.wait()

    async def _carry(self, name: str) -> None:
        stdout = self._processes[name].stdout
        assert stdout is not None
        unread = b""
        async for chunk in stdout:
            *lines, unread = (unread + chunk).split(b"\n")
            for line in lines:
                await self._route(name, line)
        await stdout.aclose()

    async def _route(self, name: str, line: bytes) -> None:
        message = json.loads(line)
        assert message["src"] == name
        destination = message["dest"]
        if destination not in self._processes:
            async with self._arrived:
                self._answers[message["body"]["in_reply_to"]] = message["body"]
                self._arrived.notify_all()
        elif (name in self.cut_off) != (destination in self.cut_off):
            self.dropped += 1
        else:
            await self._write(destination, line)

    async def _write(self, name: str, line: bytes) -> None:
        stdin = self._processes[name].stdin
        assert stdin is not None
        async with self._writing[name]:
            if not self._is_over:
                await stdin.send_all(line + b"\n")

    async def ask(self, node: str, kind: str, **body: object) -> Body:
        """Send a request and wait for its answer."""
        self._requests += 1
        number = self._requests
        request = {"src": "c1", "dest": node, "body": {"type": kind, "msg_id": number, **body}}
        await self._write(node, json.dumps(request).encode())
        async with self._arrived:
            while number not in self._answers:
                await self._arrived.wait()
        return self._answers.pop(number)

    async def start(self) -> None:
        """Send ``init`` to all nodes at once."""
        async with trio.open_nursery() as nursery:
            for name in NODES:
                nursery.start_soon(self._init, name)

    async def _init(self, name: str) -> None:
        answer = await self.ask(name, "init", node_id=name, node_ids=NODES)
        assert answer["type"] == "init_ok"

    async def read(self, key: str) -> list[Any]:
        """What each node answers to ``read``."""
        return [(await self.ask(name, "read"))[key] for name in NODES]


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():  # noqa: ASYNC110  nobody tells: it has to be asked
        await trio.sleep(LOOK_S)


async def test_broadcast_through_a_partition() -> None:
    """Both sides go on, and after it all nodes have everything."""
    relay = Relay()
    with trio.fail_after(60):
        async with relay.opened("--workload", "broadcast"):
            await relay.start()
            assert (await relay.ask("n1", "topology", topology={}))["type"] == "topology_ok"
            _ = await relay.ask("n2", "broadcast", message=1)
            await _until(lambda: _holds(relay, [1]))
            relay.cut_off = frozenset(("n3",))
            for number, node in enumerate(NODES, start=2):
                assert (await relay.ask(node, "broadcast", message=number))[
                    "type"
                ] == "broadcast_ok"
            assert sorted((await relay.ask("n3", "read"))["messages"]) == [1, 4]
            await _until(lambda: _dropped(relay))
            relay.cut_off = frozenset()
            await _until(lambda: _holds(relay, [1, 2, 3, 4]))


async def test_counter_and_ids() -> None:
    """What the sum is every node says in the end; no two ids are equal."""
    relay = Relay()
    with trio.fail_after(60):
        async with relay.opened():
            await relay.start()
            for node, delta in zip(NODES, (5, -7, 4), strict=True):
                assert (await relay.ask(node, "add", delta=delta))["type"] == "add_ok"
            await _until(lambda: _sums(relay, 2))
            ids = [(await relay.ask(node, "generate"))["id"] for node in NODES * 2]
            assert len(set(ids)) == 6


async def _holds(relay: Relay, messages: list[int]) -> bool:
    return all(sorted(each) == messages for each in await relay.read("messages"))


async def _sums(relay: Relay, total: int) -> bool:
    return await relay.read("value") == [total] * len(NODES)


async def _dropped(relay: Relay) -> bool:
    await trio.lowlevel.checkpoint()
    return relay.dropped > 0
