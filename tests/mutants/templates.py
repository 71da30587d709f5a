"""Faults planted in templates and the data that they take."""

from typing import Final

from mesh.environment import resolve, templates
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/mesh/environment/test_templates.py"
_FILLED: Final = f"{_HERE}::test_what_is_filled_in"

MUTANTS: Final[dict[str, Mutant]] = {
    "templates-spell-everything-out": Mutant(
        edit(templates.Filling._text, "whole is not None and", "False and"),
        (_FILLED,),
    ),
    "templates-know-no-escape": Mutant(
        edit(templates.Filling._spelled, "found[0] == _ESCAPED", "False"),
        (_FILLED,),
    ),
    "templates-default-wins": Mutant(
        edit(
            templates.Filling._taken,
            "self.configuration.entry((*key, data.VALUE)).present",
            "not self.configuration.entry((*key, data.DEFAULT)).present",
        ),
        (f"{_HERE}::test_the_environments_own_value_wins",),
    ),
    "templates-insist-on-nothing": Mutant(
        edit(templates.Filling._taken, "if not insists and", "if"),
        (f"{_HERE}::test_the_environments_own_value_wins",),
    ),
    "templates-of-required-data-take-defaults": Mutant(
        edit(templates.Filling._taken, "insists = insists or", "insists = insists or False and"),
        (f"{_HERE}::test_the_environments_own_value_wins",),
    ),
    "templates-read-outside-the-base": Mutant(
        edit(resolve.resolve, "resolving.depend_on(filling.read)", "pass"),
        (f"{_HERE}::test_what_was_taken_is_in_the_base",),
    ),
    "templates-keep-what-they-came-to": Mutant(
        edit(resolve.resolve, "tuple(commands)", "tuple(filled)"),
        (f"{_HERE}::test_written_and_resolved_are_both_kept",),
    ),
    "templates-in-data-are-filled-in": Mutant(
        edit(resolve._filled, "command.group == data.NAME", "False"),
        (f"{_HERE}::test_data_goes_alone_and_has_no_templates",),
    ),
}
