"""Bugs in what is applied when, and in how histories that grew apart come together."""

from typing import Final

from mesh.protocol.barrier import answer, merging, order, predicates
from mesh.protocol.barrier.agenda import Agenda
from mesh.protocol.barrier.machine import Barrier
from mesh.protocol.barrier.queue import Queue
from mesh.protocol.history.history import History
from mesh.protocol.replica.company import Company
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "applied_before_earlier_ones_are_settled": Bug.of(
        "What is released is applied at once, though earlier ones may still come",
        GENERATED,
        Change(order.next_to_apply, "for other in pending[:place]", "for other in pending[:0]"),
    ),
    "applied_without_what_lies_below": Bug.of(
        "A released ChangeSet is applied though one that it builds on is not released",
        GENERATED,
        Change(order.may_apply, "at.knowledge.whole >>", "at.knowledge.released >>"),
    ),
    "late_comers_pass_the_frontier": Bug.of(
        "What is older than the latest that is applied here is sealed nevertheless",
        GENERATED,
        Change(answer.below_frontier, "if frontier is not None and", "if False and"),
    ),
    "skipped_without_a_record": Bug.of(
        "Who passes over a ChangeSet that cannot be decided does not write that down",
        GENERATED,
        Change(Barrier._apply, "if step.passed_over:", "if False:"),
    ),
    "never_skipped": Bug.of(
        "Who cannot be reached is waited for without a limit before later ones are applied",
        GENERATED,
        Change(order.is_skippable, "due_ns is not None and now_ns >= due_ns", "False"),
    ),
    "refused_merge_is_never_tried_again": Bug.of(
        "After any No to a merge, nobody proposes another one",
        GENERATED,
        Change(merging.is_futile, "no.why in FINAL_FOR_MERGES", "no is not None"),
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
    "settled_for_good": Bug.of(
        "What left the agenda is not looked at again when a life ends",
        GENERATED,
        Change(Agenda.review, "if self._lives_version != at.knowledge.lives.version:", "if False:"),
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
    "proposed_again_after_it_went_through": Bug.of(
        "The author does not notice that one of its attempts was released, and makes another one",
        GENERATED,
        Change(Queue._is_finished, "& self._at.knowledge.released:", "& 0:"),
        Change(answer.already_done, "& at.knowledge.released", "& 0"),
    ),
}
