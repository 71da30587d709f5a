"""Running information: what stores say to each other, and what they keep on disk."""

from typing import Final

from crdt.encoding import (
    Malformed,
    decode_key,
    decode_metadata,
    decode_record,
    encode_key,
    encode_metadata,
    encode_record,
)
from crdt.errors import Rejected
from crdt.seen import Seen
from crdt.sync.codec import decode, encode
from mesh.protocol.inputs import Write, WriteInformation
from tests.crdt.sync.test_codec import HEADS, MESSAGES, RECORDS
from tests.fuzz.target import Target
from tests.mesh.protocol.replica.solo import Solo


def _kept() -> tuple[bytes, bytes]:
    """The data set of a controller, and what its store has seen, as it is on disk."""
    solo = Solo()
    _ = solo.do(WriteInformation(1, (Write(("info", "motd"), "hello"),)))
    solo.sync()
    inside = solo.replica.participant
    assert inside is not None
    assert solo.disk.metadata is not None
    return inside.information.kept.epoch, solo.disk.metadata


_EPOCH, _METADATA = _kept()
_PROVEN = encode_metadata(_EPOCH, 1, Seen(), HEADS)
"""Where nothing that was written is left, but for the heads."""


def _message(raw: bytes) -> None:
    message = decode(raw)
    if not isinstance(message, Rejected):
        assert decode(encode(message)) == message


def _key(raw: bytes) -> None:
    try:
        key = decode_key(raw)
    except Malformed:
        return
    assert decode_key(encode_key(key)) == key


def _record(raw: bytes) -> None:
    try:
        record = decode_record(raw)
    except Malformed:
        return
    again = decode_record(encode_record(record))
    assert encode_record(again) == encode_record(record)


def _metadata(raw: bytes) -> None:
    read = decode_metadata(raw, _EPOCH)
    if not isinstance(read, Rejected):
        last, seen, heads = read
        again = decode_metadata(encode_metadata(_EPOCH, last, seen, heads), _EPOCH)
        assert not isinstance(again, Rejected)
        assert again[0] == last


TARGETS: Final = {
    "store-message": Target(_message, list(map(encode, MESSAGES)), is_cbor=True),
    "store-key": Target(_key, [encode_key(key) for key, _ in RECORDS], is_cbor=True),
    "store-record": Target(_record, [encode_record(record) for _, record in RECORDS], is_cbor=True),
    "store-metadata": Target(_metadata, [_METADATA, _PROVEN], is_cbor=True),
}
