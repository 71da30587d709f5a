"""Faults planted in what keeps too few from releasing anything: B10."""

from typing import Final

from mesh.protocol.barrier import answer, merging, removed, unbacked
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_BACKING: Final = "tests/specification/barrier/test_b10_backing.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "backing-whatever-it-names": Mutant(
        edit(unbacked.names_too_few, "wrong_backing(at, case) is not None", "False"),
        (
            f"{_BACKING}::test_a_quorum_that_the_policy_does_not_allow_releases_nothing",
            f"{_BACKING}::test_it_keeps_nobody_from_trying_the_same_request",
            f"{_BACKING}::test_what_builds_on_it_has_diverged_too",
            f"{_BACKING}::test_those_outside_the_roster_make_no_majority",
            f"{_BACKING}::test_who_makes_the_policy_stricter_asks_everybody",
            f"{_BACKING}::test_an_operator_lets_it_in_all_the_same",
        ),
    ),
    "backing-founded-with-a-majority": Mutant(
        edit(unbacked._may_take_several, "if at.judge.policy(0) is Policy.MAJORITY:", "if False:"),
        (f"{_BACKING}::test_a_quorum_that_the_policy_does_not_allow_releases_nothing",),
    ),
    "backing-the-step-itself": Mutant(
        edit(unbacked._may_take_several, "case.ancestors | case.bit", "case.ancestors"),
        (f"{_BACKING}::test_who_makes_the_policy_stricter_asks_everybody",),
    ),
    "backing-before-the-majority": Mutant(
        edit(unbacked.is_unbacked, " or ignores_a_majority(at, number)", ""),
        (
            f"{_BACKING}::test_nobody_goes_by_a_history_from_before_the_majority",
            f"{_BACKING}::test_not_while_it_is_decided_either",
        ),
    ),
    "backing-while-the-step-is-open": Mutant(
        edit(
            unbacked._steps, "open_ids(at) | at.knowledge.released & ~foreign(at)", "at.judge.ids"
        ),
        (f"{_BACKING}::test_not_while_it_is_decided_either",),
    ),
    "backing-below-the-step-too": Mutant(
        edit(unbacked.ignores_a_majority, "return bool(beside) and", "return"),
        (f"{_BACKING}::test_under_all_active_one_is_enough",),
    ),
    "backing-comes-first": Mutant(
        edit(
            answer.already_done,
            "went_through(at, at.change_set(number).tx)",
            "at.knowledge.attempts(at.change_set(number).tx) & at.knowledge.released",
        ),
        (f"{_BACKING}::test_it_keeps_nobody_from_trying_the_same_request",),
    ),
    "backing-no-operator-helps": Mutant(
        edit(removed.kept_out, "unbacked & ~let_in(at)", "unbacked"),
        (f"{_BACKING}::test_an_operator_lets_it_in_all_the_same",),
    ),
    "backing-automatic-merges-take-it": Mutant(
        edit(merging.mergeable, "if not by_operator and kept_out(at, ids):", "if False:"),
        (f"{_BACKING}::test_a_quorum_that_the_policy_does_not_allow_releases_nothing",),
    ),
}
