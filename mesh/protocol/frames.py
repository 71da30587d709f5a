"""A frame on its way out, not sealed yet.

A cipher numbers what it seals, and the other end opens in the same order. Frames that wait for the
disk leave later than others that were written after them; so a frame is sealed at the moment at
which it leaves, like a letter at the counter, and not at the desk where it was written.
"""

from collections.abc import Callable
from typing import NamedTuple

from mesh.protocol.inputs import StreamId


class Frame(NamedTuple):
    """One frame for one stream."""

    stream: StreamId
    payload: bytes
    seal: Callable[[bytes], bytes] | None = None
    """What its stream does to it when it leaves; None for the frames of a handshake."""

    def leave(self) -> tuple[StreamId, bytes]:
        """What goes into the stream, now: called once, in the order in which frames leave."""
        return self.stream, self.payload if self.seal is None else self.seal(self.payload)
