"""B10: when two histories have grown apart, one ChangeSet with both below it brings them together.

A merge is an ordinary ChangeSet with two parents. Any roster member may propose it; two at once do
no harm, the second changes nothing. Members wait for each other in the order of their ids, so that
usually there is one.
"""

from mesh.protocol.barrier.predicates import foreign, is_joinable, nay, severed
from mesh.protocol.barrier.removed import is_kept_out, kept_out
from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.catalogue import Ids, numbers
from mesh.wire.facts import NoReason

FINAL_FOR_MERGES = (NoReason.INVALID, NoReason.RIGHTS, NoReason.CONFLICT, NoReason.OPERATOR)
"""After one of these the same merge again would meet the same No."""


def unmerged(at: Standpoint) -> Ids:
    """Whole, neither applied nor mine nor joinable, and not kept out."""
    ids = 0
    for number in numbers(foreign(at) & at.knowledge.whole if severed(at) else 0):
        if not is_joinable(at, number) and not is_kept_out(at, number):
            ids |= 1 << number
    return ids


def mergeable(at: Standpoint, *, by_operator: bool = False) -> Ids:
    """What a merge made now covers: all that is released with its ancestors.

    What is kept out needs an operator.
    """
    ids = at.knowledge.whole
    if not by_operator and kept_out(at, ids):
        for number in numbers(ids & ~at.judge.ids):
            if is_kept_out(at, number):
                ids &= ~(1 << number)
    return ids


def has_unmerged(at: Standpoint) -> bool:
    """``unmerged`` is not empty: asked at every turn, so by way of what is severed itself."""
    return any(not is_kept_out(at, number) for number in numbers(severed(at) & at.knowledge.whole))


def merge_wanted(at: Standpoint) -> Ids:
    """B10: what the merge that m should propose covers; 0 where m should propose none."""
    if not has_unmerged(at) or not is_member(at):
        return 0
    over = mergeable(at)
    if is_covered(at, over) or is_futile(at, over):
        return 0
    return over


def is_member(at: Standpoint) -> bool:
    """B11iv: who is outside the roster only joins."""
    return at.me.controller in at.judge.roster(at.judge.ids)


def is_covered(at: Standpoint, over: Ids) -> bool:
    """An open merge, one that nobody said No to, covers all of ``over``."""
    for number in numbers(at.knowledge.merges & ~at.knowledge.released):
        covers = (at.ancestors(number) or 0) | 1 << number
        if not over & ~covers and not nay(at, number):
            return True
    return False


def is_futile(at: Standpoint, over: Ids) -> bool:
    """A merge over all of ``over`` met a No that the next one would meet too."""
    for number in numbers(at.knowledge.merges & ~at.knowledge.released):
        if over & ~(at.ancestors(number) or 0):
            continue
        if any(no.why in FINAL_FOR_MERGES for no in at.ballot(number).nos.values()):
            return True
    return False


def merge_delay_ns(at: Standpoint) -> int:
    """B10: how long m waits for the roster members before it that are alive to propose."""
    live = {who.controller for who in at.live}
    roster = at.judge.roster(at.judge.ids)
    before = [key for key in roster if key in live and key < at.me.controller]
    return min(len(before), at.timing.merge_steps_max) * at.timing.merge_step_ns
