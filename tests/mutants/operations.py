"""Faults planted in the streams of commands."""

from typing import Final

from mesh.environment import commands
from mesh.wire import operations, requests
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/mesh/wire/test_operations.py"
_REFUSED: Final = f"{_HERE}::test_any_other_spelling_of_commands_is_refused"
_FOLD: Final = "tests/specification/fold/test_fold_rules.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "operations-in-any-order": Mutant(
        edit(
            operations._read,
            "tuple(bead.id for bead in given) != _FOUR",
            "sorted(bead.id for bead in given) != sorted(_FOUR)",
        ),
        (_REFUSED,),
    ),
    "operations-said-twice": Mutant(
        edit(operations._read, "any(bead.id in _FOUR for bead in unknown)", "False"),
        (_REFUSED,),
    ),
    "operations-numbered-at-will": Mutant(
        edit(operations._read, "said != number", "False"),
        (_REFUSED,),
    ),
    "operations-numbered-from-zero": Mutant(
        edit(operations.write_operations, "enumerate(operations, 1)", "enumerate(operations)"),
        (f"{_HERE}::test_golden_bytes_of_a_command",),
    ),
    "operations-after-something-else": Mutant(
        edit(operations.read_operations, "begins[:1] != [0] and beads", "False"),
        (_REFUSED,),
    ),
    "operations-drop-what-is-unknown": Mutant(
        edit(operations._read, "risp.encode(unknown)", 'b""'),
        (f"{_HERE}::test_unknown_beads_are_kept",),
    ),
    "operations-unknown-is-not-written": Mutant(
        edit(operations.write_operations, " + operation.unknown", ""),
        (
            f"{_HERE}::test_unknown_beads_are_kept",
            f"{_HERE}::test_an_independent_reader_reads_any_stream",
        ),
    ),
    "operations-of-any-depth": Mutant(
        edit(requests._demand_plain, "depth_max - 1", "depth_max"),
        (f"{_HERE}::test_parameters_are_not_deep",),
    ),
    "fold-guesses-what-it-cannot-read": Mutant(
        edit(commands.unknown_part, "if command.unknown:", "if False:"),
        (f"{_FOLD}::test_folding_stops_at_what_a_newer_version_says_of_a_command",),
    ),
}
