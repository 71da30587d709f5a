"""Keys are short paths, values plain frozen data; anything else is refused with a clear text."""

import datetime as dt
from collections.abc import Mapping

import cbor2
import pytest

from crdt import Put, RefusedWrite, Store, Value
from crdt.limits import value_bytes_max
from crdt.values import decode_bounded
from tests.crdt.world import WALL_NS, make_store

KEY = ("info", "x")


def nested(depth: int) -> object:
    """Return a value of so many containers within each other."""
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def put(value: object) -> Value:
    """Write a value, and read it back."""
    store = make_store(b"a" * 8)
    _ = store.put(KEY, value, WALL_NS)
    reading = store.read(KEY)
    assert reading is not None
    return reading.value


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -(2**63), 2**63 - 1, 1.5, "", "ümlaut", b"", b"\0" * value_bytes_max],
    ids=lambda value: f"{value!r:.12}",
)
def test_plain_values_come_back_as_they_were(value: Value) -> None:
    """Scalars, texts and byte strings up to 64 KiB."""
    assert put(value) == value


def test_containers_are_frozen_on_their_way_in() -> None:
    """What the writer changes later does not change the store."""
    original = {"a": [1, {"b": b"x"}]}
    frozen = put(original)
    original["a"].append("later")
    assert isinstance(frozen, Mapping)
    assert frozen["a"] == (1, {"b": b"x"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "unequal to itself"),
        ([1.5, float("nan")], "unequal to itself"),
        ("x" * (value_bytes_max + 1), "at most 65536 bytes"),
        (b"x" * (value_bytes_max + 1), "at most 65536 bytes"),
        (["x" * 40_000, "y" * 40_000], "at most 65536 are kept"),
        (nested(17), "at most 16 deep"),
        (2**63, "64 bits"),
        ([2**63], "64 bits"),
        ({1: 2}, "plain data"),
        ({"a"}, "plain data"),
        (object(), "plain data"),
        (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "plain data"),
        ("\ud800", "valid Unicode"),
    ],
    ids=lambda value: f"{value!r:.16}",
)
def test_what_is_no_value_is_refused_and_changes_nothing(value: object, text: str) -> None:
    """64 KiB + 1, depth 17, 65 bits and whatever is not plain data: said why, nothing written."""
    store = make_store(b"a" * 8)
    with pytest.raises(RefusedWrite, match=text):
        _ = store.put(KEY, value, WALL_NS)
    assert (len(store), store.counter) == (0, 0)


@pytest.mark.parametrize(
    "data", [b"\xc1\x01", b"\xc2\x41\x01", b"\xd8\x23\x61a", b"\xd9\xd9\xf7\x01"]
)
def test_the_decoder_stops_at_any_tag(data: bytes) -> None:
    """No date, no big number, no pattern is ever built from what a peer sends."""
    with pytest.raises(cbor2.CBORDecodeError):
        _ = decode_bounded(data, 4)


def test_depth_16_is_fine() -> None:
    """The bound itself may be reached."""
    assert put(nested(16)) != ()


@pytest.mark.parametrize(
    "key",
    [(), ("a",) * 9, ("",), ("x" * 256,), ("ü" * 128,), ("\ud800",), ("a", 1), ["a"]],
    ids=lambda key: f"{key!r:.16}",
)
def test_what_is_no_key_is_refused(key: tuple[str, ...]) -> None:
    """A key has 1 to 8 texts of 1 to 255 bytes."""
    store: Store = make_store(b"a" * 8)
    with pytest.raises(RefusedWrite, match="is not a key"):
        _ = store.write([Put(key, 1)], WALL_NS)
    assert len(store) == 0


def test_the_longest_key_is_fine() -> None:
    """8 parts of 255 bytes."""
    store = make_store(b"a" * 8)
    key = ("x" * 255,) * 8
    _ = store.put(key, 1, WALL_NS)
    assert key in store
