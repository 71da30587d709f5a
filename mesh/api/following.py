"""From what the controller says of itself to events that clients read."""

from typing import assert_never

from mesh.api.handle import Desk
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


async def follow(desk: Desk) -> None:
    """Put everything that happens into the ring, until the controller stops."""
    async for change in desk.controller.subscribe():
        tell(desk, change)


def tell(desk: Desk, change: Told) -> None:
    """Put one change into the ring."""
    ring = desk.ring
    match change:
        case InformationChanged(paths):
            for path in paths:
                _tell_entry(desk, path)
        case ChangeProgressed(tx):
            ring.add("change", {"tx": tx.hex()})
        case ConfigurationSwapped(all_tx, at_ns, late, why):
            shown: list[Json] = [tx.hex() for tx in all_tx]
            ring.add("configuration", {"tx": shown, "at_ns": at_ns, "late": late, "why": why})
            for tx in all_tx:
                ring.add("change", {"tx": tx.hex()})
        case MemberChanged(controller, standing):
            told = {"id": controller.hex(), "fingerprint": fingerprint(controller)}
            ring.add("member", {**told, "standing": standing})
        case Noticed(level, event, text):
            ring.add("notice", {"level": level, "event": event, "text": text})
        case Renewed(why):
            ring.add("renewed", {"why": why})
        case Missed(count):
            ring.add("missed", {"count": count})
        case _:
            assert_never(change)


def _tell_entry(desk: Desk, path: Path) -> None:
    """One entry of running information, as it reads now; ``entry`` is null where it is gone."""
    match path:
        case (kind, _, tx) if kind == SWAP:
            desk.ring.add("change", {"tx": tx})
        case (kind, *_) if kind == PLACE:
            pass  # what waits for people is told as a change, by the replica itself
        case _:
            entry = views.entry(desk.replica, path)
            plain: Json = None if entry is None else views.plain(entry)
            parts: list[Json] = [*path]
            told: dict[str, Json] = {"path": views.spell_path(path), "parts": parts, "entry": plain}
            desk.ring.add("information", told)
