"""Faults planted in what undoes a ChangeSet."""

from typing import Final

import pytest

from mesh.environment import inverse as undoing
from mesh.environment.consent import Backing
from mesh.environment.kinds import secret
from mesh.environment.resolve import _Resolving
from mesh.protocol.history import History, reverting
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_TESTS: Final = "tests/specification/fold/test_reverting.py"


def _secrets_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    beyond = {kind: why for kind, why in undoing._BEYOND.items() if kind != secret.NAME}
    monkeypatch.setattr(undoing, "_BEYOND", beyond)


MUTANTS: Final = {
    "reverting-leaves-sets": Mutant(
        edit(undoing._elements_back, "if here.present == done.before.present:", "if True:"),
        (f"{_TESTS}::test_what_was_written_over_comes_back",),
    ),
    "reverting-other-objects": Mutant(
        edit(reverting.revert, "returning=undoing.returning", "returning={}"),
        (f"{_TESTS}::test_a_removed_object_comes_back_as_the_one_that_it_was",),
    ),
    "reverting-fills-templates": Mutant(
        edit(undoing._literal, "escaped(value)", "value"),
        (f"{_TESTS}::test_braces_come_back_as_braces",),
    ),
    "reverting-restaged-makes-others": Mutant(
        edit(History.again, "returning_in(request) or None", "None"),
        (f"{_TESTS}::test_a_revert_that_was_set_aside_brings_back_what_was_there",),
    ),
    "reverting-with-defaults": Mutant(
        edit(undoing._whole_back, "if bare:", "if not bare:"),
        (f"{_TESTS}::test_a_removed_object_comes_back_as_the_one_that_it_was",),
    ),
    "reverting-without-fields": Mutant(
        edit(undoing._whole_back, "if entry.present}", "if not entry.present}"),
        (f"{_TESTS}::test_a_revert_of_any_entry_gives_the_former_values",),
    ),
    "reverting-into-another": Mutant(
        edit(
            undoing._of_object,
            "_reads_as(here, root.before)",
            "here.present == root.before.present",
        ),
        (f"{_TESTS}::test_what_replaced_an_object_gives_way_to_it",),
    ),
    "reverting-data-by-halves": Mutant(
        edit(undoing._of_data, "_ = wanted.pop(field_name, None)", "pass"),
        (f"{_TESTS}::test_environment_data_comes_back",),
    ),
    "reverting-over-others": Mutant(
        edit(reverting.revert, "() if force else overwritten", "() and overwritten"),
        (f"{_TESTS}::test_what_was_written_since_is_not_undone_silently",),
    ),
    "reverting-only-fields": Mutant(
        edit(
            undoing.overwritten,
            "if not each.key[2:] and _goes(now, each):",
            "if each.before.present:",
        ),
        (f"{_TESTS}::test_an_object_that_others_wrote_to_is_not_removed_silently",),
    ),
    "reverting-takes-replaced-objects-whole": Mutant(
        edit(undoing._goes, "return here.present and not _reads_as", "return False and _reads_as"),
        (f"{_TESTS}::test_an_object_in_the_place_of_another_is_not_removed_silently",),
    ),
    "reverting-only-once": Mutant(
        edit(undoing.overwritten, "or _reads_as(entry, after)", ""),
        (f"{_TESTS}::test_undone_from_the_end_a_history_leads_back_to_its_beginning",),
    ),
    "reverting-by-force": Mutant(
        edit(reverting.revert, "force=force", "force=True"),
        (f"{_TESTS}::test_a_revert_between_making_and_applying_meets_conflicts",),
    ),
    "reverting-merges": Mutant(
        edit(reverting._unfit, "if kind in _RULING:", "if False:"),
        (f"{_TESTS}::test_what_has_nothing_to_undo_says_so",),
    ),
    "reverting-secrets": Mutant(
        _secrets_come_back,
        (f"{_TESTS}::test_the_roster_and_secrets_are_not_put_back",),
    ),
    "reverting-without-rights": Mutant(
        edit(Backing.lacking, "for grant in self.demanded(written):", "for grant in ():"),
        (f"{_TESTS}::test_a_revert_takes_the_rights_of_what_it_writes",),
    ),
    "reverting-without-invariants": Mutant(
        edit(
            _Resolving._check_whole,
            "self._errors += [each.text for each in broken if not self._is_consequence(each)]",
            "pass",
        ),
        (f"{_TESTS}::test_invariants_hold_against_a_revert",),
    ),
    "reverting-data-made-anew-stays": Mutant(
        edit(undoing._of_data, "is_another or ", ""),
        (f"{_TESTS}::test_environment_data_that_was_made_anew_gives_way_to_the_former",),
    ),
}
"""By name."""
