"""Faults planted in what keeps a controller from deciding a merge alone."""

from typing import Final

from mesh.environment import takings
from mesh.protocol.history import rulings
from mesh.protocol.history.merging import Merging
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_FOLD: Final = "tests/specification/fold/test_overreach.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "overreach-controllers-are-people": Mutant(
        edit(rulings.Rulings._judge, "not has_every_right(prepared, footing.rights)", "False"),
        (
            f"{_FOLD}::test_a_controller_decides_what_is_in_dispute_and_no_more",
            f"{_FOLD}::test_a_removal_on_the_other_side_is_not_set_aside_by_pretending",
            f"{_FOLD}::test_no_controller_decides_between_sides_that_removed_each_other",
        ),
    ),
    "overreach-people-are-controllers": Mutant(
        edit(rulings.Rulings._judge, "not has_every_right(prepared, footing.rights)", "True"),
        (f"{_FOLD}::test_a_removal_on_the_other_side_is_not_set_aside_by_pretending",),
    ),
    "overreach-more-than-is-in-dispute": Mutant(
        edit(Merging.overreach, "told != tuple(_decided(", "False and told != tuple(_decided("),
        (f"{_FOLD}::test_a_controller_decides_what_is_in_dispute_and_no_more",),
    ),
    "overreach-less-than-is-in-dispute": Mutant(
        edit(Merging.overreach, "if settled.undecided:", "if False:"),
        (f"{_FOLD}::test_a_controller_decides_what_is_in_dispute_and_no_more",),
    ),
    "overreach-any-policy": Mutant(
        edit(Merging.overreach, "return winner if winner in options else None", "return winner"),
        (f"{_FOLD}::test_the_policy_below_the_merge_binds_it",),
    ),
    "overreach-what-falls-falls": Mutant(
        edit(Merging.overreach, "return _warning(settled) or None", "return None"),
        (f"{_FOLD}::test_what_would_lose_its_ground_and_takes_something_waits_for_a_person",),
    ),
    "overreach-plans-what-falls": Mutant(
        edit(Merging.plan, "why = _warning(settled)", "pass"),
        (f"{_FOLD}::test_what_would_lose_its_ground_and_takes_something_waits_for_a_person",),
    ),
    "overreach-sites-do-not-matter": Mutant(
        edit(Merging._options, "if policy.startswith(_SITE):", "if False:"),
        (
            f"{_FOLD}::test_the_policy_below_the_merge_binds_it",
            f"{_FOLD}::test_the_policy_is_that_of_all_that_is_merged",
        ),
    ),
    "overreach-takings-do-not-matter": Mutant(
        edit(
            Merging._options,
            "if are_taken(self._takes(rival), self._takes(step))",
            "if rival is not step",
        ),
        (f"{_FOLD}::test_what_takes_something_away_stands",),
    ),
    "overreach-taken-only-as-it-was": Mutant(
        edit(takings.are_taken, "key[: len(each)] == each", "key == each"),
        (f"{_FOLD}::test_what_was_taken_covers_what_lies_below",),
    ),
    "overreach-policy-of-the-founding": Mutant(
        edit(Merging._settle, 'str(self._line.workspace.get("environment", "merge"))', '"auto"'),
        (f"{_FOLD}::test_the_policy_is_that_of_all_that_is_merged",),
    ),
    "overreach-closed-books-are-disputed": Mutant(
        edit(Merging._collisions, " or sides.is_settled(rival)", ""),
        (f"{_FOLD}::test_what_a_checkpoint_closed_is_in_no_dispute",),
    ),
    "overreach-people-wait-their-turn": Mutant(
        edit(rulings.Rulings._counting, "(people or last)[0]", "last[0]"),
        (f"{_FOLD}::test_a_persons_word_counts_before_that_of_a_controller",),
    ),
    "overreach-takes-nothing": Mutant(
        lambda monkeypatch: monkeypatch.delitem(
            takings.TAKING,
            ("right", "revoke"),
        ),
        (f"{_FOLD}::test_what_was_taken_covers_what_lies_below",),
    ),
}
