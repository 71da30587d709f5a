"""Faults planted where two configurations are compared."""

from typing import Final

from mesh.protocol.replica import differing
from mesh.protocol.replica.differing import Differing
from mesh.protocol.replica.disagreement import Disagreement
from mesh.protocol.replica.views import differences
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_DIFFERING: Final = "tests/mesh/protocol/replica/test_differing.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "differing-the-last-key-first": Mutant(
        edit(Differing._step, "for part in answer.parts:", "for part in answer.parts[:0]:"),
        (f"{_DIFFERING}::test_the_first_differing_key_is_named",),
    ),
    "differing-between-two-keys": Mutant(
        edit(differing._one_key, "order.keys[places.start] < there.last", "False"),
        (f"{_DIFFERING}::test_a_key_that_only_one_side_holds_is_named",),
    ),
    "differing-behind-the-last-key": Mutant(
        edit(Differing._step, "if rest else None", "if False else None"),
        (f"{_DIFFERING}::test_a_key_that_only_one_side_holds_is_named",),
    ),
    "differing-states-that-move": Mutant(
        edit(Differing._take, "or answer.state != comparison.states[1]", ""),
        (f"{_DIFFERING}::test_states_that_change_meanwhile_are_not_compared",),
    ),
    "differing-not-compared-is-agreement": Mutant(
        edit(Disagreement.compare, "self._contradicts.get(peer.controller, False)", "False"),
        (f"{_DIFFERING}::test_the_first_differing_key_is_named",),
    ),
    "differing-unknown-is-not-said": Mutant(
        edit(differences._view, "if found is None:", "if False:"),
        (f"{_DIFFERING}::test_a_comparison_that_could_not_be_made_is_not_agreement",),
    ),
    "differing-answers-without-end": Mutant(
        edit(Differing._may_ask, "count < ANSWERS_MAX", "True"),
        (f"{_DIFFERING}::test_answers_are_counted_and_of_one_history_only",),
    ),
    "differing-questions-without-end": Mutant(
        edit(Differing._narrow, "former.asked < QUESTIONS_MAX", "True"),
        (f"{_DIFFERING}::test_a_comparison_ends_wherever_the_answers_lead",),
    ),
    "differing-any-parts": Mutant(
        edit(differing._fits, "is_within and", "True or"),
        (f"{_DIFFERING}::test_parts_that_are_not_of_the_question_are_not_looked_at",),
    ),
}
