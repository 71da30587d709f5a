"""Undoing everything, without doing it: what a revert of each log entry would write.

To carry each of them through the barrier would take minutes for one run. What a controller would
sign is asked for instead, done to a copy of the state by the second reading of the rules, and held
against what must come of it.
"""

from collections.abc import Iterator

from mesh.environment.resolve import Resolution
from mesh.protocol.history import History
from tests.changes.fold import Fold
from tests.changes.interpreter import Refused, State, demand_whole, run
from tests.changes.undoing import undoable, undoing

_NONCE = bytes(16)


def rehearse(history: History, fold: Fold) -> Iterator[tuple[str, str | None]]:
    """(which one, what is wrong with undoing it; None: nothing), by force and without."""
    for tx in undoable(fold, history):
        for force in (False, True):
            called = f"{tx.hex()[:8]}, reverted{' by force' if force else ''}"
            yield called, _wrong(history, fold, tx, force=force)


def _wrong(history: History, fold: Fold, tx: bytes, *, force: bool) -> str | None:
    wanted = undoing(fold, tx, force=force)
    resolution = history.revert(tx, _NONCE, force=force)
    if not isinstance(resolution, Resolution):
        return None if wanted.refusal else f"is refused: {'; '.join(resolution.errors)}"
    try:
        after = _after(fold.state, resolution, tx)
    except Refused as refused:  # the barrier says so, to whoever submits it
        return None if wanted.refusal else f"cannot be done: {refused}"
    if wanted.refusal:
        return f"is done, and must not be: {wanted.refusal}"
    missed = wanted.missed(after)
    return f"leaves {'/'.join(missed[0])} as it is" if missed else None


def _after(state: State, resolution: Resolution, tx: bytes) -> State:
    after = dict(state)
    for command in resolution.resolved:
        run(after, command, tx)
    demand_whole(after)
    return after
