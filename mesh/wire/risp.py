"""RISP, version 4 (Reduced Instruction Set Protocol): a stream of commands without a schema.

Like beads on a string: each begins with a number of 16 bits whose top four say how its parameter is
shaped, so that a reader can step over a bead that it has never seen, and hand it on as it was.

    0x0 … 0x6   an unsigned integer of 1, 2, 4, 8, 16, 32, 64 bytes, big-endian
    0x8 … 0xB   bytes, preceded by their number in 1, 2, 4, 8 bytes, big-endian
    0x7, 0xC … 0xF   nothing

A byte string may itself hold a stream. The id alone fixes the shape, so a sequence of commands has
one spelling: what was read, known or not, is written again as the same bytes.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from mesh.wire.limits import MESSAGE_BYTES_MAX
from mesh.wire.rejected import Rejected

ID_BYTES: Final = 2
ID_MAX: Final = 0xFFFF

_INTEGER_BYTES: Final = (1, 2, 4, 8, 16, 32, 64)
_LENGTH_BYTES: Final = {0x8: 1, 0x9: 2, 0xA: 4, 0xB: 8}
_SHAPES: Final = tuple(
    (_INTEGER_BYTES[shape] if shape < len(_INTEGER_BYTES) else 0, _LENGTH_BYTES.get(shape, 0))
    for shape in range(16)
)
"""By the top four bits: the bytes of an integer, or of a length; neither: there is no parameter."""


class Command(NamedTuple):
    """One bead: its id, and a parameter of the shape that the id demands."""

    id: int
    """0 to 0xFFFF."""
    parameter: int | bytes | None = None


class Unspellable(ValueError):
    """A command of our own whose parameter is not of the shape that its id demands."""


def encode(commands: Iterable[Command]) -> bytes:
    """The stream of ``commands``. Raises Unspellable."""
    return b"".join(map(_spell, commands))


def decode(stream: bytes, parameter_bytes_max: int = MESSAGE_BYTES_MAX) -> list[Command] | Rejected:
    """The commands of a whole stream, or why it is none."""
    commands, end, broken = _scan(stream, parameter_bytes_max)
    if broken is not None:
        return broken
    if end < len(stream):
        return Rejected(f"the stream ends within a command, {len(stream) - end} bytes into it")
    return commands


class Reader:
    """Reads a stream as it comes, in pieces of any size.

    It holds no more than one unfinished command. After a rejection the place where the next command
    begins is unknown, so nothing more is read.
    """

    def __init__(self, parameter_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._parameter_bytes_max = parameter_bytes_max
        self._held = bytearray()
        self._broken: Rejected | None = None

    @property
    def unread(self) -> int:
        """Bytes held of a command whose end has not come."""
        return len(self._held)

    def feed(self, piece: bytes) -> list[Command | Rejected]:
        """The commands that ``piece`` completes; last a Rejected where the stream is broken."""
        if self._broken is not None:
            return [self._broken]
        self._held += piece
        commands, end, self._broken = _scan(self._held, self._parameter_bytes_max)
        if self._broken is not None:
            self._held.clear()
            return [*commands, self._broken]
        del self._held[:end]
        return list[Command | Rejected](commands)


def _scan(
    held: bytes | bytearray, parameter_bytes_max: int
) -> tuple[list[Command], int, Rejected | None]:
    """The commands at the beginning of ``held``, where the last one ends, and what ends them all.

    Ten commands are forty beads, and each controller reads them: one loop, and no calls within.
    """
    commands: list[Command] = []
    at, size = 0, len(held)
    while (begin := at + ID_BYTES) <= size:
        number = held[at] << 8 | held[at + 1]
        integer_bytes, length_bytes = _SHAPES[number >> 12]
        end = begin + integer_bytes + length_bytes
        if end > size:
            break
        parameter: int | bytes | None = None
        if integer_bytes:
            parameter = int.from_bytes(held[begin:end], "big")
        elif length_bytes:
            begin, length = end, int.from_bytes(held[begin:end], "big")
            if length > parameter_bytes_max:
                why = f"a parameter of {length} bytes, {parameter_bytes_max} are read"
                return commands, at, Rejected(why)
            end = begin + length
            if end > size:
                break
            parameter = bytes(held[begin:end])
        commands.append(Command(number, parameter))
        at = end
    return commands, at, None


def _spell(command: Command) -> bytes:
    number, parameter = command
    if not 0 <= number <= ID_MAX:
        raise Unspellable(f"{number} is no command id: they have {8 * ID_BYTES} bits")
    beginning = number.to_bytes(ID_BYTES, "big")
    shape = number >> 12
    if shape < len(_INTEGER_BYTES):
        return beginning + _spell_integer(number, parameter, _INTEGER_BYTES[shape])
    if shape in _LENGTH_BYTES:
        return beginning + _spell_bytes(number, parameter, _LENGTH_BYTES[shape])
    if parameter is not None:
        raise Unspellable(f"command {number:#06x} takes no parameter")
    return beginning


def _spell_integer(number: int, parameter: int | bytes | None, width: int) -> bytes:
    if not isinstance(parameter, int) or parameter < 0 or parameter.bit_length() > 8 * width:
        raise Unspellable(f"command {number:#06x} takes an unsigned integer of {width} bytes")
    return parameter.to_bytes(width, "big")


def _spell_bytes(number: int, parameter: int | bytes | None, width: int) -> bytes:
    if not isinstance(parameter, bytes) or len(parameter).bit_length() > 8 * width:
        raise Unspellable(
            f"command {number:#06x} takes bytes, of a number that has {8 * width} bits"
        )
    return len(parameter).to_bytes(width, "big") + parameter
