"""What checkers hear of sealed messages: whoever made the keys of a world may listen in on it.

Rules about what leaves a controller are rules about messages, and messages leave sealed. So the
suites of a world note what they seal, and whoever looks on asks for it by the sealed bytes, in the
same step. Nobody inside the world can.
"""

from typing import Final

NOTES_MAX: Final = 1_024
"""Of the last messages that were sealed: more than one step of one controller sends."""


class Tap:
    """Remembers the last messages that were sealed in one world."""

    def __init__(self) -> None:
        self._notes: dict[bytes, bytes] = {}

    def note(self, sealed: bytes, plain: bytes) -> bytes:
        """``sealed``, remembered as what ``plain`` became."""
        self._notes[sealed] = plain
        if len(self._notes) > NOTES_MAX:
            del self._notes[next(iter(self._notes))]
        return sealed

    def read(self, sealed: bytes) -> bytes | None:
        """What ``sealed`` was; None for what is no sealed message, as those of a handshake."""
        return self._notes.get(sealed)
