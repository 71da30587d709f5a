"""What happened, in order: one digest over every event, and for people one line each.

Two runs are the same run if and only if their digests are equal. Whether lines are wanted never
changes what is hashed.
"""

from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

Sink = Callable[[str], None]
"""Takes one line of the trace."""

SECOND: Final = 1_000_000_000


class Chronicle:
    """The record of one run."""

    def __init__(self, sink: Sink | None = None) -> None:
        self.counts: Counter[str] = Counter()
        """How often each kind of event happened."""
        self._hasher = blake2b(digest_size=32)
        self._names: dict[tuple[str, str], bytes] = {}
        """Place and kind as they are hashed: few of them, and every event has one."""
        self._sink = sink

    def note(self, time_ns: int, place: str, kind: str, content: bytes = b"") -> None:
        """``kind`` happened at ``place``; ``content`` is the bytes that make it this event."""
        self.counts[kind] += 1
        name = self._names.get((place, kind))
        if name is None:
            name = self._names[place, kind] = f"{place} {kind}".encode()
        self._hasher.update(b"%d %b %d %b" % (time_ns, name, len(content), content))
        if self._sink is not None:
            shown = blake2b(content, digest_size=4).hexdigest() if content else ""
            self._sink(f"{time_ns / SECOND:14.6f}  {place:8} {kind} {len(content)} {shown}")

    def remark(self, time_ns: int, place: str, text: str) -> None:
        """A line for people that is no event."""
        if self._sink is not None:
            self._sink(f"{time_ns / SECOND:14.6f}  {place:8} {text}")

    @property
    def digest(self) -> str:
        """Of everything so far, in hexadecimal."""
        return self._hasher.hexdigest()
