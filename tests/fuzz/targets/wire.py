"""What peers send: messages, frames, facts, requests, attempts."""

from typing import Final

from mesh.environment.founding import Founding, decode_founding, encode_founding
from mesh.wire import cbor, codec
from mesh.wire.facts import SignedFact, read_fact, write_fact
from mesh.wire.framing import Assembler, delimit, payload_bytes, split
from mesh.wire.limits import FRAME_BYTES_MAX, MESSAGE_BYTES_MAX
from mesh.wire.rejected import Rejected
from mesh.wire.requests import (
    Attempt,
    decode_attempt,
    decode_request,
    encode_attempt,
    encode_request,
)
from tests.fuzz.target import Target
from tests.mesh.wire.examples import ATTEMPT, MESSAGES, REQUEST, chain, scrawl


def _cbor(raw: bytes) -> None:
    try:
        value = cbor.decode(raw, MESSAGE_BYTES_MAX)
    except cbor.Undecodable:
        return
    assert cbor.encode(value) == raw


def _message(raw: bytes) -> None:
    message = codec.decode(raw)
    assert isinstance(message, Rejected) or codec.encode(message) == raw


def _frames(raw: bytes) -> None:
    """Frames as they stand one behind the other in a stream, up to one that is no frame."""
    assembler, held = Assembler(), 0
    while len(raw) >= 4:
        size = payload_bytes(raw[:4])
        if isinstance(size, Rejected):
            return
        assert 1 <= size <= FRAME_BYTES_MAX
        payload, raw = raw[4 : 4 + size], raw[4 + size :]
        if len(payload) < size:
            return
        whole = assembler.add(payload)
        held = 0 if isinstance(whole, bytes) else held + len(payload)
        assert held <= MESSAGE_BYTES_MAX + FRAME_BYTES_MAX
        if isinstance(whole, Rejected):
            return
        assert whole is None or whole in _joined(whole)


def _joined(whole: bytes) -> list[bytes | Rejected | None]:
    assembler = Assembler()
    return [assembler.add(payload) for payload in split(whole)][-1:]


def _fact(raw: bytes) -> None:
    try:
        fact = read_fact(SignedFact(raw, bytes(64)))
    except cbor.Undecodable:
        return
    assert write_fact(fact.content, scrawl).signed.raw == raw


def _request(raw: bytes) -> None:
    try:
        request = decode_request(raw)
    except cbor.Undecodable:
        return
    assert encode_request(request) == raw


def _attempt(raw: bytes) -> None:
    try:
        attempt: Attempt = decode_attempt(raw)
    except cbor.Undecodable:
        return
    assert encode_attempt(attempt) == raw


def _founding(raw: bytes) -> None:
    try:
        founding = decode_founding(raw)
    except cbor.Undecodable:
        return
    assert encode_founding(founding) == raw


_MESSAGES: Final = tuple(codec.encode(MESSAGES[name]) for name in sorted(MESSAGES))
_FRAMES: Final = tuple(b"".join(map(delimit, split(raw))) for raw in _MESSAGES)
_FOUNDING: Final = Founding(bytes(16), bytes(32), bytes(32), "ada", "home", bytes(32))
_VALUES: Final = (None, True, 0, -1, 2**63, "text", b"bytes", [1, [2]], {"a": 1, "bb": [None]}, 1.5)

TARGETS: Final = {
    "cbor": Target(_cbor, [*map(cbor.encode, _VALUES), *_MESSAGES], is_cbor=True),
    "message": Target(_message, _MESSAGES, is_cbor=True),
    "frames": Target(_frames, _FRAMES),
    "fact": Target(_fact, [fact.signed.raw for fact in chain()], is_cbor=True),
    "request": Target(_request, [encode_request(REQUEST)], is_cbor=True),
    "attempt": Target(_attempt, [encode_attempt(ATTEMPT)], is_cbor=True),
    "founding": Target(_founding, [encode_founding(_FOUNDING)], is_cbor=True),
}
