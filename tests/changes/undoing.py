"""What must come of undoing a ChangeSet: every key that it wrote reads as before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mesh.protocol.history import History
from mesh.wire.requests import Key
from tests.changes.fold import EFFECTIVE, Fold
from tests.changes.interpreter import NOTHING, Cell, Refused, State, demand_whole

_OBJECT: Final = ("kind", "name")
_KINDS_KEPT: Final = ("controller", "operator")
_SETTINGS_KEPT: Final = (("environment", "barrier"), ("environment", "approvals"))


@dataclass(frozen=True, slots=True)
class Undoing:
    """One ChangeSet, to be undone on one state."""

    former: Mapping[Key, Cell]
    """What must stand afterwards under every key that it wrote."""
    refusal: str | None
    """Why it must be refused; None: it may not be."""

    def missed(self, state: State) -> list[Key]:
        """The keys that read otherwise in ``state``."""
        return [key for key, cell in self.former.items() if not _alike(_at(state, key), cell)]


def undoing(fold: Fold, tx: bytes, *, force: bool) -> Undoing:
    """What it takes to undo ``tx``, which took effect in ``fold``, on its state."""
    judged = fold.txs[tx]
    assert judged.before is not None, "it is not what everything began with"
    written = [key for key, cell in judged.state.items() if cell.version == tx]
    left = {key: judged.state[key] for key in written}
    former = {key: _at(judged.before.state, key) for key in written}
    for key in written:
        if key[2:] == () and not _is_same(key, former[key], _at(fold.state, key)):
            mine = [each for each in fold.state if each[:2] == key]
            former |= {each: NOTHING for each in mine if each not in former}
    return Undoing(former, _refusal(fold.state, former, left, force=force))


def _refusal(
    state: State, former: Mapping[Key, Cell], left: Mapping[Key, Cell], *, force: bool
) -> str | None:
    moved = [key for key, cell in former.items() if not _alike(_at(state, key), cell)]
    if not moved:
        return "everything is as it was"
    overwritten = [key for key in moved if not _alike(_at(state, key), _at(left, key))]
    if overwritten and not force:
        return f"{overwritten[0]} was written since"
    target = {**state, **former}
    for key in moved:
        if len(key) > len(_OBJECT) and key[:2] not in former and not _at(state, key[:2]).present:
            return f"{key[:2]} is not there any more"
    try:
        demand_whole(target)
    except Refused as refused:
        return str(refused)
    return None


def _is_same(key: Key, former: Cell, now: Cell) -> bool:
    """Whether the object that stands there now is the one that comes back: only then it stays.

    Data is known by its name alone.
    """
    is_replaced = key[0] != "data" and now.present and now.value != former.value
    return former.present and not is_replaced


def _at(state: Mapping[Key, Cell], key: Key) -> Cell:
    return state.get(key, NOTHING)


def _alike(one: Cell, other: Cell) -> bool:
    return one.present == other.present and repr(one.value) == repr(other.value)


def undoable(fold: Fold, history: History) -> list[bytes]:
    """The tx of all that took effect in ``fold``, in order; roster, policy, consent stay.

    What ``history`` has summed up is undone by nobody.
    """
    return [
        tx
        for tx, judged in fold.txs.items()
        if history.entry(tx) is not None and _took_effect(judged, tx)
    ]


def _took_effect(judged: Fold, tx: bytes) -> bool:
    written = [key for key, cell in judged.state.items() if cell.version == tx]
    last = next(reversed(judged.outcomes.values()))
    kept = any(key[0] in _KINDS_KEPT or key in _SETTINGS_KEPT for key in written)
    return last == EFFECTIVE and bool(written) and not kept
