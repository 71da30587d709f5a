"""Further faults planted in membership and probing, as edits."""

from dataclasses import replace
from typing import Final

import pytest

from mesh.protocol.configuration import Profile
from mesh.protocol.membership import probing, report, rumours
from mesh.protocol.membership.beliefs import Beliefs
from mesh.protocol.membership.links import LinkState
from mesh.protocol.membership.machine import Membership
from mesh.protocol.membership.probing import Probing
from mesh.protocol.membership.rumours import Rumours
from mesh.protocol.membership.table import Member, Table
from mesh.protocol.membership.telling import Telling
from mesh.protocol.membership.timing import TIMINGS, Timing
from mesh.protocol.now import MILLISECOND
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_SPEC: Final = "tests/specification/membership"
_UNIT: Final = "tests/mesh/protocol/membership"


def _late_nacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "NACK_SHARE_PERCENT", 100)


def _hasty_wan(monkeypatch: pytest.MonkeyPatch) -> None:
    wan = replace(TIMINGS[Profile.WAN], probe_interval_ns=1_000 * MILLISECOND)
    monkeypatch.setitem(TIMINGS, Profile.WAN, wan)


def _quick_lan(monkeypatch: pytest.MonkeyPatch) -> None:
    shortest = 100 * MILLISECOND
    lan = replace(
        TIMINGS[Profile.LAN],
        probe_timeout_ns=shortest,
        indirect_timeout_ns=shortest,
        suspicion_min_ns=shortest,
        suspicion_max_ns=shortest,
    )
    monkeypatch.setitem(TIMINGS, Profile.LAN, lan)


def _hasty_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    shortest = 100 * MILLISECOND
    lan = replace(TIMINGS[Profile.LAN], suspicion_min_ns=shortest, suspicion_max_ns=shortest)
    monkeypatch.setitem(TIMINGS, Profile.LAN, lan)


