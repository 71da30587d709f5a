"""Bugs in what is applied when, and in how histories that grew apart come together."""

from typing import Final

from mesh.protocol.barrier import merging, order, predicates
from mesh.protocol.history.history import History
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
