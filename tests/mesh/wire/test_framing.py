"""Messages on a stream, cut into parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.wire.framing import (
    LENGTH_BYTES,
    Assembler,
    TooLong,
    delimit,
    payload_bytes,
    split,
)
from mesh.wire.limits import FRAME_BYTES_MAX, MESSAGE_BYTES_MAX
from mesh.wire.noise import TAG_BYTES
from mesh.wire.rejected import Rejected

LAST, MORE = b"\0", b"\1"


@pytest.mark.parametrize(
    "length", [1, FRAME_BYTES_MAX - 1, FRAME_BYTES_MAX, 3 * FRAME_BYTES_MAX, MESSAGE_BYTES_MAX]
)
def test_a_message_of_any_length_arrives(length: int) -> None:
    """Every part fits a frame once it is sealed, and only the last one completes the message."""
    raw = (b"0123456" * (length // 7 + 1))[:length]
    assembler = Assembler()
    *before, last = split(raw)
    assert all(len(payload) + TAG_BYTES <= FRAME_BYTES_MAX for payload in (*before, last))
    assert [assembler.add(payload) for payload in before] == [None] * len(before)
    assert assembler.add(last) == raw
    assert assembler.add(LAST + b"next") == b"next"


def test_we_never_send_what_nobody_reads() -> None:
    """A message too long is our own mistake and says what to do."""
    with pytest.raises(TooLong, match="send it in several"):
        _ = split(bytes(MESSAGE_BYTES_MAX + 1))


@pytest.mark.parametrize("payload", [b"", LAST, MORE, b"\2x", bytes(FRAME_BYTES_MAX + 1)])
def test_a_malformed_part_breaks_the_stream(payload: bytes) -> None:
    """After one bad part nothing on that stream is believed."""
    assembler = Assembler()
    assert isinstance(assembler.add(payload), Rejected)
    assert isinstance(assembler.add(LAST + b"innocent"), Rejected)


def test_an_endless_message_is_cut_off() -> None:
    """What is held of an unfinished message never exceeds the longest message."""
    assembler = Assembler()
    part = MORE + bytes(FRAME_BYTES_MAX - 1)
    for _ in range(MESSAGE_BYTES_MAX // (FRAME_BYTES_MAX - 1)):
        assert assembler.add(part) is None
    assert isinstance(assembler.add(part), Rejected)


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_any_parts_never_raise(parts: list[bytes]) -> None:
    """Parts of a stranger become a message, nothing yet, or a reason."""
    assembler = Assembler()
    for part in parts:
        _ = assembler.add(part)


@given(st.binary(min_size=1, max_size=200))
def test_the_length_stands_in_front(payload: bytes) -> None:
    """Four bytes say how many follow."""
    raw = delimit(payload)
    assert payload_bytes(raw[:LENGTH_BYTES]) == len(payload)
    assert raw[LENGTH_BYTES:] == payload


@pytest.mark.parametrize("length", [0, FRAME_BYTES_MAX + 1, 2**32 - 1])
def test_a_length_out_of_bounds_is_rejected(length: int) -> None:
    """Nobody makes us wait for, or hold, more than one frame."""
    assert isinstance(payload_bytes(length.to_bytes(LENGTH_BYTES, "big")), Rejected)
