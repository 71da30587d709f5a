"""What two stores say to each other: one frozen value per message.

Each message stands alone: lost, repeated or late, it costs traffic and nothing else. All but PING
concern one of the two stores; `owned` says which. A session is a number that the catching-up side
chose, under which the other side answers.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from crdt.heads import Head
from crdt.record import Delta
from crdt.seen import Extent

REPAIR_PART: Final = -1
"""Stands for the number of a part in RECORDS that answer a RANGE, and are not part of a count."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One store in 16 bytes: what it has seen, and what is live."""

    extent_hash: bytes
    root: bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """The question whether two pairs of stores are equal. Rides on every probe.

    `epoch` is the first 4 bytes of the data set's.
    """

    version: int
    epoch: bytes
    secret_version: int
    kept: Summary
    owned: Summary


@dataclass(frozen=True, slots=True)
class Heard:
    """One replica id's entry in a digest: vector, floor, and the runs of the cloud."""

    replica: bytes
    through: int
    floor: int = 0
    runs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """What the sender has seen: a request for the rest. One of `chunks` parts, by replica id."""

    owned: bool
    epoch: bytes
    session: int
    chunk: int
    chunks: int
    entries: tuple[Heard, ...]
    watermarks: tuple[tuple[bytes, int], ...]


@dataclass(frozen=True, slots=True)
class Records:
    """Whole records; `part` numbers them within the session, or is REPAIR_PART.

    After one that says `pause` the sender waits to be asked for more.
    """

    owned: bool
    session: int
    part: int
    pause: bool
    records: Delta


@dataclass(frozen=True, slots=True)
class Cover:
    """The vector and floor of the sender when it began to send: that was all of it.

    They are told as far as they differ from the digest. `records` and `dots_sum` count what was
    sent in `parts` parts, `root` sums up what was live. `heads` prove the entries of this chunk
    whose last write is not among what was sent, because nothing of it is live any more. One of
    `chunks` parts, by replica id; it is joined only when all of them are held and the counts match.
    """

    owned: bool
    session: int
    chunk: int
    chunks: int
    parts: int
    records: int
    dots_sum: bytes
    root: bytes
    secret_version: int
    entries: tuple[Heard, ...]
    watermarks: tuple[tuple[bytes, int], ...]
    heads: tuple[Head, ...] = ()


@dataclass(frozen=True, slots=True)
class More:
    """A request to go on: every part before `part` is held."""

    owned: bool
    session: int
    part: int


@dataclass(frozen=True, slots=True)
class Range:
    """The 16 sums that make up one range of counters.

    As a question (`turn` counts them from 1) it wants the receiver's own sums, or leaves, or, for
    a range of 512, the records that differ. As an answer, or told unasked, its turn is 0.
    """

    owned: bool
    session: int
    turn: int
    secret_version: int
    replica: bytes
    level: int
    index: int
    sums: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """Which counters of one range of 512 are live at the sender.

    `differing` has a bit for each of the 16 ranges of 512 below `parent` (8,192 counters) that the
    sender found different from what it was asked with in that `turn`; `child` is the one told here,
    and `live` has a bit per counter. `moved`: something was written there since COVER, so that what
    is not live may have been superseded by a write that COVER does not cover.
    """

    owned: bool
    session: int
    turn: int
    secret_version: int
    replica: bytes
    parent: int
    differing: int
    child: int
    live: int
    moved: bool


@dataclass(frozen=True, slots=True)
class Rumour:
    """Fresh records, pushed at once and without any claim to be complete."""

    owned: bool
    epoch: bytes
    records: Delta


Message: TypeAlias = Ping | Digest | Records | Cover | More | Range | Leaf | Rumour


def extent_from(entries: tuple[Heard, ...], watermarks: tuple[tuple[bytes, int], ...]) -> Extent:
    """Put a digest's entries together."""
    return Extent(
        {heard.replica: heard.through for heard in entries if heard.through},
        {heard.replica: heard.floor for heard in entries if heard.floor},
        dict(watermarks),
    )
