"""Faults planted in what a controller remembers of its own misfortunes."""

from typing import Final

from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.incidents import Incidents
from mesh.protocol.replica.scribe import Scribe
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_INCIDENTS: Final = "tests/mesh/protocol/replica/test_incidents.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "incidents-die-with-their-life": Mutant(
        edit(Incidents.note, "self._desk.write(WriteMeta(INCIDENTS_KEY, raw))", "pass"),
        (f"{_INCIDENTS}::test_what_a_life_found_is_told_by_those_after_it",),
    ),
    "incidents-each-time-anew": Mutant(
        edit(Incidents.note, "if each.text not in texts", ""),
        (f"{_INCIDENTS}::test_what_comes_again_is_told_once",),
    ),
    "incidents-without-a-bound": Mutant(
        edit(Incidents.note, "[-INCIDENTS_MAX:]", ""),
        (f"{_INCIDENTS}::test_a_bounded_number_is_kept_the_last_ones",),
    ),
    "incidents-for-ever": Mutant(
        edit(Incidents.shown, "if now.wall_ns - each.at_wall_ns < SHOWN_NS", ""),
        (f"{_INCIDENTS}::test_a_month_later_nobody_is_told",),
    ),
    "incidents-a-lost-journal-is-none": Mutant(
        edit(Replica.start, "self.incidents.note(self._found_at_start, now)", "pass"),
        (f"{_INCIDENTS}::test_a_journal_that_is_gone_is_an_incident",),
    ),
    "incidents-a-filled-gap-stays": Mutant(
        edit(Scribe.gaps, "sequence > self._chains.last(origin) and ", ""),
        (f"{_INCIDENTS}::test_facts_behind_a_gap_are_a_note_until_it_is_filled",),
    ),
}
