"""One value, one spelling; nothing else is read."""

import pytest

from mesh.wire import cbor
from mesh.wire.limits import DEPTH_MAX


def nested(depth: int) -> bytes:
    """A number in a list in a list, ``depth`` of them."""
    return b"\x81" * depth + b"\x00"


@pytest.mark.parametrize("value", [None, True, 0, -1, 2**63, "ä", b"\0", [1, ["x"]], {"b": {}}])
def test_a_plain_value_survives(value: object) -> None:
    """What is encoded is read back as it was."""
    assert cbor.decode(cbor.encode(value), 100) == value


def test_maps_have_one_order() -> None:
    """Equal maps have equal bytes, however they were made."""
    assert cbor.encode({"b": 1, "a": 2, "aa": 0}) == cbor.encode({"aa": 0, "a": 2, "b": 1})


@pytest.mark.parametrize(
    ("why", "raw"),
    [
        ("a padded integer", "1801"),
        ("a padded length", "580161"),
        ("a long float", "fb3ff0000000000000"),
        ("an indefinite list", "9f01ff"),
        ("an indefinite string", "7f6161ff"),
        ("an indefinite map", "bfff"),
        ("trailing bytes", "0000"),
        ("a duplicate key", "a2616101616102"),
        ("unsorted keys", "a2616201616102"),
        ("a key that is no string", "a10102"),
        ("a bignum", "c249010000000000000000"),
        ("a small number as bignum", "c24101"),
        ("a date", "c074323031332d30332d32315432303a30343a30305a"),
        ("an unknown tag", "da000f000001"),
        ("a shared value", "d81c01"),
        ("a cycle", "d81c81d81d00"),
        ("string references", "d9010082616161d81900"),
        ("a lone break", "ff"),
        ("a reserved head", "1c"),
        ("nothing", ""),
        ("a truncated string", "6261"),
        ("a list that promises too much", "9bffffffffffffffff"),
        ("text that is no UTF-8", "61ff"),
    ],
)
def test_any_other_spelling_is_refused(why: str, raw: str) -> None:
    """A hash of bytes is a hash of the value, because no value has two spellings."""
    with pytest.raises(cbor.Undecodable):
        pytest.fail(f"{why} was read as {cbor.decode(bytes.fromhex(raw), 100)!r}")


def test_depth_is_bounded() -> None:
    """As deep as the limit is read; deeper is refused before it can exhaust the stack."""
    _ = cbor.decode(nested(DEPTH_MAX), 1_000_000)
    for depth in (DEPTH_MAX + 1, 100_000):
        with pytest.raises(cbor.Undecodable):
            _ = cbor.decode(nested(depth), 1_000_000)


def test_length_is_bounded() -> None:
    """One byte more than allowed is refused unread."""
    raw = cbor.encode(bytes(98))
    assert cbor.decode(raw, 100) == bytes(98)
    with pytest.raises(cbor.Undecodable, match="100 bytes, at most 99"):
        _ = cbor.decode(raw, 99)
