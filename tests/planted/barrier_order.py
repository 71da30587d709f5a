"""Bugs in what is applied when, and in how histories that grew apart come together."""

from typing import Final

from mesh.protocol.barrier import merging, order, predicates, unbacked
from mesh.protocol.history.history import History
from mesh.protocol.history.rulings import Rulings
from mesh.protocol.replica.company import Company
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "applied_before_earlier_ones_are_settled": Bug.of(
        "What is released is applied at once, though earlier ones may still come",
        GENERATED,
        Change(order.next_to_apply, "for other in pending[:place]", "for other in pending[:0]"),
    ),
    "joined_instead_of_merged": Bug.of(
        "What another side released is taken over without a merge",
        "office_wan_cut",
        Change(predicates._meets_all, "    return not rest\n", "    return True\n"),
    ),
    "merge_covers_the_own_side_only": Bug.of(
        "A merge is made over what its author has applied, and forgets the other side",
        "office_wan_cut",
        Change(merging.mergeable, "ids = at.knowledge.whole\n", "ids = at.judge.ids\n"),
    ),
    "a_quorum_is_believed": Bug.of(
        "How many must seal is read off the ChangeSet, and nobody looks whether that is enough",
        "a_member_asks_only_itself",
        Change(
            unbacked.names_too_few,
            "    found = _may_take_several(at, case) and wrong_backing(at, case) is not None\n",
            "    found = False\n",
        ),
    ),
    "a_merge_is_believed": Bug.of(
        "What a controller's merge sets aside is set aside, in dispute or not",
        "a_member_merges_alone",
        Change(Rulings._judge, "not has_every_right(prepared, footing.rights)", "False"),
    ),
    "stale_view": Bug.of(
        "The barrier is told of a new view only when somebody comes, not when somebody goes",
        "lone_survivor",
        Change(
            Company.outcome,
            "if outcome.changes:",
            "if any(change.what is What.ALIVE for change in outcome.changes):",
        ),
    ),
    "later_ones_count_as_conflicts": Bug.of(
        "Of two that conflict each is refused for the sake of the other",
        "two_people_at_once",
        Change(History._earlier, "return over & ~later", "return over"),
    ),
}
