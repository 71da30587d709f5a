"""What was set aside: why, what stands where it would have written, and whether it came again."""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from mesh.protocol.ground import Aside
from mesh.protocol.history import LogEntry, Standing, Why
from mesh.protocol.replica.views.look import Look
from mesh.protocol.replica.views.names import spell_path
from mesh.protocol.replica.views.shapes import AgainView, SetAsideView
from mesh.wire.requests import Key, Request

_BELOW: Final = {
    Why.REFUSED: "whoever signed it was not allowed to do this",
    Why.MERGED: "a merge set it aside",
    Why.CHECKPOINT: "it came too late for the checkpoint before",
    Why.CONFLICT: "what it was made against had been changed",
    Why.FAILED: "it could not be carried out",
}
"""Why something had no effect, when no more of that is kept."""


def set_aside_of(look: Look, entry: LogEntry | None) -> SetAsideView | None:
    """Why ``entry`` is in the history without effect; None where it is not, or has one."""
    if entry is None or entry.outcome.standing is not Standing.SET_ASIDE:
        return None
    outcome = entry.outcome
    key, by = outcome.key, outcome.by
    if outcome.why is Why.MERGED:  # the merge only says so: what matters is what stands there
        key, by = _in_its_way(look, look.request(entry.tx))
    return SetAsideView(
        why=outcome.why.value if outcome.why is not None else "",
        detail=look.shortened(outcome.detail),
        key=spell_path(key) if key is not None else None,
        by=by.hex() if by is not None else None,
        by_name="" if by is None else _name(look, by),
        again=None,
    )


def set_aside_below(aside: Aside) -> SetAsideView:
    """The same of what lies below a checkpoint."""
    told = f"{_BELOW[Why(aside.why)]}; a checkpoint has summed it up since"
    return SetAsideView(why=aside.why, detail=told, key=None, by=None, by_name="", again=None)


def _in_its_way(look: Look, request: Request) -> tuple[Key | None, bytes | None]:
    """The first key that is not what it was made against, and who wrote that last."""
    state = look.inside.history.state
    for each in request.base:
        version = state.version(each.key)
        if version != each.version:
            return each.key, version
    return None, None


def _name(look: Look, tx: bytes) -> str:
    """What its author called it; empty where only its effect is kept."""
    return look.name(tx) if look.inside.barrier.attempts(tx) else ""


def staged_again(look: Look, aside: Iterable[bytes]) -> dict[bytes, AgainView]:
    """Those of ``aside`` whose commands stand in the history, or wait, as another ChangeSet.

    No request says that it is another one once more: it has the same name and commands.
    """
    sought: dict[str, list[bytes]] = {}
    for tx in aside:
        sought.setdefault(look.request(tx).name, []).append(tx)
    left = {tx: None for named in sought.values() for tx in named}
    found: dict[bytes, AgainView] = {}
    for other in chain(look.posted, look.outside_history(), look.from_the_end()):
        request = look.request(other)
        for tx in sought.get(request.name, ()):
            is_same = tx not in found and look.request(tx).written == request.written
            if is_same and _has_effect(look, other):
                found[tx] = AgainView(tx=other.hex(), id=look.short(other))
        _ = left.pop(other, None)
        if not left:  # what stands before the first of them in the order is not one again
            break
    return found


def _has_effect(look: Look, tx: bytes) -> bool:
    """Whether it stands in the history, or may still get there."""
    entry = look.inside.history.entry(tx)
    if entry is not None:
        return entry.outcome.standing is Standing.EFFECTIVE
    return tx not in look.set_aside_below and tx not in look.given_up
