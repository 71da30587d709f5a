"""What a person signs, and one try to get it through the barrier.

A *request* is the person's will: commands, the versions they were made against, a reason.
Its hash is the tx, the id that people see, that approvals sign and that later requests build on.
It never changes.
An *attempt* is one try of one controller to get that request through the barrier: who takes part,
on top of what. A request that meets trouble is tried again under the same tx, so nothing that was
approved can be altered on the way.
"""

import enum
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple
from weakref import WeakValueDictionary

import msgspec

from mesh.wire import cbor
from mesh.wire.identity import Counter, Hash32, Incarnation, Signature, Timestamp, digest
from mesh.wire.limits import (
    APPROVALS_MAX,
    BASE_MAX,
    COMMANDS_MAX,
    KEY_PART_CHARACTERS_MAX,
    KEY_PARTS_MAX,
    NAME_CHARACTERS_MAX,
    PARAMETERS_DEPTH_MAX,
    PARENTS_MAX,
    PARTICIPANTS_MAX,
    REQUEST_BYTES_MAX,
    TEXT_CHARACTERS_MAX,
    WORD_CHARACTERS_MAX,
)
from mesh.wire.operations import Operation, read_operations, write_operations

if TYPE_CHECKING:
    Value = bool | int | str | list["Value"] | dict[str, "Value"] | None
    """A parameter: what JSON can say, less floats, whose canonical form invites mistakes."""
else:
    Value = object  # msgspec knows no recursive alias: decode_request checks instead

Key = Annotated[
    tuple[Annotated[str, msgspec.Meta(max_length=KEY_PART_CHARACTERS_MAX)], ...],
    msgspec.Meta(min_length=1, max_length=KEY_PARTS_MAX),
]
"""The path of one object or of one field of it, such as ``("service", "blog")``."""

Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARACTERS_MAX)]
Word = Annotated[str, msgspec.Meta(max_length=WORD_CHARACTERS_MAX)]
Text = Annotated[str, msgspec.Meta(max_length=TEXT_CHARACTERS_MAX)]


