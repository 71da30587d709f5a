"""Messages to bytes and back. Whatever a peer sends, decoding gives a message or a reason; it never raises."""

from dataclasses import dataclass

import msgspec

from mesh.wire import cbor
from mesh.wire.limits import MESSAGE_BYTES_MAX
from mesh.wire.messages import Message


@dataclass(frozen=True, slots=True)
class Rejected:
    """Bytes of a peer that are not a message, and why; for counting, not for answering."""

    why: str


def encode(message: Message) -> bytes:
    """The canonical bytes of ``message``."""
    return cbor.encode(msgspec.to_builtins(message, builtin_types=(bytes,)))


def decode(raw: bytes, bytes_max: int = MESSAGE_BYTES_MAX) -> Message | Rejected:
    """The message that ``raw`` spells, or why it is none."""
    try:
        message: Message = msgspec.convert(
            cbor.decode(raw, bytes_max),
            Message,  # type: ignore[arg-type]  # a union of structs is not a class to mypy
            builtin_types=(bytes,),
        )
    except (cbor.Undecodable, msgspec.ValidationError) as error:
        return Rejected(str(error))
    return message
