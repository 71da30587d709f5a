"""Other lives with this controller's own key.

One of them is past, most of the time: a store that was put back from a copy begins with a number
that others have seen already. Then a higher number settles it. But where two hosts run on copies of
one disk, each outbids the other, like two people who hold the same seat number and both stay polite
for ever. So meetings face to face are counted, on disk, since each of them ends a life; whoever has
met too many other lives of its own in a short while stops, says so, and waits for a person. What is
only told of counts for nothing here: lives that are past are told of, too, and of two that are not
the members choose. Invariant: of two who outbid each other face to face at least one stops, after
``MEETINGS_MAX`` lives at most.
"""

from collections.abc import Mapping
from typing import Final

from mesh.protocol.effects import WriteMeta
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.desk import Desk
from mesh.wire import cbor
from mesh.wire.identity import Incarnation

TWINS_KEY: Final = "twins"

MEETINGS_MAX: Final = 5
"""A life of ours that is just ending may be met once or twice; more within the window are made by
somebody who is there to stay."""

WINDOW_NS: Final = 600 * SECOND
"""Long enough for ``MEETINGS_MAX`` starts, which wait longer and longer."""

_NOTE_BYTES_MAX: Final = 16 * MEETINGS_MAX + 16

QUARANTINED: Final = (
    "an elder life with this controller's key is alive: this host or that one is a copy; stop one"
    " of them, or give this one a key of its own: trellis up --new-identity"
)
CLEARED: Final = (
    "most of the others take this life of the controller for the real one again: it takes part"
)
CONTESTED: Final = (
    "another host runs with this controller's key, and the two outbid each other: stop one of them"
    " and start the other again, or give one a key of its own: trellis up --new-identity"
)


class Twins:
    """Meetings with lives of the own controller; ``meta`` is what the last life left on disk."""

    def __init__(self, desk: Desk, meta: Mapping[str, bytes]) -> None:
        self._desk = desk
        self._met: dict[Incarnation, None] = {}
        """By this life; each counts once."""
        self._at_wall_ns = _decode(meta.get(TWINS_KEY, b""))
        """When the last meetings were, of whichever life."""
        self.is_contested = False
        """Another host outbids this one again and again."""
        self.is_quarantined = False
        """Most of the others hold an elder life of this controller for the real one."""

    @property
    def why(self) -> str | None:
        """Why this life takes no part; None where it may."""
        if self.is_quarantined:
            return QUARANTINED
        return CONTESTED if self.is_contested else None

    def quarantine(self) -> None:
        """Most of the others keep this life out, since an elder one answers them."""
        self.is_quarantined = True
        self._desk.notice("error", "quarantined", QUARANTINED)

    def clear(self) -> None:
        """They do not say so any longer."""
        self.is_quarantined = False
        self._desk.notice("info", "cleared", CLEARED)

    def meet(self, other: Incarnation, now: Now, *, is_alive: bool = False) -> None:
        """``other`` has begun, or ``is_alive`` now: the one with the higher number goes on.

        Not where this one is quarantined: to take a higher number then would only make two lives
        outbid each other.
        """
        is_newer = other.boot >= self._desk.own.boot
        if self.is_quarantined or self.is_contested or not (is_newer or is_alive):
            return
        if is_alive and self._is_one_too_many(other, now):
            self.is_contested = True
            self._desk.notice("error", "contested", CONTESTED)
        elif is_newer:
            self._desk.end("another life of this controller is about", other.boot)

    def _is_one_too_many(self, other: Incarnation, now: Now) -> bool:
        """``other`` was met face to face, now: whether this is enough of it."""
        self._count(other, now)
        return len(self._at_wall_ns) >= MEETINGS_MAX

    def _count(self, other: Incarnation, now: Now) -> None:
        if other in self._met or len(self._met) >= MEETINGS_MAX:
            return
        self._met[other] = None
        recent = [at for at in self._at_wall_ns if abs(now.wall_ns - at) < WINDOW_NS]
        self._at_wall_ns = [*recent, now.wall_ns][-MEETINGS_MAX:]
        self._desk.write(WriteMeta(TWINS_KEY, cbor.encode(self._at_wall_ns)))


def _decode(raw: bytes) -> list[int]:
    try:
        content = cbor.decode(raw, _NOTE_BYTES_MAX)
    except cbor.Undecodable:
        return []
    times = content if isinstance(content, list) else []
    return [each for each in times if isinstance(each, int)]
