"""Faults planted in what passes a step over."""

from typing import Final

from mesh.protocol.replica.calm import Calm
from mesh.protocol.replica.participant import Participant
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_CALM: Final = "tests/mesh/protocol/replica/test_calm.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "calm-whatever-is-said": Mutant(
        edit(Calm.heard, "type(message) not in PASSING_MESSAGES", "False"),
        (f"{_CALM}::test_what_is_not_known_to_be_harmless_stirs",),
    ),
    "calm-whatever-happens": Mutant(
        edit(Calm.happened, "type(given) not in PASSING_INPUTS", "False"),
        (f"{_CALM}::test_what_is_not_known_to_be_harmless_stirs",),
    ),
    "calm-for-ever": Mutant(
        edit(Calm.holds, " and now.monotonic_ns < self._until_ns", ""),
        (f"{_CALM}::test_it_holds_until_something_is_due",),
    ),
    "calm-after-one-look": Mutant(
        edit(Calm.look, "self._until_ns = 0", "pass"),
        (f"{_CALM}::test_what_is_not_known_to_be_harmless_stirs",),
    ),
    "calm-while-something-waits": Mutant(
        edit(Participant._is_busy, "self.crank.is_unfinished", "False"),
        (f"{_CALM}::test_nobody_can_tell",),
    ),
    "calm-while-somebody-is-away": Mutant(
        edit(Participant._is_busy, "self.absence.is_anybody_away", "False"),
        (f"{_CALM}::test_nobody_can_tell",),
    ),
}
