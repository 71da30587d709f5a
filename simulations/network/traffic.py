"""Who looks at what is on its way: each message gets a number, and later a fate.

The network says what it does with a message at the moment at which it does it, and whoever looks
on answers nothing that could change it. A message may arrive twice, or arrive and be lost as well
where only one of its copies got through.
"""

from typing import Final, Protocol


class Traffic(Protocol):
    """Looks at the messages of one network."""

    def sent(self, source: str, target: str, payload: bytes, *, on_stream: bool) -> int:
        """``payload`` leaves ``source``; the number by which its fate is told.

        A payload without bytes is the end of a stream.
        """

    def lost(self, message: int, why: str) -> None:
        """``message`` will not arrive."""

    def arrived(self, message: int) -> None:
        """``message`` is at its host; what becomes of it there is the host's affair."""


class Unwatched:
    """Nobody looks."""

    def sent(self, source: str, target: str, payload: bytes, *, on_stream: bool) -> int:  # noqa: ARG002  nobody looks
        """All messages have one number."""
        return 0

    def lost(self, message: int, why: str) -> None:
        """Nothing is done."""

    def arrived(self, message: int) -> None:
        """Nothing is done."""


UNWATCHED: Final = Unwatched()
