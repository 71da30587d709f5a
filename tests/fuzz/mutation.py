"""Changes that keep CBOR what it is: another item here or there, and canonical bytes again.

Nearly every change of a byte makes CBOR malformed, and what stands behind the decoder is hardly
ever reached that way. Items are changed instead: exchanged for another of the same input or for one
at the edge of what is allowed, repeated, removed, lengthened.
"""

from random import Random
from typing import Final

import cbor2

from mesh.wire import cbor

EDGES: Final[tuple[object, ...]] = (
    *(
        0,
        1,
        -1,
        23,
        24,
        255,
        256,
        65_536,
        2**31,
        2**32,
        2**53,
        2**63 - 1,
        2**63,
        2**64 - 1,
        -(2**63),
    ),
    *(None, True, False, 0.0, 1.5, float("inf"), "", "a", "\x00", "ü" * 64, b"", bytes(8)),
    *(bytes(32), bytes(64), [], [[]], {}, {"a": 1}, [0, 0]),
)
DEPTH_MAX: Final = 400


def change(raw: bytes, luck: Random) -> bytes | None:
    """One item of ``raw`` changed; None where it is no CBOR."""
    try:
        value: object = cbor2.loads(
            raw,
            max_depth=DEPTH_MAX,
            strict_hashable_types=True,  # maps as keys of maps take 2^depth steps to encode
            semantic_decoders=cbor._NO_TAGS,
        )
        items = _items(value)
        place = luck.randrange(len(items))
        other = luck.choice(items) if luck.random() < 0.3 else luck.choice(EDGES)
        return cbor.encode(_with(value, [place], _changed(items[place], other, luck)))
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def _items(value: object) -> list[object]:
    found = [value]
    if isinstance(value, list):
        for each in value:
            found += _items(each)
    return found


def _with(value: object, countdown: list[int], item: object) -> object:
    """``value`` with ``item`` in place of the one that is reached when the count is zero."""
    countdown[0] -= 1
    if countdown[0] == -1:
        return item
    if isinstance(value, list):
        return [_with(each, countdown, item) for each in value]
    return value


def _changed(item: object, other: object, luck: Random) -> object:
    match item:
        case list() if item and luck.random() < 0.7:
            return _rearranged(item, other, luck)
        case bytes() if item and luck.random() < 0.7:
            at = luck.randrange(len(item))
            return luck.choice([item[:at], item + item[:at], item[:at] + item[at + 1 :]])
        case str() if item and luck.random() < 0.7:
            at = luck.randrange(len(item))
            return luck.choice([item[:at], item + item[:at], item[:at] + item[at + 1 :]])
        case int() if luck.random() < 0.5:
            return item + luck.choice([-1, 1, 2**16, 2**32])
        case _:
            return other


def _rearranged(item: list[object], other: object, luck: Random) -> list[object]:
    at = luck.randrange(len(item))
    match luck.randrange(4):
        case 0:
            return item[:at] + item[at + 1 :]
        case 1:
            return [*item[:at], item[at], *item[at:]]
        case 2:
            return [*item[:at], other, *item[at:]]
        case _:
            return luck.sample(item, len(item))
