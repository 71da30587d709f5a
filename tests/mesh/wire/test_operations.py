"""The commands of a request as RISP streams: one spelling, open to whoever knows the table."""

from collections.abc import Callable, Iterator
from typing import Final

import cbor2
import msgspec
import pytest
from hypothesis import given

from mesh.wire import cbor
from mesh.wire.limits import PARAMETERS_DEPTH_MAX, WORD_CHARACTERS_MAX
from mesh.wire.requests import (
    Command,
    Request,
    Value,
    decode_request,
    encode_commands,
    encode_request,
)
from tests.mesh.wire.examples import REQUEST
from tests.mesh.wire.strategies import structs

STREAMS: Final = {"written": 4, "resolved": 5}
ONE: Final = Command("item", "set", {"name": "a"})
BEADS: Final = (
    bytes.fromhex("2001 00000001"),
    bytes.fromhex("8002 04") + b"item",
    bytes.fromhex("8003 03") + b"set",
    bytes.fromhex("a004 00000008 a1 64") + b"name" + bytes.fromhex("61") + b"a",
)


def with_stream(stream: object, field: str = "written") -> bytes:
    """A request whose commands are those bytes."""
    fields = cbor2.loads(encode_request(REQUEST))
    fields[STREAMS[field]] = stream
    return cbor.encode(fields)


def read_stream(stream: bytes) -> tuple[Command, ...]:
    """What the request with that stream says was written."""
    return decode_request(with_stream(stream)).written


# --- a reader that knows nothing but the table ----------------------------------------------------


def beads_of(stream: bytes) -> Iterator[tuple[int, int | bytes | None]]:
    """The beads of a RISP stream: an id, whose top four bits say what follows it."""
    at = 0
    while at < len(stream):
        number = stream[at] * 256 + stream[at + 1]
        at += 2
        shape = number >> 12
        if shape <= 6:
            width = 2**shape
            yield number, int.from_bytes(stream[at : at + width], "big")
            at += width
        elif 8 <= shape <= 11:
            width = 2 ** (shape - 8)
            length = int.from_bytes(stream[at : at + width], "big")
            yield number, stream[at + width : at + width + length]
            at += width + length
        else:
            yield number, None


def commands_by_the_table(stream: bytes) -> list[tuple[object, ...]]:
    """Number, group, verb and parameters of each operation, and the beads that nobody knows."""
    found: list[tuple[int, dict[int, bytes], list[tuple[int, object]]]] = []
    for number, parameter in beads_of(stream):
        if number == 0x2001:
            assert isinstance(parameter, int)
            found.append((parameter, {}, []))
        elif number in {0x8002, 0x8003, 0xA004}:
            assert isinstance(parameter, bytes)
            found[-1][1][number] = parameter
        else:
            found[-1][2].append((number, parameter))
    return [
        (
            said,
            known[0x8002].decode(),
            known[0x8003].decode(),
            cbor2.loads(known[0xA004]),
            unknown,
        )
        for said, known, unknown in found
    ]


@given(structs(Request))
def test_an_independent_reader_reads_any_stream(request: msgspec.Struct) -> None:
    """Whoever knows the table of RISP and CBOR reads the commands of any ChangeSet."""
    assert isinstance(request, Request)
    fields = cbor2.loads(encode_request(request))
    for name, at in STREAMS.items():
        expected = [
            (number, each.group, each.verb, each.parameters, list(beads_of(each.unknown)))
            for number, each in enumerate(getattr(request, name), 1)
        ]
        assert commands_by_the_table(fields[at]) == expected


# --- one spelling ---------------------------------------------------------------------------------


def test_golden_bytes_of_a_command() -> None:
    """Id, group, verb and parameters stand in this order, each in the shape that its id says."""
    assert encode_commands((ONE,)) == b"".join(BEADS)
    assert read_stream(b"".join(BEADS)) == (ONE,)
    assert read_stream(b"") == ()


