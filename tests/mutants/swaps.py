"""Faults planted in when readers see what was applied."""

from typing import Final

from mesh.protocol import swaps
from mesh.protocol.replica import entries
from mesh.protocol.replica.entries import Entries
from mesh.protocol.swaps import Swaps
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/mesh/protocol/test_swaps.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "swaps-before-the-instant": Mutant(
        edit(swaps._is_due, " and scheduled.swap.due_ns <= now.monotonic_ns", ""),
        (f"{_HERE}::test_nothing_is_shown_before_its_instant",),
    ),
    "swaps-who-waited-for-another-was-in-time": Mutant(
        edit(Swaps.schedule, "before_ns > due_ns", "before_ns < due_ns"),
        (f"{_HERE}::test_an_instant_never_overtakes_an_earlier_one",),
    ),
    "swaps-before-they-are-on-disk": Mutant(
        edit(swaps._is_on_disk, " and is_durable(scheduled.ticket)", ""),
        (f"{_HERE}::test_nothing_is_shown_before_it_is_on_disk",),
    ),
    "swaps-before-all-is-said": Mutant(
        edit(
            swaps._is_on_disk, "scheduled.ticket is not None and ", "scheduled.ticket is None or "
        ),
        (f"{_HERE}::test_nothing_is_shown_before_all_that_follows_is_said",),
    ),
    "swaps-late-without-an-instant": Mutant(
        edit(swaps._judged, "not swap.why and ", ""),
        (f"{_HERE}::test_what_has_no_instant_is_shown_as_soon_as_it_can_be",),
    ),
    "swaps-told-for-ever": Mutant(
        edit(entries._drop_oldest, "- SWAPS_PUBLISHED_MAX", "- 10**6"),
        (f"{_HERE}::test_the_latest_swaps_are_told",),
    ),
    "swaps-told-without-a-reason": Mutant(
        edit(Entries.publish, ', "why": swapped.why}', "}"),
        (f"{_HERE}::test_the_latest_swaps_are_told",),
    ),
}