class Command(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One operation on the configuration: ``service create name=blog role=web``."""

    group: Word
    verb: Word
    parameters: dict[Name, Value]
    unknown: bytes = b""
    """What a later version says beside, as a RISP stream: kept, and understood by nobody here."""


class Base(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The version of one key: the tx of the ChangeSet that last wrote it, None if none has."""

    key: Key
    version: Hash32 | None


class Origin(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The ChangeSet of another environment that one carries on, and who there vouches for it."""

    environment: Hash32
    tx: Hash32
    controller: Hash32
    signature: Signature
    """That controller's, over what :func:`mesh.wire.consent.vouch_of` says."""


class Request(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, weakref=True
):
    """The signed content of a ChangeSet.

    ``version`` 0 is an array of these fields in canonical CBOR, the commands ``written`` and those
    ``resolved`` each as bytes: a RISP stream (see :mod:`mesh.wire.operations`).
    """

    version: Literal[0]
    environment: Hash32
    signer: Hash32
    name: Name
    written: Annotated[tuple[Command, ...], msgspec.Meta(max_length=COMMANDS_MAX)]
    resolved: Annotated[tuple[Command, ...], msgspec.Meta(max_length=COMMANDS_MAX)]
    base: Annotated[tuple[Base, ...], msgspec.Meta(max_length=BASE_MAX)]
    overridden: Annotated[tuple[Base, ...], msgspec.Meta(max_length=BASE_MAX)]
    """The versions that ``--force`` knowingly writes over; empty for every other request."""
    patience_ns: Counter
    reason: Text
    nonce: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    origin: Origin | None
    """Where it was promoted from; None: it was made here."""
    override: bool
    """Its signer passes by the approvals and the promotion that the environment demands."""


_BEGINNING: Final = b"\x8d\x00"
"""How every request of version 0 begins: an array of thirteen elements, the first one 0."""


_STREAMS: Final = tuple(map(Request.__struct_fields__.index, ("written", "resolved")))
"""Where the streams stand."""


class SignedRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A request as it travels: the very bytes that were signed, and the signature over them."""

    raw: Annotated[bytes, msgspec.Meta(max_length=REQUEST_BYTES_MAX)]
    signature: Signature

    @property
    def tx(self) -> bytes:
        """The id of the ChangeSet."""
        return digest(self.raw)


class Kind(enum.StrEnum):
    """What an attempt does to the history beside carrying commands."""

    NORMAL = "normal"
    MERGE = "merge"
    ROSTER = "roster"
    CHECKPOINT = "checkpoint"


class Approval(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An operator's signature over a tx."""

    operator: Hash32
    signature: Signature


class Attempt(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One try of ``author`` to get the request ``tx`` through the barrier on top of ``parents``."""

    version: Literal[0]
    tx: Hash32
    author: Incarnation
    lamport: Counter
    kind: Kind
    parents: Annotated[tuple[Hash32, ...], msgspec.Meta(max_length=PARENTS_MAX)]
    participants: Annotated[
        tuple[Incarnation, ...], msgspec.Meta(min_length=1, max_length=PARTICIPANTS_MAX)
    ]
    """P, sorted; the sets in seals are bitmaps over it, lowest bit first."""
    quorum: Counter
    guard_ns: Counter
    """How long after the last seal the instant lies; named here: all compute the same one."""
    approvals: Annotated[tuple[Approval, ...], msgspec.Meta(max_length=APPROVALS_MAX)]

    @property
    def timestamp(self) -> Timestamp:
        """Its place in the order of the history."""
        return Timestamp(self.lamport, self.author)


def encode_request(request: Request) -> bytes:
    """The canonical bytes that are signed and whose hash is the tx."""
    fields: list[object] = msgspec.to_builtins(request, builtin_types=(bytes,))
    for at, commands in zip(_STREAMS, (request.written, request.resolved), strict=True):
        fields[at] = encode_commands(commands)
    return cbor.encode(fields)


def encode_commands(commands: Iterable[Command]) -> bytes:
    """The RISP stream of ``commands``."""
    return write_operations(
        Operation(each.group, each.verb, each.parameters, each.unknown) for each in commands
    )


def decode_request(raw: bytes) -> Request:
    """Raises cbor.Undecodable where ``raw`` is not a request of this version."""
    fields = cbor.decode(raw, REQUEST_BYTES_MAX)
    if not isinstance(fields, list) or len(fields) != len(Request.__struct_fields__):
        raise cbor.Undecodable(f"not an array of {len(Request.__struct_fields__)} fields")
    written, resolved = _STREAMS
    is_same = fields[written] == fields[resolved]
    fields[written] = _read_stream(fields[written])
    fields[resolved] = fields[written] if is_same else _read_stream(fields[resolved])
    try:
        return msgspec.convert(fields, Request, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise cbor.Undecodable(str(error)) from error


_IN_HAND: Final = WeakValueDictionary[bytes, Request]()
"""Those that somebody holds, by their bytes: what is submitted passes many desks in one step."""


def read_request(raw: bytes) -> Request:
    """`decode_request`, but what somebody holds is not read again.

    Raises cbor.Undecodable where ``raw`` is not a request of this version.
    """
    known = _IN_HAND.get(raw)
    if known is None:
        known = _IN_HAND[raw] = decode_request(raw)
    return known


def _read_stream(stream: object) -> list[Operation]:
    if not isinstance(stream, bytes):
        raise cbor.Undecodable("the commands are not a stream")
    operations = read_operations(stream)
    for operation in operations:
        _demand_plain(operation.parameters, PARAMETERS_DEPTH_MAX)
    return operations


def is_of_this_version(raw: bytes) -> bool:
    """Whether ``raw`` says that it is a request of version 0, well-formed or not.

    No other version begins like that: what does and is not one never was meant for anybody.
    """
    return raw.startswith(_BEGINNING)


class Unsigned(NamedTuple):
    """A request before the key that it names has signed it."""

    raw: bytes
    """Its canonical bytes."""
    request: Request

    def sign(self, sign: Callable[[bytes], bytes]) -> SignedRequest:
        """``sign`` maps bytes to the 64-byte signature by the key that ``request.signer`` names."""
        return SignedRequest(self.raw, sign(self.raw))


def sign_request(request: Request, sign: Callable[[bytes], bytes]) -> SignedRequest:
    """``request`` signed with ``sign``, see `Unsigned.sign`."""
    return Unsigned(encode_request(request), request).sign(sign)


def encode_attempt(attempt: Attempt) -> bytes:
    """The canonical bytes whose hash is the attempt's id."""
    return cbor.write(attempt)


def decode_attempt(raw: bytes) -> Attempt:
    """Raises cbor.Undecodable where ``raw`` is not an attempt of this version."""
    return cbor.read(raw, Attempt, REQUEST_BYTES_MAX)


def _demand_plain(value: object, depth_max: int) -> None:
    match value:
        case None | bool() | int() | str():
            return
        case _ if depth_max == 0:
            raise cbor.Undecodable(f"parameters nested deeper than {PARAMETERS_DEPTH_MAX}")
        case list():
            parts = value
        case dict():
            parts = [*value, *value.values()]
        case _:
            raise cbor.Undecodable(f"a parameter is {type(value).__name__}, which no command takes")
    for part in parts:
        _demand_plain(part, depth_max - 1)