MUTANTS: Final[dict[str, Mutant]] = {
    "membership-datagrams-given-up-for-ever": Mutant(
        edit(Probing.ask, "Channel.TRIAL if member.link.is_tried else ", ""),
        (f"{_SPEC}/test_mesh.py::test_datagrams_are_tried_again",),
    ),
    "membership-a-datagram-gives-no-hope": Mutant(
        edit(LinkState.hope, "not self.datagrams_pass", "False"),
        (f"{_UNIT}/test_links.py::test_now_and_then_a_datagram_is_tried_again",),
    ),
    "membership-auto-takes-strangers-for-near": Mutant(
        edit(
            Timing.towards,
            "round_trip_ns is not None and round_trip_ns <=",
            "(round_trip_ns or 0) <=",
        ),
        (f"{_SPEC}/test_probing.py::test_under_auto_a_member_is_waited_for_by_its_distance",),
    ),
    "membership-auto-judges-all-alike": Mutant(
        edit(
            Table.verdict_ns,
            "self._timing.towards(suspect.link.clock.round_trip_ns)",
            "self._timing",
        ),
        (f"{_SPEC}/test_suspicion.py::test_under_auto_a_suspect_far_away_has_more_time",),
    ),
    "membership-failed-are-shown-as-unseen": Mutant(
        edit(report._row, "if member is None:", "if member is None or not member.in_view:"),
        (f"{_SPEC}/test_members.py::test_a_failed_member_stays_listed",),
    ),
    "membership-a-timer-for-nobody": Mutant(
        edit(Membership._finish, "if not len(self._table):", "if self._beliefs.left:"),
        (f"{_SPEC}/test_members.py::test_alone_there_is_nothing_to_do",),
    ),
    "membership-luck-of-its-own": Mutant(
        edit(Membership.__init__, "self._timing, random)", "self._timing, Random())"),
        (f"{_SPEC}/test_members.py::test_equal_seeds_give_equal_runs",),
    ),
    "membership-answers-for-its-predecessor": Mutant(
        edit(Membership.receive, "not in (None, self._own.nonce)", "in ()"),
        (f"{_SPEC}/test_probing.py::test_a_question_to_another_life_is_answered_with_who_we_are",),
    ),
    "membership-answers-no-knock": Mutant(
        edit(Membership.receive, "not in (None, self._own.nonce)", "!= self._own.nonce"),
        (f"{_SPEC}/test_probing.py::test_a_knock_is_answered_by_anybody",),
    ),
    "membership-answers-by-datagram-only": Mutant(
        edit(Membership._answer, "said, news), back)", "said, news))"),
        (f"{_SPEC}/test_probing.py::test_a_question_is_answered_the_way_it_came",),
    ),
    "membership-repeats-equal-summaries": Mutant(
        edit(Membership._answer, "None if summary == probe.summary else summary", "summary"),
        (f"{_SPEC}/test_probing.py::test_an_equal_summary_is_not_repeated",),
    ),
    "membership-asks-whatever-life": Mutant(
        edit(Probing._probe, "asked.target.nonce", "None"),
        (f"{_SPEC}/test_probing.py::test_a_question_names_the_life_that_is_meant",),
    ),
    "membership-summaries-of-askers-are-lost": Mutant(
        edit(Membership._answer, "step.summaries.append((source, probe.summary))", "pass"),
        (f"{_SPEC}/test_probing.py::test_a_question_is_answered",),
    ),
    "membership-helpers-keep-the-answer": Mutant(
        edit(Probing.answered, "step.send(client, IndirectAck(nonce, source))", "pass"),
        (f"{_SPEC}/test_probing.py::test_a_helper_asks_and_passes_the_answer_on",),
    ),
    "membership-helpers-say-no-too-late": Mutant(
        _late_nacks,
        (f"{_SPEC}/test_probing.py::test_a_helper_says_no_in_time",),
    ),
    "membership-helpers-ignore-what-they-do-not-know": Mutant(
        edit(Probing.relay, "step.send(client, Nack(request.nonce))", "pass"),
        (f"{_SPEC}/test_probing.py::test_a_helper_says_no_at_once_where_it_knows_no_such_member",),
    ),
    "membership-asks-again-before-judging": Mutant(
        _hasty_wan,
        (f"{_UNIT}/test_timing.py::test_the_waits_of_a_profile_fit_each_other",),
    ),
    "membership-suspects-are-gone": Mutant(
        edit(Member.in_view, "(Standing.ALIVE, Standing.SUSPECT)", "(Standing.ALIVE,)"),
        (f"{_SPEC}/test_probing.py::test_silence_on_every_way_makes_a_suspect",),
    ),
    "membership-suspects-are-not-told": Mutant(
        edit(Membership._accuse, "self._probing.ask(member, Purpose.RETRY, step)", "pass"),
        (f"{_SPEC}/test_probing.py::test_silence_on_every_way_makes_a_suspect",),
    ),
    "membership-accusers-outlive-the-suspicion": Mutant(
        edit(Table.stand, "member.accusers.clear()", "pass"),
        (f"{_SPEC}/test_suspicion.py::test_a_suspect_that_refutes_in_time_is_alive_again",),
    ),
    "membership-refuted-suspicions-are-told": Mutant(
        edit(rumours._both_accuse, "and one.refutation == other.refutation", ""),
        (f"{_UNIT}/test_rumours.py::test_a_fresh_suspicion_replaces_the_refuted_one",),
    ),
    "membership-one-accuser-is-told": Mutant(
        edit(Rumours.add, "and not _both_accuse(rumour.news, news)", ""),
        (f"{_UNIT}/test_rumours.py::test_each_accuser_is_told",),
    ),
    "membership-old-word-beside-the-new": Mutant(
        edit(Rumours.add, "del self._rumours[key]", "pass"),
        (f"{_UNIT}/test_rumours.py::test_newer_word_replaces_the_older_one",),
    ),
    "membership-rumours-of-the-removed": Mutant(
        edit(Rumours.forget, "if key[0] == controller", "if key == (controller, None)"),
        (f"{_UNIT}/test_rumours.py::test_nothing_is_said_of_the_forgotten",),
    ),
    "membership-moves-under-the-old-number": Mutant(
        edit(Beliefs.move, "self.refutation += 1", "pass"),
        (f"{_SPEC}/test_spreading.py::test_a_new_address_is_told",),
    ),
    "membership-a-turn-at-each-wake-up": Mutant(
        edit(Membership.wake, " and step.ns >= self._turn_ns", ""),
        (f"{_SPEC}/test_waking.py::test_waking_early_does_nothing",),
    ),
    "membership-verdicts-wait-past-their-deadline": Mutant(
        edit(Beliefs.pass_verdicts, "step.ns < self.table", "step.ns <= self.table"),
        (f"{_SPEC}/test_waking.py::test_a_deadline_is_never_missed_twice",),
    ),
    "membership-reasons-are-hearsay": Mutant(
        edit(Beliefs.accuse, "step.ns)", "step.ns); why = Why.TOLD"),
        (f"{_SPEC}/test_suspicion.py::test_the_reason_is_shown",),
    ),
    "membership-linked-to-the-gone": Mutant(
        edit(report._link, "if member.in_view:", "if True:"),
        (f"{_SPEC}/test_members.py::test_who_is_gone_is_not_shown_as_linked",),
    ),
    "membership-never-shown-as-slow": Mutant(
        edit(report._own_row, "slow=slow", "slow=0"),
        (f"{_SPEC}/test_suspicion.py::test_the_own_row_says_who_is_slow",),
    ),
    "membership-no-time-to-refute": Mutant(
        _hasty_verdicts,
        (
            f"{_SPEC}/test_mesh.py::test_loss_condemns_nobody",
            f"{_SPEC}/test_waking.py::test_a_host_that_stutters_condemns_nobody",
        ),
    ),
    "membership-a-first-word-is-not-heard": Mutant(
        edit(Membership.announced, "self._meet(incarnation, address, step)", "pass"),
        (f"{_SPEC}/test_members.py::test_an_admitted_controller_is_a_member_once_it_lives",),
    ),
    "membership-outsiders-get-the-table": Mutant(
        edit(
            Membership._dispatch,
            "case ProbeRequest() | TableHash() | Table() if",
            "case ProbeRequest() | Table() if",
        ),
        (f"{_SPEC}/test_members.py::test_an_outsider_is_answered_and_no_more",),
    ),
    "membership-we-are-not-in-view": Mutant(
        edit(Table.view, "sorted([self._own, *others])", "sorted(others)"),
        (
            f"{_SPEC}/test_members.py::test_the_view_is_sorted_and_has_ourselves_in_it",
            f"{_SPEC}/test_mesh.py::test_three_that_fall_silent_together_are_seen",
        ),
    ),
    "membership-refusals-are-our-fault": Mutant(
        edit(
            Membership.refused,
            "self._probing.drop(member.incarnation)",
            "self._probing.health.note(Sign.NOBODY_TO_ASK)",
        ),
        (f"{_SPEC}/test_probing.py::test_a_refusal_is_not_our_own_fault",),
    ),
    "membership-any-refusal-counts": Mutant(
        edit(Membership.refused, "member.address == address and ", ""),
        (f"{_SPEC}/test_probing.py::test_a_refused_connection_elsewhere_says_nothing",),
    ),
    "membership-confidence-never-returns": Mutant(
        edit(Probing.answered, "self.health.note(Sign.ANSWERED)", "pass"),
        (f"{_SPEC}/test_probing.py::test_answers_in_time_restore_confidence",),
    ),
    "membership-anybody-answers": Mutant(
        edit(Probing.answered, " or asked.target != source", ""),
        (f"{_SPEC}/test_probing.py::test_the_answer_of_somebody_else_does_not_count",),
    ),
    "membership-answers-of-streams-do-not-count": Mutant(
        edit(Probing.answered, "asked is None or", "asked is None or channel is Channel.STREAM or"),
        (f"{_SPEC}/test_probing.py::test_the_answer_of_the_stream_counts",),
    ),
    "membership-streams-are-not-tried": Mutant(
        edit(
            Probing._widen,
            "step.send(member.incarnation, self._probe(asked, member), Channel.STREAM)",
            "pass",
        ),
        (f"{_SPEC}/test_mesh.py::test_without_datagrams_the_streams_suffice",),
    ),
    "membership-anybody-helps": Mutant(
        edit(Probing.answered_indirectly, " or source not in asked.helpers", ""),
        (f"{_SPEC}/test_probing.py::test_the_word_of_a_helper_counts",),
    ),
    "membership-met-again-without-comparing": Mutant(
        edit(Membership._greet, "self._telling.send_hash(member.incarnation, step)", "pass"),
        (f"{_SPEC}/test_spreading.py::test_a_member_that_is_met_again_compares_tables",),
    ),
    "membership-clocks-wait-for-their-turn": Mutant(
        edit(Membership._greet, " or member.link.clock.read(step.now) is None", ""),
        (f"{_SPEC}/test_mesh.py::test_the_clock_of_a_new_member_is_measured_at_once",),
    ),
    "membership-hash-without-ourselves": Mutant(
        edit(Table._hash, "[*rows, (self._own, own_refutation, Standing.ALIVE)]", "rows"),
        (f"{_SPEC}/test_spreading.py::test_equal_beliefs_have_equal_hashes",),
    ),
    "membership-answers-carry-no-news": Mutant(
        edit(
            Membership._answer,
            "self._rumours.take(1, transmissions_max(self._table.size), tuple(first))",
            "tuple(first)",
        ),
        (f"{_SPEC}/test_spreading.py::test_rumours_ride_on_probes_and_answers",),
    ),
    "membership-tables-from-all-at-once": Mutant(
        edit(Telling.take_hash, "if self._is_exchanging_with_another(source, step):", "if False:"),
        (f"{_SPEC}/test_spreading.py::test_tables_are_exchanged_with_one_member_at_a_time",),
    ),
    "membership-comparisons-put-off-for-good": Mutant(
        edit(Telling.take_hash, "self.hasten_comparison()", "pass"),
        (f"{_SPEC}/test_spreading.py::test_tables_are_exchanged_with_one_member_at_a_time",),
    ),
    "membership-tables-go-one-way": Mutant(
        edit(Telling.take_hash, "reply=True", "reply=False"),
        (f"{_SPEC}/test_spreading.py::test_unequal_tables_are_exchanged",),
    ),
    "membership-answers-after-goodbye": Mutant(
        edit(Membership.receive, "if self._beliefs.left:", "if self._own is None:"),
        (f"{_SPEC}/test_spreading.py::test_who_has_left_answers_nothing",),
    ),
    "membership-rumours-wait-for-somebody": Mutant(
        edit(
            Telling.gossip,
            "self._rumours.clear()",
            "self._gossip_ns = step.ns + self._timing.gossip_interval_ns",
        ),
        (f"{_SPEC}/test_spreading.py::test_with_nobody_to_tell_rumours_end",),
    ),
    "membership-too-quick-for-slow-members": Mutant(
        _quick_lan,
        (f"{_SPEC}/test_mesh.py::test_a_slow_member_condemns_nobody",),
    ),
}
