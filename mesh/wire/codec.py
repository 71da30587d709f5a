"""Messages to bytes and back.

Whatever a peer sends, decoding gives a message or a reason; it never raises.
"""

from dataclasses import dataclass

import msgspec

from mesh.wire import cbor
from mesh.wire.limits import MESSAGE_BYTES_MAX
from mesh.wire.messages import Message


@dataclass(frozen=True, slots=True)
class Rejected:
    """Bytes of a peer that are not what they should be, and why; to be counted, not answered."""

    why: str


class _Any(msgspec.Struct, array_like=True):
    """Holds the union, so that its table of tags is built once and not for each message."""

    message: Message


def encode(message: Message) -> bytes:
    """The canonical bytes of ``message``."""
    return cbor.write(message)


def decode(raw: bytes, bytes_max: int = MESSAGE_BYTES_MAX) -> Message | Rejected:
    """The message that ``raw`` spells, or why it is none."""
    try:
        value = cbor.decode(raw, bytes_max)
        return msgspec.convert((value,), _Any, builtin_types=(bytes,)).message
    except (cbor.Undecodable, msgspec.ValidationError) as error:
        return Rejected(str(error))
