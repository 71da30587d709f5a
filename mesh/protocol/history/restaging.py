"""What was set aside and is still wanted: the same commands once more, on today's state.

Of what lies below a checkpoint the ground keeps the last requests for just this.
"""

from typing import Final

from mesh.protocol.catalogue import Catalogue
from mesh.protocol.history.line import Line
from mesh.protocol.history.outcomes import Standing
from mesh.wire.requests import Kind, Request, read_request

RULING: Final = (Kind.MERGE, Kind.CHECKPOINT)
"""Kinds that decide about others, and write no key."""


def set_aside(line: Line, catalogue: Catalogue, tx: bytes) -> Request | str:
    """The request ``tx``, which was set aside; or why there is nothing to restage."""
    step = line.first_of(tx)
    if step is None:
        below = set_aside_below(catalogue, tx)
        return f"no ChangeSet {tx.hex()} in the history" if below is None else below
    if step.outcome.standing is not Standing.SET_ASIDE:
        return f"{tx.hex()} is {step.outcome.standing}, there is nothing to restage"
    change_set = catalogue[step.number]
    if change_set.kind in RULING:
        return f"a {change_set.kind} is not restaged: propose a new one"
    return change_set.request


def set_aside_below(catalogue: Catalogue, tx: bytes) -> Request | None:
    """The request ``tx`` that was set aside below the ground, if that is kept."""
    kept = catalogue.ground.set_aside.get(tx)
    return None if kept is None else read_request(kept.request)
