"""What the barrier wants done, and what it answers to those who ask something of it."""

from dataclasses import dataclass

from mesh.protocol.barrier.instant import Instant
from mesh.protocol.barrier.stranded import StartAnew
from mesh.protocol.catalogue import Ids
from mesh.protocol.objection import Objection
from mesh.wire.facts import Body
from mesh.wire.identity import Incarnation


@dataclass(frozen=True, slots=True)
class Say:
    """Append one fact that says ``body``, and let the barrier learn it."""

    body: Body


@dataclass(frozen=True, slots=True)
class Apply:
    """H has grown by ``numbers``: prepare the new state, and show it at ``instant``."""

    numbers: tuple[int, ...]
    """By timestamp."""
    of: int
    """The one that was applied; the others are ancestors of it."""
    instant: Instant | None


@dataclass(frozen=True, slots=True)
class WantMerge:
    """Make and sign a merge request over these, and submit it."""

    over: Ids


@dataclass(frozen=True, slots=True)
class NoQuorum:
    """B1: the author does not take part, or fewer than q do."""

    tx: bytes
    live: tuple[Incarnation, ...]
    """Who would take part."""
    needed: int


@dataclass(frozen=True, slots=True)
class TooManyAttempts:
    """B8: the request was tried as often as it may be by itself."""

    tx: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class OutOfPatience:
    """B1: it waited in the queue for as long as the request allows."""

    tx: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """B1: m itself would answer No(invalid, version or conflict)."""

    tx: bytes
    objection: Objection


GivenUp = NoQuorum | TooManyAttempts | OutOfPatience | Refused
"""Why a request is not tried, or not tried again."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A request has left the queue and will not be proposed again by itself."""

    tx: bytes
    why: GivenUp


Action = Say | Apply | WantMerge | Dropped | StartAnew


@dataclass(frozen=True, slots=True)
class Accepted:
    """The request is queued; it is proposed as soon as B1 lets it."""

    tx: bytes


@dataclass(frozen=True, slots=True)
class AlreadyKnown:
    """The request needs no new attempt: one went through, or is on its way."""

    tx: bytes
    number: int | None
    """The attempt; None while it waits in the queue here."""


Submission = Accepted | AlreadyKnown | NoQuorum | Refused
