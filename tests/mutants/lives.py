"""Faults planted in membership, as edits: lives, suspicion and refutation, waking late."""

from collections.abc import Callable
from typing import Final

import pytest

from mesh.protocol.membership.beliefs import Beliefs
from mesh.protocol.membership.doubters import Doubters
from mesh.protocol.membership.lives import Lives
from mesh.protocol.membership.machine import Membership
from mesh.protocol.membership.outcome import Step
from mesh.protocol.membership.table import Member, Table
from mesh.wire.identity import Incarnation
from mesh.wire.messages import News, Standing
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_LIVES: Final = "tests/specification/membership/test_lives.py"
_SUSPICION: Final = "tests/specification/membership/test_suspicion.py"
_MESH: Final = "tests/specification/membership/test_mesh.py"
_WAKING: Final = "tests/specification/membership/test_waking.py"


def _quarantine_by_hearsay(
    self: Beliefs, news: News, step: Step, *, whole: bool, teller: Incarnation
) -> Member | None:
    """Who is said to be quarantined is as good as gone."""
    if news.standing is Standing.QUARANTINED:
        news = News(news.member, Standing.LEFT, news.refutation, news.address, None)
        teller = news.member
    return _HEAR(self, news, step, whole=whole, teller=teller)


def _replace(target: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


_HEAR: Final = Beliefs.hear

MUTANTS: Final[dict[str, Mutant]] = {
    "lives-made-up-by-others": Mutant(
        edit(Beliefs._is_about_a_life, " and self._is_attested(member)", ""),
        (f"{_LIVES}::test_a_life_that_its_controller_has_not_signed_is_no_rumour",),
    ),
    "lives-of-ours-made-up-by-others": Mutant(
        edit(Beliefs.hear_of_us, "self._is_attested(news.member)", "True"),
        (f"{_LIVES}::test_a_life_that_its_controller_has_not_signed_is_no_rumour",),
    ),
    "lives-replaced-without-a-word": Mutant(
        edit(Beliefs.succeed, "step.change(What.REPLACED, held.incarnation)", "pass"),
        (f"{_LIVES}::test_a_newer_life_replaces_the_older_one",),
    ),
    "lives-newer-ones-by-their-own-word-only": Mutant(
        edit(Beliefs._is_about_a_life, "life is Life.NEWER and", "False and"),
        (f"{_LIVES}::test_news_of_a_newer_life_replace_the_older_one",),
    ),
    "lives-a-boot-of-the-past-counts": Mutant(
        edit(Membership.booted, "is Life.NEWER", "is not Life.CURRENT"),
        (f"{_LIVES}::test_an_old_boot_changes_nothing",),
    ),
    "lives-a-restart-is-a-fork": Mutant(
        edit(Beliefs.succeed, "step.change(What.REPLACED", "step.change(What.FORKED"),
        (f"{_LIVES}::test_a_restart_is_no_fork",),
    ),
    "lives-our-past-is-a-twin": Mutant(
        edit(Beliefs.hear_of_twin, "other > self.own", "other != self.own"),
        (f"{_LIVES}::test_our_own_past_is_no_twin",),
    ),
    "lives-quarantined-by-hearsay": Mutant(
        _replace(Beliefs, "hear", _quarantine_by_hearsay),
        (f"{_LIVES}::test_quarantine_is_believed_from_nobody",),
    ),
    "lives-silenced-by-one": Mutant(
        edit(Doubters.weigh, "2 * saying > len(others)", "saying > 0"),
        (f"{_LIVES}::test_one_member_alone_silences_nobody",),
    ),
    "lives-silenced-in-the-name-of-others": Mutant(
        edit(
            Beliefs.hear_of_us,
            "news.accuser == teller",
            "news.accuser is not None",
            ("add(teller)", "add(news.accuser)"),
        ),
        (f"{_LIVES}::test_each_speaks_for_itself_alone",),
    ),
    "lives-a-doubt-is-for-ever": Mutant(
        edit(Membership._take_answer, "self._beliefs.doubters.drop(source.controller)", "pass"),
        (f"{_LIVES}::test_an_answer_without_the_doubt_takes_it_back",),
    ),
    "lives-an-answer-takes-back-what-it-says": Mutant(
        edit(Beliefs.hear_of_us, "self.doubters.add(teller)", "self.doubters.drop(teller)"),
        (f"{_LIVES}::test_an_answer_without_the_doubt_takes_it_back",),
    ),
    "lives-the-dead-count-among-doubters": Mutant(
        edit(Beliefs.weigh_doubts, "if member.in_view", ""),
        (f"{_LIVES}::test_those_who_are_seen_alive_count",),
    ),
    "lives-alone-is-cleared": Mutant(
        edit(Doubters.weigh, "if not others:", "if False:"),
        (f"{_LIVES}::test_who_is_alone_stays_as_it_was",),
    ),
    "lives-what-is-past-is-a-rival": Mutant(
        edit(Lives.rivals, "heard_ns > began_ns", "True"),
        ("tests/mesh/protocol/membership/test_lives.py::test_a_rival_is_one_that_speaks",),
    ),
    "lives-a-rival-for-ever": Mutant(
        edit(Lives.rivals, "and heard_ns >= since_ns", ""),
        (f"{_LIVES}::test_a_copy_that_was_stopped_is_told_of_no_longer",),
    ),
    "lives-nobody-listens-to-a-rival": Mutant(
        edit(Membership.receive, "self._lives.heard(source, step.ns)", "pass"),
        (f"{_LIVES}::test_a_copy_that_was_stopped_is_told_of_no_longer",),
    ),
    "suspicion-made-up-numbers-stand": Mutant(
        edit(Beliefs.hear_of_us, " or news.refutation > self.refutation", ""),
        (f"{_SUSPICION}::test_a_number_that_we_never_gave_is_outdone",),
    ),
    "suspicion-a-farewell-by-hearsay": Mutant(
        edit(
            Beliefs.hear, "not in_person and is_farewell_in_doubt", "False and is_farewell_in_doubt"
        ),
        (
            f"{_SUSPICION}::test_a_farewell_by_hearsay_is_a_doubt",
            f"{_SUSPICION}::test_a_whole_table_says_no_farewells",
        ),
    ),
    "suspicion-its-own-farewell-is-a-doubt": Mutant(
        edit(Beliefs.hear, "not in_person and is_farewell_in_doubt", "is_farewell_in_doubt"),
        ("tests/specification/membership/test_spreading.py::test_who_leaves_says_goodbye",),
    ),
    "suspicion-a-number-overflows": Mutant(
        edit(Beliefs.refute, " or _is_leap(self.refutation, number)", ""),
        (f"{_SUSPICION}::test_a_refutation_cannot_overflow",),
    ),
    "suspicion-the-last-number-counts": Mutant(
        edit(
            Beliefs.hear,
            "_is_leap(max(number, 0), news.refutation)",
            "news.refutation >= COUNTER_MAX",
        ),
        (f"{_SUSPICION}::test_nobody_is_talked_to_the_end_of_the_numbers",),
    ),
    "suspicion-its-own-word-is-a-leap": Mutant(
        edit(Beliefs.hear, "not in_person and _is_leap", "_is_leap"),
        (f"{_SUSPICION}::test_its_own_word_about_its_number_is_believed",),
    ),
    "suspicion-refuted-anew-each-time": Mutant(
        edit(
            Beliefs.refute,
            "number < self.refutation or ",
            "",
            ("self.refutation = number + 1", "self.refutation = max(self.refutation, number) + 1"),
        ),
        (f"{_SUSPICION}::test_a_refutation_is_repeated_to_who_missed_it",),
    ),
    "suspicion-witnesses-do-not-count": Mutant(
        edit(Table.verdict_ns, "max(len(suspect.accusers) - 1, 0)", "0"),
        (
            f"{_SUSPICION}::test_each_witness_makes_the_wait_shorter",
            f"{_MESH}::test_a_crash_is_seen_by_all",
            f"{_MESH}::test_silence_is_seen_by_all",
        ),
    ),
    "suspicion-in-a-large-mesh-as-in-a-small-one": Mutant(
        edit(Table.verdict_ns, "self.size,", "1,"),
        (f"{_SUSPICION}::test_the_least_wait_grows_with_the_mesh",),
    ),
    "waking-late-extends-no-question": Mutant(
        edit(Membership._forgive_lateness, "self._probing.extend(granted)", "pass"),
        (f"{_WAKING}::test_a_late_alarm_extends_all_waits",),
    ),
    "waking-late-judges-the-deadline-that-was-missed": Mutant(
        edit(Membership._forgive_lateness, "late_ns + LATE_NS", "late_ns"),
        (
            f"{_WAKING}::test_a_question_whose_own_deadline_was_missed_is_not_judged_at_once",
            f"{_WAKING}::test_a_verdict_whose_own_deadline_was_missed_is_not_passed_at_once",
        ),
    ),
    "waking-late-hidden-by-a-word": Mutant(
        edit(Membership.receive, "self._begin(now)", "Step(now)"),
        (f"{_WAKING}::test_a_word_that_is_heard_before_the_late_alarm_does_not_hide_it",),
    ),
    "waking-suspects-slept-their-time-away": Mutant(
        edit(Membership.slept, "suspect.since_ns = self._grace_ns", "pass"),
        (f"{_WAKING}::test_after_sleep_suspects_have_their_whole_time",),
    ),
}
