"""Faults planted in what a person forgives."""

from typing import Final

from mesh.environment.declarations import Arguments
from mesh.environment.draft import Draft
from mesh.environment.kinds import COMMANDS
from mesh.environment.kinds.controller import PARDONED
from mesh.protocol.replica.equivocations import Equivocations
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.scribe import Scribe
from tests.mutants.edit import edit
from tests.mutants.invites import declare
from tests.mutants.mutant import Mutant

_FOLD: Final = "tests/specification/fold/test_pardon.py"
_MESH: Final = "tests/mesh/protocol/replica/test_pardon.py"
_PARDON: Final = COMMANDS["controller", "pardon"]


def _write_over(draft: Draft, arguments: Arguments) -> None:
    draft.write(("controller", str(arguments["controller"]), PARDONED), arguments["life"])


def _read_only(draft: Draft, arguments: Arguments) -> None:
    _ = draft.read(("controller", str(arguments["controller"]), PARDONED))


MUTANTS: Final[dict[str, Mutant]] = {
    "pardon-by-anybody": Mutant(
        declare(_PARDON, by_controllers=True), (f"{_FOLD}::test_no_controller_pardons",)
    ),
    "pardon-of-anything": Mutant(
        declare(_PARDON, run=_write_over),
        (
            f"{_FOLD}::test_what_is_decided_is_decided",
            f"{_FOLD}::test_the_removed_are_not_pardoned",
        ),
    ),
    "pardon-of-nothing": Mutant(
        declare(_PARDON, run=_read_only), (f"{_FOLD}::test_a_person_pardons_a_life",)
    ),
    "pardon-of-every-life": Mutant(
        edit(Equivocations.is_out, " or life.boot <= forgiven", ""),
        (
            f"{_MESH}::test_the_life_that_told_two_stories_stays_out",
            f"{_MESH}::test_a_pardon_outlives_a_restart",
        ),
    ),
    "pardon-for-ever": Mutant(
        edit(Equivocations.heard, "is_new = fork.origin.boot >", "is_new = 0 >"),
        (f"{_MESH}::test_another_lie_accuses_again",),
    ),
    "pardon-is-not-read": Mutant(
        edit(Equivocations.judged, "self._pardoned, pardoned\n", "self._pardoned, {}\n"),
        (
            f"{_MESH}::test_a_pardoned_controller_takes_part_again",
            f"{_MESH}::test_an_old_proof_accuses_nobody_who_was_pardoned",
        ),
    ),
    "pardon-cannot-be-read-by-the-accused": Mutant(
        edit(Participant.stand_down, "if self.equivocations.is_forked else None", ""),
        (f"{_MESH}::test_a_later_life_of_the_accused_follows",),
    ),
    "pardon-beside-a-claim": Mutant(
        edit(Scribe.boot, "goes_on = False", "pass"),
        (f"{_MESH}::test_it_claims_nothing_about_the_life_before",),
    ),
}
