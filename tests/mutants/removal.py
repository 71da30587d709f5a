"""Faults planted in what is left to removed controllers."""

from typing import Final

from mesh.protocol.admission import judgement
from mesh.protocol.links.machine import Links
from mesh.protocol.replica import Replica, removals
from mesh.protocol.replica.outcasts import Outcasts
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_LINKS: Final = "tests/mesh/protocol/links/test_greeting.py"
_HERE: Final = "tests/mesh/protocol/replica/test_removal.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "removal-nobody-learns-why": Mutant(
        edit(judgement._judge_removed, "return Access.FORMER", "pass"),
        (
            f"{_HERE}::test_who_was_removed_while_away_reads_why",
            f"{_HERE}::test_two_that_removed_each_other_see_it",
        ),
    ),
    "removal-changes-nothing": Mutant(
        edit(judgement._judge_removed, "return Access.FORMER", "return Access.MEMBER"),
        (f"{_HERE}::test_a_removed_controller_is_told_nothing_else",),
    ),
    "removal-leaves-the-stream": Mutant(
        edit(Links.judged, "verdict = _REMOVED", "pass"),
        (f"{_LINKS}::test_who_is_removed_loses_the_stream_of_a_member",),
    ),
    "removal-every-question-is-answered": Mutant(
        edit(Outcasts.asked, "if not self._answers.admits(now.monotonic_ns):", "if False:"),
        (f"{_HERE}::test_its_questions_are_metered",),
    ),
    "removal-everything-shown-is-taken": Mutant(
        edit(
            Outcasts.shown, "if self._facts.admits(now.monotonic_ns, _size(message)):", "if True:"
        ),
        (f"{_HERE}::test_what_it_shows_is_metered",),
    ),
    "removal-everything-of-strangers-is-taken": Mutant(
        edit(
            Outcasts.claimed, "not self._claimed.admits(now.monotonic_ns, _size(message))", "False"
        ),
        (
            f"{_HERE}::test_what_strangers_show_is_metered",
            f"{_HERE}::test_a_stranger_is_asked_once",
        ),
    ),
    "removal-strangers-are-asked-again-and-again": Mutant(
        edit(Replica._greeted, "if verdict is Access.FORMER or verdict is not before:", "if True:"),
        (f"{_HERE}::test_a_stranger_is_asked_once",),
    ),
    "removal-is-not-explained": Mutant(
        edit(removals.removal_of, "return entry", "return None"),
        (f"{_HERE}::test_who_was_removed_while_away_reads_why",),
    ),
}
