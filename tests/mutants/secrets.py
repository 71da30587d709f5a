"""Faults planted in secrets."""

from dataclasses import replace
from typing import Final

from mesh.environment.declarations import Parameter
from mesh.environment.kinds import COMMANDS, secret
from mesh.environment.shapes import Text
from mesh.protocol.replica.resealing import Resealing
from mesh.wire import secrets
from tests.mutants.edit import edit
from tests.mutants.invites import declare
from tests.mutants.mutant import Mutant

_FOLD: Final = "tests/specification/fold/test_secrets.py"
_WIRE: Final = "tests/mesh/wire/test_secrets.py"
_AGAIN: Final = "tests/mesh/protocol/replica/test_resealing.py"

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
    "secrets-all-holders-seal-at-once": Mutant(
        edit(Resealing.look, "self._since[place] + TURN_NS", "self._since[place] + 0"),
        (f"{_AGAIN}::test_the_next_holder_takes_its_turn",),
    ),
    "secrets-the-first-holder-alone-seals": Mutant(
        edit(Resealing.look, "self._since[place] + TURN_NS", "self._since[place] + 10**12"),
        (f"{_AGAIN}::test_the_next_holder_takes_its_turn",),
    ),
    "secrets-what-was-not-committed-to-is-sealed-on": Mutant(
        edit(
            Resealing._sealed,
            "plain is None or decode_opening(plain, held.published) is None",
            "plain is None",
        ),
        (f"{_AGAIN}::test_nothing_false_is_sealed_on",),
    ),
    "secrets-own-copies-are-left-with-the-old-key": Mutant(
        edit(Resealing.follow, "for held in self._secrets()", "for held in ()"),
        (f"{_AGAIN}::test_who_replaces_its_key_seals_its_own_copies_to_the_new_one",),
    ),
    "secrets-any-number-at-once": Mutant(
        edit(Resealing.look, "due[:COPIES_AT_ONCE]", "due"),
        (f"{_AGAIN}::test_a_look_is_bounded",),
    ),
}
