"""Faults planted in the replacement of exchange keys."""

from typing import Final

from mesh.environment.declarations import Arguments
from mesh.environment.draft import Draft
from mesh.environment.kinds import COMMANDS
from mesh.protocol.admission import judgement
from mesh.protocol.history import proofs
from mesh.protocol.replica.rotating import Rotating
from mesh.protocol.standing import RosterView
from tests.mutants.edit import edit
from tests.mutants.invites import declare
from tests.mutants.mutant import Mutant

_FOLD: Final = "tests/specification/fold/test_rotation.py"
_MESH: Final = "tests/mesh/protocol/replica/test_rotating.py"


def _write_over(draft: Draft, arguments: Arguments) -> None:
    for name in {"exchange_key", "site"} & arguments.keys():
        draft.write(("controller", str(arguments["controller"]), name), arguments[name])


MUTANTS: Final[dict[str, Mutant]] = {
    "rotation-takes-an-operator": Mutant(
        declare(COMMANDS["controller", "rotate-key"], by_controllers_with=""),
        (f"{_FOLD}::test_a_controller_replaces_its_own_key",),
    ),
    "rotation-by-anybody": Mutant(
        edit(proofs._rotation, "if not suite.verify(", "if not proof_of_rotation("),
        (f"{_FOLD}::test_nobody_replaces_the_key_of_another",),
    ),
    "rotation-to-a-key-that-was-given-up": Mutant(
        declare(
            COMMANDS["controller", "rotate-key"],
            run=COMMANDS["controller", "modify"].run,
        ),
        (
            f"{_FOLD}::test_no_key_comes_back",
            f"{_FOLD}::test_the_removed_replace_nothing",
        ),
    ),
    "rotation-by-whoever-may-change-the-roster": Mutant(
        declare(COMMANDS["controller", "modify"], run=_write_over),
        (f"{_FOLD}::test_a_key_is_not_written_over",),
    ),
    "rotation-is-for-others": Mutant(
        edit(Rotating.roster_changed, "if named == self._used:", "if True:"),
        (
            f"{_MESH}::test_everybody_uses_the_new_key",
            f"{_MESH}::test_a_crash_between_the_barrier_and_the_disk_is_made_good",
        ),
    ),
    "rotation-any-key-will-do": Mutant(
        edit(RosterView.names, "== exchange_key", '!= b""'),
        (f"{_MESH}::test_the_old_key_is_worth_nothing_afterwards",),
    ),
    "rotation-who-lags-behind-hears-nothing": Mutant(
        edit(
            judgement.judge,
            "return Access.FORMER  #",
            "return Refused(Ground.REMOVED, 'no')  #",
        ),
        (f"{_MESH}::test_who_was_away_catches_up",),
    ),
}
