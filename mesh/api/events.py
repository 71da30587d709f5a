"""What happens, for whoever listens: a bounded ring, read as server-sent events.

Each event has an id; a client that lost its connection says the last one it saw (Last-Event-ID,
from the WHATWG definition of server-sent events) and goes on from there. The ring holds the last
events of this process only. Whoever was away for longer, or across a restart, is told what the
history knows (see :mod:`mesh.api.past`): every ChangeSet since. Of all else that it wanted it is
told ``missed``, and reads again what it cares about. Nobody who listens slowly can make a
controller keep more.
"""

from collections import deque
from collections.abc import AsyncGenerator, Collection, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
import trio

from mesh.api.past import BEGINNING, NoPast, Past, Place
from mesh.protocol.replica.views import Json

RING_MAX: Final = 1_024
"""Events kept: some minutes of a busy mesh, in less than a MiB."""

KEEP_ALIVE_S: Final = 15.0
"""A comment is sent after this long without an event, so that a dead connection is noticed."""


TOLD_BY_HISTORY: Final = ("change", "configuration")
FORGOTTEN: Final = ("information", "member", "notice", "renewed")
"""Kinds of which only the ring knows."""

_ANOTHER_LIFE: Final = "past"
"""In the id of what was told by the history: whoever comes back with it is told on by it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    number: int
    kind: str
    data: Json
    place: Place = BEGINNING
    """How much of the history had been told, this event included."""


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

    def __init__(self, life: str, past: Past | None = None) -> None:
        """``life`` tells the events of this process from those of an earlier one."""
        self._life = life
        self._past = NoPast() if past is None else past
        self._events: deque[Event] = deque()
        self._next = 1
        self._place = BEGINNING
        self._dropped = Event(0, "", None)
        """The last event that is not here any more, or none yet."""
        self._arrived = trio.Event()
        self._closed = False

    def begin(self, place: Place) -> None:
        """All up to ``place`` counts as told; what follows is told by ``add``."""
        self._place = place
        if self._next == 1:
            self._dropped = Event(0, "", None, place)

    def add(self, kind: str, data: Json, told: Collection[str] = ()) -> None:
        """Something happened; with it the ChangeSets ``told`` are shown for the first time."""
        for tx in told:
            self._place = self._place.after(tx)
        self._events.append(Event(self._next, kind, data, self._place))
        self._next += 1
        if len(self._events) > RING_MAX:
            self._dropped = self._events.popleft()
        self._wake()

    def close(self) -> None:
        """End all who listen."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        arrived, self._arrived = self._arrived, trio.Event()
        arrived.set()

    async def listen(self, interest: Interest, last_id: str | None) -> AsyncGenerator[bytes]:
        """Server-sent events from after ``last_id`` (None: from now) until the ring is closed."""
        seen, place = self._begin(last_id)
        yield b": trellis\n\n"
        while not self._closed:
            arrived = self._arrived
            if seen < self._dropped.number or place is None:
                for piece in self._catch_up(interest, seen, place):
                    yield piece
                seen, place = self._dropped.number, self._dropped.place
            for event in [each for each in self._events if each.number > seen]:
                seen, place = event.number, event.place
                if interest.wants(event):
                    yield _spell(self._life, event)
            if arrived is self._arrived and not await _wait(arrived):
                yield b": still here\n\n"

    def _begin(self, last_id: str | None) -> tuple[int, Place | None]:
        """The number after which to begin, and what had been told then; None: nobody knows."""
        if last_id is None:
            return self._next - 1, self._place
        life, _, rest = last_id.partition("-")
        number, _, text = rest.partition("-")
        place = Place.read(text)
        if life != self._life:
            return -1, place
        if not number.isascii() or not number.isdigit() or int(number) >= self._next:
            return -1, None
        return int(number), place

    def _catch_up(self, interest: Interest, seen: int, place: Place | None) -> Iterator[bytes]:
        """What happened up to the first event that is still here, as far as the history knows."""
        end = self._dropped
        since = None if place is None else self._past.between(place, end.place)
        if place is None or since is None:
            yield _spell(self._life, Event(end.number, "missed", {}, end.place))
            return
        for event in self._retold(place, since):
            if interest.wants(event):
                yield _spell(_ANOTHER_LIFE, event)
        kinds: list[Json] = [
            each for each in FORGOTTEN if not interest.kinds or each in interest.kinds
        ]
        if kinds:
            count: dict[str, Json] = {"count": end.number - seen} if seen >= 0 else {}
            missed = Event(end.number, "missed", {**count, "kinds": kinds}, end.place)
            yield _spell(self._life, missed)

    def _retold(self, place: Place, since: Collection[str]) -> Iterator[Event]:
        """Every ChangeSet of ``since`` as if it happened now, and that others may stand anew."""
        for tx in self._past.waiting():
            yield Event(0, "change", {"tx": tx}, place)
        for tx in since:
            yield Event(0, "change", {"tx": tx}, place)
            place = place.after(tx)
            told: Json = {"tx": [tx], "at_ns": None, "late": False, "why": "told afterwards"}
            yield Event(0, "configuration", told, place)


def _spell(life: str, event: Event) -> bytes:
    data = msgspec.json.encode(event.data).decode()
    number = f"{life}-{event.number}-{event.place.spell()}"
    return f"id: {number}\nevent: {event.kind}\ndata: {data}\n\n".encode()


async def _wait(arrived: trio.Event) -> bool:
    """False where nothing came for as long as a connection may be silent."""
    with trio.move_on_after(KEEP_ALIVE_S):
        await arrived.wait()
        return True
    return False
