"""Faults planted in the composition of the replica: the door, its rooms, its information."""

from typing import Final

from mesh.protocol import swaps
from mesh.protocol.chains import Chains
from mesh.protocol.history import History
from mesh.protocol.information import Information
from mesh.protocol.outbox import Outbox
from mesh.protocol.replica import bereft, scribe
from mesh.protocol.replica.activations import Activations
from mesh.protocol.replica.authoring import unsigned
from mesh.protocol.replica.calls import Calls
from mesh.protocol.replica.company import Company, read_address
from mesh.protocol.replica.consents import demand_accepted
from mesh.protocol.replica.crank import Crank
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.disagreement import Disagreement
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.entries import Entries
from mesh.protocol.replica.equivocations import Equivocations
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.replays import Replays
from mesh.protocol.replica.requests import Requests
from mesh.protocol.replica.scribe import Scribe
from mesh.protocol.replica.twins import Twins
from mesh.protocol.swaps import Swaps
from mesh.protocol.waiting import WaitingRoom
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/mesh/protocol/replica"
_DURABLE: Final = f"{_HERE}/test_durability.py"
_RESTARTS: Final = f"{_HERE}/test_restarts.py"
_AUTHORS: Final = "tests/mesh/protocol/test_authorship.py"
_TRUST: Final = "tests/mesh/protocol/replica/test_trust.py"
_MEMBERS: Final = f"{_HERE}/test_members.py"
_REMOVAL: Final = "tests/mesh/protocol/replica/test_removal.py"
_DISAGREEMENT: Final = f"{_HERE}/test_disagreement.py"
_MESH: Final = f"{_HERE}/test_mesh.py"
_CHANGES: Final = f"{_HERE}/test_changes.py"
_LEARNERS: Final = f"{_HERE}/test_activations.py"
_INFORMATION: Final = "tests/mesh/protocol/test_information.py"
_CHAINS: Final = "tests/mesh/protocol/test_chains.py"
_SWAPS: Final = "tests/mesh/protocol/test_swaps.py"

_DURABILITY: Final[dict[str, Mutant]] = {
    "replica-hello-before-durable": Mutant(
        edit(Replica._introduce, " and self._introduction <= durable", ""),
        (f"{_DURABLE}::test_a_hello_names_no_environment_before_it_is_durable",),
    ),
    "replica-hello-after-members-words": Mutant(
        edit(Replica._persisted, "self._introduce(token, now)", "pass"),
        (f"{_DURABLE}::test_the_new_hello_leaves_before_what_only_members_say",),
    ),
    "replica-vectors-before-durable": Mutant(
        edit(Scribe.connected, "gated=True", "gated=False"),
        (f"{_DURABLE}::test_the_new_hello_leaves_before_what_only_members_say",),
    ),
    "replica-boot-told-before-durable": Mutant(
        edit(Scribe.answer, "gated=True", "gated=False"),
        (f"{_DURABLE}::test_no_fact_leaves_before_it_is_durable",),
    ),
    "replica-answers-before-durable": Mutant(
        edit(Desk.answer, "self.notify(", "self.outbox.free.notifications.append("),
        (f"{_DURABLE}::test_nobody_is_answered_before_it_is_durable",),
    ),
    "replica-writes-not-flushed": Mutant(
        edit(Entries.flush, "dirty is not None", "False"),
        (f"{_DURABLE}::test_records_and_what_quotes_them_go_to_disk_together",),
    ),
    "replica-probe-claims-the-unwritten": Mutant(
        edit(Participant.summary, "self.desk.outbox.is_settled", "True"),
        (f"{_DURABLE}::test_a_probe_claims_only_what_is_durable",),
    ),
    "replica-settled-after-failure": Mutant(
        edit(Outbox.is_settled, " and not self.failed", ""),
        (f"{_DURABLE}::test_after_a_failed_write_a_probe_claims_nothing_new",),
    ),
    "replica-calls-after-failure": Mutant(
        edit(Replica._call, "if self.desk.outbox.failed", "if False"),
        (f"{_DURABLE}::test_after_a_failed_write_nothing_is_promised_any_more",),
    ),
    "replica-wakes-for-votes-in-vain": Mutant(
        edit(Crank.deadline_ns, "None if self.is_still else ", ""),
        (f"{_DURABLE}::test_who_cannot_vote_does_not_wake_for_votes",),
    ),
    "replica-awake-on-a-failed-disk": Mutant(
        edit(
            Replica._deadline_ns,
            "if self._is_over:",
            "if self.desk.outbox.failed: return 0\n    if self._is_over:",
        ),
        (f"{_DURABLE}::test_a_failed_disk_does_not_keep_the_replica_awake",),
    ),
    "replica-stays-when-its-disk-failed": Mutant(
        edit(Replica._persist_failed, "self.participant.leave(now)", "pass"),
        (
            f"{_MESH}::test_nobody_waits_for_a_controller_whose_disk_failed",
            f"{_MEMBERS}::test_a_controller_whose_disk_failed_answers_no_probe_until_it_is_back",
        ),
    ),
    "replica-introduces-a-life-that-is-over": Mutant(
        edit(Replica._introduce, "if self._is_over:", "if False:"),
        (f"{_DURABLE}::test_a_life_that_yielded_before_its_hello_is_silent",),
    ),
    "replica-wrong-words-for-who-left": Mutant(
        edit(Company._changed, "you took leave", "nothing was heard from you"),
        (f"{_MEMBERS}::test_a_controller_whose_disk_failed_answers_no_probe_until_it_is_back",),
    ),
    "replica-active-when-over": Mutant(
        edit(Replica.handle, "not self._is_over", "True"),
        (f"{_DURABLE}::test_what_is_over_does_nothing_more",),
    ),
    "replica-takes-on-for-ever": Mutant(
        edit(Participant.received, "if self.desk.outbox.is_full", "if False"),
        (f"{_MEMBERS}::test_a_slow_disk_takes_nothing_on",),
    ),
    "replica-last-words-first": Mutant(
        edit(Replica._greeted, "gated=last_words", "gated=False"),
        (f"{_REMOVAL}::test_the_removed_is_told_before_its_stream_ends",),
    ),
}

