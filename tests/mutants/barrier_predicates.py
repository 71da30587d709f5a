"""Faults planted in the predicates of the barrier."""

from typing import Final

from mesh.protocol.barrier import ballot, knowledge, lives, machine, order, predicates
from tests.mutants.edit import both, edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/specification/barrier"
PRED: Final = f"{_HERE}/test_predicates.py"
BOOT: Final = f"{_HERE}/test_b12_boot.py"
DRAFTS: Final = f"{_HERE}/test_broken_drafts.py"
EXAMPLES: Final = f"{_HERE}/test_worked_examples.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "barrier-P-no-later-seals-count": Mutant(
        edit(ballot.Ballot.seal, "seat is None or self.denied >> seat & 1 or", "seat is None or"),
        (f"{PRED}::test_at_most_one_no_and_nothing_after_it",),
    ),
    "barrier-P-complete-ignores-p": Mutant(
        edit(ballot.Ballot.seal, " or members & ~self.everybody", ""),
        (f"{PRED}::test_complete_sets_are_subsets_of_p",),
    ),
    "barrier-P-complete-any-set": Mutant(
        edit(
            ballot.Ballot._is_full, "not members & ~sealers", "sealers.bit_count() >= self.quorum"
        ),
        (f"{PRED}::test_complete_needs_the_identical_set_of_each_member",),
    ),
    "barrier-P-complete-without-q": Mutant(
        edit(ballot.Ballot._is_full, "members.bit_count() >= max(self.quorum, 1) and ", ""),
        (f"{PRED}::test_complete_needs_q_members",),
    ),
    "barrier-P-closed-without-proof": Mutant(
        both(
            edit(lives.Lives._boot, "previous is None or boot.proven is None", "previous is None"),
            edit(lives.Lives.closed, "self._held.get(incarnation, 0) in proven", "True"),
        ),
        (f"{BOOT}::test_an_unproven_boot_closes_nothing",),
    ),
    "barrier-P-closed-before-all-facts": Mutant(
        edit(lives.Lives.closed, "self._held.get(incarnation, 0) in proven", "True"),
        (
            f"{PRED}::test_a_fact_beyond_the_last_opens_it_again",
            f"{PRED}::test_closed_needs_all_facts_up_to_the_last",
        ),
    ),
    "barrier-P-closed-by-anybody": Mutant(
        edit(
            lives.Lives._boot,
            "previous.controller == origin.controller and previous < origin",
            "True",
        ),
        (f"{PRED}::test_only_a_later_life_of_the_same_controller_closes",),
    ),
    "barrier-P-closed-never": Mutant(
        edit(
            lives.Lives.closed,
            "proven is not None and self._held.get(incarnation, 0) in proven",
            "False",
        ),
        (f"{PRED}::test_closed_needs_a_proven_number",),
    ),
    "barrier-P-nay-forgets-no": Mutant(
        edit(ballot.Ballot._least_nay, "nay = self.denied", "nay = 0"),
        (f"{PRED}::test_who_said_no_is_in_nay",),
    ),
    "barrier-P-nay-forgets-the-closed": Mutant(
        edit(ballot.Ballot._least_nay, "grew = True\n    while", "grew = False\n    while"),
        (
            f"{BOOT}::test_a_proof_that_names_too_little_closes_nothing_that_is_known_to_go_on",
            f"{PRED}::test_closed_with_nothing_sealed_is_in_nay",
        ),
    ),
    "barrier-P-nay-any-set": Mutant(
        edit(
            ballot.Ballot._least_nay, "if all(members", "if not self.sets.get(seat) or any(members"
        ),
        (f"{PRED}::test_closed_whose_sets_all_meet_nay_is_in_nay",),
    ),
    "barrier-P-nay-greatest": Mutant(
        edit(ballot.Ballot._least_nay, "nay = self.denied", "nay = self.denied | closed"),
        (f"{PRED}::test_nay_is_the_least_such_set",),
    ),
    "barrier-P-released-without-proposal": Mutant(
        edit(
            knowledge.Knowledge._vote,
            "self._held.setdefault(vote.attempt, []).append((fact, vote))",
            "pass",
        ),
        (
            f"{DRAFTS}::test_draft_6_released_without_its_proposal",
            f"{PRED}::test_released_needs_the_proposal",
        ),
    ),
    "barrier-P-star-first-set-only": Mutant(
        edit(
            knowledge.Knowledge.star,
            "for members in ballot.complete:",
            "for members in ballot.complete[:1]:",
        ),
        (f"{PRED}::test_star_is_the_controllers_of_all_complete_sets",),
    ),
    "barrier-P-dead-counts-nay": Mutant(
        edit(predicates.is_dead, "~nay(at, number) & ", ""),
        (
            f"{DRAFTS}::test_draft_1_sets_that_only_shrink",
            f"{PRED}::test_dead_when_too_few_can_still_seal",
        ),
    ),
    "barrier-P-dead-counts-closed": Mutant(
        edit(predicates.is_dead, " & ~closed)", ")"),
        (f"{PRED}::test_dead_where_the_closed_disagree",),
    ),
    "barrier-P-dead-ignores-feasible": Mutant(
        edit(predicates.is_dead, "    return not any(", "    return True or not any("),
        (f"{PRED}::test_not_dead_while_a_closed_one_sealed_a_feasible_set",),
    ),
    "barrier-P-feasible-without-q": Mutant(
        edit(predicates.is_feasible, "members.bit_count() < ballot.quorum or ", ""),
        (f"{PRED}::test_feasible_needs_q_no_nay_and_agreement_of_the_closed",),
    ),
    "barrier-P-feasible-with-nay": Mutant(
        edit(predicates.is_feasible, " or members & nay(at, number)", ""),
        (f"{PRED}::test_feasible_needs_q_no_nay_and_agreement_of_the_closed",),
    ),
    "barrier-P-feasible-without-agreement": Mutant(
        edit(
            predicates.is_feasible,
            "return not members & at.closed(number) & ~sealers",
            "return True",
        ),
        (f"{PRED}::test_dead_where_the_closed_disagree",),
    ),
    "barrier-P-mine-star-only": Mutant(
        edit(
            predicates.is_mine,
            "return bool(own & at.ballot(number).sealed & ~nay(at, number))",
            "return False",
        ),
        (
            f"{BOOT}::test_the_old_seals_still_bind",
            f"{PRED}::test_mine_is_what_a_life_of_mine_sealed_and_others_released",
            f"{EXAMPLES}::test_crash_after_sealing",
        ),
    ),
    "barrier-P-mine-never": Mutant(
        edit(predicates.is_mine, "if not own or not is_released(at, number):", "if True:"),
        (f"{PRED}::test_mine_is_what_a_complete_set_has_me_in",),
    ),
    "barrier-P-mine-despite-nay": Mutant(
        edit(predicates.is_mine, " & ~nay(at, number)", ""),
        (f"{PRED}::test_not_mine_once_my_life_is_in_nay",),
    ),
    "barrier-P-bound-without-stars-above": Mutant(
        edit(
            knowledge.Knowledge._credit,
            "pending.extend(parent for parent in found if parent is not None)",
            "pass",
        ),
        (
            f"{PRED}::test_bound_counts_stars_stars_above_and_who_applied",
            f"{EXAMPLES}::test_two_merges_at_once",
        ),
    ),
    "barrier-P-bound-without-applied": Mutant(
        edit(predicates.bound, " | at.knowledge.applied(number)", ""),
        (f"{PRED}::test_joinable_where_somebody_has_both",),
    ),
    "barrier-P-bound-by-order-of-arrival": Mutant(
        edit(knowledge.Knowledge._admit, "self._credit(number, self.below(child))", "pass"),
        (f"{PRED}::test_bound_does_not_depend_on_the_order_of_arrival",),
    ),
    "barrier-P-open-with-no": Mutant(
        edit(predicates.open_ids, " & ~at.denied", ""),
        (f"{PRED}::test_open_is_what_this_life_sealed_and_nobody_released",),
    ),
    "barrier-P-open-with-released": Mutant(
        edit(predicates.open_ids, " & ~at.knowledge.released", ""),
        (f"{PRED}::test_open_is_what_this_life_sealed_and_nobody_released",),
    ),
    "barrier-P-open-by-any-life": Mutant(
        edit(
            machine.Barrier.learn,
            "if fact.origin == at.me and isinstance(fact.body, Seal)",
            "if fact.origin.controller == at.me.controller and isinstance(fact.body, Seal)",
        ),
        (f"{PRED}::test_open_forgets_what_an_ended_life_sealed",),
    ),
    "barrier-P-base-without-open": Mutant(
        edit(predicates.base, "ids |= at.ancestors(number) or 0", "pass"),
        (f"{PRED}::test_base_is_h_and_what_lies_below_the_open",),
    ),
    "barrier-P-base-with-the-open": Mutant(
        edit(
            predicates.base,
            "ids |= at.ancestors(number) or 0",
            "ids |= (at.ancestors(number) or 0) | 1 << number",
        ),
        (f"{PRED}::test_base_is_h_and_what_lies_below_the_open",),
    ),
    "barrier-P-joinable-always": Mutant(
        edit(
            predicates.is_joinable,
            "return not ((at.ancestors(number) or 0) | 1 << number) & severed(at)",
            "return True",
        ),
        (
            f"{PRED}::test_joinable_looks_at_what_lies_below_too",
            f"{PRED}::test_joinable_where_somebody_has_both",
        ),
    ),
    "barrier-P-joinable-never": Mutant(
        edit(
            predicates.is_joinable,
            "return not ((at.ancestors(number) or 0) | 1 << number) & severed(at)",
            "return False",
        ),
        (
            f"{PRED}::test_joinable_looks_at_what_lies_below_too",
            f"{PRED}::test_joinable_needs_all_ancestors_released",
        ),
    ),
    "barrier-P-joinable-itself-only": Mutant(
        edit(
            predicates.is_joinable,
            "((at.ancestors(number) or 0) | 1 << number) & severed(at)",
            "(1 << number) & severed(at)",
        ),
        (f"{PRED}::test_joinable_looks_at_what_lies_below_too",),
    ),
    "barrier-P-joinable-with-gaps": Mutant(
        both(
            edit(predicates.is_joinable, "if not at.knowledge.whole >> number & 1:", "if False:"),
            edit(
                order.may_apply,
                "if not at.knowledge.whole >> number & 1:",
                "if not at.knowledge.released >> number & 1:",
            ),
        ),
        (f"{PRED}::test_joinable_needs_all_ancestors_released",),
    ),
    "barrier-P-joinable-despite-mine": Mutant(
        edit(predicates._foreign, "if is_mine(at, number):", "if False:"),
        (f"{PRED}::test_joinable_passes_over_what_is_mine",),
    ),
}
