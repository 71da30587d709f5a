"""Faults planted in merges and roster changes: B10 and B11."""

from typing import Final

from mesh.protocol.barrier import (
    answer,
    machine,
    merging,
    order,
    proposing,
    removed,
    roster_rules,
    shape,
)
from mesh.protocol.history import History, proofs
from tests.mutants.edit import both, edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/specification/barrier"
PROPOSE: Final = f"{_HERE}/test_b01_propose.py"
MERGE: Final = f"{_HERE}/test_b10_merge.py"
ROSTER: Final = f"{_HERE}/test_b11_roster.py"
VOTES: Final = "tests/specification/fold/test_votes.py"
EXAMPLES: Final = f"{_HERE}/test_worked_examples.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "barrier-B10-never": Mutant(
        edit(merging.merge_wanted, "return over", "return 0"),
        (
            f"{MERGE}::test_a_merge_covers_all_that_is_released",
            f"{MERGE}::test_a_merge_that_did_not_come_is_asked_for_again",
        ),
    ),
    "barrier-B10-own-history-only": Mutant(
        edit(merging.mergeable, "ids = at.knowledge.whole", "ids = at.judge.ids"),
        (f"{MERGE}::test_a_merge_covers_all_that_is_released",),
    ),
    "barrier-B10-also-the-joinable": Mutant(
        both(
            edit(merging.has_unmerged, "return any(", "return bool(foreign(at)) or any("),
            edit(
                machine.Barrier._next_action,
                "self._vote(now)\n",
                "self._vote(now) or self._merge(now)\n",
            ),
        ),
        (
            f"{MERGE}::test_no_merge_where_all_is_joinable",
            f"{EXAMPLES}::test_crash_before_sealing",
        ),
    ),
    "barrier-B10-despite-an-open-one": Mutant(
        edit(merging.merge_wanted, "is_covered(at, over) or ", ""),
        (f"{EXAMPLES}::test_a_partition_in_mid_merge",),
    ),
    "barrier-B10-refused-ones-count": Mutant(
        edit(merging.is_covered, " and not nay(at, number)", ""),
        (f"{MERGE}::test_an_open_merge_that_covers_all_is_waited_for",),
    ),
    "barrier-B10-all-at-once": Mutant(
        edit(merging.merge_delay_ns, "len(before)", "0 * len(before)"),
        (f"{MERGE}::test_members_wait_for_those_before_them",),
    ),
    "barrier-B10-waits-for-the-dead": Mutant(
        edit(merging.merge_delay_ns, "key in live and ", ""),
        (f"{MERGE}::test_members_wait_for_those_before_them",),
    ),
    "barrier-B10-asked-once": Mutant(
        edit(
            machine.Barrier._merge_due_ns,
            "return self._merge_asked_ns + self._at.timing.merge_retry_ns",
            "return None",
        ),
        (f"{MERGE}::test_a_merge_that_did_not_come_is_asked_for_again",),
    ),
    "barrier-B10-asked-without-end": Mutant(
        edit(machine.Barrier._merge_due_ns, "if self._merge_asked_ns is not None:", "if False:"),
        (f"{MERGE}::test_a_merge_that_did_not_come_is_asked_for_again",),
    ),
    "barrier-B10-hold-ignored": Mutant(
        edit(
            machine.Barrier._merge,
            "merge_wanted(self._at) if self.merges_by_itself else 0",
            "merge_wanted(self._at)",
        ),
        (f"{MERGE}::test_under_hold_nobody_proposes",),
    ),
    "barrier-B10-outsiders-merge": Mutant(
        both(
            edit(merging.merge_wanted, " or not is_member(at)", ""),
            edit(proposing.draft, "at.me not in participants or len", "len"),
            edit(
                proposing.those_who_take_part,
                "return tuple(sorted(who",
                "return tuple(sorted({at.me} | {who",
                ("remembers(at, who, policy)))", "remembers(at, who, policy)}))"),
            ),
        ),
        (
            f"{PROPOSE}::test_an_author_outside_the_roster_has_no_quorum",
            f"{MERGE}::test_who_is_outside_the_roster_only_joins",
        ),
    ),
    "barrier-B10-again-after-invalid": Mutant(
        edit(merging.is_futile, "no.why in FINAL_FOR_MERGES", "no.why in FINAL_FOR_MERGES[1:]"),
        (f"{MERGE}::test_no_second_merge_over_the_same",),
    ),
    "barrier-B10-again-after-any": Mutant(
        edit(merging.merge_wanted, " or is_futile(at, over)", ""),
        (f"{MERGE}::test_no_second_merge_over_the_same",),
    ),
    "barrier-B10-never-again": Mutant(
        edit(merging.is_futile, "if over & ~(at.ancestors(number) or 0):", "if False:"),
        (f"{MERGE}::test_no_second_merge_over_the_same",),
    ),
    "barrier-B10-stolen-comes-in": Mutant(
        edit(removed._stolen, "    return ids & ~let_in(at) if ids else 0", "    return 0"),
        (f"{MERGE}::test_what_only_removed_controllers_released_stays_outside",),
    ),
    "barrier-B10-stolen-by-way-of-another": Mutant(
        edit(
            removed._stolen,
            "at.knowledge.star(number)",
            "(at.knowledge.star(number) | at.knowledge.applied(number))",
        ),
        (f"{MERGE}::test_a_trusted_controller_that_joined_it_first_does_not_bring_it_in",),
    ),
    "barrier-B10-stolen-joins": Mutant(
        edit(order.joins, " and not is_kept_out(at, number)", ""),
        (f"{MERGE}::test_even_where_it_could_be_joined",),
    ),
    "barrier-B10-stolen-is-waited-for": Mutant(
        edit(answer.ancestors_lacking, " or is_kept_out(at, number)", ""),
        (f"{MERGE}::test_and_what_builds_on_it_has_diverged",),
    ),
    "barrier-B10-stolen-in-any-merge": Mutant(
        edit(
            answer.lets_in_unapproved,
            "    merge = case.change_set",
            "    return None\n    merge = case.change_set",
        ),
        (f"{MERGE}::test_a_merge_of_a_controller_that_lets_it_in_is_invalid",),
    ),
    "barrier-B10-whoever-is-named-lets-it-in": Mutant(
        edit(
            answer.lets_in_unapproved,
            "at.judge.has_operator(merge)",
            "merge.request.signer != merge.attempt.author.controller",
        ),
        (f"{MERGE}::test_an_operator_lets_it_in",),
    ),
    "barrier-B10-whoever-is-named-has-let-it-in": Mutant(
        edit(removed.let_in, "if at.judge.has_operator(at.change_set(number)):", "if True:"),
        (f"{MERGE}::test_who_is_no_operator_lets_nothing_in",),
    ),
    "fold-F14m-approvals-are-believed": Mutant(
        edit(
            proofs.approvers_of,
            "suite.verify(each.operator, signed, each.signature)",
            "True",
        ),
        (f"{VOTES}::test_who_stands_behind_a_merge",),
    ),
    "fold-F14m-signatures-are-believed": Mutant(
        edit(History.has_operator, "self._prepare(change_set).forgery is None", "True"),
        (f"{VOTES}::test_who_stands_behind_a_merge",),
    ),
    "fold-F14m-what-nobody-can-read-is-approved": Mutant(
        edit(History.has_operator, "change_set.flaw is not None", "False"),
        (f"{VOTES}::test_who_stands_behind_a_merge",),
    ),
    "fold-F14m-any-right-is-every-right": Mutant(
        edit(History._may_all, "ALL in holder.grants", "holder.may_write"),
        (f"{VOTES}::test_who_stands_behind_a_merge",),
    ),
    "barrier-B10-never-let-in": Mutant(
        edit(removed.let_in, "ids |= at.ancestors(number) or 0", "pass"),
        (f"{MERGE}::test_an_operator_lets_it_in",),
    ),
    "barrier-B10-operators-cannot-ask": Mutant(
        edit(merging.mergeable, "not by_operator and ", ""),
        (f"{MERGE}::test_an_operator_may_ask_for_it_here",),
    ),
    "barrier-B10-one-removed-is-enough": Mutant(
        edit(
            removed._stolen,
            "if not at.knowledge.star(number) & ~removed:",
            "if at.knowledge.star(number) & removed:",
        ),
        (f"{MERGE}::test_what_others_sealed_too_is_not_stolen",),
    ),
    "barrier-B10-p-of-the-merge-from-anc": Mutant(
        edit(proposing.those_who_take_part, "if intent.kind is Kind.MERGE:", "if False:"),
        (f"{MERGE}::test_the_quorum_of_a_merge_comes_from_the_union",),
    ),
    "barrier-B10-q-of-the-merge-from-anc": Mutant(
        edit(
            roster_rules.strictest_policy,
            "policies = (at.judge.policy(at.judge.ids), at.judge.policy(over))",
            "policies = (at.judge.policy(over),)",
        ),
        (f"{MERGE}::test_the_quorum_of_a_merge_comes_from_the_union",),
    ),
    "barrier-B11i-skipped": Mutant(
        edit(roster_rules.roster_moved, "if at.judge.ids", "if 0 & at.judge.ids"),
        (f"{ROSTER}::test_a_roster_change_that_the_author_had_not",),
    ),
    "barrier-B11i-merges-too": Mutant(
        edit(roster_rules.roster_verdict, "if case.change_set.kind is Kind.MERGE:", "if False:"),
        (
            f"{ROSTER}::test_merges_are_exempt",
            f"{ROSTER}::test_nothing_else_while_one_is_open",
        ),
    ),
    "barrier-B11i-below-is-in-the-way": Mutant(
        both(
            edit(roster_rules.underway, " & ~case.ancestors", ""),
            edit(
                roster_rules.roster_moved,
                "at.judge.ids & at.knowledge.roster_changes & ~case.ancestors",
                "at.knowledge.released & at.knowledge.roster_changes",
            ),
        ),
        (f"{ROSTER}::test_one_below_the_attempt_is_a_matter_of_b2f",),
    ),
    "barrier-B11ii-not-alone": Mutant(
        edit(
            roster_rules.roster_busy,
            "underway(at, case) | at.judge.ids & ~case.ancestors",
            "at.judge.ids & ~case.ancestors",
        ),
        (f"{ROSTER}::test_a_roster_change_goes_alone",),
    ),
    "barrier-B11ii-mine-not-counted": Mutant(
        edit(roster_rules.underway, "(open_ids(at) | (mine & ~case.ancestors))", "open_ids(at)"),
        (
            f"{ROSTER}::test_a_roster_change_waits_for_what_is_mine",
            f"{ROSTER}::test_nothing_else_while_one_is_unapplied",
        ),
    ),
    "barrier-B11ii-open-not-counted": Mutant(
        edit(roster_rules.underway, "open_ids(at) | ", ""),
        (
            f"{PROPOSE}::test_what_the_author_would_refuse_for_its_place_waits",
            f"{PROPOSE}::test_what_waits_makes_those_behind_it_wait",
        ),
    ),
    "barrier-B11ii-beside-h": Mutant(
        edit(roster_rules.roster_busy, " | at.judge.ids & ~case.ancestors", ""),
        (f"{ROSTER}::test_a_roster_change_is_made_on_top_of_all",),
    ),
    "barrier-B11iii-skipped": Mutant(
        edit(
            roster_rules.roster_in_the_way,
            "underway(at, case) & at.knowledge.roster_changes",
            "0",
        ),
        (
            f"{PROPOSE}::test_what_the_author_would_refuse_for_its_place_waits",
            f"{PROPOSE}::test_what_waits_too_long_is_given_up",
        ),
    ),
    "barrier-B11iv-several": Mutant(
        edit(shape._wrong_change_of_roster, "several and at.judge", "False and at.judge"),
        (f"{ROSTER}::test_under_majority_one_controller_at_a_time",),
    ),
    "barrier-B11iv-several-never": Mutant(
        edit(
            shape._wrong_change_of_roster,
            "several and at.judge.policy(case.ancestors) is Policy.MAJORITY",
            "several",
        ),
        (f"{ROSTER}::test_under_majority_one_controller_at_a_time",),
    ),
    "barrier-B11iv-new-roster-counts": Mutant(
        edit(
            roster_rules.required_quorum,
            "members = len(at.judge.roster(over))",
            "members = len(at.judge.roster(over)) - len(at.judge.roster_effect(request).removed)",
        ),
        (f"{ROSTER}::test_the_quorum_of_a_roster_change_counts_the_old_roster",),
    ),
    "barrier-B11iv-voters-do-not-count": Mutant(
        edit(
            shape.wrong_backing,
            "if attempt.quorum < _needed(at, case) else None",
            "if False else None",
        ),
        (f"{ROSTER}::test_a_stricter_policy_with_fewer_is_invalid",),
    ),
    "barrier-B11iv-outsiders-in-p": Mutant(
        both(
            edit(
                proposing.those_who_take_part,
                "for who in at.live if who.controller in roster",
                "for who in at.live",
            ),
            edit(
                shape.wrong_backing,
                "if any(who.controller not in roster for who in attempt.participants):",
                "if False:",
            ),
        ),
        (f"{ROSTER}::test_the_new_one_is_not_in_p_of_its_own_step",),
    ),
    "barrier-B11v-in-own-removal": Mutant(
        edit(proposing.those_who_take_part, "_ = roster.pop(key, None)", "pass"),
        (
            f"{ROSTER}::test_the_quorum_of_a_roster_change_counts_the_old_roster",
            f"{ROSTER}::test_who_is_removed_has_no_part_in_it",
        ),
    ),
    "barrier-B11v-voters-let-it-pass": Mutant(
        edit(shape._wrong_change_of_roster, "who.controller in effect.removed", "False"),
        (f"{ROSTER}::test_who_is_removed_has_no_part_in_it",),
    ),
    "barrier-B11vi-majority-is-enough": Mutant(
        edit(roster_rules.required_quorum, "if kind is not Kind.ROSTER:", "if True:"),
        (f"{ROSTER}::test_a_stricter_policy_needs_everybody",),
    ),
    "barrier-B11vi-policy-of-the-founding": Mutant(
        edit(
            roster_rules.required_quorum,
            "policy = at.judge.policy(over)",
            "policy = at.judge.policy(0)",
        ),
        (f"{ROSTER}::test_the_policy_is_part_of_the_roster",),
    ),
    "barrier-B11vi-merges-for-less": Mutant(
        edit(
            shape._wrong_roster_of_merge,
            'return "it asks for fewer than the policy does" if attempt.quorum < needed else None',
            "return None",
        ),
        (f"{ROSTER}::test_a_merge_may_not_ask_for_less_than_its_ancestors_do",),
    ),
    "barrier-B11vi-merges-exactly": Mutant(
        edit(
            shape._wrong_roster_of_merge,
            "if attempt.quorum < needed else None",
            "if attempt.quorum != needed else None",
        ),
        (f"{ROSTER}::test_a_merge_may_not_ask_for_less_than_its_ancestors_do",),
    ),
    "barrier-B11vi-anybody-merges": Mutant(
        edit(shape._wrong_roster_of_merge, "who.controller not in ever", "False"),
        (f"{ROSTER}::test_only_who_was_ever_active_takes_part_in_a_merge",),
    ),
}
