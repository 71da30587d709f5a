"""What may be written: keys that are short paths, and values that are plain, frozen data.

A value is what CBOR and JSON share, plus byte strings. Whatever arrives is frozen on its way in
(lists become tuples, dictionaries become `frozendict`), so that a record can be shared, hashed and
encoded at any later moment without having changed behind the store's back.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import cbor2

from crdt.errors import RefusedWrite
from crdt.limits import (
    integer_max,
    integer_min,
    key_part_bytes_max,
    key_parts_max,
    value_bytes_max,
    value_depth_max,
)

Key: TypeAlias = tuple[str, ...]
Value: TypeAlias = (
    bool | int | float | str | bytes | tuple["Value", ...] | Mapping[str, "Value"] | None
)
Writable: TypeAlias = (
    bool | int | float | str | bytes | Sequence["Writable"] | Mapping[str, "Writable"] | None
)
"""What a caller may hand in: a value, or one whose lists are still to be frozen."""

_ALWAYS_FINE: Final = frozenset({bool, type(None)})
_SCALARS: Final = _ALWAYS_FINE | {str, bytes, int, float}


def _refuse_tag(*_: object) -> None:
    """Stop the decoder at any tag: some of them build dates, patterns or enormous numbers."""
    raise ValueError("CBOR tags are not used here")


_BUILT_IN_TAGS: Final = (
    *(0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100),
    *(256, 258, 260, 261, 1004, 43000, 55799),
)
_REFUSALS: Final = dict.fromkeys(_BUILT_IN_TAGS, _refuse_tag)


def decode_bounded(data: bytes, depth_max: int) -> object:
    """Decode one CBOR item without tags, indefinite lengths or deep nesting, frozen.

    Raises:
        cbor2.CBORDecodeError: the bytes are not such an item.
    """
    return cbor2.loads(
        data,
        max_depth=depth_max,
        allow_indefinite=False,
        allow_duplicate_keys=False,
        strict_hashable_types=True,
        immutable=True,
        semantic_decoders=_REFUSALS,
        tag_hook=_refuse_tag,
    )


def key_fault(key: object) -> str | None:
    """Say what keeps `key` from being a key; None where nothing does."""
    if not isinstance(key, tuple) or not 1 <= len(key) <= key_parts_max:
        return f"a key is a tuple of 1 to {key_parts_max} parts"
    for part in key:
        if not isinstance(part, str) or not part:
            return "each part of a key is a text that is not empty"
        if part.isascii():
            size = len(part)
        else:
            try:
                size = len(part.encode())
            except UnicodeEncodeError:
                return "each part of a key is valid Unicode"
        if size > key_part_bytes_max:
            return f"each part of a key has at most {key_part_bytes_max} bytes"
    return None


def value_fault(value: object, depth_left: int = value_depth_max) -> str | None:
    """Say what keeps `value` (frozen, as decoded) from being a value; None where nothing does."""
    kind = value.__class__
    if kind is str or kind is bytes:
        return _size_fault(value)
    if kind in _ALWAYS_FINE:
        return None
    if kind is float:
        return "not a number: it would be unequal to itself" if value != value else None  # noqa: PLR0124
    if isinstance(value, int):
        return None if integer_min <= value <= integer_max else "an integer has at most 64 bits"
    if not isinstance(value, (tuple, cbor2.frozendict)):
        return f"a value is plain data, not {kind.__name__}"
    if depth_left == 0:
        return f"a value nests at most {value_depth_max} deep"
    if isinstance(value, cbor2.frozendict):
        if not all(isinstance(name, str) for name in value):
            return "the names within a mapping are texts"
        value = tuple(value.values())
    faults = (value_fault(item, depth_left - 1) for item in value)
    return next((fault for fault in faults if fault), None)


def _size_fault(value: object) -> str | None:
    if isinstance(value, str):
        if value.isascii():
            size = len(value)
        else:
            try:
                size = len(value.encode())
            except UnicodeEncodeError:
                return "a text is valid Unicode"
    else:
        assert isinstance(value, bytes)
        size = len(value)
    if size > value_bytes_max:
        return f"a value has at most {value_bytes_max} bytes"
    return None


def admit_key(key: Key) -> None:
    """Check a key that a caller wants to write.

    Raises:
        RefusedWrite: it is not 1 to 8 texts of 1 to 255 bytes.
    """
    fault = key_fault(key)
    if fault:
        raise RefusedWrite(f"{key!r:.80} is not a key: {fault}")


def admit_value(value: object) -> Value:
    """Return a value that a caller wants to write, frozen.

    Raises:
        RefusedWrite: it is too large, too deep, or not plain data.
    """
    if value.__class__ not in _SCALARS:
        return _freeze(value)
    fault = value_fault(value)
    if fault:
        raise RefusedWrite(f"this value may not be written: {fault}")
    return value  # type: ignore[return-value]  # its class was just found among the scalars


def _freeze(value: object) -> Value:
    """Freeze a container by sending it once through its encoding, which also measures it."""
    try:
        data = cbor2.dumps(value)
        frozen = decode_bounded(data, value_depth_max)
    except (cbor2.CBORError, ValueError, RecursionError) as error:
        raise RefusedWrite(
            f"this value may not be written: it is not plain data at most {value_depth_max} deep"
            f" ({error})",
        ) from error
    fault = value_fault(frozen)
    if not fault and len(data) > value_bytes_max:
        fault = f"encoded it has {len(data)} bytes, and at most {value_bytes_max} are kept"
    if fault:
        raise RefusedWrite(f"this value may not be written: {fault}")
    return frozen  # type: ignore[return-value]  # value_fault has just looked at every part of it