_LIVES: Final[dict[str, Mutant]] = {
    "replica-boot-always-proven": Mutant(
        edit(Scribe.boot, "last if last and goes_on", "last if last"),
        (f"{_RESTARTS}::test_a_boot_proves_the_last_number_only_where_the_store_went_on",),
    ),
    "replica-boot-proves-what-was-fetched": Mutant(
        edit(Scribe.boot, " and previous == here", ""),
        (f"{_RESTARTS}::test_what_was_fetched_from_others_proves_nothing",),
    ),
    "replica-history-forgotten": Mutant(
        edit(Participant.start, "if self.barrier.remembered:", "if False:"),
        (f"{_RESTARTS}::test_a_restarted_controller_shows_what_it_had_applied",),
    ),
    "replica-applied-before-durable": Mutant(
        edit(Scribe.say, "self._desk.write(WriteFact(", "self._desk.notify(WriteFact("),
        (f"{_RESTARTS}::test_a_restarted_controller_shows_what_it_had_applied",),
    ),
    "replica-lamport-forgotten": Mutant(
        edit(scribe.lamport_floor, 'image.meta.get(LAMPORT_KEY, b"")', 'b""'),
        (f"{_RESTARTS}::test_no_lamport_time_of_an_earlier_life_is_used_again",),
    ),
    "chains-leap-without-a-witness": Mutant(
        edit(
            Chains.next_lamport,
            "min(self._lamport + 1, self._latest.lamport + LAMPORT_STEP_MAX)",
            "self._lamport + 1",
        ),
        (f"{_CHAINS}::test_a_time_without_a_witness_is_not_leapt_to",),
    ),
    "chains-wait-in-any-size": Mutant(
        edit(WaitingRoom.wait, " or self.held_bytes + length > WAITING_BYTES_MAX", ""),
        (f"{_CHAINS}::test_what_waits_is_bounded_in_bytes",),
    ),
    "chains-of-any-environment": Mutant(
        edit(Chains._is_foreign, "!=", "is"),
        (
            f"{_CHAINS}::test_chains_of_another_environment_are_not_begun",
            f"{_RESTARTS}::test_a_chain_of_another_environment_is_not_begun",
        ),
    ),
    "replica-facts-of-any-environment": Mutant(
        edit(scribe.facts_of, "fact.body.environment == environment", "True"),
        (f"{_RESTARTS}::test_facts_of_an_environment_that_was_given_up_are_left_alone",),
    ),
    "replica-damaged-facts-unseen": Mutant(
        edit(scribe.facts_of, "kept.append(signed)\n            continue", "continue"),
        (f"{_RESTARTS}::test_stored_facts_that_do_not_decode_are_counted_and_passed_over",),
    ),
    "replica-twin-ignored": Mutant(
        edit(Company.booted, "self._trust.twins.meet(life, now)", "pass"),
        (f"{_MEMBERS}::test_a_newer_life_of_this_controller_ends_this_one",),
    ),
    "replica-twin-without-a-floor": Mutant(
        edit(Twins.meet, "other.boot)", "0)"),
        (f"{_MEMBERS}::test_a_newer_life_of_this_controller_ends_this_one",),
    ),
    "replica-quarantine-ignored": Mutant(
        edit(Participant.stand_down, "self.twins.why or ", ""),
        (f"{_MEMBERS}::test_a_quarantined_life_says_nothing_at_the_barrier",),
    ),
    "replica-cleared-too-late": Mutant(
        edit(Twins.clear, "self.is_quarantined = False", "pass"),
        (f"{_MEMBERS}::test_a_life_that_is_cleared_takes_part_again",),
    ),
    "replica-doubts-unshown": Mutant(
        edit(Company._changed, "self._doubted(change.by)", "pass"),
        (f"{_MEMBERS}::test_a_life_that_is_cleared_takes_part_again",),
    ),
    "replica-twins-outbid-each-other": Mutant(
        edit(Twins.meet, "self.is_quarantined or ", ""),
        (f"{_MEMBERS}::test_a_quarantined_life_says_nothing_at_the_barrier",),
    ),
    "replica-twins-for-ever": Mutant(
        edit(Twins._is_one_too_many, "len(self._at_wall_ns) >= MEETINGS_MAX", "False"),
        (f"{_TRUST}::test_two_who_outbid_each_other_stop",),
    ),
    "replica-old-twins-count": Mutant(
        edit(Twins._count, "abs(now.wall_ns - at) < WINDOW_NS", "True"),
        (f"{_TRUST}::test_meetings_long_ago_do_not_count",),
    ),
    "replica-past-twins-count": Mutant(
        edit(Twins.meet, "is_alive and ", ""),
        (f"{_TRUST}::test_lives_that_are_told_of_do_not_count",),
    ),
    "replica-authors-unverified": Mutant(
        edit(
            Information._is_authors,
            "return self._authorship.verifier.verify(author, WRITE_GROUP + header, signature)",
            "return True",
        ),
        (f"{_AUTHORS}::test_what_another_key_signed_is_refused",),
    ),
    "replica-rollback-unseen": Mutant(
        edit(Scribe.take, "self._look_back(fact)", "pass"),
        (f"{_TRUST}::test_a_store_that_was_rolled_back_is_found_out",),
    ),
    "replica-rollback-not-in-doubt": Mutant(
        edit(Scribe._look_back, "in_doubt=True", "in_doubt=False"),
        (f"{_TRUST}::test_a_store_that_was_rolled_back_is_found_out",),
    ),
    "replica-founds-without-memory": Mutant(
        edit(bereft.is_bereft, "configuration.memory_lost or ", ""),
        (f"{_TRUST}::test_a_founder_without_its_memory_founds_nothing",),
    ),
    "replica-forgets-that-it-forgot": Mutant(
        edit(bereft.is_bereft, "BEREFT_KEY in image.meta", "False"),
        (f"{_TRUST}::test_who_lost_its_memory_still_knows_that_a_life_later",),
    ),
    "replica-proof-not-kept": Mutant(
        edit(Equivocations.heard, "self._desk.write(", "str("),
        (f"{_TRUST}::test_a_proof_survives_a_restart_and_is_shown",),
    ),
    "replica-proof-not-told": Mutant(
        edit(Equivocations.heard, "outgoing += ", "_ = "),
        (f"{_TRUST}::test_a_proof_reaches_everybody_and_nobody_waits_for_the_accused",),
    ),
    "replica-accused-stay-in-view": Mutant(
        edit(Company.take_view, "if trust.proofs:", "if False:"),
        (f"{_TRUST}::test_a_proof_reaches_everybody_and_nobody_waits_for_the_accused",),
    ),
    "replica-strangers-accused": Mutant(
        edit(Equivocations.heard, "roster.has(accused)", "True"),
        (f"{_TRUST}::test_strangers_are_not_accused",),
    ),
    "replica-proposes-though-it-may-not": Mutant(
        edit(Calls._result, "if why is not None:", "if False:"),
        (f"{_MEMBERS}::test_a_quarantined_life_says_nothing_at_the_barrier",),
    ),
}

