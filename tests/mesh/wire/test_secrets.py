"""Sealed copies of secrets: what is bound to what was signed, and what nobody can tell from it."""

from dataclasses import replace

from mesh.wire.secrets import (
    BLOCK_BYTES,
    VALUE_BYTES_MAX,
    Opening,
    decode_opening,
    encode_opening,
)

VERSION = b"v" * 16
OPENING = Opening(b"k" * 32, b"hunter2")
PUBLISHED = OPENING.commit("db", VERSION)


def test_an_opening_is_read_back() -> None:
    """Of every length, the largest included."""
    for length in (0, 1, 219, 220, 221, VALUE_BYTES_MAX):
        opening = Opening(b"k" * 32, b"x" * length)
        assert decode_opening(encode_opening(opening), opening.commit("db", VERSION)) == opening


def test_only_the_value_that_was_signed_is_believed() -> None:
    """Another value, key, name or version is none."""
    plain = encode_opening(OPENING)
    assert decode_opening(encode_opening(Opening(b"k" * 32, b"hunter3")), PUBLISHED) is None
    assert decode_opening(encode_opening(Opening(b"K" * 32, b"hunter2")), PUBLISHED) is None
    assert decode_opening(plain, replace(PUBLISHED, name="bd")) is None
    assert decode_opening(plain, replace(PUBLISHED, version=b"w" * 16)) is None


def test_whatever_was_sealed_is_a_value_or_none() -> None:
    """Cut short, longer, with other zeros, with a length that is a lie: None, and no exception."""
    plain = encode_opening(OPENING)
    for wrong in (
        b"",
        plain[:35],
        plain[:-1],
        plain + bytes(1),
        plain + bytes(BLOCK_BYTES),
        plain[:-1] + b"\1",
        plain[:32] + b"\xff\xff\xff\xff" + plain[36:],
        plain[:32] + bytes(4) + plain[36:],
    ):
        assert decode_opening(wrong, PUBLISHED) is None


def test_neither_length_nor_value_can_be_told() -> None:
    """Short values are of one length; the same one twice commits to different hashes."""
    assert len(encode_opening(Opening(b"k" * 32, b""))) == len(encode_opening(OPENING))
    assert Opening(b"K" * 32, b"hunter2").commit("db", VERSION) != PUBLISHED


def test_nothing_shows_the_value() -> None:
    """Neither the value nor the key stands in a repr."""
    assert repr(OPENING) == "Opening()"