def _repeated(at: int) -> bytes:
    return b"".join((*BEADS, BEADS[at]))


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"".join((BEADS[1], BEADS[0], *BEADS[2:])), "begins with bead 0x2001"),
        (b"".join((BEADS[0], BEADS[2], BEADS[1], BEADS[3])), "command 1 is not"),
        (b"".join(BEADS[:3]), "command 1 is not"),
        (_repeated(1), "command 1 is not"),
        (_repeated(3), "command 1 is not"),
        (b"".join((*BEADS[:2], bytes.fromhex("7006"), *BEADS[2:])), "command 1 is not"),
        (b"".join(BEADS) * 2, "command 2 says that it is number 1"),
        (bytes.fromhex("2001 00000000") + b"".join(BEADS[1:]), "says that it is number 0"),
        (b"".join(BEADS)[:-1], "ends within a command"),
        (b"".join(BEADS) + b"\x70", "ends within a command"),
        (BEADS[0] + bytes.fromhex("8002 01 ff") + b"".join(BEADS[2:]), "not UTF-8"),
        (b"".join(BEADS[:3]) + bytes.fromhex("a004 00000002 b800"), "not in canonical form"),
        (b"".join(BEADS[:3]) + bytes.fromhex("a004 00000000"), "not CBOR"),
        (b"".join(BEADS[:3]) + bytes.fromhex("a004 00000001 80"), "Expected `object`"),
    ],
)
def test_any_other_spelling_of_commands_is_refused(stream: bytes, why: str) -> None:
    """Four beads in their order, numbers that count up from 1, canonical CBOR: nothing else."""
    for field in STREAMS:
        with pytest.raises(cbor.Undecodable, match=why):
            _ = decode_request(with_stream(stream, field))


@pytest.mark.parametrize("stream", [None, [], "text", [["item", "set", {}]]])
def test_commands_are_a_stream(stream: object) -> None:
    """Where the bytes of a stream belong nothing else is read."""
    with pytest.raises(cbor.Undecodable, match="not a stream"):
        _ = decode_request(with_stream(stream))


def test_unknown_beads_are_kept() -> None:
    """What a later version adds to a command is read as such, and written again as it was."""
    later = bytes.fromhex("7006 8005 02 6869 1001 0007 8005 00")
    stream = b"".join(BEADS) + later
    raw = with_stream(stream + bytes.fromhex("2001 00000002") + b"".join(BEADS[1:]))
    first, second = decode_request(raw).written
    assert first == Command("item", "set", {"name": "a"}, later)
    assert second == ONE
    assert encode_request(decode_request(raw)) == raw


# --- parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize("parameter", [1.5, b"bytes", [{"deep": b"bytes"}]])
@pytest.mark.parametrize("field", STREAMS)
def test_parameters_are_plain(parameter: object, field: str) -> None:
    """A parameter is what JSON can say, less fractions."""
    value = cbor.encode({"x": parameter})
    beads = b"".join(BEADS[:3]) + b"\xa0\x04" + len(value).to_bytes(4, "big") + value
    with pytest.raises(cbor.Undecodable, match="which no command takes"):
        _ = decode_request(with_stream(beads, field))


def nested(levels: int) -> Command:
    """A command whose parameters, themselves one level, are so many deep."""
    value: Value = None
    for _ in range(levels - 1):
        value = [value]
    return Command("item", "set", {"x": value})


def test_parameters_are_not_deep() -> None:
    """Parameters nest to their limit, and no deeper."""
    deepest = nested(PARAMETERS_DEPTH_MAX)
    assert read_stream(encode_commands((deepest,))) == (deepest,)
    with pytest.raises(cbor.Undecodable, match="deeper"):
        _ = read_stream(encode_commands((nested(PARAMETERS_DEPTH_MAX + 1),)))


@pytest.mark.parametrize(
    "make",
    [lambda word: Command(word, "set", {}), lambda word: Command("item", word, {})],
    ids=["group", "verb"],
)
def test_words_are_short(make: Callable[[str], Command]) -> None:
    """A group or a verb has up to its limit of characters, of any script."""
    longest = make("𝄞" * WORD_CHARACTERS_MAX)
    assert read_stream(encode_commands((longest,))) == (longest,)
    with pytest.raises(cbor.Undecodable, match="length"):
        _ = read_stream(encode_commands((make("a" * (WORD_CHARACTERS_MAX + 1)),)))