_COMPANY: Final[dict[str, Mutant]] = {
    "replica-removed-one-keeps-its-entries": Mutant(
        edit(
            Company._changed,
            "self._entries.changed(self._information.dismiss(member.controller, now))",
            "pass",
        ),
        (f"{_MEMBERS}::test_a_removed_controller_learns_of_it_and_is_left_alone",),
    ),
    "replica-removed-one-is-heard": Mutant(
        edit(Company._changed, "case What.REMOVED:", "case What.REMOVED if False:"),
        (f"{_MEMBERS}::test_a_removed_controller_learns_of_it_and_is_left_alone",),
    ),
    "replica-removed-one-proposes": Mutant(
        edit(Company.refresh_roster, "read_roster(self._history)", "self.roster"),
        (f"{_MEMBERS}::test_a_removed_controller_changes_nothing_any_more",),
    ),
    "replica-removed-one-keeps-its-stream": Mutant(
        edit(Replica._roster_changed, "self._judge_again(now)", "pass"),
        (f"{_MEMBERS}::test_a_removed_controller_learns_of_it_and_is_left_alone",),
    ),
    "replica-leaves-without-a-word": Mutant(
        edit(Replica._leave, "if self.participant is not None", "if False"),
        (f"{_MEMBERS}::test_who_leaves_is_missed_by_nobody",),
    ),
    "replica-connected-ones-unmet": Mutant(
        edit(Company._greet, "[:1]", "[:0]"),
        (f"{_MEMBERS}::test_members_that_were_connected_before_the_roster_named_them_are_met",),
    ),
    "replica-sleep-untold": Mutant(
        edit(Participant.slept, "self.members.slept(now)", "self.members.wake(now)"),
        (f"{_MEMBERS}::test_after_sleep_nobody_is_suspected_for_a_round",),
    ),
    "replica-states-never-compared": Mutant(
        edit(Disagreement.compare, "summary.history != ", "summary.history == "),
        (f"{_MEMBERS}::test_states_that_differ_over_one_history_are_an_alarm_now_and_then",),
    ),
    "replica-alarm-without-end": Mutant(
        edit(Disagreement._look_into, "<= ALARM_EVERY_NS", "< 0"),
        (f"{_MEMBERS}::test_states_that_differ_over_one_history_are_an_alarm_now_and_then",),
    ),
    "replica-never-folds-again": Mutant(
        edit(Disagreement._look_into, "not self._history.refold()", "True"),
        (f"{_DISAGREEMENT}::test_what_is_damaged_in_memory_is_mended",),
    ),
    "replica-folds-again-what-it-remembers": Mutant(
        edit(History.refold, "self.begin()", "pass"),
        (
            f"{_DISAGREEMENT}::test_what_is_damaged_in_memory_is_mended",
            f"{_DISAGREEMENT}::test_a_refold_gives_what_was_there",
        ),
    ),
    "replica-mended-and-not-shown": Mutant(
        edit(Participant._reckon, "self.crank.mended(now)", "pass"),
        (
            f"{_DISAGREEMENT}::test_what_is_damaged_in_memory_is_mended",
            f"{_DISAGREEMENT}::test_what_is_mended_is_shown_after_what_was_about_to_be",
        ),
    ),
    "replica-goes-on-though-contradicted": Mutant(
        edit(Disagreement._judge, "self.why = self._words(sum(words), len(words))", "pass"),
        (
            f"{_DISAGREEMENT}::test_the_smaller_side_stands_down_and_nobody_waits_for_it",
            f"{_DISAGREEMENT}::test_two_alone_both_stand_down",
        ),
    ),
    "replica-any-contradiction-ends-it": Mutant(
        edit(Disagreement._judge, "2 * sum(words) <= len(words)", "not sum(words)"),
        (f"{_DISAGREEMENT}::test_the_smaller_side_stands_down_and_nobody_waits_for_it",),
    ),
    "replica-stands-down-and-stays": Mutant(
        edit(Participant._reckon, "self.leave(now)", "pass"),
        (f"{_DISAGREEMENT}::test_the_smaller_side_stands_down_and_nobody_waits_for_it",),
    ),
    "replica-a-start-folds-half": Mutant(
        edit(History.extend, "self._move()", "self._move() if self._ids.bit_count() < 3 else None"),
        (f"{_DISAGREEMENT}::test_the_next_life_begins_without_prejudice",),
    ),
    "replica-windows-without-end": Mutant(
        edit(Replays.accept, "if len(lives) >= LIVES_MAX", "if False"),
        (f"{_MEMBERS}::test_a_datagram_counts_once_and_what_is_kept_for_that_is_bounded",),
    ),
    "information-of-anybody": Mutant(
        edit(Information.receive, "self._peers.get(peer.nonce) != peer", "False"),
        (
            f"{_INFORMATION}::test_only_lives_that_are_known_are_heard",
            f"{_MEMBERS}::test_records_count_from_lives_that_are_known",
        ),
    ),
    "information-forgets-the-current": Mutant(
        edit(Information.forget, "if self._current.get(peer.controller) != peer", "if True"),
        (f"{_INFORMATION}::test_a_current_life_is_heard_without_a_stream",),
    ),
    "information-ended-lives-go-on": Mutant(
        edit(
            Information.announce,
            "return self.owned.announce(",
            "return () and self.owned.announce(",
        ),
        (f"{_INFORMATION}::test_what_a_controller_says_of_itself_ends_with_its_life",),
    ),
    "information-own-removals-stay": Mutant(
        edit(Information._collect, "_ = self.owned.collect(now.wall_ns)", "pass"),
        (f"{_INFORMATION}::test_what_is_taken_back_leaves_nothing_in_the_end",),
    ),
    "information-never-compared": Mutant(
        edit(Information._tell, "self._uncompared.update", "_ = repr"),
        (f"{_INFORMATION}::test_a_lost_push_is_noticed_by_comparing",),
    ),
    "information-written-again": Mutant(
        edit(Information.dirty, "if dirty.metadata is None", "if False"),
        (f"{_INFORMATION}::test_what_was_written_is_to_be_persisted_once",),
    ),
    "replica-impossible-ports": Mutant(
        edit(read_address, " or not 0 < int(port) <= PORT_MAX", ""),
        (f"{_MEMBERS}::test_an_address_where_nobody_can_listen_is_passed_over",),
    ),
    "replica-learners-before-their-time": Mutant(
        edit(Activations._still_missing, "if not knowledge.applied(number) & bit", "if False"),
        (f"{_LEARNERS}::test_a_learner_that_does_not_catch_up_stays_one",),
    ),
    "replica-learners-for-ever": Mutant(
        edit(Activations._candidate, "if not missing", "if False"),
        (f"{_LEARNERS}::test_it_becomes_active_when_it_is_back",),
    ),
    "replica-whole-history-for-a-learner": Mutant(
        edit(Activations._still_missing, "break", "continue"),
        (f"{_LEARNERS}::test_what_a_learner_is_known_to_have_applied_is_asked_once",),
    ),
}

