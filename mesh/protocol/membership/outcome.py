"""What the membership machine hands back, and what it shows to people."""

import enum
from dataclasses import dataclass

import msgspec

from mesh.protocol.membership.links import Link
from mesh.protocol.now import Now
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import Message, Standing, Summary


class What(enum.StrEnum):
    """What changed about a member."""

    ALIVE = "alive"
    SUSPECT = "suspect"
    FAILED = "failed"
    LEFT = "left"
    REPLACED = "replaced"
    """This life ended: a newer one of its controller is known."""
    REMOVED = "removed"
    """Its controller is no longer in the roster."""
    FORKED = "forked"
    """It and another life of its controller both answer; this one is quarantined here."""
    QUARANTINED = "quarantined"
    """We are: most of those that we see alive hold an elder life of our controller for it."""
    DOUBTED = "doubted"
    """We are: ``by`` says that an elder life of our own controller answers it."""
    CLEARED = "cleared"
    """We are not quarantined any longer: most of those that we see alive do not say so."""
    TWIN = "twin"
    """A newer life of our own controller announces itself: ours must end."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the table."""

    what: What
    member: Incarnation
    by: bytes | None = None
    """The controller that says so, where it was not seen from here or by the member's own word."""


class Outcome(msgspec.Struct, frozen=True):
    """What one input caused."""

    outgoing: tuple[Outgoing, ...] = ()
    changes: tuple[Change, ...] = ()
    summaries: tuple[tuple[Incarnation, Summary], ...] = ()
    """Summaries of members that came in and differ from ours or could not be compared."""


class Why(enum.StrEnum):
    """Why a member stands as it does, as this controller knows it."""

    ANSWERS = "it answers"
    TOLD = "others say so"
    NO_ANSWER = "no answer to probes from here"
    REFUSED = "its address refuses connections"
    NOT_REFUTED = "it did not refute in time"
    GOODBYE = "it said goodbye"
    UNSEEN = "never seen"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One controller of the roster, for people."""

    controller: bytes
    own: bool
    incarnation: Incarnation | None
    address: Address | None
    standing: Standing | None
    """None: never heard of."""
    why: Why
    accusers: tuple[bytes, ...]
    """Controllers that say SUSPECT or FAILED."""
    since_ns: int | None
    """Monotonic time of the last change of standing."""
    link: Link
    round_trip_ns: int | None
    offset_ns: int | None
    """Its wall clock minus ours."""
    rivals: tuple[Incarnation, ...]
    """Further lives of the same controller that speak, and are kept out."""
    probes: int
    """The last ones from here that have ended, 64 at most."""
    missed: int
    """Those of them that no datagram answered in time: lost there or back, or nobody was there."""
    slow: int
    """On the own row: by how many steps this controller takes itself to be slow, 0 to 8."""


class Step(msgspec.Struct):
    """One input being handled: the time, and what it has caused so far."""

    now: Now
    outgoing: list[Outgoing] = msgspec.field(default_factory=list)
    changes: list[Change] = msgspec.field(default_factory=list)
    summaries: list[tuple[Incarnation, Summary]] = msgspec.field(default_factory=list)

    @property
    def ns(self) -> int:
        """Monotonic time."""
        return self.now.monotonic_ns

    def send(
        self,
        to: Incarnation,
        message: Message,
        channel: Channel = Channel.DATAGRAM,
    ) -> None:
        """Say ``message`` to ``to``."""
        self.outgoing.append(Outgoing(to, message, channel))

    def change(self, what: What, member: Incarnation, by: bytes | None = None) -> None:
        """Note a change of the table."""
        self.changes.append(Change(what, member, by))

    def outcome(self) -> Outcome:
        """All of it, as a value."""
        return Outcome(tuple(self.outgoing), tuple(self.changes), tuple(self.summaries))
