"""RISP streams: one spelling for each, readable in pieces, and unknown commands survive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.wire.rejected import Rejected
from mesh.wire.risp import Command, Reader, Unspellable, decode, encode

WIDTHS = {0: 1, 1: 2, 2: 4, 3: 8, 4: 16, 5: 32, 6: 64}
LENGTHS = {8: 1, 9: 2, 10: 4, 11: 8}
LOW = st.integers(0, 0xFFF)

INTEGERS = st.integers(0, 6).flatmap(
    lambda shape: st.builds(
        Command,
        LOW.map(lambda low: shape << 12 | low),
        st.integers(0, 256 ** WIDTHS[shape] - 1),
    )
)
STRINGS = st.integers(8, 11).flatmap(
    lambda shape: st.builds(
        Command, LOW.map(lambda low: shape << 12 | low), st.binary(max_size=200)
    )
)
BARE = (
    st.sampled_from([7, 12, 13, 14, 15])
    .flatmap(lambda shape: LOW.map(lambda low: shape << 12 | low))
    .map(Command)
)
STREAMS = st.lists(INTEGERS | STRINGS | BARE, max_size=12)

EXAMPLES = {
    Command(0x0001, 5): "0001 05",
    Command(0x1FFF, 258): "1fff 0102",
    Command(0x2003, 1): "2003 00000001",
    Command(0x3003, 2**64 - 1): "3003 ffffffffffffffff",
    Command(0x4000, 1): "4000" + "00" * 15 + "01",
    Command(0x5000, 1): "5000" + "00" * 31 + "01",
    Command(0x6000, 1): "6000" + "00" * 63 + "01",
    Command(0x7ABC): "7abc",
    Command(0x8001, b"hi"): "8001 02 6869",
    Command(0x9001, b"hi"): "9001 0002 6869",
    Command(0xA001, b"hi"): "a001 00000002 6869",
    Command(0xB001, b""): "b001 0000000000000000",
    Command(0xC000): "c000",
    Command(0xFFFF): "ffff",
}


@pytest.mark.parametrize(("command", "spelling"), EXAMPLES.items())
def test_every_shape_is_spelled_as_the_table_says(command: Command, spelling: str) -> None:
    """The bytes were written by hand from the table of parameter kinds."""
    assert encode([command]) == bytes.fromhex(spelling)
    assert decode(bytes.fromhex(spelling)) == [command]


@given(commands=STREAMS, cuts=st.lists(st.integers(0, 2_000), max_size=6))
def test_a_stream_is_read_back_in_pieces_of_any_size(
    commands: list[Command], cuts: list[int]
) -> None:
    """However the network cuts it, the same commands come out and nothing is left over."""
    stream = encode(commands)
    reader, read = Reader(), []
    ends = [*sorted(cuts), len(stream)]
    begin = 0
    for end in ends:
        read += reader.feed(stream[begin:end])
        begin = max(begin, end)
    assert read == commands
    assert reader.unread == 0


@given(raw=st.binary(max_size=120))
def test_what_is_read_has_one_spelling(raw: bytes) -> None:
    """Any bytes are either no stream, or exactly what their commands are written as."""
    commands = decode(raw)
    if not isinstance(commands, Rejected):
        assert encode(commands) == raw


@given(inner=STREAMS)
def test_a_string_may_hold_a_stream(inner: list[Command]) -> None:
    """Nested streams need nothing of their own."""
    outer = decode(encode([Command(0xA000, encode(inner)), Command(0x7000)]))
    assert not isinstance(outer, Rejected)
    nested = outer[0].parameter
    assert isinstance(nested, bytes)
    assert decode(nested) == inner


@given(commands=STREAMS.filter(bool), data=st.data())
def test_a_stream_that_was_cut_off_is_refused(commands: list[Command], data: st.DataObject) -> None:
    """The last command is whole, or the stream is none: half a change is never read as a whole."""
    stream = encode(commands)
    boundaries = {len(encode(commands[:count])) for count in range(len(commands) + 1)}
    cut = data.draw(st.integers(0, len(stream)).filter(lambda at: at not in boundaries))
    assert isinstance(decode(stream[:cut]), Rejected)


def test_a_length_beyond_the_limit_is_refused_before_its_bytes_come() -> None:
    """A reader never waits for, and never holds, more than it was told to."""
    reader = Reader(parameter_bytes_max=10)
    head = bytes.fromhex("b001") + (11).to_bytes(8, "big")
    [refused] = reader.feed(head)
    assert isinstance(refused, Rejected)
    assert "11 bytes, 10 are read" in refused.why
    assert reader.unread == 0
    assert reader.feed(encode([Command(0x7000)])) == [refused], "nothing is read after it"


@pytest.mark.parametrize(
    "command",
    [
        Command(0x0001, 256),
        Command(0x0001, -1),
        Command(0x0001, b"x"),
        Command(0x0001),
        Command(0x8001, bytes(256)),
        Command(0x8001, 1),
        Command(0x7001, 1),
        Command(0x10000, 1),
        Command(-1, 1),
    ],
)
def test_a_parameter_of_another_shape_is_our_own_mistake(command: Command) -> None:
    """It raises, naming what the id demands; nothing is truncated silently."""
    with pytest.raises(Unspellable, match="command"):
        _ = encode([command])