_CALLS: Final[dict[str, Mutant]] = {
    "replica-unreadable-requests": Mutant(
        edit(unsigned, "read_request(raw)", "request"),
        (f"{_CHANGES}::test_what_nobody_would_read_is_refused",),
    ),
    "replica-merges-over-nothing": Mutant(
        edit(
            Crank.submit,
            "self._barrier.mergeable_with_approval if kind is Kind.MERGE else None",
            "None",
        ),
        (f"{_CHANGES}::test_merge_commands_are_no_way_to_end_a_controller",),
    ),
    "replica-requests-answered-unheard": Mutant(
        edit(Calls._submit_request, "inside.consents.submit(request, kind, now)", "request.tx"),
        (f"{_CHANGES}::test_a_request_that_is_not_for_us_or_not_signed_is_refused",),
    ),
    "replica-settled-by-a-refusal": Mutant(
        edit(Calls.handle, "return AdmissionStep()", "return admission.used()"),
        (f"{_CHANGES}::test_a_refused_call_settles_nothing",),
    ),
    "replica-founded-without-a-key": Mutant(
        edit(Replica._found, "if self.participant is None", "if False"),
        (f"{_CHANGES}::test_nothing_is_founded_without_an_operators_key",),
    ),
    "replica-minority-waits": Mutant(
        edit(
            demand_accepted,
            "case Accepted() | AlreadyKnown()",
            "case Accepted() | AlreadyKnown() | NoQuorum()",
        ),
        (f"{_CHANGES}::test_a_minority_is_told_at_once_that_it_cannot_change",),
    ),
    "replica-merges-under-hold": Mutant(
        edit(Crank._merges_by_itself, '!= "hold"', '!= ""'),
        (f"{_CHANGES}::test_under_hold_nobody_merges_by_itself",),
    ),
    "replica-each-learner-by-itself": Mutant(
        edit(Activations.due, "together[:TOGETHER_MAX]", "together[:1]"),
        (f"{_LEARNERS}::test_many_who_come_at_once_are_one_step",),
    ),
    "replica-all-learners-under-majority": Mutant(
        edit(
            Activations.due,
            "is Policy.ALL_ACTIVE else ()",
            "else ()",
            ("if self._history.policy(self._history.ids) ", "if True "),
        ),
        (f"{_LEARNERS}::test_under_majority_each_takes_its_step_alone",),
    ),
    "replica-learners-always-together": Mutant(
        edit(
            Activations.due,
            "fresh = [each for each in ready if each not in self._tried]",
            "fresh = ready",
        ),
        (f"{_LEARNERS}::test_who_was_in_a_step_that_failed_is_tried_alone",),
    ),
    "replica-steps-retried-alike": Mutant(
        edit(Activations._retry_ns, "RETRY_NS_MIN << doublings", "RETRY_NS_MIN"),
        (f"{_LEARNERS}::test_what_is_refused_again_and_again_is_tried_less_and_less",),
    ),
    "replica-merge-waits-in-silence": Mutant(
        edit(Crank._held, "if why and why != self._held_why", "if False"),
        (f"{_CHANGES}::test_two_sides_that_removed_each_other_are_a_matter_for_a_person",),
    ),
    "replica-merge-waits-aloud": Mutant(
        edit(Crank._held, "if why and why != self._held_why", "if why"),
        (f"{_CHANGES}::test_two_sides_that_removed_each_other_are_a_matter_for_a_person",),
    ),
    "replica-operators-no-unsaid": Mutant(
        edit(Calls._refuse_change, "not inside.barrier.refuse(call.tx)", "False"),
        (f"{_CHANGES}::test_an_operator_says_no_to_what_waits",),
    ),
    "replica-force-without-force": Mutant(
        edit(Requests._resolved, "force=force", "force=False"),
        (f"{_CHANGES}::test_force_writes_over_what_was_written_meanwhile",),
    ),
}

