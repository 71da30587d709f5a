"""Faults planted in admission."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from mesh.protocol.admission import activation, generations, judgement, machine, pending, porch
from mesh.protocol.admission.activation import Candidate
from mesh.protocol.admission.doors import Door, Doors
from mesh.protocol.admission.enrolment import ENVIRONMENT_KEY, WAITING_KEY, Enrolment
from mesh.protocol.admission.generations import Generation
from mesh.protocol.admission.machine import Admission
from mesh.protocol.admission.pending import PendingList
from mesh.protocol.admission.phases import Phase, Turn
from mesh.protocol.admission.porch import Porch, Visitor
from mesh.protocol.admission.steps import AdmissionStep, Draft
from mesh.protocol.effects import Noticed, WriteMeta
from mesh.protocol.meter import Meter
from mesh.protocol.now import Now
from mesh.protocol.standing import Access, Refused, RosterView, Verdict
from mesh.wire.messages import Hello
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/mesh/protocol/admission"
_WELCOMER: Final = (
    f"{_HERE}/test_way_in.py::test_a_newcomer_believes_who_welcomed_it_until_it_knows_the_roster"
)
_EVERY_ORDER: Final = (
    f"{_HERE}/test_fresh_hosts.py::test_three_fresh_hosts_are_one_environment_after_two_accepts"
)


def _replace(target: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


def _higher_stays(hello: Hello, enrolment: Enrolment) -> bool:
    return (
        hello.environment is not None
        and not enrolment.settled
        and (not hello.yields or hello.environment > enrolment.environment)
    )


def _only_to_lower(hello: Hello, enrolment: Enrolment) -> bool:
    unused = not enrolment.settled
    return unused and hello.environment is not None and hello.environment < enrolment.environment


def _always_to_lower(hello: Hello, enrolment: Enrolment) -> bool:
    return hello.environment is not None and hello.environment < enrolment.environment


def _never_yields(hello: Hello, enrolment: Enrolment) -> bool:
    del hello, enrolment
    return False


def _used_changes_nothing(self: Admission) -> AdmissionStep:
    del self
    return AdmissionStep()


def _fellows_are_somebody(
    own: bytes,
    enrolment: Enrolment | None,
    hello: Hello,
    roster: RosterView,
    exchange_key: bytes,
) -> Verdict:
    verdict = _judge(own, enrolment, hello, roster, exchange_key)
    return Access.HOST if verdict is Access.FELLOW else verdict


def _claimants_are_members(
    own: bytes,
    enrolment: Enrolment | None,
    hello: Hello,
    roster: RosterView,
    exchange_key: bytes,
) -> Verdict:
    verdict = _judge(own, enrolment, hello, roster, exchange_key)
    return Access.MEMBER if verdict is Access.CLAIMANT else verdict


def _removed_are_strangers(
    own: bytes,
    enrolment: Enrolment | None,
    hello: Hello,
    roster: RosterView,
    exchange_key: bytes,
) -> Verdict:
    return _judge(own, enrolment, hello, replace(roster, removed=frozenset()), exchange_key)


def _foreigners_are_claimants(
    own: bytes,
    enrolment: Enrolment | None,
    hello: Hello,
    roster: RosterView,
    exchange_key: bytes,
) -> Verdict:
    verdict = _judge(own, enrolment, hello, roster, exchange_key)
    return Access.CLAIMANT if isinstance(verdict, Refused) else verdict


def _newcomers_know_the_roster(
    own: bytes,
    enrolment: Enrolment | None,
    hello: Hello,
    roster: RosterView,
    exchange_key: bytes,
) -> Verdict:
    known = replace(roster, active=roster.active | {own})
    return _judge(own, enrolment, hello, known, exchange_key)


def _newcomers_believe_everybody(
    own: bytes,
    enrolment: Enrolment | None,
    hello: Hello,
    roster: RosterView,
    exchange_key: bytes,
) -> Verdict:
    verdict = _judge(own, enrolment, hello, roster, exchange_key)
    is_new = not roster.has(own)
    return Access.MEMBER if verdict is Access.CLAIMANT and is_new else verdict


def _believe_any_welcome(enrolment: Enrolment, hello: Hello) -> bool:
    del enrolment, hello
    return True


def _forget_what_was_given_up(self: Admission, hello: Hello, draft: Draft) -> None:
    enrolment = self._enrolment
    assert enrolment is not None
    assert hello.environment is not None
    if judgement.outranks(hello, enrolment):
        self._phase = Phase.YIELDED
        draft.writes += [WriteMeta(ENVIRONMENT_KEY, b""), WriteMeta(WAITING_KEY, b"")]
        draft.ended = "given up"


def _welcome_everybody(
    self: Porch, stream: int, visitor: Visitor, enrolment: Enrolment, draft: Draft
) -> None:
    visitor.admitted = True
    _came(self, stream, visitor, enrolment, draft)


def _welcome_only_at_the_door(
    self: Porch, roster: RosterView, enrolment: Enrolment, draft: Draft
) -> None:
    del enrolment, draft
    self.pending.remove(roster.active | roster.learners | roster.removed)


def _list_anything(hello: Hello) -> list[str]:
    del hello
    return []


def _admit_all(self: Meter, now_ns: int) -> bool:
    del self, now_ns
    return True


def _fresh_meter(
    self: Porch, stream: int, visitor: Visitor, enrolment: Enrolment, draft: Draft
) -> None:
    self._visitors.pop(stream, None)
    _came(self, stream, visitor, enrolment, draft)


def _never_expire(self: PendingList, now: Now) -> None:
    del self, now


def _oldest_goes(self: PendingList) -> bytes:
    return min(self._lines.values(), key=lambda line: line.last_seen_ns).controller


def _both_rivals_vote(own: Generation, rival: Generation) -> str | None:
    return _outlived(own, rival) if own.number != rival.number else None


def _any_other_stops(own: Generation, rival: Generation) -> str | None:
    return None if own == rival else f"there is generation {rival.number}"


def _strangers_stop_votes(self: Admission, hello: Hello, draft: Draft) -> None:
    self._enrolment = (
        replace(self._enrolment, rival=generations.generation_of(hello))
        if self._enrolment is not None
        else None
    )
    draft.notices.append(Noticed("error", "generation", self.stand_down or ""))


def _everybody_at_once(candidate: Candidate, own: bytes, active: object) -> int | None:
    del own, active
    return candidate.covered_since_ns


def _whatever_it_lacks(candidate: Candidate, own: bytes, active: tuple[bytes, ...]) -> int | None:
    return _deadline_ns(replace(candidate, applied=candidate.required), own, active)


def _always_listens(self: Admission) -> Phase:
    first = _first_phase(self)
    return Phase.LISTENING if first is Phase.PENDING else first


def _found_gives_way(self: Admission, turn: Turn, draft: Draft) -> None:
    _keep(self, Turn.SILENCE if turn is Turn.TOLD else turn, draft)


def _knock_once(self: Doors, stream: int, door: Door, draft: Draft, now: Now) -> int:
    due_ns = _knock(self, stream, door, draft, now)
    door.knock_ns = 2**62
    return due_ns


_judge = judgement.judge
_came = Porch.came
_outlived = generations.outlived
_deadline_ns = activation.activation_deadline_ns
_first_phase = Admission._first_phase
_keep = Admission._keep
_knock = Doors._knock

MUTANTS: Final[dict[str, Mutant]] = {
    "admission-the-lower-id-yields": Mutant(
        _replace(judgement, "outranks", _higher_stays),
        (
            f"{_HERE}/test_yielding.py::test_the_higher_id_yields",
            f"{_HERE}/test_yielding.py::test_the_lower_id_waits",
        ),
    ),
    "admission-an-empty-environment-outlives-a-used-one": Mutant(
        _replace(judgement, "outranks", _only_to_lower),
        (f"{_HERE}/test_yielding.py::test_an_unused_environment_yields_to_one_that_is_kept",),
    ),
    "admission-a-used-environment-is-given-up": Mutant(
        _replace(judgement, "outranks", _always_to_lower),
        (f"{_HERE}/test_yielding.py::test_what_was_founded_on_purpose_is_never_given_up",),
    ),
    "admission-nobody-yields": Mutant(
        _replace(judgement, "outranks", _never_yields),
        (
            f"{_HERE}/test_yielding.py::test_the_higher_id_yields",
            _EVERY_ORDER,
        ),
    ),
    "admission-use-does-not-settle": Mutant(
        _replace(Admission, "used", _used_changes_nothing),
        (
            f"{_HERE}/test_yielding.py::test_what_was_used_is_never_given_up",
            _EVERY_ORDER,
        ),
    ),
    "admission-hosts-without-an-environment-wait-for-each-other": Mutant(
        _replace(judgement, "judge", _fellows_are_somebody),
        (f"{_HERE}/test_way_in.py::test_others_without_an_environment_are_nobody",),
    ),
    "admission-claimants-are-members": Mutant(
        _replace(judgement, "judge", _claimants_are_members),
        (f"{_HERE}/test_way_in.py::test_the_roster_decides_who_is_a_member",),
    ),
    "admission-removed-keys-are-strangers": Mutant(
        _replace(judgement, "judge", _removed_are_strangers),
        (f"{_HERE}/test_way_in.py::test_a_removed_peer_is_refused_before_all_else",),
    ),
    "admission-foreign-environments-are-heard": Mutant(
        _replace(judgement, "judge", _foreigners_are_claimants),
        (f"{_HERE}/test_way_in.py::test_two_settled_environments_never_merge",),
    ),
    "admission-a-newcomer-takes-its-old-roster-for-the-roster": Mutant(
        _replace(judgement, "judge", _newcomers_know_the_roster),
        (_WELCOMER,),
    ),
    "admission-a-newcomer-believes-everybody": Mutant(
        _replace(judgement, "judge", _newcomers_believe_everybody),
        (_WELCOMER,),
    ),
    "admission-any-welcome-is-believed": Mutant(
        _replace(machine, "_is_of", _believe_any_welcome),
        (
            f"{_HERE}/test_way_in.py::test_a_welcome_is_to_what_its_sender_named",
            f"{_HERE}/test_way_in.py::test_a_founding_record_must_be_readable",
        ),
    ),
    "admission-what-was-given-up-is-forgotten": Mutant(
        _replace(Admission, "_perhaps_yield", _forget_what_was_given_up),
        (f"{_HERE}/test_yielding.py::test_what_was_given_up_is_kept_as_evidence",),
    ),
    "admission-everybody-is-welcome": Mutant(
        _replace(Porch, "came", _welcome_everybody),
        (f"{_HERE}/test_porch.py::test_nobody_is_welcomed_who_was_not_admitted",),
    ),
    "admission-who-is-admitted-while-at-the-door-is-not-told": Mutant(
        _replace(Porch, "roster_changed", _welcome_only_at_the_door),
        (f"{_HERE}/test_porch.py::test_an_admitted_newcomer_is_welcomed_at_once",),
    ),
    "admission-any-name-is-listed": Mutant(
        _replace(porch, "faults", _list_anything),
        (f"{_HERE}/test_porch.py::test_what_the_roster_would_not_take_is_not_listed",),
    ),
    "admission-knocks-are-not-metered": Mutant(
        _replace(Meter, "admits", _admit_all),
        (
            f"{_HERE}/test_porch.py::test_knocks_on_one_stream_are_metered",
            f"{_HERE}/test_porch.py::test_knocks_of_all_together_are_metered",
        ),
    ),
    "admission-a-hello-resets-the-meter": Mutant(
        _replace(Porch, "came", _fresh_meter),
        (f"{_HERE}/test_porch.py::test_a_new_hello_does_not_reset_the_meter",),
    ),
    "admission-who-left-waits-for-ever": Mutant(
        _replace(PendingList, "_expire", _never_expire),
        (f"{_HERE}/test_porch.py::test_who_stops_knocking_is_forgotten",),
    ),
    "admission-a-flood-pushes-out-whoever-came-first": Mutant(
        _replace(PendingList, "_victim", _oldest_goes),
        (f"{_HERE}/test_porch.py::test_a_full_list_is_fair_to_each_host",),
    ),
    "admission-the-list-has-no-end": Mutant(
        _replace(pending, "PENDING_MAX", 10**6),
        (f"{_HERE}/test_porch.py::test_a_full_list_is_fair_to_each_host",),
    ),
    "admission-two-rebuilt-environments-both-vote": Mutant(
        _replace(machine, "outlived", _both_rivals_vote),
        (f"{_HERE}/test_generations.py::test_two_rebuilt_environments_both_stop",),
    ),
    "admission-an-earlier-generation-stops-a-later-one": Mutant(
        _replace(machine, "outlived", _any_other_stops),
        (f"{_HERE}/test_generations.py::test_an_earlier_generation_changes_nothing",),
    ),
    "admission-what-stopped-the-votes-is-not-written": Mutant(
        _replace(Admission, "_compare_generations", _strangers_stop_votes),
        (f"{_HERE}/test_generations.py::test_a_later_generation_stops_the_votes",),
    ),
    "admission-everybody-proposes-the-activation": Mutant(
        _replace(activation, "activation_deadline_ns", _everybody_at_once),
        (f"{_HERE}/test_activation.py::test_another_proposes_after_a_minute",),
    ),
    "admission-a-learner-that-lacks-something-becomes-active": Mutant(
        _replace(activation, "activation_deadline_ns", _whatever_it_lacks),
        (f"{_HERE}/test_activation.py::test_nobody_proposes_before_that",),
    ),
    "admission-a-restart-forgets-what-was-waited-for": Mutant(
        _replace(Admission, "_first_phase", _always_listens),
        (
            f"{_HERE}/test_way_in.py::test_who_has_met_an_environment_founds_none_after_a_restart",
            f"{_HERE}/test_way_in.py::test_who_may_not_found_waits_for_ever",
        ),
    ),
    "admission-what-was-founded-on-purpose-may-be-given-up": Mutant(
        _replace(Admission, "_keep", _found_gives_way),
        (f"{_HERE}/test_way_in.py::test_found_founds_whoever_is_there",),
    ),
    "admission-one-knock-is-all": Mutant(
        _replace(Doors, "_knock", _knock_once),
        (f"{_HERE}/test_way_in.py::test_knocking_never_ends",),
    ),
    "admission-nobody-is-listened-for": Mutant(
        edit(Admission.start, "+ self._configuration.listen_ns", "+ 0"),
        (f"{_HERE}/test_way_in.py::test_a_fresh_host_listens_for_three_seconds",),
    ),
    "admission-founded-although-nobody-could-change-it": Mutant(
        edit(Admission._first_phase, " or self._operator_key is None", ""),
        (f"{_HERE}/test_way_in.py::test_nothing_is_founded_without_an_operators_key",),
    ),
    "admission-a-restart-listens-again": Mutant(
        edit(Admission._first_phase, "return Phase.MEMBER if", "return Phase.LISTENING if"),
        (f"{_HERE}/test_way_in.py::test_a_restart_returns_to_the_environment_at_once",),
    ),
    "admission-two-yield-to-each-other": Mutant(
        edit(judgement.outranks, "hello.environment < enrolment", "hello.environment != enrolment"),
        (
            f"{_HERE}/test_yielding.py::test_no_two_yield_to_each_other_even_on_old_news",
            f"{_HERE}/test_yielding.py::test_no_circle_yields",
        ),
    ),
    "admission-accepting-admits-another-way": Mutant(
        edit(Admission.commands_to_accept, '"admit"', '"accept"'),
        (
            f"{_HERE}/test_porch.py::test_what_a_person_accepts_is_an_ordinary_change",
            f"{_HERE}/test_porch.py::test_the_environment_takes_what_was_accepted",
        ),
    ),
    "admission-anybody-stops-the-votes": Mutant(
        edit(
            Admission.greeted,
            "case _ if roster.has(hello.sender.controller):",
            "case _ if hello.environment is not None:",
        ),
        (f"{_HERE}/test_generations.py::test_only_the_roster_can_stop_the_votes",),
    ),
}
