"""Faults planted in how streams are agreed on and sealed."""

from collections.abc import Callable
from typing import Final

import pytest

from mesh.protocol.links import ciphers, credentials, handshake, turnstile
from mesh.protocol.links.addresses import AddressBook
from mesh.protocol.links.ciphers import Direction
from mesh.protocol.links.handshake import Handshake
from mesh.protocol.links.machine import Links
from mesh.protocol.links.stream import Stream
from mesh.protocol.links.turnstile import Turnstile
from mesh.protocol.outbox import Outbox
from mesh.protocol.standing import Refused
from mesh.wire import framing, noise
from mesh.wire.noise import CipherState, HandshakeState, SymmetricState
from tests.mutants.edit import both, edit
from tests.mutants.mutant import Mutant

_LINKS: Final = "tests/mesh/protocol/links"
_SHAKE: Final = f"{_LINKS}/test_handshake.py"
_NOISE: Final = "tests/mesh/wire/test_noise.py"


def _replace(target: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


def _never_renewed(self: Direction, done_bytes: int) -> None:
    del self, done_bytes


def _everybody_is_admitted(self: Turnstile, host: str, now_ns: int, *, known: bool) -> bool:
    del self, host, now_ns, known
    return True


def _nothing_is_foreign(message: bytes) -> Refused | None:
    del message
    return None


def _is_never_costly(self: Handshake, message: bytes) -> bool:
    del self, message
    return False


MUTANTS: Final[dict[str, Mutant]] = {
    "noise-nonce-stands-still": Mutant(
        edit(CipherState.encrypt, "self.nonce += 1", "pass"),
        (
            f"{_NOISE}::test_published_vectors",
            f"{_NOISE}::test_messages_pass_in_their_order_and_once",
        ),
    ),
    "noise-nonce-moves-on-with-what-is-forged": Mutant(
        edit(CipherState.decrypt, "self.nonce += plain is not None", "self.nonce += 1"),
        (
            f"{_NOISE}::test_no_bit_of_a_message_can_be_flipped",
            f"{_NOISE}::test_messages_pass_in_their_order_and_once",
        ),
    ),
    "noise-nonce-spelled-backwards": Mutant(
        edit(noise._spell, '"little"', '"big"'),
        (
            f"{_NOISE}::test_published_vectors",
            f"{_NOISE}::test_another_implementation_understands_us",
        ),
    ),
    "noise-last-nonce-used": Mutant(
        edit(CipherState._number, "self.nonce >= NONCE_MAX", "self.nonce > NONCE_MAX"),
        (f"{_NOISE}::test_the_last_nonce_is_never_used",),
    ),
    "noise-keys-are-not-renewed": Mutant(
        edit(CipherState.rekey, "self._key = renewed[:KEY_BYTES]", "pass"),
        (f"{_NOISE}::test_renewed_keys_fit_each_other_and_not_the_old_ones",),
    ),
    "noise-one-key-for-both-directions": Mutant(
        edit(SymmetricState.split, "second[:KEY_BYTES]", "first[:KEY_BYTES]"),
        (
            f"{_NOISE}::test_the_two_directions_have_keys_of_their_own",
            f"{_NOISE}::test_published_vectors",
        ),
    ),
    "noise-prologue-left-out": Mutant(
        edit(HandshakeState.__init__, "self._symmetric.mix_hash(prologue)", "pass"),
        (f"{_NOISE}::test_another_prologue_is_noticed", f"{_NOISE}::test_published_vectors"),
    ),
    "noise-nothing-bound-to-what-was-said": Mutant(
        both(
            edit(SymmetricState.encrypt_and_hash, "encrypt(self.hash,", "encrypt(b'',"),
            edit(SymmetricState.decrypt_and_hash, "decrypt(self.hash,", "decrypt(b'',"),
        ),
        (f"{_NOISE}::test_published_vectors", f"{_NOISE}::test_another_prologue_is_noticed"),
    ),
    "noise-secret-of-the-first-keys-left-out": Mutant(
        edit(
            HandshakeState._agree,
            "if secret is not None:",
            'if secret is not None and word != "ee":',
        ),
        (
            f"{_NOISE}::test_published_vectors",
            f"{_NOISE}::test_another_implementation_understands_us",
        ),
    ),
    "noise-keys-that-are-none-are-taken": Mutant(
        edit(HandshakeState._agree, "return secret is not None", "return True"),
        (f"{_NOISE}::test_a_key_that_is_no_key_is_refused",),
    ),
    "noise-forged-payload-is-empty": Mutant(
        edit(
            SymmetricState.decrypt_and_hash,
            "return plain",
            'return plain if plain is not None else b""',
        ),
        (f"{_NOISE}::test_an_empty_payload_is_sealed_too",),
    ),
    "streams-credentials-unchecked": Mutant(
        edit(credentials.check, "if not verifier.verify", "if False and not verifier.verify"),
        (
            f"{_SHAKE}::test_an_identity_vouches_for_one_key_in_one_place",
            f"{_SHAKE}::test_nobody_shows_the_papers_of_another",
        ),
    ),
    "streams-credentials-for-any-key": Mutant(
        edit(credentials._signed, "+ exchange_key + claim", "+ claim"),
        (
            f"{_SHAKE}::test_an_identity_vouches_for_one_key_in_one_place",
            f"{_SHAKE}::test_nobody_shows_the_papers_of_another",
        ),
    ),
    "streams-credentials-for-any-role": Mutant(
        edit(credentials._signed, 'b"dials" if dials else b"hears"', 'b"both"'),
        (f"{_SHAKE}::test_an_identity_vouches_for_one_key_in_one_place",),
    ),
    "streams-credentials-for-any-environment": Mutant(
        edit(Handshake._hear_third, "or peer.environment != self._environment", ""),
        (f"{_SHAKE}::test_papers_are_for_the_environment_that_was_dialled_for",),
    ),
    "streams-preamble-unbound": Mutant(
        both(
            edit(Handshake.begin, "self._start(preamble)", 'self._start(b"")'),
            edit(Handshake._hear_first, "self._start(preamble)", 'self._start(b"")'),
        ),
        (f"{_SHAKE}::test_what_was_said_in_the_clear_is_proven",),
    ),
    "streams-whatever-is-said-first-is-taken": Mutant(
        _replace(handshake, "foreign", _nothing_is_foreign),
        (
            f"{_SHAKE}::test_something_else_than_a_handshake",
            f"{_SHAKE}::test_both_versions_learn_of_each_other",
        ),
    ),
    "streams-a-first-message-may-be-longer": Mutant(
        edit(Handshake._hear_first, "len(message) != FIRST_BYTES", "len(message) < FIRST_BYTES"),
        (f"{_SHAKE}::test_the_first_message_of_a_dialler_is_short_and_of_one_length",),
    ),
    "streams-the-other-version-is-not-told": Mutant(
        edit(Handshake._hear_first, "_HEAD if says_version else None", "None"),
        (f"{_SHAKE}::test_both_versions_learn_of_each_other",),
    ),
    "streams-another-version-is-shunned": Mutant(
        edit(
            Links._end,
            "refusal.ground in _SHUNNED",
            "refusal.ground in {*_SHUNNED, Ground.PROTOCOL}",
        ),
        (f"{_SHAKE}::test_the_version_of_a_stranger_is_no_reason_to_stay_away",),
    ),
    "streams-a-hello-names-anybody": Mutant(
        edit(Links._heard_hello, "!= stream.ends.peer", "== b''"),
        (
            f"{_SHAKE}::test_the_hello_names_who_was_proven",
            f"{_SHAKE}::test_nobody_poses_as_ourselves",
        ),
    ),
    "streams-hello-in-every-phase": Mutant(
        edit(Links.introduce, "if stream.secured is not None", "if True"),
        (f"{_SHAKE}::test_nothing_is_said_before_the_handshake_is_over",),
    ),
    "streams-goodbye-in-every-phase": Mutant(
        edit(Links._end, "and stream.secured is not None", ""),
        (f"{_SHAKE}::test_nothing_is_said_before_the_handshake_is_over",),
    ),
    "streams-what-is-forged-is-skipped": Mutant(
        edit(Stream.receive, "return _FORGED", "return None"),
        (
            f"{_SHAKE}::test_a_frame_that_is_not_the_next_one_ends_the_stream",
            f"{_SHAKE}::test_what_is_heard_was_sealed_for_us",
        ),
    ),
    "streams-keys-never-renewed": Mutant(
        _replace(Direction, "_count", _never_renewed),
        (
            f"{_LINKS}/test_ciphers.py::test_keys_are_renewed_after_so_many_frames",
            f"{_LINKS}/test_ciphers.py::test_keys_are_renewed_after_so_many_bytes",
            f"{_LINKS}/test_ciphers.py::test_after_a_renewal_the_old_key_opens_nothing",
        ),
    ),
    "streams-bytes-do-not-count": Mutant(
        _replace(ciphers, "REKEY_BYTES", 10**12),
        (f"{_LINKS}/test_ciphers.py::test_keys_are_renewed_after_so_many_bytes",),
    ),
    "streams-what-is-forged-counts": Mutant(
        edit(
            Direction.open,
            "self._count(len(payload))",
            "pass",
            ("return payload", "self._count(1)\n    return payload"),
        ),
        (f"{_LINKS}/test_ciphers.py::test_a_forged_frame_counts_for_nothing",),
    ),
    "streams-binding-of-the-pair": Mutant(
        edit(handshake._secured, "noise.hash[:BINDING_BYTES]", "noise.remote_static"),
        (f"{_SHAKE}::test_both_ends_learn_who_the_other_is",),
    ),
    "streams-sealed-when-written": Mutant(
        edit(
            Outbox.take,
            "token = self._begin_write()",
            "self.gated.frames = [frame._replace(payload=frame.leave()[1], seal=None)"
            " for frame in self.gated.frames]\n        token = self._begin_write()",
        ),
        (
            (
                "tests/mesh/protocol/test_outbox.py"
                "::test_frames_are_sealed_in_the_order_in_which_they_leave"
            ),
            "tests/mesh/protocol/test_outbox.py::test_what_never_leaves_is_never_sealed",
        ),
    ),
    "streams-no-room-for-the-tag": Mutant(
        _replace(framing, "_PIECE_BYTES_MAX", framing._PIECE_BYTES_MAX + 1),
        ("tests/mesh/wire/test_framing.py::test_a_message_of_any_length_arrives",),
    ),
    "streams-handshakes-unmetered": Mutant(
        _replace(Turnstile, "admits", _everybody_is_admitted),
        (
            f"{_LINKS}/test_turnstile.py::test_one_source_is_metered",
            f"{_LINKS}/test_turnstile.py::test_all_sources_together_are_metered",
            f"{_LINKS}/test_turnstile.py::test_a_handshake_too_many_is_not_worked_on",
        ),
    ),
    "streams-handshakes-metered-after-the-work": Mutant(
        _replace(Handshake, "is_costly", _is_never_costly),
        (f"{_LINKS}/test_turnstile.py::test_a_handshake_too_many_is_not_worked_on",),
    ),
    "streams-noise-uses-up-the-meter": Mutant(
        edit(Handshake.is_costly, "and foreign(message) is None", ""),
        (f"{_LINKS}/test_turnstile.py::test_only_who_shows_a_beginning_is_metered",),
    ),
    "streams-a-flood-keeps-members-away": Mutant(
        edit(Turnstile.admits, "(known or self._all.admits(now_ns))", "self._all.admits(now_ns)"),
        (
            f"{_LINKS}/test_turnstile.py::test_known_hosts_pass_a_crowd_of_strangers",
            (
                f"{_LINKS}/test_turnstile.py"
                "::test_who_was_configured_is_known_and_who_was_announced_is_not"
            ),
        ),
    ),
    "streams-who-is-announced-is-known": Mutant(
        edit(AddressBook._count, "if entry.source is Source.MDNS", "if not entry"),
        (
            (
                f"{_LINKS}/test_turnstile.py"
                "::test_who_was_configured_is_known_and_who_was_announced_is_not"
            ),
        ),
    ),
    "streams-each-address-of-a-network-is-a-source": Mutant(
        edit(turnstile.source, "if address.version != _IPV6:", "if address.version:"),
        (f"{_LINKS}/test_turnstile.py::test_an_ipv6_network_is_one_source",),
    ),
    "streams-sources-without-end": Mutant(
        _replace(turnstile, "SOURCES_MAX", 10**6),
        (f"{_LINKS}/test_turnstile.py::test_sources_are_bounded",),
    ),
}
