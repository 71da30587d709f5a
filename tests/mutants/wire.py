"""Faults planted in the wire."""

from collections.abc import Callable
from typing import Final, get_args

import cbor2
import msgspec
import pytest

from mesh.protocol import information
from mesh.protocol.membership.machine import Membership
from mesh.protocol.replica import Replica
from mesh.protocol.replica.boxes import Boxes
from mesh.protocol.replica.desk import Desk
from mesh.wire import cbor, codec, envelope, facts, framing, requests
from mesh.wire.identity import Incarnation
from mesh.wire.limits import FRAME_BYTES_MAX
from mesh.wire.messages import Message
from mesh.wire.rejected import Rejected
from mesh.wire.requests import SignedRequest
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/mesh/wire"
_BOXES: Final = "tests/mesh/protocol/replica/test_boxes.py"
_LIVES: Final = "tests/specification/membership/test_lives.py"
_DATAGRAMS: Final = "tests/mesh/protocol/replica/test_datagrams.py"


def _replace(target: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


def _decode_without_proof(raw: bytes, bytes_max: int) -> object:
    if len(raw) > bytes_max:
        raise cbor.Undecodable(f"{len(raw)} bytes, at most {bytes_max} are read")
    try:
        return cbor2.loads(raw, max_depth=16, semantic_decoders=cbor._NO_TAGS)
    except (cbor2.CBORDecodeError, ValueError, TypeError) as error:
        raise cbor.Undecodable(str(error)) from error


def _decode_of_any_length(raw: bytes, bytes_max: int) -> object:
    return _decode(raw, max(bytes_max, len(raw)))


def _encode_unsorted(value: object) -> bytes:
    return cbor2.dumps(value)


def _decode_that_raises(raw: bytes, bytes_max: int = 2**20) -> object:
    value = cbor.decode(raw, bytes_max)
    return msgspec.convert((value,), codec._Any, builtin_types=(bytes,)).message


def _forgiving_fault(_: framing.Assembler, payload: bytes) -> Rejected | None:
    return None if len(payload) > 1 and payload[0] < 2 else Rejected("malformed")


def _accept_greater(self: envelope.ReplayWindow, counter: int) -> bool:
    if counter <= self._greatest:
        return False
    self._greatest = counter
    return True


def _accept_repeated(self: envelope.ReplayWindow, counter: int) -> bool:
    return counter > self._greatest - envelope.REPLAY_WINDOW


def _later_by_luck(self: Incarnation, other: Incarnation) -> bool:
    """Of two lives the one with the greater random bytes is the later one."""
    return (self.controller, self.nonce) > (other.controller, other.nonce)


def _forgive_what_is_added(raw: bytes, bytes_max: int = 2**20) -> Message | Rejected:
    """Reads the fields it knows, and overlooks one more."""
    message = _read(raw, bytes_max)
    if not isinstance(message, Rejected):
        return message
    try:
        value = cbor.decode(raw, bytes_max)
    except cbor.Undecodable:
        return message
    return _read(cbor.encode(value[:-1]), bytes_max) if isinstance(value, list) else message


def _never_too_much(raw: bytes, bytes_max: int = 2**20) -> Message | Rejected:
    """Where something is longer than allowed, the first half of it is read."""
    message = _read(raw, bytes_max)
    if not isinstance(message, Rejected) or "length" not in message.why:
        return message
    value = cbor.decode(raw, bytes_max)
    assert isinstance(value, list)
    return _read(cbor.encode([value[0], value[1][: len(value[1]) // 2], *value[2:]]), bytes_max)


def _renumbered(kind: type[msgspec.Struct]) -> Callable[[pytest.MonkeyPatch], None]:
    """Writes and reads messages of ``kind`` under a free number: both ends agree."""
    number = kind.__struct_config__.tag
    assert isinstance(number, int)

    def encode(message: Message) -> bytes:
        raw = _write(message)
        return raw[:1] + bytes([_FREE]) + raw[2:] if raw[1] == number else raw

    def decode(raw: bytes, bytes_max: int = 2**20) -> Message | Rejected:
        free = raw[1:2] == bytes([_FREE])
        return _read(raw[:1] + bytes([number]) + raw[2:] if free else raw, bytes_max)

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(codec, "encode", encode)
        monkeypatch.setattr(codec, "decode", decode)

    return patch


_FREE: Final = 23
"""A number that no message has, and that takes one byte in CBOR."""

_KINDS: Final[tuple[type[msgspec.Struct], ...]] = get_args(Message)

_decode = cbor.decode
_write = codec.encode
_read = codec.decode

MUTANTS: Final[dict[str, Mutant]] = {
    "wire-write-groups-say-not-what-they-are": Mutant(
        _replace(information, "WRITE_GROUP", b""),
        ("tests/mesh/protocol/test_signatures.py::test_all_that_is_signed_says_what_it_is",),
    ),
    "wire-not-canonical": Mutant(
        _replace(cbor, "decode", _decode_without_proof),
        (f"{_HERE}/test_cbor.py::test_any_other_spelling_is_refused",),
    ),
    "wire-tags-read": Mutant(
        _replace(cbor, "_NO_TAGS", {}),
        (f"{_HERE}/test_cbor.py::test_any_other_spelling_is_refused",),
    ),
    "wire-depth-unbounded": Mutant(
        _replace(cbor, "DEPTH_MAX", 400),
        (f"{_HERE}/test_cbor.py::test_depth_is_bounded",),
    ),
    "wire-length-unbounded": Mutant(
        _replace(cbor, "decode", _decode_of_any_length),
        (
            f"{_HERE}/test_cbor.py::test_length_is_bounded",
            f"{_HERE}/test_codec.py::test_a_message_too_long_is_rejected_unread",
        ),
    ),
    "wire-map-order-by-chance": Mutant(
        _replace(cbor, "encode", _encode_unsorted),
        (f"{_HERE}/test_cbor.py::test_maps_have_one_order",),
    ),
    "wire-decode-raises": Mutant(
        _replace(codec, "decode", _decode_that_raises),
        (
            f"{_HERE}/test_codec.py::test_noise_never_raises",
            f"{_HERE}/test_codec.py::test_truncated_messages_are_rejected",
        ),
    ),
    "wire-endless-message": Mutant(
        _replace(framing.Assembler, "_fault", _forgiving_fault),
        (f"{_HERE}/test_framing.py::test_an_endless_message_is_cut_off",),
    ),
    "wire-frame-unbounded": Mutant(
        _replace(framing, "FRAME_BYTES_MAX", 2**32),
        (f"{_HERE}/test_framing.py::test_a_length_out_of_bounds_is_rejected",),
    ),
    "wire-header-without-tags": Mutant(
        _replace(
            envelope,
            "_label",
            lambda _environment, _controller: envelope._Label(
                bytes(20), bytes(envelope.NAMES_BYTES)
            ),
        ),
        (f"{_HERE}/test_envelope.py::test_the_header_is_clear_and_short",),
    ),
    "wire-names-unchecked": Mutant(
        _replace(
            envelope,
            "_label",
            lambda environment, controller: envelope._Label(
                envelope._HEADER.pack(1, envelope.tag(environment), envelope.tag(controller)),
                bytes(envelope.NAMES_BYTES),
            ),
        ),
        (f"{_HERE}/test_envelope.py::test_names_that_do_not_travel_are_authenticated",),
    ),
    "wire-window-in-order-only": Mutant(
        _replace(envelope.ReplayWindow, "accept", _accept_greater),
        (f"{_HERE}/test_envelope.py::test_each_number_is_fresh_once",),
    ),
    "wire-window-forgets": Mutant(
        _replace(envelope.ReplayWindow, "accept", _accept_repeated),
        (
            f"{_HERE}/test_envelope.py::test_each_number_is_fresh_once",
            f"{_HERE}/test_envelope.py::test_the_window_agrees_with_memory",
        ),
    ),
    "wire-fields-may-be-added": Mutant(
        _replace(codec, "decode", _forgive_what_is_added),
        (f"{_HERE}/test_codec.py::test_the_wrong_shape_is_rejected",),
    ),
    "wire-what-is-too-long-is-cut": Mutant(
        _replace(codec, "decode", _never_too_much),
        (f"{_HERE}/test_codec.py::test_limits_hold_to_the_last_one",),
    ),
    "wire-hash-covers-the-signature": Mutant(
        edit(facts.write_fact, "digest(raw)", "digest(raw + sign(raw))"),
        (
            f"{_HERE}/test_facts_and_requests.py::test_a_chain_names_what_came_before",
            f"{_HERE}/test_facts_and_requests.py::test_every_fact_survives",
        ),
    ),
    "wire-tx-covers-the-signature": Mutant(
        edit(SignedRequest.tx, "digest(self.raw)", "digest(self.raw + self.signature)"),
        (f"{_HERE}/test_facts_and_requests.py::test_the_tx_is_the_hash_of_what_was_signed",),
    ),
    "wire-parameters-of-any-kind": Mutant(
        edit(requests._demand_plain, "| str():", "| str() | float() | bytes():"),
        (f"{_HERE}/test_operations.py::test_parameters_are_plain",),
    ),
    "wire-lives-ordered-by-luck": Mutant(
        _replace(Incarnation, "__gt__", _later_by_luck),
        (f"{_HERE}/test_facts_and_requests.py::test_incarnations_are_ordered_by_life",),
    ),
    "wire-flag-is-not-counted": Mutant(
        _replace(framing, "_PIECE_BYTES_MAX", FRAME_BYTES_MAX),
        (f"{_HERE}/test_framing.py::test_a_message_of_any_length_arrives",),
    ),
    "wire-sends-what-nobody-reads": Mutant(
        edit(framing.split, "len(raw) > MESSAGE_BYTES_MAX", "len(raw) > 2 * MESSAGE_BYTES_MAX"),
        (f"{_HERE}/test_framing.py::test_we_never_send_what_nobody_reads",),
    ),
    "wire-boot-does-not-travel": Mutant(
        edit(envelope.unpack, "Incarnation(controller, boot,", "Incarnation(controller, 1,"),
        (f"{_HERE}/test_envelope.py::test_every_datagram_survives",),
    ),
    "wire-envelope-with-whole-names": Mutant(
        edit(envelope.pack, "inside + message", "inside + bytes(16) + message"),
        (f"{_HERE}/test_envelope.py::test_the_envelope_is_small",),
    ),
    "wire-boot-of-64-bits": Mutant(
        edit(envelope.unpack, "boot > COUNTER_MAX or ", ""),
        (f"{_HERE}/test_envelope.py::test_numbers_beyond_63_bits_are_rejected",),
    ),
    "wire-short-datagrams-are-trusted": Mutant(
        edit(envelope.unpack, "plain is None or len(plain) < _INSIDE.size", "plain is None"),
        (f"{_HERE}/test_envelope.py::test_no_damage_raises",),
    ),
    "wire-letters-to-a-former-life-are-read": Mutant(
        edit(Replica._datagram, "datagram.receiver != self.own.nonce", "False"),
        (f"{_DATAGRAMS}::test_what_was_said_to_a_former_life_means_nothing_to_this_one",),
    ),
    "wire-questions-to-a-former-life-introduce": Mutant(
        edit(
            Membership.receive,
            "self._correct(source, channel, address, step)",
            "_ = self._correct(source, channel, address, step), address and self._meet("
            "source, address, step)",
        ),
        (f"{_LIVES}::test_a_question_to_a_former_life_proves_nothing",),
    ),
    "wire-boxed-for-nobody": Mutant(
        edit(Desk._send_datagram, "box.seal, raw", "lambda plain: bytes(40) + plain, raw"),
        (f"{_DATAGRAMS}::test_a_repeated_datagram_says_nothing",),
    ),
    "wire-former-keys-still-open": Mutant(
        edit(Boxes.open, " or kept.public != public", ""),
        (f"{_BOXES}::test_another_key_is_another_box",),
    ),
    "wire-agreements-unmetered": Mutant(
        edit(Boxes.open, "not self._meter.admits(now_ns)", "False"),
        (f"{_BOXES}::test_agreements_that_strangers_ask_for_are_metered",),
    ),
    "wire-boxes-unbounded": Mutant(
        edit(Boxes._agree, "len(self._kept) >= BOXES_MAX", "False"),
        (f"{_BOXES}::test_boxes_are_bounded",),
    ),
    **{
        f"wire-{kind.__name__}-renumbered": Mutant(
            _renumbered(kind), (f"{_HERE}/test_codec.py::test_golden_bytes[{kind.__name__}]",)
        )
        for kind in _KINDS
    },
}
