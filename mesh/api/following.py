"""From what the controller says of itself to events that clients read."""

from typing import Final, assert_never

from mesh.api.handle import Desk
from mesh.api.past import HistoryPast
from mesh.driver.subscriptions import Missed, Renewed
from mesh.protocol.effects import (
    ChangeProgressed,
    ConfigurationSwapped,
    InformationChanged,
    MemberChanged,
    Noticed,
)
from mesh.protocol.inputs import Path
from mesh.protocol.replica import views
from mesh.protocol.replica.noticeboard import PLACE
from mesh.protocol.replica.views import Json
from mesh.wire.identity import fingerprint

SWAP = "swap"
"""The kind of entries by which controllers tell when they swapped: (swap, controller, tx)."""

Told = (
    InformationChanged
    | ChangeProgressed
    | ConfigurationSwapped
    | MemberChanged
    | Noticed
    | Renewed
    | Missed
)


RECENT_MAX: Final = 1_024
"""ChangeSets remembered as told: one that was tried twice is applied twice, soon after."""


async def follow(desk: Desk) -> None:
    """Put everything that happens into the ring, until the controller stops."""
    changes = desk.controller.subscribe()
    follower = Follower(desk)
    async for change in changes:
        follower.tell(change)


class Follower:
    """Puts changes into the ring, and knows which ChangeSets have been told."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._past = HistoryPast(lambda: desk.replica)
        self._told: dict[str, None] = {}
        self._begin()

    def _begin(self) -> None:
        """A life begins with all that its history holds, which it does not tell."""
        self._told = dict.fromkeys(self._past.recent(RECENT_MAX))
        self._desk.ring.begin(self._past.here())

    def tell(self, change: Told) -> None:
        """Put one change into the ring."""
        ring = self._desk.ring
        match change:
            case InformationChanged(paths):
                for path in paths:
                    self._tell_entry(path)
            case ChangeProgressed(tx):
                ring.add("change", {"tx": tx.hex()})
            case ConfigurationSwapped():
                self._tell_swap(change)
            case MemberChanged(controller, standing):
                told = {"id": controller.hex(), "fingerprint": fingerprint(controller)}
                ring.add("member", {**told, "standing": standing})
            case Noticed(level, event, text):
                ring.add("notice", {"level": level, "event": event, "text": text})
            case Renewed(why):
                self._begin()
                ring.add("renewed", {"why": why})
            case Missed(count):
                self._begin()
                ring.add("missed", {"count": count})
            case _:
                assert_never(change)

    def _tell_swap(self, swap: ConfigurationSwapped) -> None:
        """The one event by which all of it counts as told is the last."""
        every = [tx.hex() for tx in swap.tx]
        for tx in every:
            self._desk.ring.add("change", {"tx": tx})
        told = [tx for tx in dict.fromkeys(every) if tx not in self._told]
        for tx in told:
            self._told[tx] = None
            if len(self._told) > RECENT_MAX:
                del self._told[next(iter(self._told))]
        shown: list[Json] = [*every]
        data: dict[str, Json] = {"tx": shown, "at_ns": swap.swapped_wall_ns}
        self._desk.ring.add("configuration", {**data, "late": swap.late, "why": swap.why}, told)

    def _tell_entry(self, path: Path) -> None:
        """One entry of running information as it reads now; ``entry`` is null where it is gone."""
        ring = self._desk.ring
        match path:
            case (kind, _, tx) if kind == SWAP:
                ring.add("change", {"tx": tx})
            case (kind, *_) if kind == PLACE:
                pass  # what waits for people is told as a change, by the replica itself
            case _:
                entry = views.entry(self._desk.replica, path)
                plain: Json = None if entry is None else views.plain(entry)
                parts: list[Json] = [*path]
                told: dict[str, Json] = {"path": views.spell_path(path), "parts": parts}
                ring.add("information", {**told, "entry": plain})
