"""Faults planted in what people are told of a change: mistakes, effect, what became of it."""

from typing import Final

from mesh.environment import resolve
from mesh.protocol.replica.views import aside, consent
from mesh.protocol.replica.views.effect import _since
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_RESOLVE: Final = "tests/mesh/environment/test_resolve.py"
_ASIDE: Final = "tests/mesh/protocol/replica/test_set_aside_below.py"
_CONSENTS: Final = "tests/mesh/protocol/replica/test_consents.py"
_API: Final = "tests/mesh/api/test_resources.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "told-what-was-refused-is-missed-again": Mutant(
        edit(resolve._Resolving._is_consequence, "missed in self._refused and", "False and"),
        (f"{_RESOLVE}::test_what_was_refused_is_not_missed_a_second_time",),
    ),
    "told-the-whole-only-of-what-works": Mutant(
        edit(resolve._Resolving.outcome, "if not self._is_misshapen", "if not self._errors"),
        (f"{_RESOLVE}::test_what_does_not_fit_together_is_named_beside_refusals",),
    ),
    "told-the-merge-in-place-of-what-stands": Mutant(
        edit(aside.set_aside_of, "outcome.why is Why.MERGED", "False"),
        (f"{_ASIDE}::test_what_stands_is_told_and_that_it_came_again",),
    ),
    "told-by-the-name-alone-that-it-came-again": Mutant(
        edit(aside.staged_again, "look.request(tx).written == request.written", "True"),
        (f"{_ASIDE}::test_what_stands_is_told_and_that_it_came_again",),
    ),
    "told-that-any-approval-lends-the-right": Mutant(
        edit(
            consent._lenders,
            'if consent["may_lend"] == consent["may_approve"]',
            'if consent["may_lend"]',
        ),
        (f"{_CONSENTS}::test_who_may_approve_without_the_right_lends_none",),
    ),
    "told-that-filled-in-data-was-changed": Mutant(
        edit(_since, 'each["before"] is None', "False"),
        (f"{_API}::test_data_that_a_draft_waited_for_is_no_change_to_it",),
    ),
}
