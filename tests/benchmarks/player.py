"""One measured controller: ``python -m tests.benchmarks.player DIRECTORY NAME PORT [SEED_PORT]``.

It is what ``trellis up`` runs, less the lines for people, plus one task that notes when it was told
of each change, on CLOCK_MONOTONIC, which all processes of a host share. So no observer, no HTTP and
no other process stands between the change and its time. It takes one order to a line of standard
input, answers each with one line of JSON, and stops when standard input ends.
"""

import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import trio

from mesh.api.server import open_api
from mesh.controller import Controller, Refused, open_controller
from mesh.driver import log
from mesh.driver.configuration import Configuration, parse
from mesh.driver.journal.sqlite import SWITCH_S
from mesh.protocol.effects import ConfigurationSwapped, InformationChanged, MemberChanged
from mesh.wire.facts import Applied, Propose, Seal
from mesh.wire.requests import Command, decode_attempt

BENCH: Final = "bench"
"""The first part of each path that is written here."""

LINE_BYTES_MAX: Final = 65_536
SHOWN_S_MAX: Final = 20.0

Order = dict[str, object]
Answer = dict[str, object]


class Player:
    """A controller, what it was told, and when."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._luck = random.Random(controller.id)
        self._seen: dict[str, int] = {}
        self._shown: dict[str, tuple[int, int, bool, str]] = {}
        self._news = trio.Event()
        self._standings: list[tuple[int, str, str]] = []
        self._deeds: dict[str, Callable[[Order], Awaitable[Answer]]] = {
            "write": self._write,
            "submit": self._submit,
            "flood": self._flood,
            "told": self._told,
            "statistics": self._statistics,
            "facts": self._facts,
        }

    async def note(self) -> None:
        """Note what happens, until cancelled."""
        changes = self._controller.subscribe(
            InformationChanged, ConfigurationSwapped, MemberChanged
        )
        async for change in changes:
            at_ns = time.monotonic_ns()
            match change:
                case InformationChanged(paths):
                    for path in paths:
                        if path[0] == BENCH:
                            self._seen.setdefault(path[1], at_ns)
                case ConfigurationSwapped(all_tx, wall_ns, late, why):
                    for tx in all_tx:
                        self._shown[tx.hex()] = (at_ns, wall_ns, late, why)
                    news, self._news = self._news, trio.Event()
                    news.set()
                case MemberChanged(controller, standing):
                    self._standings.append((at_ns, controller.hex(), standing))
                case _:
                    raise AssertionError(change)

    async def obey(self) -> None:
        """Do what standard input says until it ends."""
        buffered = b""
        async with trio.lowlevel.FdStream(sys.stdin.fileno()) as stream:
            while received := await stream.receive_some(LINE_BYTES_MAX):
                *lines, buffered = (buffered + received).split(b"\n")
                for line in lines:
                    order: Order = json.loads(line)
                    say(await self._deeds[str(order["do"])](order))

    async def _write(self, order: Order) -> Answer:
        """Write ``names`` one after the other, about ``pause_s`` apart, ``size`` bytes each.

        Says when each was asked for, and when it was durable here.
        """
        names, pause_s, size = order["names"], order["pause_s"], order["size"]
        assert isinstance(names, list)
        assert isinstance(pause_s, float)
        assert isinstance(size, int)
        asked: dict[str, int] = {}
        durable: dict[str, int] = {}
        for name in names:
            value = self._luck.randbytes(size // 2).hex()
            asked[name] = time.monotonic_ns()
            _ = await self._controller.put((BENCH, name), value)
            durable[name] = time.monotonic_ns()
            await trio.sleep(pause_s * self._luck.uniform(0.5, 1.5))
        return {"asked": asked, "durable": durable}

    async def _submit(self, order: Order) -> Answer:
        """Submit one ChangeSet of ``commands`` items of its own, and wait until it is shown here.

        Says when it was asked for, and when its proposal was durable here; ``tx`` is null where it
        was refused.
        """
        commands = [
            Command("item", "set", {"name": f"bench-{order['name']}-{item}", "value": item})
            for item in range(int(str(order["commands"])))
        ]
        asked, asked_wall = time.monotonic_ns(), time.time_ns()
        try:
            answer = await self._controller.submit("bench", commands)
        except Refused as error:
            return {"tx": None, "why": str(error)}
        durable_wall = time.time_ns()
        tx = str(answer["tx"])
        with trio.move_on_after(SHOWN_S_MAX):
            while tx not in self._shown:
                await self._news.wait()
        return {
            "tx": tx,
            "asked": asked,
            "asked_wall": asked_wall,
            "durable_wall": durable_wall,
        }

    async def _flood(self, order: Order) -> Answer:
        """Submit for ``for_s`` seconds as ``clients`` at once, each when its last is shown here.

        Says which were shown.
        """
        shown: list[object] = []
        ends = trio.current_time() + float(str(order["for_s"]))

        async def client(number: int) -> None:
            made = 0
            while trio.current_time() < ends:
                name = f"{self._controller.id.hex()[:4]}-{number}-{made}"
                answer = await self._submit({"commands": order["commands"], "name": name})
                shown.extend([answer["tx"]] if answer["tx"] is not None else [])
                made += 1

        async with trio.open_nursery() as nursery:
            for number in range(int(str(order["clients"]))):
                nursery.start_soon(client, number)
        return {"shown": shown}

    async def _told(self, order: Order) -> Answer:
        del order
        return {"seen": self._seen, "shown": self._shown, "standings": self._standings}

    async def _statistics(self, order: Order) -> Answer:
        del order
        statistics = self._controller.statistics()
        return {
            **asdict(statistics.network),
            "inputs": statistics.inputs,
            "transactions": statistics.journal.transactions,
            "at": time.monotonic_ns(),
        }

    async def _facts(self, order: Order) -> Answer:
        """What the facts say about each attempt, by the clocks in them."""
        del order
        inside = self._controller.replica.participant
        assert inside is not None
        stories: dict[bytes, Story] = {}
        for origin, _ in inside.chains.vector():
            for fact in inside.chains.chain(origin):
                match fact.body:
                    case Propose() as propose:
                        story = stories.setdefault(propose.attempt_id, Story())
                        story.tx = propose.request.tx.hex()
                        story.proposed = fact.content.clock_ns
                        story.guard = decode_attempt(propose.attempt).guard_ns
                    case Seal(attempt):
                        stories.setdefault(attempt, Story()).sealed.append(fact.content.clock_ns)
                    case Applied(attempt):
                        stories.setdefault(attempt, Story()).applied.append(fact.content.clock_ns)
                    case _:
                        pass
        return {"stories": [asdict(story) for story in stories.values()]}


@dataclass
class Story:
    """One attempt: wall times of its facts, in nanoseconds."""

    tx: str = ""
    proposed: int = 0
    guard: int = 0
    sealed: list[int] = field(default_factory=list)
    applied: list[int] = field(default_factory=list)


def say(answer: Answer) -> None:
    """One line, at once."""
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


def configured(directory: Path, name: str, port: int, seed: int | None) -> Configuration:
    """A controller on loopback, without mDNS; without a ``seed`` it founds."""
    return parse(
        {
            "controller": {"name": name, "site": "bench", "data_dir": str(directory)},
            "listen": {"address": ["127.0.0.1"], "port": port},
            "cluster": {
                "mdns": False,
                "found": seed is None,
                "seeds": [] if seed is None else [f"127.0.0.1:{seed}"],
            },
        }
    )


async def main(configuration: Configuration) -> None:
    """Run the controller and its API until standard input ends."""
    async with (
        open_controller(configuration) as controller,
        open_api(controller, configuration.api_socket),
        trio.open_nursery() as nursery,
    ):
        player = Player(controller)
        nursery.start_soon(player.note)
        say({"id": controller.id.hex()})
        await player.obey()
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    where, called, at, *seeds = sys.argv[1:]
    chosen = configured(Path(where), called, int(at), int(seeds[0]) if seeds else None)
    log.configure(chosen.logging, called)
    sys.setswitchinterval(SWITCH_S)
    trio.run(main, chosen)