_SHOWING: Final[dict[str, Mutant]] = {
    "swaps-late-by-the-timer": Mutant(
        edit(
            Swaps.due,
            "now.monotonic_ns if each.ready_ns is None else each.ready_ns",
            "now.monotonic_ns",
        ),
        (f"{_SWAPS}::test_what_was_on_disk_in_time_is_not_late",),
    ),
    "swaps-pass-a-slow-write": Mutant(
        edit(swaps._is_due, "scheduled.ready_ns is not None and ", ""),
        (f"{_SWAPS}::test_a_slow_write_holds_up_those_behind_it",),
    ),
    "replica-clocks-always-near": Mutant(
        edit(Crank._are_clocks_near, "return False", "return True"),
        (f"{_CHANGES}::test_an_instant_on_clocks_that_are_far_apart_does_not_count",),
    ),
    "replica-shown-without-a-word": Mutant(
        edit(Crank.swap, "self._desk.notify_now(", "repr("),
        (f"{_CHANGES}::test_change_sets_are_shown_in_their_order",),
    ),
    "replica-swaps-told-one-by-one": Mutant(
        edit(Entries._say_swaps, "or now.monotonic_ns < self._say_at_ns", ""),
        (f"{_CHANGES}::test_swaps_that_follow_one_another_are_told_together",),
    ),
    "replica-swaps-told-when-something-else-happens": Mutant(
        edit(Entries.deadline_ns, "self._say_at_ns if self.unsaid else None", "None"),
        (f"{_CHANGES}::test_swaps_that_follow_one_another_are_told_together",),
    ),
}

MUTANTS: Final[dict[str, Mutant]] = {**_DURABILITY, **_LIVES, **_COMPANY, **_CALLS, **_SHOWING}
