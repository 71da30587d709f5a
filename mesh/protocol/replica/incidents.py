"""What befell the memory of this controller, kept for people over its lives.

Like the list of repairs in the log book of a lift: the engine runs again, and whoever takes over
the house still wants to know that it stood still. A life that begins on a damaged store is often
over within a second, since others know of a newer one, and the next finds everything sound. So what
a start finds is written down, with its time by the wall clock, and shown for a month. Bounded: of
what comes again the last time counts, and the oldest go first.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Final

from mesh.protocol.effects import Image, WriteMeta
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.desk import Desk
from mesh.wire import cbor

INCIDENTS_KEY: Final = "incidents"

INCIDENTS_MAX: Final = 16
TEXT_CHARACTERS_MAX: Final = 400
SHOWN_NS: Final = 30 * 86_400 * SECOND
"""How long a person is told of one: by then a disk that does it again has done it again."""

MEMORY_GONE: Final = "the journal was gone, and with it all that this controller knew"

_BYTES_MAX: Final = INCIDENTS_MAX * (4 * TEXT_CHARACTERS_MAX + 32)


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that a start of this controller found."""

    at_wall_ns: int
    boot: int
    """The number of the life that began then."""
    text: str
    """For people: one sentence, without its full stop."""


class Incidents:
    """All that is remembered, the last one at the end; ``image`` is what this life began with."""

    def __init__(self, desk: Desk, image: Image) -> None:
        self._desk = desk
        self._kept = _decode(image.meta.get(INCIDENTS_KEY, b""))

    def note(self, found: Iterable[str], now: Now) -> None:
        """This start found ``found``: sentences."""
        texts = [text[:TEXT_CHARACTERS_MAX] for text in found]
        if not texts:
            return
        before = [each for each in self._kept if each.text not in texts]
        new = [Incident(now.wall_ns, self._desk.own.boot, text) for text in texts]
        self._kept = [*before, *new][-INCIDENTS_MAX:]
        raw = cbor.encode([list(astuple(each)) for each in self._kept])
        self._desk.write(WriteMeta(INCIDENTS_KEY, raw))

    def shown(self, now: Now) -> list[Incident]:
        """What a person should hear of now, the last one first; also where the clock went back."""
        return [each for each in reversed(self._kept) if now.wall_ns - each.at_wall_ns < SHOWN_NS]

    @property
    def at_start(self) -> list[Incident]:
        """What this life began with; nothing: its store was whole."""
        return [each for each in self._kept if each.boot == self._desk.own.boot]


def _decode(raw: bytes) -> list[Incident]:
    """What was kept; nothing where it cannot be read, since it decides nothing."""
    try:
        content = cbor.decode(raw, _BYTES_MAX) if raw else []
    except cbor.Undecodable:
        return []
    kept: list[Incident] = []
    for row in content if isinstance(content, list) else []:
        match row:
            case [int() as at_wall_ns, int() as boot, str() as text]:
                kept.append(Incident(at_wall_ns, boot, text))
            case _:
                continue
    return kept[-INCIDENTS_MAX:]
