"""Messages on a stream: cut into parts, each in a frame with its length in front.

A frame is short, so that a probe never waits long behind a large message on its way out;
a message may be long. A part is one flag and a piece of the message, the flag saying whether more
pieces follow. The receiver holds at most one unfinished message for each stream, and no more of it
than ``MESSAGE_BYTES_MAX``, or less where it does not know the sender.
"""

from typing import Final

from mesh.wire.limits import FRAME_BYTES_MAX, MESSAGE_BYTES_MAX
from mesh.wire.noise import TAG_BYTES
from mesh.wire.rejected import Rejected

LENGTH_BYTES: Final = 4
"""The length of a frame's payload stands before it, big-endian, itself not counted."""

_LAST: Final = 0
_MORE: Final = 1
_PIECE_BYTES_MAX: Final = FRAME_BYTES_MAX - 1 - TAG_BYTES
"""With the flag and the tag of the cipher it fills a frame."""


class TooLong(ValueError):
    """A message of our own that is longer than any receiver reads."""


def delimit(payload: bytes) -> bytes:
    """``payload`` with its length in front, as it goes into the stream."""
    assert 0 < len(payload) <= FRAME_BYTES_MAX
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload


def payload_bytes(prefix: bytes) -> int | Rejected:
    """The number of bytes that follow ``prefix``, which is ``LENGTH_BYTES`` long."""
    length = int.from_bytes(prefix, "big")
    if not 0 < length <= FRAME_BYTES_MAX:
        return Rejected(f"a frame of {length} bytes; 1 to {FRAME_BYTES_MAX} are read")
    return length


def split(raw: bytes) -> list[bytes]:
    """One message as the payloads of its frames, in order.

    Raises TooLong where it has more than ``MESSAGE_BYTES_MAX`` bytes.
    """
    assert raw, "no message is empty"
    if len(raw) > MESSAGE_BYTES_MAX:
        raise TooLong(
            f"a message of {len(raw)} bytes, {MESSAGE_BYTES_MAX} are read: send it in several"
        )
    pieces = [raw[at : at + _PIECE_BYTES_MAX] for at in range(0, len(raw), _PIECE_BYTES_MAX)]
    flags = bytes([_MORE]) * (len(pieces) - 1) + bytes([_LAST])
    return [flags[at : at + 1] + piece for at, piece in enumerate(pieces)]


class Assembler:
    """Joins the parts that arrive on one stream.

    After a rejection the place where the next message begins is unknown: every later part is
    rejected too, and the stream is to be closed.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._held_bytes = 0
        self._broken: Rejected | None = None

    def add(self, payload: bytes, bytes_max: int = MESSAGE_BYTES_MAX) -> bytes | Rejected | None:
        """The message that ``payload`` completes, None while parts are missing.

        It may have ``bytes_max`` bytes.
        """
        if self._broken is None:
            self._broken = self._fault(payload, bytes_max)
        if self._broken is not None:
            self._pieces = []
            return self._broken
        self._pieces.append(payload[1:])
        self._held_bytes += len(payload) - 1
        if payload[0] == _MORE:
            return None
        whole = b"".join(self._pieces)
        self._pieces, self._held_bytes = [], 0
        return whole

    def _fault(self, payload: bytes, bytes_max: int) -> Rejected | None:
        if not 1 < len(payload) <= FRAME_BYTES_MAX:
            return Rejected(f"a part of {len(payload)} bytes")
        if payload[0] not in {_LAST, _MORE}:
            return Rejected(f"a part with the flag {payload[0]}")
        if self._held_bytes + len(payload) - 1 > bytes_max:
            return Rejected(f"a message of more than {bytes_max} bytes")
        return None
