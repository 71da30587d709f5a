"""The commands of a ChangeSet as one RISP stream: four beads for each operation.

    0x2001  its id: 1, 2, 3 …
    0x8002  its group, such as "service", in UTF-8
    0x8003  its verb, such as "create", in UTF-8
    0xA004  its parameters: a map in canonical CBOR

So a new command needs no new protocol. Any other beads that follow belong to the same operation:
they come from a later version, and are kept as they are, for they were signed. Commands have one
spelling: a stream that was read is written again as the same bytes.
"""

from collections.abc import Iterable, Sequence
from itertools import count, pairwise
from typing import Final, NamedTuple

from mesh.wire import cbor, risp
from mesh.wire.limits import REQUEST_BYTES_MAX
from mesh.wire.rejected import Rejected

ID: Final = 0x2001
GROUP: Final = 0x8002
VERB: Final = 0x8003
PARAMETERS: Final = 0xA004

_FOUR: Final = (ID, GROUP, VERB, PARAMETERS)


class Operation(NamedTuple):
    """One command, as yet unchecked against any limit but those of its beads."""

    group: str
    verb: str
    parameters: object
    unknown: bytes
    """A stream of beads of a later version."""


def write_operations(operations: Iterable[Operation]) -> bytes:
    """The stream of ``operations``. Raises risp.Unspellable where a word is too long for a bead."""
    return b"".join(
        risp.encode(_beads(number, operation)) + operation.unknown
        for number, operation in enumerate(operations, 1)
    )


def _beads(number: int, operation: Operation) -> tuple[risp.Command, ...]:
    return (
        risp.Command(ID, number),
        risp.Command(GROUP, operation.group.encode()),
        risp.Command(VERB, operation.verb.encode()),
        risp.Command(PARAMETERS, cbor.encode(operation.parameters)),
    )


def read_operations(stream: bytes) -> list[Operation]:
    """The operations of a whole stream. Raises cbor.Undecodable where it is none."""
    beads = risp.decode(stream, REQUEST_BYTES_MAX)
    if isinstance(beads, Rejected):
        raise cbor.Undecodable(beads.why)
    begins = [at for at, bead in enumerate(beads) if bead.id == ID]
    if begins[:1] != [0] and beads:
        raise cbor.Undecodable(f"a stream of commands begins with bead {ID:#06x}")
    pieces = [beads[begin:end] for begin, end in pairwise([*begins, len(beads)])]
    return [_read(number, piece) for number, piece in zip(count(1), pieces, strict=False)]


def _read(number: int, beads: Sequence[risp.Command]) -> Operation:
    given, unknown = beads[: len(_FOUR)], beads[len(_FOUR) :]
    if tuple(bead.id for bead in given) != _FOUR or any(bead.id in _FOUR for bead in unknown):
        raise cbor.Undecodable(f"command {number} is not its id, group, verb and parameters")
    (_, said), (_, group), (_, verb), (_, parameters) = given
    if said != number:
        raise cbor.Undecodable(f"command {number} says that it is number {said!r}")
    assert isinstance(parameters, bytes), "its id says so"
    value = cbor.decode(parameters, REQUEST_BYTES_MAX)
    return Operation(_text(group), _text(verb), value, risp.encode(unknown))


def _text(word: int | bytes | None) -> str:
    assert isinstance(word, bytes), "the id of its bead says so"
    try:
        return word.decode()
    except UnicodeDecodeError as error:
        raise cbor.Undecodable(f"a word that is not UTF-8: {error}") from error
