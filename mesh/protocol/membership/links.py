"""Whether two members reach each other, and by which way.

A link counts only if it works in both directions: hearing somebody proves that one of them works.
What people want to know is which half is broken, so the answer to a probe is held against what else
was heard of the peer.
"""

import enum
from dataclasses import dataclass, field
from typing import Final

from mesh.protocol.membership.clocks import ClockFilter

MISSES_MAX: Final = 3
"""Probes in a row without a direct answer before a link is called broken: with every tenth datagram
lost, one probe in five misses."""

TRIED_AGAIN: Final = 8
"""Of so many probes one tries a datagram where none came through: a firewall may be opened, and a
newcomer reads datagrams only when it has the roster."""

PROBES_KEPT: Final = 64
"""Outcomes of which the loss is told: with 64 a loss of one in twenty is told from none at all."""


class Link(enum.StrEnum):
    """The way to a member, as people read it."""

    UNKNOWN = "not yet probed"
    BOTH = "both directions"
    STREAM = "stream only: datagrams do not pass"
    INBOUND = "one way: it is heard, its answers to us are not"
    INDIRECT = "through others only"
    NONE = "not reached"


class Way(enum.Enum):
    """How the answer to a probe came."""

    DATAGRAM = Link.BOTH
    STREAM = Link.STREAM
    INDIRECT = Link.INDIRECT
    SILENCE = Link.NONE


@dataclass(slots=True)
class LinkState:
    """What is known of the way to one member."""

    heard_ns: int | None = None
    """When anything at all last came from it directly."""
    way: Way | None = None
    """How the last probe was answered."""
    misses: int = MISSES_MAX - 1
    """Probes since the last one that was answered by datagram. A new link has no credit: where its
    first probe is answered by stream alone, nothing is sent to be lost."""
    clock: ClockFilter = field(default_factory=ClockFilter)
    probes: int = 0
    """Those of which the outcome is kept."""
    outcomes: int = 0
    """A bit for each, the last one lowest: set where no datagram answered. There are as many links
    as pairs of members, so this is no list."""

    def note(self, way: Way) -> None:
        """A probe ended this way."""
        self.way = way
        self.probes = min(self.probes + 1, PROBES_KEPT)
        self.outcomes = (self.outcomes << 1 | (way is not Way.DATAGRAM)) & (1 << PROBES_KEPT) - 1
        self.misses = 0 if way is Way.DATAGRAM else self.misses + 1

    @property
    def datagrams_pass(self) -> bool:
        """False where probes are answered by stream only, again and again."""
        return self.misses < MISSES_MAX or self.way is not Way.STREAM

    @property
    def is_tried(self) -> bool:
        """Whether the next probe should go by datagram, whatever became of those before."""
        return self.datagrams_pass or self.misses % TRIED_AGAIN == 0

    def hope(self) -> None:
        """A datagram of the member arrived here: the next probe tries whether ours arrive there."""
        if not self.datagrams_pass:
            self.misses = TRIED_AGAIN

    @property
    def missed(self) -> int:
        """How many of the last ``probes`` no datagram answered."""
        return self.outcomes.bit_count()

    def heard_since(self, monotonic_ns: int) -> bool:
        """Whether the member was heard directly at or after ``monotonic_ns``."""
        return self.heard_ns is not None and self.heard_ns >= monotonic_ns

    def link(self, recent_ns: int) -> Link:
        """The link as it is shown; if heard since ``recent_ns``, half of it works."""
        if self.way is None:
            return Link.UNKNOWN
        if self.misses < MISSES_MAX:
            return Link.BOTH
        if self.way in (Way.INDIRECT, Way.SILENCE) and self.heard_since(recent_ns):
            return Link.INBOUND
        return self.way.value
