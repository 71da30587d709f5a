"""Faults planted in membership and probing."""

from collections.abc import Callable
from typing import Final

import pytest

from mesh.protocol.membership import beliefs, probing, standings, table
from mesh.protocol.membership.beliefs import Beliefs
from mesh.protocol.membership.clocks import ClockFilter, _Sample
from mesh.protocol.membership.health import WEIGHTS, Health, Sign
from mesh.protocol.membership.links import Link, LinkState
from mesh.protocol.membership.lives import Life, Lives
from mesh.protocol.membership.machine import Membership
from mesh.protocol.membership.outcome import Outcome, Step, Why
from mesh.protocol.membership.probing import Probing
from mesh.protocol.membership.rounds import Ring, Round
from mesh.protocol.membership.rumours import Rumours
from mesh.protocol.membership.table import Member, Table
from mesh.protocol.membership.telling import Telling
from mesh.protocol.now import Now
from mesh.protocol.outgoing import Channel
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import Ack, Gossip, News, Probe, Standing, TableHash
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_SPEC: Final = "tests/specification/membership"
_UNIT: Final = "tests/mesh/protocol/membership"


def _replace(target: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


def _row(
    rows: object, pair: tuple[Standing, Standing], taken: Standing
) -> Callable[[pytest.MonkeyPatch], None]:
    assert isinstance(rows, dict)
    return lambda monkeypatch: monkeypatch.setitem(rows, pair, taken)


def _nothing(*_: object, **__: object) -> None:
    """A rule that is not there."""


def _no_outcome(*_: object, **__: object) -> Outcome:
    return Outcome()


# --- who is a member ----------------------------------------------------------------------------


def _keep_the_removed(self: Table, controllers: list[bytes]) -> tuple[Incarnation, ...]:
    self._roster_set = frozenset(controllers)
    self.roster = tuple(sorted(self._roster_set))
    return ()


def _everybody_is_a_member(_: Table, __: object) -> bool:
    return True


def _trust_any_accuser(_: Beliefs, __: News) -> bool:
    return True


def _hear_outsiders(
    self: Membership,
    source: Incarnation,
    news: tuple[News, ...],
    step: Step,
    *,
    whole: bool = False,
) -> None:
    for piece in news:
        self._beliefs.hear(piece, step, whole=whole, teller=source)


# --- suspicion and refutation -------------------------------------------------------------------


def _raise_the_number_of_another(self: Beliefs, member: Member, why: Why, step: Step) -> bool:
    member.refutation += 1
    return _accuse(self, member, why, step)


def _ask_without_telling(self: Probing, asked: Round, member: Member) -> Probe:
    probe = _probe(self, asked, member)
    return Probe(probe.nonce, probe.target, None, None, probe.summary, probe.news)


def _count_each_word(self: Table, member: Member, accuser: bytes) -> bool:
    member.accusers.append(accuser)
    return True


def _take_answers_for_refutations(
    self: Membership, source: Incarnation, ack: Ack, channel: Channel, step: Step
) -> None:
    _take_answer(self, source, ack, channel, step)
    member = self._table.of(source)
    if member is not None:
        self._table.stand(member, Standing.ALIVE, Why.ANSWERS, step.ns)


def _never_ask_the_failed(self: Probing, step: Step) -> None:
    self._retry_ns = 1 << 62
    _take_turn(self, step)


# --- lives --------------------------------------------------------------------------------------


def _let_the_ended_return(self: Lives, incarnation: Incarnation) -> Life:
    life = _judge(self, incarnation)
    return Life.NEWER if life is Life.ENDED else life


def _let_the_quarantined_return(self: Lives, incarnation: Incarnation) -> Life:
    life = _judge(self, incarnation)
    return Life.NEWER if life is Life.QUARANTINED else life


def _take_a_late_message_for_a_fork(
    self: Membership, source: Incarnation, address: Address, step: Step
) -> None:
    self._beliefs.prove_fork(source, address, step)
    _meet(self, source, address, step)


# --- telling, waking, measuring -----------------------------------------------------------------


def _tell_for_ever(
    self: Rumours,
    listeners: int,
    _: int,
    first: tuple[News, ...] = (),
    bytes_max: int = 850,
) -> tuple[News, ...]:
    return _take(self, listeners, 1 << 62, first, bytes_max)


def _tell_without_measure(
    self: Rumours,
    listeners: int,
    told_max: int,
    first: tuple[News, ...] = (),
    bytes_max: int = 850,
) -> tuple[News, ...]:
    return _take(self, listeners, told_max, first, bytes_max * 2)


def _tell_the_dead(self: Telling, step: Step) -> None:
    if not self._rumours or step.ns < self._gossip_ns:
        return
    listeners = self._table.standing(Standing.ALIVE, Standing.SUSPECT)
    if not listeners:
        self._rumours.clear()
        return
    self._gossip_ns = step.ns + self._timing.gossip_interval_ns
    chosen = self._random.sample(listeners, min(3, len(listeners)))
    news = self._rumours.take(len(chosen), 4)
    for member in chosen:
        step.send(member.incarnation, Gossip(news))


def _wait_for_the_timer(self: Telling, step: Step) -> None:
    if self._rumours and step.ns > self._gossip_ns + 10**9:
        self._gossip_ns = step.ns + self._timing.gossip_interval_ns
    _gossip(self, step)


def _send_whole_tables_always(self: Telling, source: Incarnation, _: TableHash, step: Step) -> None:
    self.send_table(source, step, reply=True)


def _sleep_unnoticed(self: Membership, now: Now) -> Outcome:
    return self.wake(now)


def _stamp_at_the_question(
    self: ClockFilter, asked_ns: int, peer_wall_ns: int, answered_ns: int
) -> None:
    _sample(self, asked_ns, peer_wall_ns - (answered_ns - asked_ns) // 2 + 1, answered_ns)
    trip = answered_ns - asked_ns
    newest = _Sample(answered_ns, peer_wall_ns - asked_ns, trip)
    self._samples = (*self._samples[:-1], newest)


def _believe_old_samples(
    self: ClockFilter, asked_ns: int, peer_wall_ns: int, answered_ns: int
) -> None:
    middle = (asked_ns + answered_ns) // 2
    newest = _Sample(answered_ns, peer_wall_ns - middle, answered_ns - asked_ns)
    self._samples = (*self._samples, newest)


def _count_half_a_link(self: LinkState, recent_ns: int) -> Link:
    return Link.BOTH if self.heard_since(recent_ns) else _link(self, recent_ns)


def _ask_by_chance(
    self: Ring, eligible: Callable[[bytes], bool], everybody: list[bytes]
) -> bytes | None:
    willing = [controller for controller in everybody if eligible(controller)]
    return self._random.choice(willing) if willing else None


def _unscaled(_: Health, wait_ns: int) -> int:
    return wait_ns


def _ignore_muteness(self: Probing, asked: Round, _: Step) -> None:
    if not asked.helpers:
        self.health.note(Sign.NOBODY_TO_ASK)


_accuse = Beliefs.accuse
_probe = Probing._probe
_take_answer = Membership._take_answer
_take_turn = Probing.take_turn
_judge = Lives.judge
_meet = Membership._meet
_take = Rumours.take
_gossip = Telling.gossip
_sample = ClockFilter.sample
_link = LinkState.link

MUTANTS: Final[dict[str, Mutant]] = {
    "membership-removed-stays": Mutant(
        _replace(Table, "admit", _keep_the_removed),
        (
            f"{_SPEC}/test_members.py::test_a_removed_member_disappears",
            f"{_SPEC}/test_members.py::test_a_removed_member_never_returns",
        ),
    ),
    "membership-without-roster": Mutant(
        _replace(Table, "__contains__", _everybody_is_a_member),
        (f"{_SPEC}/test_members.py::test_a_controller_outside_the_roster_is_no_member",),
    ),
    "membership-any-accuser": Mutant(
        _replace(Beliefs, "_well_formed", _trust_any_accuser),
        (f"{_SPEC}/test_members.py::test_an_accusation_names_an_accuser_from_the_roster",),
    ),
    "membership-outsiders-heard": Mutant(
        _replace(Membership, "_hear", _hear_outsiders),
        (f"{_SPEC}/test_members.py::test_the_word_of_an_outsider_is_not_taken",),
    ),
    "membership-dead-by-hearsay": Mutant(
        _row(standings.SAME_NUMBER, (Standing.ALIVE, Standing.FAILED), Standing.FAILED),
        (
            f"{_SPEC}/test_suspicion.py::test_hearsay_of_death_makes_a_suspect",
            f"{_UNIT}/test_standings.py::test_at_equal_numbers_the_graver_word_counts",
        ),
    ),
    "membership-dead-imported-as-dead": Mutant(
        _replace(beliefs, "as_exchanged", lambda _, heard: heard),
        (f"{_SPEC}/test_suspicion.py::test_a_whole_table_imports_suspects_never_dead",),
    ),
    "membership-number-raised-by-others": Mutant(
        _replace(Beliefs, "accuse", _raise_the_number_of_another),
        (f"{_SPEC}/test_suspicion.py::test_nobody_raises_the_number_of_another",),
    ),
    "membership-witnesses-among-the-dead": Mutant(
        _replace(table, "confirmations_expected", lambda _: 2),
        (
            f"{_SPEC}/test_suspicion.py::test_witnesses_are_expected_from_the_living_only",
            f"{_SPEC}/test_suspicion.py::test_a_sole_survivor_waits_for_nobody",
            f"{_SPEC}/test_suspicion.py::test_a_bystander_that_fails_is_waited_for_no_longer",
            f"{_SPEC}/test_mesh.py::test_one_that_is_cut_off_sees_itself_alone",
        ),
    ),
    "membership-witness-counted-twice": Mutant(
        _replace(Table, "accuse", _count_each_word),
        (f"{_SPEC}/test_suspicion.py::test_one_witness_counts_once",),
    ),
    "membership-suspect-not-told": Mutant(
        _replace(Probing, "_probe", _ask_without_telling),
        (
            f"{_SPEC}/test_suspicion.py::test_a_suspect_is_told_in_the_question",
            f"{_SPEC}/test_mesh.py::test_a_partition_heals_without_ghosts",
        ),
    ),
    "membership-never-refutes": Mutant(
        _replace(Beliefs, "refute", lambda _, __: False),
        (
            f"{_SPEC}/test_suspicion.py::test_a_doubted_member_refutes_in_its_answer",
            f"{_SPEC}/test_suspicion.py::test_a_rumour_against_us_is_refuted_at_once",
            f"{_SPEC}/test_mesh.py::test_a_member_that_failed_comes_back",
        ),
    ),
    "membership-answer-refutes": Mutant(
        _replace(Membership, "_take_answer", _take_answers_for_refutations),
        (f"{_SPEC}/test_suspicion.py::test_an_answer_alone_does_not_refute",),
    ),
    "membership-hearers-stay-at-home": Mutant(
        _replace(Probing, "verify", _nothing),
        (f"{_SPEC}/test_suspicion.py::test_who_hears_of_a_suspicion_goes_and_sees",),
    ),
    "membership-all-hearers-run": Mutant(
        _replace(probing, "VERIFIERS", 10**6),
        (f"{_SPEC}/test_suspicion.py::test_in_a_large_mesh_a_few_go_and_see",),
    ),
    "membership-refusal-ignored": Mutant(
        _replace(Membership, "refused", _no_outcome),
        (
            f"{_SPEC}/test_probing.py::test_a_refused_connection_is_a_failed_probe_at_once",
            f"{_SPEC}/test_mesh.py::test_a_third_crash_is_seen_as_fast_as_the_first",
        ),
    ),
    "membership-broken-stream-ignored": Mutant(
        _replace(Membership, "stream_lost", _no_outcome),
        (f"{_SPEC}/test_probing.py::test_a_broken_stream_asks_at_once",),
    ),
    "membership-no-helpers": Mutant(
        _replace(probing, "INDIRECT_PROBES", 0),
        (
            f"{_SPEC}/test_probing.py::test_without_an_answer_three_others_and_the_stream_are_tried",
            f"{_SPEC}/test_mesh.py::test_a_broken_link_condemns_nobody",
        ),
    ),
    "membership-asked-by-chance": Mutant(
        _replace(Ring, "turn", _ask_by_chance),
        (
            f"{_UNIT}/test_rounds.py::test_everybody_is_asked_once_in_each_round",
            f"{_SPEC}/test_probing.py::test_one_member_is_asked_in_each_interval",
        ),
    ),
    "membership-nacks-ignored": Mutant(
        lambda monkeypatch: monkeypatch.setitem(
            WEIGHTS,
            Sign.NACK_MISSING,
            0,
        ),
        (f"{_SPEC}/test_probing.py::test_missing_nacks_make_us_doubt_ourselves",),
    ),
    "membership-mute-helpers-trusted": Mutant(
        _replace(Probing, "_blame", _ignore_muteness),
        (f"{_SPEC}/test_probing.py::test_helpers_that_say_nothing_are_asked_themselves",),
    ),
    "membership-verdict-on-the-heels-of-a-doubt": Mutant(
        edit(beliefs.Beliefs.hear, "whole or (held", "whole or (None and held"),
        (
            f"{_SPEC}/test_suspicion.py::test_hearsay_of_death_makes_a_suspect",
            f"{_SPEC}/test_suspicion.py::test_a_doubt_and_a_verdict_that_come_together_kill_nobody",
        ),
    ),
    "membership-a-score-of-zero-for-ever": Mutant(
        edit(Health.note, "HEALTH_SCORE_MAX)", "0)"),
        (f"{_SPEC}/test_mesh.py::test_a_very_slow_member_condemns_none_but_itself",),
    ),
    "membership-health-without-effect": Mutant(
        _replace(Health, "scaled", _unscaled),
        (f"{_SPEC}/test_probing.py::test_who_is_slow_asks_and_judges_slowly",),
    ),
    "membership-failed-never-asked": Mutant(
        _replace(Probing, "take_turn", _never_ask_the_failed),
        (f"{_SPEC}/test_mesh.py::test_a_partition_heals_without_ghosts",),
    ),
    "membership-ended-life-returns": Mutant(
        _replace(Lives, "judge", _let_the_ended_return),
        (
            f"{_SPEC}/test_lives.py::test_news_of_an_ended_life_are_ignored",
            f"{_SPEC}/test_lives.py::test_a_boot_ends_older_lives",
        ),
    ),
    "membership-quarantined-life-returns": Mutant(
        _replace(Lives, "judge", _let_the_quarantined_return),
        (f"{_SPEC}/test_lives.py::test_a_quarantined_life_stays_out",),
    ),
    "membership-fork-unseen": Mutant(
        _replace(Beliefs, "prove_fork", _nothing),
        (f"{_SPEC}/test_lives.py::test_two_lives_that_answer_are_a_fork",),
    ),
    "membership-fork-by-late-message": Mutant(
        _replace(Membership, "_meet", _take_a_late_message_for_a_fork),
        (f"{_SPEC}/test_lives.py::test_a_late_message_of_an_ended_life_is_no_fork",),
    ),
    "membership-fork-by-old-answer": Mutant(
        _replace(Lives, "is_proof", lambda _self, _ended, _asked_ns: True),
        (f"{_SPEC}/test_lives.py::test_an_answer_from_before_the_newer_life_was_known_is_no_fork",),
    ),
    "membership-twin-unseen": Mutant(
        _replace(Beliefs, "hear_of_twin", _nothing),
        (
            f"{_SPEC}/test_lives.py::test_a_newer_life_of_our_own_controller_is_reported_once",
            f"{_SPEC}/test_lives.py::test_both_lives_are_told",
        ),
    ),
    "membership-boot-ignored": Mutant(
        _replace(Membership, "booted", _no_outcome),
        (f"{_SPEC}/test_lives.py::test_a_boot_ends_older_lives",),
    ),
    "membership-sleep-unnoticed": Mutant(
        _replace(Membership, "slept", _sleep_unnoticed),
        (f"{_SPEC}/test_waking.py::test_after_sleep_nobody_is_suspected_for_one_round",),
    ),
    "membership-lateness-unnoticed": Mutant(
        _replace(Membership, "_forgive_lateness", _nothing),
        (
            f"{_SPEC}/test_waking.py::test_a_late_alarm_condemns_no_suspect",
            f"{_SPEC}/test_waking.py::test_a_late_alarm_makes_us_doubt_ourselves",
        ),
    ),
    "membership-gossip-for-ever": Mutant(
        _replace(Rumours, "take", _tell_for_ever),
        (
            f"{_UNIT}/test_rumours.py::test_a_rumour_is_told_a_bounded_number_of_times",
            f"{_SPEC}/test_spreading.py::test_at_rest_nothing_is_said",
            f"{_SPEC}/test_mesh.py::test_idle_members_hardly_wake_or_speak",
        ),
    ),
    "membership-news-without-measure": Mutant(
        _replace(Rumours, "take", _tell_without_measure),
        (f"{_UNIT}/test_rumours.py::test_news_fit_a_datagram",),
    ),
    "membership-gossip-to-the-dead": Mutant(
        _replace(Telling, "gossip", _tell_the_dead),
        (f"{_SPEC}/test_spreading.py::test_suspects_do_not_use_up_a_rumour",),
    ),
    "membership-gossip-waits": Mutant(
        _replace(Telling, "gossip", _wait_for_the_timer),
        (f"{_SPEC}/test_spreading.py::test_news_are_told_at_once_then_in_intervals",),
    ),
    "membership-whole-tables-always": Mutant(
        _replace(Telling, "take_hash", _send_whole_tables_always),
        (f"{_SPEC}/test_spreading.py::test_tables_are_compared_by_hash",),
    ),
    "membership-tables-never-compared": Mutant(
        _replace(Telling, "compare_tables", _nothing),
        (
            f"{_SPEC}/test_spreading.py::test_what_gossip_missed_the_tables_bring",
            f"{_SPEC}/test_members.py::test_growth_hastens_the_comparison_of_tables",
        ),
    ),
    "membership-leaves-without-a-word": Mutant(
        _replace(Telling, "say_goodbye", _nothing),
        (f"{_SPEC}/test_spreading.py::test_who_leaves_says_goodbye",),
    ),
    "membership-clock-at-the-question": Mutant(
        _replace(ClockFilter, "sample", _stamp_at_the_question),
        (
            f"{_UNIT}/test_clocks.py::test_the_middle_of_the_round_trip_is_compared",
            f"{_UNIT}/test_clocks.py::test_the_error_is_a_bound",
            f"{_SPEC}/test_mesh.py::test_clocks_are_measured",
        ),
    ),
    "membership-clock-of-the-past": Mutant(
        _replace(ClockFilter, "sample", _believe_old_samples),
        (f"{_UNIT}/test_clocks.py::test_a_step_of_the_peer_is_seen_at_once",),
    ),
    "membership-half-a-link-counts": Mutant(
        _replace(LinkState, "link", _count_half_a_link),
        (
            f"{_UNIT}/test_links.py::test_a_link_counts_only_if_both_directions_work",
            f"{_SPEC}/test_mesh.py::test_a_link_of_one_direction_is_shown",
        ),
    ),
}
