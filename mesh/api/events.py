"""What happens, for whoever listens: a bounded ring, read as server-sent events.

Each event has an id that grows; a client that lost its connection says the last one it saw
(Last-Event-ID, from the WHATWG definition of server-sent events) and goes on from there. The ring
holds the last events only: whoever was away for longer, or across a restart, is told ``missed`` and
reads again what it cares about. Nobody who listens slowly can make a controller keep more.
"""

from collections import deque
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass
from typing import Final

import msgspec
import trio

from mesh.protocol.replica.views import Json

RING_MAX: Final = 1_024
"""Events kept: some minutes of a busy mesh, in less than a MiB."""

KEEP_ALIVE_S: Final = 15.0
"""A comment is sent after this long without an event, so that a dead connection is noticed."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    number: int
    kind: str
    data: Json


@dataclass(frozen=True, slots=True)
class Interest:
    """Which events a listener wants."""

    kinds: Collection[str] = ()
    """Empty: all."""
    prefix: tuple[str, ...] = ()
    """Of ``information``: only paths below it."""
    tx: str = ""
    """Of ``change``: only this one."""

    def wants(self, event: Event) -> bool:
        """Whether ``event`` is sent; ``missed`` always is."""
        if event.kind == "missed":
            return True
        if self.kinds and event.kind not in self.kinds:
            return False
        match event.kind, event.data:
            case "information", {"parts": list(parts)}:
                return tuple(parts[: len(self.prefix)]) == self.prefix
            case "change", {"tx": str(tx)}:
                return tx.startswith(self.tx)
            case _:
                return True


class Ring:
    """The last events of this process."""

    def __init__(self, life: str) -> None:
        """``life`` tells the events of this process from those of an earlier one."""
        self._life = life
        self._events: deque[Event] = deque(maxlen=RING_MAX)
        self._next = 1
        self._arrived = trio.Event()
        self._closed = False

    def add(self, kind: str, data: Json) -> None:
        """Something happened."""
        self._events.append(Event(self._next, kind, data))
        self._next += 1
        self._wake()

    def close(self) -> None:
        """End all who listen."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        arrived, self._arrived = self._arrived, trio.Event()
        arrived.set()

    def spell_id(self, number: int) -> str:
        """The id of an event, as a client gives it back."""
        return f"{self._life}-{number}"

    async def listen(self, interest: Interest, last_id: str | None) -> AsyncGenerator[bytes]:
        """Server-sent events from after ``last_id`` (None: from now) until the ring is closed."""
        seen, missed = self._begin(last_id)
        yield b": trellis\n\n"
        if missed:
            yield self._spell(Event(seen, "missed", {}))
        while not self._closed:
            arrived = self._arrived
            oldest = self._events[0].number if self._events else self._next
            if oldest > seen + 1:
                yield self._spell(Event(oldest - 1, "missed", {"count": oldest - 1 - seen}))
                seen = oldest - 1
            for event in [each for each in self._events if each.number > seen]:
                seen = event.number
                if interest.wants(event):
                    yield self._spell(event)
            if arrived is self._arrived and not await _wait(arrived):
                yield b": still here\n\n"

    def _begin(self, last_id: str | None) -> tuple[int, bool]:
        """The number after which to begin, and whether something is missed for sure."""
        newest = self._next - 1
        if last_id is None:
            return newest, False
        life, _, number = last_id.rpartition("-")
        if life != self._life or not number.isdigit() or int(number) > newest:
            return newest, True
        return int(number), False

    def _spell(self, event: Event) -> bytes:
        data = msgspec.json.encode(event.data).decode()
        return f"id: {self.spell_id(event.number)}\nevent: {event.kind}\ndata: {data}\n\n".encode()


async def _wait(arrived: trio.Event) -> bool:
    """False where nothing came for as long as a connection may be silent."""
    with trio.move_on_after(KEEP_ALIVE_S):
        await arrived.wait()
        return True
    return False
