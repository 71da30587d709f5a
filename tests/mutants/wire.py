"""Faults planted in the wire."""

from collections.abc import Callable
from typing import Final

import cbor2
import msgspec
import pytest

from mesh.wire import cbor, codec, envelope, framing
from mesh.wire.codec import Rejected
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/mesh/wire"


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


_decode = cbor.decode

MUTANTS: Final[dict[str, Mutant]] = {
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
}
