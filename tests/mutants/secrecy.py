"""Faults planted in the replacement of the environment's secret."""

from typing import Final

from mesh.environment import inverse
from mesh.environment.declarations import Arguments
from mesh.environment.draft import Draft
from mesh.environment.kinds import COMMANDS, environment_secret
from mesh.protocol.admission import machine
from mesh.protocol.information import Information
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.secrecy import Secrecy
from mesh.wire import secrecy
from tests.mutants.edit import edit
from tests.mutants.invites import declare
from tests.mutants.mutant import Mutant

_FOLD: Final = "tests/specification/fold/test_secrecy.py"
_MESH: Final = "tests/mesh/protocol/replica/test_secrecy.py"


def _read_only(draft: Draft, arguments: Arguments) -> None:
    del arguments
    _ = draft.read(environment_secret.KEY)


def _write_over(draft: Draft, arguments: Arguments) -> None:
    draft.write(environment_secret.KEY, arguments[environment_secret.COMMITMENT])


MUTANTS: Final[dict[str, Mutant]] = {
    "secret-made-by-a-controller-alone": Mutant(
        declare(COMMANDS[environment_secret.ROTATION], by_controllers=True),
        (f"{_FOLD}::test_only_an_operator_replaces_it",),
    ),
    "secret-in-use-is-rotated-to": Mutant(
        declare(COMMANDS[environment_secret.ROTATION], run=_write_over),
        (f"{_FOLD}::test_the_one_in_use_is_not_another",),
    ),
    "secret-that-comes-back": Mutant(
        lambda monkeypatch: monkeypatch.delitem(inverse._BEYOND, environment_secret.NAME),
        (f"{_FOLD}::test_it_is_not_reverted",),
    ),
    "secret-whose-hash-is-not-written": Mutant(
        declare(COMMANDS[environment_secret.ROTATION], run=_read_only),
        (f"{_FOLD}::test_an_operator_replaces_it",),
    ),
    "secret-is-told-to-nobody": Mutant(
        edit(Secrecy.receive, "if secret is not None:", "if secret is NotImplemented:"),
        (f"{_MESH}::test_who_was_away_asks",),
    ),
    "secret-is-not-made-durable": Mutant(
        edit(Secrecy.prepared, "self._note_prepared()", "pass"),
        (f"{_MESH}::test_who_made_it_has_it_on_disk",),
    ),
    "secret-is-not-kept-with-the-place": Mutant(
        edit(machine.Admission.rekeyed, "draft.writes.append(", "_ = ("),
        (f"{_MESH}::test_everybody_changes_over_with_the_change",),
    ),
    "secret-of-anybody-is-used": Mutant(
        edit(Secrecy.receive, "== self._wanted", "!= self._wanted"),
        (f"{_MESH}::test_what_is_told_is_used_only_where_the_configuration_names_it",),
    ),
    "secret-all-versions-are-one": Mutant(
        edit(secrecy.version_of, "% _VERSIONS", "% 1"),
        (f"{_MESH}::test_two_sides_of_a_partition_end_with_one",),
    ),
    "secret-keys-nothing": Mutant(
        edit(Information.rekey, "store.rekey(", "_ = ("),
        (f"{_MESH}::test_everybody_changes_over_with_the_change",),
    ),
    "secret-is-told-to-strangers": Mutant(
        edit(
            Participant.received,
            "case _ if access is not Access.MEMBER:",
            "case _ if access is not Access.MEMBER and not isinstance(message, SecretQuestion):",
        ),
        (f"{_MESH}::test_nobody_but_members_is_told",),
    ),
}
