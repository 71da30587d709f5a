"""CBOR (RFC 8949) as Trellis speaks it: one encoding for each value, and nothing else is accepted.

Decoding proves itself: what was read is encoded again and must give the same bytes.
That one comparison refuses padded integers, trailing bytes, duplicate keys and unsorted maps alike,
so that a value has one spelling and a hash of bytes is a hash of the value.
Tags are refused before that, because they could make few bytes into a large or cyclic value.
"""

from collections.abc import Callable
from typing import Final, NoReturn, TypeVar

import cbor2
import msgspec

from mesh.wire.limits import DEPTH_MAX

T = TypeVar("T")

_CODEC_ERRORS: Final = (
    cbor2.CBORDecodeError,
    cbor2.CBOREncodeError,
    ValueError,
    TypeError,
    OverflowError,
)


class Undecodable(ValueError):
    """Bytes that are not one canonical CBOR value of the expected shape within the limits."""


def _refuse_tag(_decoder: object) -> NoReturn:
    raise cbor2.CBORDecodeError("tags are not read")


class _EveryTagRefused(dict[int, Callable[[object], NoReturn]]):
    """A table of tag decoders in which each of the 2^64 tags is found, and refused."""

    def __missing__(self, tag: int) -> Callable[[object], NoReturn]:
        return _refuse_tag


_NO_TAGS: Final = _EveryTagRefused()


def encode(value: object) -> bytes:
    """The canonical encoding of plain values: None, bool, int, str, bytes, sequences and maps."""
    return cbor2.dumps(value, canonical=True)


def decode(raw: bytes, bytes_max: int) -> object:
    """The value that ``raw`` encodes, sequences as lists and maps as dicts.

    Raises Undecodable for anything that is too long, too deep or not in canonical form.
    """
    if len(raw) > bytes_max:
        raise Undecodable(f"{len(raw)} bytes, at most {bytes_max} are read")
    try:
        value: object = cbor2.loads(
            raw,
            max_depth=DEPTH_MAX,
            allow_indefinite=False,
            strict_hashable_types=True,
            semantic_decoders=_NO_TAGS,
        )
        again = cbor2.dumps(value, canonical=True)
    except _CODEC_ERRORS as error:
        raise Undecodable(f"not CBOR: {error}") from error
    if again != raw:
        raise Undecodable("not in canonical form")
    return value


def write(value: msgspec.Struct) -> bytes:
    """The canonical encoding of a struct of the wire."""
    return cbor2.dumps(msgspec.to_builtins(value, builtin_types=(bytes,)), canonical=True)


def read(raw: bytes, kind: type[T], bytes_max: int) -> T:
    """The ``kind`` that ``raw`` spells, each of its fields within its limits.

    Raises Undecodable where it spells none.
    """
    try:
        return msgspec.convert(decode(raw, bytes_max), kind, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Undecodable(str(error)) from error
