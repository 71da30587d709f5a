"""Faults planted in proposing and in voting: B1 to B4."""

from typing import Final

from mesh.protocol import catalogue
from mesh.protocol.barrier import (
    agenda,
    answer,
    ballot,
    machine,
    proposing,
    queue,
    reseal,
    shape,
    standpoint,
    verdict,
)
from tests.mutants.edit import both, edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/specification/barrier"
PROPOSE: Final = f"{_HERE}/test_b01_propose.py"
ANSWER: Final = f"{_HERE}/test_b02_first_answer.py"
SEALED: Final = f"{_HERE}/test_b03_after_sealing.py"
ORDER: Final = f"{_HERE}/test_b06_order.py"
AGAIN: Final = f"{_HERE}/test_b08_repropose.py"
ROSTER: Final = f"{_HERE}/test_b11_roster.py"
BOOT: Final = f"{_HERE}/test_b12_boot.py"
DRAFTS: Final = f"{_HERE}/test_broken_drafts.py"
EXAMPLES: Final = f"{_HERE}/test_worked_examples.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "barrier-B1-outside-p": Mutant(
        both(
            edit(proposing.draft, "at.me not in participants or len", "len"),
            edit(shape._wrong_participants, "attempt.author not in attempt.participants", "False"),
        ),
        (f"{ROSTER}::test_who_leaves_has_another_propose_it",),
    ),
    "barrier-B1-without-q": Mutant(
        edit(proposing.draft, " or len(participants) < needed", ""),
        (f"{PROPOSE}::test_no_quorum_is_answered_at_once_and_without_a_fact",),
    ),
    "barrier-B1-never-queued": Mutant(
        edit(queue.Queue._try, "if place_in_history(self._at, case) is not None:", "if False:"),
        (f"{PROPOSE}::test_what_the_author_would_refuse_for_its_place_waits",),
    ),
    "barrier-B1-overtaken": Mutant(
        edit(queue.Queue.next, "held_up = outcome is None", "pass"),
        (f"{PROPOSE}::test_what_waits_makes_those_behind_it_wait",),
    ),
    "barrier-B1-waits-for-ever": Mutant(
        both(
            edit(queue.Queue.next, "elif now_ns >= entry.patience_ends_ns:", "elif False:"),
            edit(queue.Queue.deadlines, "yield entry.patience_ends_ns", "pass"),
        ),
        (f"{PROPOSE}::test_what_waits_too_long_is_given_up",),
    ),
    "barrier-B1-proposes-what-is-wrong": Mutant(
        both(
            edit(machine.Barrier.submit, "if refusal is not None:", "if False:"),
            edit(queue.Queue._try, "if refusal is not None:", "if False:"),
        ),
        (f"{PROPOSE}::test_what_the_author_finds_wrong_is_refused_at_submit",),
    ),
    "barrier-B1-twice": Mutant(
        edit(
            machine.Barrier._already_known,
            "if tx in self._queue:",
            "if False:",
            (
                "if at.knowledge.released >> number & 1 or not is_abandoned(at, number):",
                "if False:",
            ),
        ),
        (f"{PROPOSE}::test_a_tx_that_is_on_its_way_is_not_proposed_twice",),
    ),
    "barrier-B1-parents-forgotten": Mutant(
        edit(proposing.draft, "catalogue.heads(over)", "catalogue.heads(0)"),
        (
            f"{EXAMPLES}::test_alone_it_is_released_and_merged",
            f"{EXAMPLES}::test_partition_and_merge",
        ),
    ),
    "barrier-B1-p-without-view": Mutant(
        edit(
            proposing.those_who_take_part,
            "for who in at.live if",
            "for who in [Incarnation(k, 1, bytes([1]) * 8) for k in roster] if",
        ),
        (f"{PROPOSE}::test_an_attempt_names_h_p_and_q",),
    ),
    "barrier-B2-anybody": Mutant(
        both(
            edit(
                agenda.is_answer_due,
                "return at.ballot(number).seat(at.me) is not None",
                "return True",
            ),
            edit(
                answer.seal_with_the_living,
                'assert seat is not None, "only a participant answers"',
                "seat = seat or 0",
            ),
        ),
        (
            f"{ANSWER}::test_nobody_answers_who_does_not_take_part",
            f"{DRAFTS}::test_draft_8_amnesia",
        ),
    ),
    "barrier-B2a-skipped": Mutant(
        edit(answer.known_naysayer, "if naysayers:", "if False:"),
        (
            f"{ANSWER}::test_a_known_naysayer_is_joined",
            f"{ANSWER}::test_nothing_is_said_after_no",
            f"{DRAFTS}::test_draft_3_a_first_answer_that_ignores_a_known_no",
        ),
    ),
    "barrier-B2b-skipped": Mutant(
        edit(answer.already_done, "if went_through", "if 0 & went_through"),
        (
            f"{ANSWER}::test_a_request_that_went_through_is_done",
            f"{DRAFTS}::test_draft_9_two_reproposers",
        ),
    ),
    "barrier-B2ab-swapped": Mutant(
        edit(
            answer.undelayed_answer,
            "known_naysayer(at, number) or already_done(at, number)",
            "already_done(at, number) or known_naysayer(at, number)",
        ),
        (f"{ANSWER}::test_a_naysayer_comes_before_done",),
    ),
    "barrier-B2c-skipped": Mutant(
        edit(answer.place_in_history, "roster_verdict(at, case)\n        or ", ""),
        (f"{ANSWER}::test_a_roster_change_is_in_the_way",),
    ),
    "barrier-B2cd-swapped": Mutant(
        edit(
            answer.place_in_history,
            "roster_verdict(at, case)\n        or below_frontier(at, case)",
            "below_frontier(at, case)\n        or roster_verdict(at, case)",
        ),
        (f"{ANSWER}::test_a_roster_change_is_in_the_way",),
    ),
    "barrier-B2d-skipped": Mutant(
        edit(
            answer.below_frontier, "frontier is not None and", "False and frontier is not None and"
        ),
        (f"{ANSWER}::test_below_the_frontier_is_behind",),
    ),
    "barrier-B2e-skipped": Mutant(
        edit(answer.author_lacks_some, "if not bound(at, number) & author:", "if False:"),
        (
            f"{ANSWER}::test_an_author_that_lacks_some_of_my_base_is_behind",
            f"{ANSWER}::test_what_lies_below_an_open_one_belongs_to_base",
        ),
    ),
    "barrier-B2e-always": Mutant(
        edit(answer.author_lacks_some, "if not bound(at, number) & author:", "if True:"),
        (
            f"{ANSWER}::test_an_author_that_lacks_some_of_my_base_is_behind",
            f"{ANSWER}::test_ancestors_that_are_never_joined_are_refused",
        ),
    ),
    "barrier-B2f-facts-not-waited-for": Mutant(
        edit(answer.ancestors_lacking, "if lacking & ~at.knowledge.released:", "if False:"),
        (
            f"{ANSWER}::test_a_merge_may_have_anything_released_below_it",
            f"{ANSWER}::test_unreleased_ancestors_are_waited_for",
        ),
    ),
    "barrier-B2f-unknown-not-waited-for": Mutant(
        edit(answer.undelayed_answer, "return Waiting.FACTS", "return Deny(NoReason.DIVERGED)"),
        (f"{ANSWER}::test_unknown_ancestors_are_waited_for",),
    ),
    "barrier-B2f-mine-refused": Mutant(
        edit(answer.ancestors_lacking, "if is_mine(at, number):", "if False:"),
        (
            f"{ANSWER}::test_a_wrong_envelope_is_invalid",
            f"{ANSWER}::test_ancestors_that_are_mine_do_not_hold_up",
        ),
    ),
    "barrier-B2f-join-not-waited-for": Mutant(
        edit(answer.ancestors_lacking, "waiting = Waiting.JOIN", "pass"),
        (f"{ANSWER}::test_ancestors_that_will_be_joined_are_waited_for",),
    ),
    "barrier-B2f-join-refused": Mutant(
        edit(
            answer.ancestors_lacking,
            "if not is_joinable(at, number) or is_kept_out(at, number):",
            "if True:",
        ),
        (f"{ANSWER}::test_ancestors_that_will_be_joined_are_waited_for",),
    ),
    "barrier-B2f-diverged-waits": Mutant(
        edit(
            answer.ancestors_lacking,
            'return Deny(NoReason.DIVERGED, "it builds on what was changed elsewhere meanwhile")',
            "waiting = Waiting.JOIN",
        ),
        (f"{ANSWER}::test_ancestors_that_are_never_joined_are_refused",),
    ),
    "barrier-B2f-merge-refused": Mutant(
        edit(answer.ancestors_lacking, "if case.change_set.kind is Kind.MERGE:", "if False:"),
        (f"{ANSWER}::test_a_merge_may_have_anything_released_below_it",),
    ),
    "barrier-B2g-objection-ignored": Mutant(
        edit(
            answer.unacceptable,
            "if objection is not None and objection.why is not NoReason.CONFLICT:",
            "if False:",
            ("(None if objection is None else Deny.of(objection))", "None"),
        ),
        (
            f"{ANSWER}::test_a_base_that_was_written_since_is_in_conflict",
            f"{ANSWER}::test_of_two_conflicting_at_once_the_later_one_falls",
            f"{ANSWER}::test_what_is_wrong_or_not_understood_is_refused",
        ),
    ),
    "barrier-B2g-conflict-ignored": Mutant(
        edit(answer.unacceptable, "(None if objection is None else Deny.of(objection))", "None"),
        (f"{ANSWER}::test_a_base_that_was_written_since_is_in_conflict",),
    ),
    "barrier-B2g-key-not-told": Mutant(
        edit(
            verdict.Deny.of,
            "return cls(objection.why, objection.detail, objection.key)",
            "return cls(objection.why, objection.detail)",
        ),
        (f"{ANSWER}::test_a_base_that_was_written_since_is_in_conflict",),
    ),
    "barrier-B2g-operator-ignored": Mutant(
        edit(answer.refused_by_operator, "if case.change_set.tx in at.refused:", "if False:"),
        (f"{EXAMPLES}::test_refusal_after_an_adoption",),
    ),
    "barrier-B2g-operator-too-late": Mutant(
        edit(machine.Barrier.refuse, "if not silent:", "if False:"),
        (f"{ANSWER}::test_the_operator_refuses",),
    ),
    "barrier-B2g-ended-ignored": Mutant(
        edit(answer.author_ended, "if at.knowledge.lives.ended(case.author):", "if False:"),
        (f"{ANSWER}::test_an_author_that_ended_is_refused",),
    ),
    "barrier-B2g-open-not-counted": Mutant(
        edit(answer.base_for_conflicts, " | open_ids(at)", ""),
        (f"{ANSWER}::test_of_two_conflicting_at_once_the_later_one_falls",),
    ),
    "barrier-B2g-envelope-unread": Mutant(
        edit(shape.fault, "    return (", "    return None\n    return ("),
        (f"{ANSWER}::test_a_wrong_envelope_is_invalid",),
    ),
    "barrier-B2g-unread-is-unknown": Mutant(
        edit(catalogue._read, "except cbor.Undecodable", "except KeyError"),
        (f"{ANSWER}::test_a_request_that_cannot_be_read_is_answered",),
    ),
    "barrier-B2g-unread-is-waited-for": Mutant(
        edit(answer.first_answer, "and flaw is not None", "and False"),
        (f"{ANSWER}::test_what_cannot_be_read_is_not_waited_for",),
    ),
    "barrier-B2h-all-of-p": Mutant(
        edit(answer.seal_with_the_living, "return Bind(living)", "return Bind(ballot.everybody)"),
        (f"{ANSWER}::test_seal_with_exactly_those_seen_alive",),
    ),
    "barrier-B2h-ended-lives": Mutant(
        edit(
            standpoint.Standpoint.alive,
            "who in self._live and not lives.ended(who)",
            "who in self._live",
        ),
        (
            f"{ANSWER}::test_ended_lives_are_not_alive",
            f"{BOOT}::test_others_drop_older_lives_from_their_view",
        ),
    ),
    "barrier-B2h-without-q": Mutant(
        edit(answer.seal_with_the_living, " and living.bit_count() >= ballot.quorum", ""),
        (f"{ANSWER}::test_fewer_than_q_alive_is_waited_for",),
    ),
    "barrier-B2i-no-patience": Mutant(
        edit(
            answer.is_out_of_patience,
            "return now_ns >= patience_ends_ns(at, number)",
            "return False",
        ),
        (f"{ANSWER}::test_patience_ends_the_waiting",),
    ),
    "barrier-B2i-patience-forbids": Mutant(
        edit(answer.first_answer, "isinstance(verdict, Waiting) and ", ""),
        (f"{ANSWER}::test_patience_over_does_not_forbid_a_seal",),
    ),
    "barrier-B2i-patience-after-seal": Mutant(
        edit(
            reseal.after_seal,
            "return withdraw",
            (
                "patience_ns = at.change_set(number).request.patience_ns\n"
                "    if now_ns >= at.held_since_ns[number] + patience_ns:\n"
                "        return Deny(NoReason.PATIENCE)\n"
                "    return withdraw"
            ),
        ),
        (f"{ANSWER}::test_patience_has_no_effect_after_sealing",),
    ),
    "barrier-B2i-patience-from-the-epoch": Mutant(
        edit(answer.patience_ends_ns, "at.held_since_ns[number] + ", ""),
        (f"{ANSWER}::test_patience_ends_the_waiting",),
    ),
    "barrier-B3a-latest-set-only": Mutant(
        edit(reseal.withdraw, "in sets_of_mine(at, number))", "in sets_of_mine(at, number)[-1:])"),
        (
            f"{SEALED}::test_no_withdrawal_while_one_set_is_clean",
            f"{DRAFTS}::test_draft_2_a_no_judged_by_the_latest_set",
        ),
    ),
    "barrier-B3a-any-set": Mutant(
        edit(reseal.withdraw, "if all(", "if any("),
        (f"{SEALED}::test_no_withdrawal_while_one_set_is_clean",),
    ),
    "barrier-B3a-never": Mutant(
        edit(reseal.withdraw, "if all(", "if False and all("),
        (
            f"{SEALED}::test_an_uncertain_end_is_no_no",
            f"{SEALED}::test_withdraw_when_every_set_meets_nay",
        ),
    ),
    "barrier-B3b-never": Mutant(
        edit(reseal.adopt, "if not fitting:", "if True:"),
        (f"{SEALED}::test_adopt_the_set_that_all_others_sealed",),
    ),
    "barrier-B3b-with-nay": Mutant(
        edit(reseal.adopt, "        and not members & naysayers\n", ""),
        (f"{SEALED}::test_no_set_that_meets_nay_is_adopted",),
    ),
    "barrier-B3b-without-q": Mutant(
        edit(reseal.adopt, "        and members.bit_count() >= ballot.quorum\n", ""),
        (f"{SEALED}::test_no_set_below_q_is_adopted",),
    ),
    "barrier-B3b-after-reseal": Mutant(
        edit(
            reseal.after_seal,
            "adopt(at, number) or reseal(at, number, now_ns)",
            "reseal(at, number, now_ns) or adopt(at, number)",
        ),
        (f"{SEALED}::test_adopt_goes_before_a_reseal",),
    ),
    "barrier-B3c-never": Mutant(
        edit(reseal.reseal, "    return Bind(members)", "    return None"),
        (
            f"{SEALED}::test_reseal_with_those_who_are_left",
            f"{DRAFTS}::test_draft_11_votes_counted_against_the_live_set",
        ),
    ),
    "barrier-B3c-only-shrinks": Mutant(
        edit(
            reseal.next_set,
            "return None if members in sets_of_mine(at, number) else members",
            (
                "last = sets_of_mine(at, number)[-1]\n"
                "    return None if members & ~last or members == last else members"
            ),
        ),
        (
            f"{SEALED}::test_a_set_may_grow_again",
            f"{DRAFTS}::test_draft_1_sets_grow_again",
        ),
    ),
    "barrier-B3c-same-set-twice": Mutant(
        both(
            edit(
                reseal.next_set,
                "return None if members in sets_of_mine(at, number) else members",
                "return None if members == sets_of_mine(at, number)[-1] else members",
            ),
            edit(ballot.Ballot.seal, "    if members in said:\n        return False\n", ""),
        ),
        (f"{SEALED}::test_never_the_same_set_twice",),
    ),
    "barrier-B3c-with-nay": Mutant(
        edit(reseal.seen, "at.alive(number) & ~nay(at, number)", "at.alive(number)"),
        (
            f"{SEALED}::test_never_a_set_that_meets_nay",
            f"{EXAMPLES}::test_refusal_after_a_false_suspicion",
        ),
    ),
    "barrier-B3c-without-q": Mutant(
        edit(reseal.next_set, " or members.bit_count() < ballot.quorum", ""),
        (f"{SEALED}::test_reseal_needs_q",),
    ),
    "barrier-B3c-undamped": Mutant(
        edit(reseal.reseal, " or now_ns < due_ns", ""),
        (f"{SEALED}::test_reseals_are_damped",),
    ),
    "barrier-B3c-no-doubling": Mutant(
        edit(reseal.reseal_due_ns, " << doublings", ""),
        (f"{SEALED}::test_reseals_are_damped",),
    ),
    "barrier-B3c-stalls-for-ever": Mutant(
        edit(reseal.next_set, "many or is_stalled(at, number)", "many"),
        (f"{SEALED}::test_where_all_wait_for_what_only_they_see_the_others_are_believed",),
    ),
    "barrier-B3c-believes-at-once": Mutant(
        edit(reseal.reseal_due_ns, "since_ns + at.timing.stall_ns", "since_ns"),
        (f"{SEALED}::test_where_all_wait_for_what_only_they_see_the_others_are_believed",),
    ),
    "barrier-B3c-leaves-out-the-silent": Mutant(
        edit(
            reseal._agreed_with_others,
            "ballot.last.get(seat, members)",
            "ballot.last.get(seat, members & ~(1 << seat))",
        ),
        (f"{SEALED}::test_who_merely_waits_for_a_silent_one_goes_on_waiting",),
    ),
    "barrier-B3c-no-fallback": Mutant(
        edit(
            reseal.next_set,
            "len(sets_of_mine(at, number)) > at.timing.reseals_before_fallback",
            "False",
        ),
        (f"{SEALED}::test_where_sight_is_not_transitive_the_sets_of_others_are_believed",),
    ),
    "barrier-B4-speaks-after-no": Mutant(
        edit(agenda.is_answer_due, "at.denied >> number & 1 or ", ""),
        (f"{AGAIN}::test_nobody_else_does_it_by_itself",),
    ),
    "barrier-B4-speaks-after-release": Mutant(
        both(
            edit(agenda.is_answer_due, " or is_released(at, number)", ""),
            edit(agenda.Agenda.undecided, "if not released >> number & 1", ""),
        ),
        (
            f"{ANSWER}::test_nothing_but_applied_after_the_release",
            f"{ORDER}::test_join_what_others_released",
        ),
    ),
}
