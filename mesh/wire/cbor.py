"""CBOR (RFC 8949) as Trellis speaks it: one encoding for each value, and nothing else is accepted.

Decoding proves itself: what was read is encoded again and must give the same bytes.
That one comparison refuses tags, indefinite lengths, padded integers, trailing bytes, duplicate keys and
unsorted maps alike, so that a value has one spelling and a hash of bytes is a hash of the value.
"""

from typing import Final

import cbor2

from mesh.wire.limits import DEPTH_MAX

_CODEC_ERRORS: Final = (
    cbor2.CBORDecodeError,
    cbor2.CBOREncodeError,
    ValueError,
    TypeError,
    OverflowError,
)


class Undecodable(ValueError):
    """Bytes that are not one canonical CBOR value within the limits."""


def encode(value: object) -> bytes:
    """The canonical encoding of plain values: None, bool, int, str, bytes, sequences and maps."""
    return cbor2.dumps(value, canonical=True)


def decode(raw: bytes, bytes_max: int) -> object:
    """The value that ``raw`` encodes, as tuples' mutable cousins: lists and dicts.

    Raises Undecodable for anything that is too long, too deep or not in canonical form.
    """
    if len(raw) > bytes_max:
        msg = f"{len(raw)} bytes, at most {bytes_max} are read"
        raise Undecodable(msg)
    try:
        value: object = cbor2.loads(
            raw, max_depth=DEPTH_MAX, allow_indefinite=False, strict_hashable_types=True
        )
        again = cbor2.dumps(value, canonical=True)
    except _CODEC_ERRORS as error:
        msg = f"not CBOR: {error}"
        raise Undecodable(msg) from error
    if again != raw:
        msg = "not in canonical form"
        raise Undecodable(msg)
    return value
