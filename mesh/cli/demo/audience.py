"""Who watches the five: one thread for each, noting what its controller says and when.

All times are of one clock in one process, so they can be compared. What is measured is what a
local program would see: the controller's event, as it arrives over the API.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, cast

from mesh.cli.client import Event, Events
from mesh.cli.demo.troupe import Player
from mesh.cli.errors import CommandError

PATIENCE_S: Final = 20.0
_LOOK_S: Final = 0.02


class StoryError(Exception):
    """The story cannot go on: what was waited for, in one line."""


def wait_until(wanted: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> float:
    """Ask again and again; the seconds that it took. Raises StoryError."""
    begun = time.monotonic()
    while not wanted():
        if time.monotonic() - begun > patience_s:
            raise StoryError(f"waited {patience_s:.0f} s in vain: {what}")
        time.sleep(_LOOK_S)
    return time.monotonic() - begun


class Audience:
    """Watches running information on all of them."""

    def __init__(self, players: Sequence[Player]) -> None:
        self._seen: dict[str, list[Event]] = {player.name: [] for player in players}
        self._listening: list[Events] = []
        for player in players:
            events = player.client.events(kinds="information")
            self._listening.append(events)
            note = self._seen[player.name].append
            threading.Thread(target=_note, args=(events, note), daemon=True).start()

    def close(self) -> None:
        """Watch no more."""
        for events in self._listening:
            events.close()

    def seen_at_ns(self, path: str, value: str) -> dict[str, int]:
        """When each controller showed ``value`` at ``path``; those that have."""
        return {
            name: at_ns
            for name, events in self._seen.items()
            if (at_ns := _first(events, path, value)) is not None
        }


def _note(events: Events, note: Callable[[Event], None]) -> None:
    with suppress(CommandError):  # the controller has stopped, or nobody wants to know any more
        for event in events:
            note(event)


def _first(events: list[Event], path: str, value: str) -> int | None:
    for event in list(events):
        match event.data:
            case {"path": str(where), "entry": {"value": str(what)}} if (where, what) == (
                path,
                value,
            ):
                return event.at_ns
    return None


@contextmanager
def watching(players: Sequence[Player]) -> Iterator[Audience]:
    """An audience for as long as the block lasts."""
    audience = Audience(players)
    try:
        yield audience
    finally:
        audience.close()


def told(player: Player, path: str, **query: str | None) -> dict[str, object]:
    """What a controller answers."""
    return cast("dict[str, object]", player.client.get(path, **query))
