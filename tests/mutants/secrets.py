"""Faults planted in secrets."""

from dataclasses import replace
from typing import Final

from mesh.environment.declarations import Parameter
from mesh.environment.kinds import COMMANDS, secret
from mesh.environment.shapes import Text
from mesh.wire import secrets
from tests.mutants.edit import edit
from tests.mutants.invites import declare
from tests.mutants.mutant import Mutant

_FOLD: Final = "tests/specification/fold/test_secrets.py"
_WIRE: Final = "tests/mesh/wire/test_secrets.py"

_SET: Final = COMMANDS["secret", "set"]

MUTANTS: Final[dict[str, Mutant]] = {
    "secrets-the-value-may-be-signed": Mutant(
        declare(
            replace(_SET, parameters=(*_SET.parameters, Parameter("value", Text(), "the value")))
        ),
        (f"{_FOLD}::test_what_is_signed_is_no_value",),
    ),
    "secrets-a-reader-is-dropped-in-place": Mutant(
        edit(secret._objection, "if not all(reader in following for reader in former)", "if 0"),
        (f"{_FOLD}::test_a_reader_leaves_with_a_new_version_only",),
    ),
    "secrets-any-version-is-shared": Mutant(
        edit(
            secret._objection,
            "if draft.read((*key, _VERSION.name)) != arguments[_VERSION.name]",
            "if 0",
        ),
        (f"{_FOLD}::test_only_the_version_that_was_meant_is_shared",),
    ),
    "secrets-any-copy-is-believed": Mutant(
        edit(secrets.decode_opening, "if is_whole and is_it", "if is_whole"),
        (f"{_WIRE}::test_only_the_value_that_was_signed_is_believed",),
    ),
    "secrets-a-copy-of-another-shape-is-believed": Mutant(
        edit(secrets.decode_opening, "if is_whole and is_it", "if is_it"),
        (f"{_WIRE}::test_whatever_was_sealed_is_a_value_or_none",),
    ),
    "secrets-the-length-shows": Mutant(
        edit(secrets.encode_opening, "plain + bytes(-len(plain) % BLOCK_BYTES)", "plain"),
        (f"{_WIRE}::test_neither_length_nor_value_can_be_told",),
    ),
}
