"""B10: what only removed controllers released comes in through an operator, or not at all.

A removed controller still has its key. Alone with its old roster it could release backdated
ChangeSets for ever, and every merge would take them in. So what nobody else ever sealed is left
outside until an operator lets it in. Who is one the history says: into a merge of its own a removed
controller can put whichever key and approvals it likes.

The same holds for what is unbacked.
"""

from mesh.protocol.barrier.predicates import foreign
from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.barrier.unbacked import is_unbacked
from mesh.protocol.catalogue import Ids, numbers


def stolen(at: Standpoint) -> Ids:
    """What is foreign, and released by nobody but removed controllers; less what was let in."""
    return at.once("stolen", lambda: _stolen(at))


def _stolen(at: Standpoint) -> Ids:
    removed = at.removed()
    ids = 0
    for number in numbers(foreign(at)) if removed else ():
        if not at.knowledge.star(number) & ~removed:
            ids |= 1 << number
    return ids & ~let_in(at) if ids else 0


def let_in(at: Standpoint) -> Ids:
    """What released merges cover that have an operator behind them."""
    ids = 0
    for number in numbers(at.knowledge.merges & at.knowledge.released):
        if at.judge.has_operator(at.change_set(number)):
            ids |= at.ancestors(number) or 0
    return ids


def is_kept_out(at: Standpoint, number: int) -> bool:
    """It is stolen or unbacked, or was made on top of something that is."""
    return bool(kept_out(at, (at.ancestors(number) or 0) | 1 << number))


def kept_out(at: Standpoint, ids: Ids) -> Ids:
    """What in ``ids`` takes an operator to come in."""
    found = ids & stolen(at)
    unbacked = 0
    for number in numbers(ids & foreign(at) & ~found):
        if is_unbacked(at, number):
            unbacked |= 1 << number
    return found | unbacked & ~let_in(at) if unbacked else found
