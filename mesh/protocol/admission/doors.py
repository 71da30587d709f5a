"""The doors at which a newcomer stands: where it knocks, how often, and with what in its hand.

Without an invite it rings everywhere, so that the person who opens may sit anywhere. An invite is
for one environment and opens one door: it is shown at one after the other, that of the inviter
first, since two who let the same newcomer in at once would only be in each other's way.

Invariant: with an invite, nothing is said to any other environment than the one that it names, and
a Welcome is believed from the inviter, or from whoever proves to have seen the configuration.
"""

from dataclasses import dataclass
from random import Random

from mesh.protocol.admission.limits import KNOCK_EVERY_NS, KNOCK_GAP_NS
from mesh.protocol.admission.steps import Card, Draft
from mesh.protocol.configuration import Ticket
from mesh.protocol.inputs import StreamId
from mesh.protocol.now import Now
from mesh.wire.identity import fingerprint
from mesh.wire.invitation import Newcomer, invite_id, presence_of, proof_of, recognition
from mesh.wire.messages import Claim, Hello, Knock, Welcome


@dataclass(slots=True)
class Door:
    """A stream to somebody who has an environment, while we have none."""

    hello: Hello
    binding: bytes
    knock_ns: int
    """When it is knocked at next; with an invite, in its turn."""
    knocked_ns: int | None = None
    """When it was knocked at last."""


class Doors:
    """All of them, as ``controller`` with this ``card`` and perhaps a ``ticket`` sees them."""

    def __init__(
        self, controller: bytes, card: Card, ticket: Ticket | None, random: Random
    ) -> None:
        self.knocks = 0
        self.rebuff = ""
        """What was said to the invite last; empty: nothing."""
        self._controller = controller
        self._card = card
        self._ticket = ticket
        self._random = random
        self._doors: dict[StreamId, Door] = {}
        self._turn_ns = 0
        """With an invite: when it is shown next."""
        self._is_free = True
        """Whether nobody holds the invite: where it was shown last, it was rebuffed."""

    def get(self, stream: StreamId) -> Door | None:
        """The door at the end of ``stream``."""
        return self._doors.get(stream)

    def lead_to(self, environment: bytes) -> bool:
        """Whether one of them is of ``environment``."""
        return any(door.hello.environment == environment for door in self._doors.values())

    def is_wanted(self, hello: Hello) -> bool:
        """Whether the environment that ``hello`` names is one to ask at."""
        return self._ticket is None or hello.environment == self._ticket.invitation.environment

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time of the next knock."""
        if self._ticket is not None:
            return self._turn_ns if self._doors else None
        return min((door.knock_ns for door in self._doors.values()), default=None)

    def arrive(
        self, stream: StreamId, hello: Hello, binding: bytes, draft: Draft, now: Now
    ) -> None:
        """Somebody who has an environment said Hello (again)."""
        if stream not in self._doors and self._is_free:
            self._turn_ns = min(self._turn_ns, now.monotonic_ns + KNOCK_GAP_NS)
        door = self._doors.setdefault(stream, Door(hello, binding, now.monotonic_ns))
        door.hello = hello
        self.knock(draft, now)

    def leave(self, stream: StreamId) -> None:
        """That stream is gone, or leads to no door any more."""
        door = self._doors.pop(stream, None)
        if door is not None and door.knocked_ns is not None:
            self._turn_ns, self._is_free = (
                0,
                True,
            )  # whoever held the invite is gone: the next one may see it

    def clear(self) -> None:
        """There is an environment: no door is needed."""
        self._doors.clear()

    def knock(self, draft: Draft, now: Now) -> None:
        """Knock wherever it is time to."""
        if self._ticket is not None:
            if self._doors and self._turn_ns <= now.monotonic_ns:
                stream, door = self._next()
                self._turn_ns, self._is_free = self._knock(stream, door, draft, now), False
            return
        for stream, door in self._doors.items():
            if door.knock_ns <= now.monotonic_ns:
                _ = self._knock(stream, door, draft, now)

    def rebuffed(self, stream: StreamId, why: str, now: Now) -> bool:
        """Whoever is at ``stream`` does not honour the invite; whether that was asked there."""
        door = self._doors.get(stream)
        if self._ticket is None or door is None or door.knocked_ns is None:
            return False
        self.rebuff = f"{door.hello.name} says: {why}"
        self._is_free = True
        if any(each.knocked_ns is None for each in self._doors.values()):
            self._turn_ns = now.monotonic_ns + KNOCK_GAP_NS
        return True

    def recognises(self, door: Door, welcome: Welcome) -> bool:
        """Whether ``welcome`` is from a member of the environment, as far as an invite can tell.

        Without one a person has compared fingerprints, and there is nothing to be told.
        """
        ticket = self._ticket
        if ticket is None:
            return True
        host = door.hello.sender.controller
        if fingerprint(host) == ticket.invitation.inviter:
            return True
        return welcome.recognition == recognition(ticket.key.public, host, door.binding)

    def _next(self) -> tuple[StreamId, Door]:
        """The inviter's door first, then each that was not tried for longest."""
        assert self._ticket is not None
        inviter = self._ticket.invitation.inviter

        def turn(item: tuple[StreamId, Door]) -> tuple[bool, int, bool, StreamId]:
            stream, door = item
            is_inviter = fingerprint(door.hello.sender.controller) == inviter
            return door.knocked_ns is not None, door.knocked_ns or 0, not is_inviter, stream

        return min(self._doors.items(), key=turn)

    def _knock(self, stream: StreamId, door: Door, draft: Draft, now: Now) -> int:
        spread_ns = self._random.randrange(KNOCK_EVERY_NS // 2)
        door.knock_ns = now.monotonic_ns + KNOCK_EVERY_NS * 3 // 4 + spread_ns
        door.knocked_ns = now.monotonic_ns
        draft.sends.append((stream, Knock(self._claim(door))))
        self.knocks += 1
        return door.knock_ns

    def _claim(self, door: Door) -> Claim | None:
        if self._ticket is None:
            return None
        newcomer = Newcomer(
            self._ticket.invitation.environment,
            self._controller,
            self._card.exchange_key,
            self._card.name,
            self._card.site,
        )
        sign = self._ticket.key.sign
        return Claim(
            invite_id(self._ticket.key.public),
            sign(proof_of(newcomer)),
            sign(presence_of(newcomer, door.binding)),
        )
