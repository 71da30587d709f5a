"""Messages to bytes and back.

Whatever a peer sends, decoding gives a message or a reason; it never raises.
"""

from functools import lru_cache
from typing import Final

import msgspec

from mesh.wire import cbor
from mesh.wire.limits import MESSAGE_BYTES_MAX
from mesh.wire.messages import Message
from mesh.wire.rejected import Rejected

REPEATED_BYTES_MAX: Final = 1_024
"""Messages up to this long are remembered for a while: a rumour comes from several peers, and what
peers who hold the same say of it is the same. A message never changes, so it may be shared."""

REPEATED_MAX: Final = 256
"""How many of them, the last ones: a quarter of a megabyte, and as much again read."""


class _Any(msgspec.Struct, array_like=True):
    """Holds the union, so that its table of tags is built once and not for each message."""

    message: Message


def encode(message: Message) -> bytes:
    """The canonical bytes of ``message``."""
    return cbor.write(message)


def decode(raw: bytes, bytes_max: int = MESSAGE_BYTES_MAX) -> Message | Rejected:
    """The message that ``raw`` spells, or why it is none."""
    if len(raw) <= REPEATED_BYTES_MAX:
        return _decode_repeated(raw, bytes_max)
    return _decode(raw, bytes_max)


def _decode(raw: bytes, bytes_max: int) -> Message | Rejected:
    try:
        value = cbor.decode(raw, bytes_max)
        message = msgspec.convert((value,), _Any, builtin_types=(bytes,)).message
    except (cbor.Undecodable, msgspec.ValidationError) as error:
        return Rejected(str(error))
    if not isinstance(value, list) or len(value) != 1 + len(message.__struct_fields__):
        return Rejected("fields are left off at the end: each is written, also where it is empty")
    return message


@lru_cache(maxsize=REPEATED_MAX)
def _decode_repeated(raw: bytes, bytes_max: int) -> Message | Rejected:
    return _decode(raw, bytes_max)
