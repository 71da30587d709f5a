"""Faults planted in the instant, the order, trying again, and starts: B5, B6, B8, B9, B12."""

from typing import Final

from mesh.protocol.barrier import (
    ballot,
    instant,
    machine,
    order,
    proposing,
    queue,
    skip,
    stopwatch,
    stranded,
)
from tests.mutants.edit import both, edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/specification/barrier"
INSTANT: Final = f"{_HERE}/test_b05_instant.py"
ORDER: Final = f"{_HERE}/test_b06_order.py"
AGAIN: Final = f"{_HERE}/test_b08_repropose.py"
BOOT: Final = f"{_HERE}/test_b12_boot.py"
DRAFTS: Final = f"{_HERE}/test_broken_drafts.py"
EXAMPLES: Final = f"{_HERE}/test_worked_examples.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "barrier-B5-latest-set": Mutant(
        edit(instant.instant_of, "min((ballot", "max((ballot"),
        (f"{DRAFTS}::test_draft_10_several_complete_sets",),
    ),
    "barrier-B5-earliest-seal": Mutant(
        edit(
            ballot.Ballot.seal,
            "max(votes.clock_ns, clock_ns)",
            "min(votes.clock_ns or clock_ns, clock_ns)",
        ),
        (f"{INSTANT}::test_the_instant_follows_the_last_seal_of_the_earliest_complete_set",),
    ),
    "barrier-B5-clock-of-outsiders": Mutant(
        edit(ballot.Ballot.seal, "if members >> seat & 1:", "if True:"),
        (f"{INSTANT}::test_the_instant_follows_the_last_seal_of_the_earliest_complete_set",),
    ),
    "barrier-B5-no-guard": Mutant(
        edit(instant.instant_of, "sealed_ns + guard_ns", "sealed_ns"),
        (f"{INSTANT}::test_the_guard_is_named_by_the_author",),
    ),
    "barrier-B5-clocks-trusted": Mutant(
        edit(instant.plan, "if not clocks_close:", "if False:"),
        (f"{INSTANT}::test_the_instant_counts_where_clocks_are_close",),
    ),
    "barrier-B5-no-instant": Mutant(
        edit(
            instant.instant_of,
            "if not ballot.complete:\n        return None",
            "if not ballot.complete:\n        return Instant(0, 0, ())",
        ),
        (f"{INSTANT}::test_nothing_complete_has_no_instant",),
    ),
    "barrier-B5-future-waited-for": Mutant(
        edit(
            instant.plan,
            "if instant.wall_ns > wall_ns + instant.guard_ns + AHEAD_MAX_NS:",
            "if False:",
        ),
        (f"{INSTANT}::test_a_sealer_in_the_future_delays_nobody",),
    ),
    "barrier-B5-ahead-off-by-one": Mutant(
        edit(instant.plan, "if instant.wall_ns > wall_ns", "if instant.wall_ns >= wall_ns"),
        (f"{INSTANT}::test_a_sealer_in_the_future_delays_nobody",),
    ),
    "barrier-B5-late-at-t": Mutant(
        edit(instant.is_late, "swapped_wall_ns > instant", "swapped_wall_ns >= instant"),
        (f"{INSTANT}::test_a_swap_after_the_instant_is_late",),
    ),
    "barrier-B5-h-waits": Mutant(
        edit(machine.Barrier._apply, "at.judge.extend(ids)", "at.judge.extend(0)"),
        (
            f"{INSTANT}::test_h_and_applied_come_before_the_instant",
            f"{BOOT}::test_without_a_disk_everything_is_joined_anew",
        ),
    ),
    "barrier-B6-any-order": Mutant(
        edit(order.next_to_apply, "enumerate(pending)", "enumerate(pending[::-1])"),
        (
            f"{ORDER}::test_released_is_applied_lowest_first",
            f"{DRAFTS}::test_draft_4_two_disjoint_releases_of_one",
        ),
    ),
    "barrier-B6-ancestors-unreleased": Mutant(
        both(
            edit(
                order.may_apply,
                "if not at.knowledge.whole >> number & 1:",
                "if not at.knowledge.released >> number & 1:",
            ),
            edit(order.to_apply, "return", "at.knowledge.whole |= at.judge.ids\n    return"),
        ),
        (f"{ORDER}::test_all_ancestors_must_be_released",),
    ),
    "barrier-B6-without-ancestors": Mutant(
        edit(
            machine.Barrier._apply,
            "self._unsaid.extend(ordered)",
            "self._unsaid.append(step.number)",
        ),
        (f"{ORDER}::test_ancestors_come_with_it",),
    ),
    "barrier-B6-nothing-blocks": Mutant(
        edit(
            order.next_to_apply,
            "if passed_over is not None:",
            "if True:",
            ("return Next(number, passed_over)", "return Next(number, passed_over or ())"),
        ),
        (
            f"{ORDER}::test_a_known_unanswered_one_blocks",
            f"{DRAFTS}::test_draft_5_not_waiting_and_not_behind",
        ),
    ),
    "barrier-B6-settled-never-foreign-p": Mutant(
        edit(
            order.settled,
            "not at.own(number) & ~nay(at, number) or",
            "at.own(number) and not at.own(number) & ~nay(at, number) or",
        ),
        (f"{ORDER}::test_settled_what_does_not_name_me",),
    ),
    "barrier-B6-settled-never-released": Mutant(
        edit(
            order.settled,
            "return Settled.NO if is_mine(at, number) else Settled.YES",
            "return Settled.NO",
        ),
        (f"{ORDER}::test_settled_what_others_released_without_me",),
    ),
    "barrier-B6-settled-mine": Mutant(
        edit(
            order.settled,
            "return Settled.NO if is_mine(at, number) else Settled.YES",
            "return Settled.YES",
        ),
        (f"{ORDER}::test_what_is_mine_and_released_comes_first",),
    ),
    "barrier-B6-settled-despite-my-no": Mutant(
        edit(order.settled, "not at.own(number) & ~nay(at, number) or", "not at.own(number) or"),
        (f"{ORDER}::test_settled_what_i_refused",),
    ),
    "barrier-B6-settled-never-dead": Mutant(
        edit(order.settled, " or is_dead(at, number)", ""),
        (f"{ORDER}::test_settled_what_is_dead",),
    ),
    "barrier-B6-skip-never": Mutant(
        edit(order.is_skippable, "return due_ns is not None and now_ns >= due_ns", "return False"),
        (f"{ORDER}::test_passed_over_when_too_few_are_reachable_for_long",),
    ),
    "barrier-B6-skip-at-once": Mutant(
        edit(order.is_skippable, "return due_ns is not None and now_ns >= due_ns", "return True"),
        (f"{ORDER}::test_passed_over_when_too_few_are_reachable_for_long",),
    ),
    "barrier-B6-skip-unrecorded": Mutant(
        edit(machine.Barrier._apply, "if step.passed_over:", "if False:"),
        (f"{ORDER}::test_passed_over_when_too_few_are_reachable_for_long",),
    ),
    "barrier-B6-skip-clock-runs-on": Mutant(
        edit(
            stopwatch.Stopwatch.watch,
            "if value is None:\n        self.forget(number)\n        return",
            "if value is None:\n        return",
        ),
        (f"{ORDER}::test_not_passed_over_when_enough_come_back_in_time",),
    ),
    "barrier-B6-skip-forgotten": Mutant(
        edit(order.settled, " or at.change_set(number).id in at.skipped", ""),
        (f"{ORDER}::test_a_skip_is_on_record_for_ever",),
    ),
    "barrier-B6-skip-of-others": Mutant(
        edit(
            machine.Barrier.learn,
            "if fact.origin.controller == at.me.controller and isinstance(fact.body, Record)",
            "if isinstance(fact.body, Record)",
        ),
        (f"{ORDER}::test_a_skip_of_another_is_his_own",),
    ),
    "barrier-B6-skip-of-any-kind": Mutant(
        edit(skip.read_skip, "if record.kind != SKIP:", "if False:"),
        (f"{ORDER}::test_other_records_are_none_of_the_barriers_affair",),
    ),
    "barrier-B9-never-joins": Mutant(
        edit(order.may_apply, " or joins(at, number)", ""),
        (
            f"{ORDER}::test_a_newcomer_joins_all_that_was",
            f"{DRAFTS}::test_draft_7_a_controller_outside_the_roster_needs_no_merge",
        ),
    ),
    "barrier-B9-joins-anything": Mutant(
        edit(order.joins, "return is_joinable(at, number) and", "return"),
        (f"{ORDER}::test_join_needs_somebody_who_has_both",),
    ),
    "barrier-B8-never": Mutant(
        edit(proposing.may_repropose, "    return (", "    return False and ("),
        (
            f"{AGAIN}::test_tried_again_after_what_time_heals",
            f"{EXAMPLES}::test_behind_and_again",
        ),
    ),
    "barrier-B8-any-reason": Mutant(
        edit(
            proposing.is_hopeless,
            "return any(no.why not in HEALED_BY_TIME + CONSEQUENCES for no in nos)",
            "return False",
        ),
        (f"{AGAIN}::test_not_tried_again_after_what_does_not_heal",),
    ),
    "barrier-B8-not-for-rosters": Mutant(
        edit(proposing.is_hopeless, "(Kind.NORMAL, Kind.ROSTER)", "(Kind.NORMAL,)"),
        (f"{AGAIN}::test_roster_changes_are_tried_again",),
    ),
    "barrier-B8-merges-too": Mutant(
        edit(proposing.is_hopeless, "not in (Kind.NORMAL, Kind.ROSTER)", "not in tuple(Kind)"),
        (f"{AGAIN}::test_merges_are_never_tried_again",),
    ),
    "barrier-B8-before-the-author-is-free": Mutant(
        edit(
            proposing.author_is_free,
            "return seat is not None and bool(nay(at, number) >> seat & 1)",
            "return bool(nay(at, number))",
        ),
        (f"{AGAIN}::test_only_once_the_author_is_in_nay",),
    ),
    "barrier-B8-with-left-overs": Mutant(
        edit(proposing.may_repropose, "        and not left_over(at)\n", ""),
        (f"{AGAIN}::test_not_while_something_is_left_to_apply_join_or_merge",),
    ),
    "barrier-B8-after-release": Mutant(
        both(
            edit(
                proposing.may_repropose,
                "        and not went_through(at, change_set.tx)\n",
                "",
                ("change_set.attempt.author == at.me", "True"),
            ),
            edit(
                queue.Queue._is_finished,
                "if went_through(self._at, entry.tx):",
                "if False:",
            ),
            edit(queue.Queue.proposed, "if change_set.attempt.author != self._at.me:", "if False:"),
            edit(
                proposing.author_is_free,
                "return seat is not None and bool(nay(at, number) >> seat & 1)",
                "return True",
            ),
        ),
        (
            f"{AGAIN}::test_not_when_the_request_went_through_elsewhere",
            f"{EXAMPLES}::test_commit",
        ),
    ),
    "barrier-B8-despite-newer": Mutant(
        both(
            edit(
                proposing.may_repropose,
                "at.change_set(n).timestamp <= change_set.timestamp",
                "True",
            ),
            edit(
                queue.Queue.proposed,
                "entry.number, entry.due_ns = number, None",
                "entry.number = entry.number or number",
                ("del self._entries[change_set.tx]\n", "pass\n"),
            ),
        ),
        (
            f"{AGAIN}::test_not_when_a_newer_attempt_exists",
            f"{AGAIN}::test_the_back_off_is_random_and_doubles",
        ),
    ),
    "barrier-B8-unbounded": Mutant(
        edit(
            queue.Queue._try_again,
            "if entry.attempts >= self._at.timing.attempts_max:",
            "if False:",
        ),
        (f"{AGAIN}::test_attempts_are_bounded",),
    ),
    "barrier-B8-no-luck": Mutant(
        edit(
            queue.Queue._back_off_ns,
            "return mean_ns // 2 + self._random.randrange(mean_ns)",
            "return mean_ns",
        ),
        (f"{AGAIN}::test_the_back_off_is_random_and_doubles",),
    ),
    "barrier-B8-no-doubling": Mutant(
        edit(queue.Queue._back_off_ns, " << attempts - 1", ""),
        (f"{AGAIN}::test_the_back_off_is_random_and_doubles",),
    ),
    "barrier-B8-conflict-proposed-again": Mutant(
        edit(queue.Queue._try_once_more, "if refusal is not None:", "if False:"),
        (f"{AGAIN}::test_a_conflict_that_came_up_meanwhile_ends_it",),
    ),
    "barrier-B8-ended-authors-keep-it": Mutant(
        edit(proposing.is_abandoned, "if at.knowledge.lives.ended(author):", "if False:"),
        (f"{AGAIN}::test_after_the_end_of_the_author_anybody_at_the_users_request",),
    ),
    "barrier-B8-anybody": Mutant(
        edit(proposing.is_abandoned, "    author = ", "    return True\n    author = "),
        (f"{AGAIN}::test_after_the_end_of_the_author_anybody_at_the_users_request",),
    ),
    "barrier-B8-by-everybody": Mutant(
        edit(
            queue.Queue.next,
            "held_up = False",
            (
                "held_up = False\n"
                "    for n in range(len(self._at.knowledge.catalogue)):\n"
                "        p = self._at.change_set(n)\n"
                "        if self._at.ballot(n).nos and p.tx not in self._entries and now_ns:\n"
                "            intent = Intent(p.propose.request, p.request, p.kind, (), 0, None)\n"
                "            self.add(intent, now_ns)"
            ),
        ),
        (
            f"{AGAIN}::test_attempts_are_bounded",
            f"{AGAIN}::test_merges_are_never_tried_again",
        ),
    ),
    "barrier-B12-new-life-old-seat": Mutant(
        both(
            edit(
                ballot.Ballot.seat,
                "return self._seats.get(who)",
                (
                    "seats = {each.controller: seat for each, seat in self._seats.items()}\n"
                    "    return seats.get(who.controller)"
                ),
            ),
            edit(ballot.Ballot.seal, "self._seats.get(who)", "self.seat(who)"),
        ),
        (f"{BOOT}::test_a_new_life_votes_only_where_it_is_named",),
    ),
    "barrier-B12-h-of-this-life": Mutant(
        edit(machine.Barrier.remembered, "return sum(", "return 0 * sum("),
        (f"{BOOT}::test_the_disk_brings_h_and_facts_back",),
    ),
    "barrier-B12-h-with-gaps": Mutant(
        edit(
            machine.Barrier.remembered,
            " & at.knowledge.whole",
            "",
            ("if not (at.ancestors(n) or 0) & ~said", ""),
        ),
        (f"{BOOT}::test_h_after_a_start_is_closed_under_ancestors",),
    ),
    "barrier-B12-stranded-for-ever": Mutant(
        edit(stranded.Renewal.next, "now_ns >= due_ns", "False"),
        (
            f"{BOOT}::test_a_life_that_waits_for_lives_that_ended_ends_itself",
            f"{BOOT}::test_who_is_stranded_ends_one_after_the_other",
        ),
    ),
    "barrier-B12-silence-strands": Mutant(
        edit(stranded.stranded, "~_ended(at, number)", "at.alive(number)"),
        (f"{BOOT}::test_a_life_that_others_can_still_answer_goes_on",),
    ),
    "barrier-B12-old-seals-strand": Mutant(
        edit(
            stranded.stranded,
            "numbers(open_ids(at))",
            "numbers(at.knowledge.proposed & ~at.knowledge.released)",
        ),
        (f"{BOOT}::test_a_life_that_waits_for_lives_that_ended_ends_itself",),
    ),
    "barrier-B12-all-end-at-once": Mutant(
        edit(
            stranded.Renewal.deadline_ns,
            "steps = min(len(before), timing.renew_steps_max)",
            "steps = 0",
        ),
        (f"{BOOT}::test_who_is_stranded_ends_one_after_the_other",),
    ),
    "barrier-B12-skips-are-lost": Mutant(
        edit(
            machine.Barrier.learn,
            "at.skipped |= {} if skipped is None else {skipped: None}",
            "at.skipped |= {} if skipped is None or fact.origin != at.me else {skipped: None}",
        ),
        (f"{ORDER}::test_a_skip_is_on_record_for_ever",),
    ),
    "barrier-B12-patience-goes-on": Mutant(
        edit(
            machine.Barrier.learn,
            "at.held_since_ns[number] = now.monotonic_ns",
            "at.held_since_ns[number] = 0",
        ),
        (f"{BOOT}::test_patience_begins_anew",),
    ),
}
