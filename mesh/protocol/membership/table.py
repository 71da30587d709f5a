"""The membership table: the current life of each controller, and what is believed of it.

Only the roster makes members: what is said about anybody else is not kept, so nobody who was
removed comes back as a ghost, and who only failed stays listed until a person removes it.

Invariants: every row's controller is in the roster; the row is the newest life known, unless a fork
was proven; ``suspects`` are exactly the rows in standing SUSPECT.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mesh.protocol.membership.links import LinkState
from mesh.protocol.membership.outcome import Why
from mesh.protocol.membership.timing import Timing, confirmations_expected, suspicion_ns
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import News, Standing

ACCUSERS_MAX: Final = 8
"""Accusers remembered of one suspect: more than count, enough to show."""


@dataclass(slots=True)
class Member:
    """One row."""

    incarnation: Incarnation
    address: Address
    standing: Standing
    refutation: int
    since_ns: int
    why: Why
    accusers: list[bytes] = field(default_factory=list)
    """In the order in which they were heard; the first one started the suspicion."""
    link: LinkState = field(default_factory=LinkState)

    @property
    def controller(self) -> bytes:
        """Whose life it is."""
        return self.incarnation.controller

    @property
    def in_view(self) -> bool:
        """Whether it is taken for alive: a suspect is, until it fails."""
        return self.standing in (Standing.ALIVE, Standing.SUSPECT)

    def news(self) -> News:
        """The row as a piece of news."""
        accuser = self.accusers[0] if self.accusers else None
        return News(self.incarnation, self.standing, self.refutation, self.address, accuser)


class Table:
    """All rows but the own one."""

    def __init__(self, own: Incarnation, timing: Timing) -> None:
        self._own = own
        self._timing = timing
        self._rows: dict[bytes, Member] = {}
        self._alive = 0
        self._view: tuple[Incarnation, ...] | None = None
        self._fingerprint: tuple[int, bytes] | None = None
        """With the refutation number of our own under which it was taken."""
        self.roster: tuple[bytes, ...] = ()
        self._roster_set: frozenset[bytes] = frozenset()
        self.suspects: dict[bytes, Member] = {}

    # --- reading --------------------------------------------------------------------------------

    def __contains__(self, controller: object) -> bool:
        return controller in self._roster_set

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, controller: bytes) -> Member | None:
        """The row of ``controller``, None while no life of it is known."""
        return self._rows.get(controller)

    def of(self, incarnation: Incarnation) -> Member | None:
        """The row, if ``incarnation`` is the life that it is about."""
        member = self._rows.get(incarnation.controller)
        return member if member is not None and member.incarnation == incarnation else None

    def rows(self) -> list[Member]:
        """All rows, in the order in which they became known."""
        return list(self._rows.values())

    def standing(self, *standings: Standing) -> list[Member]:
        """The rows that stand so, in the order in which they became known."""
        return [member for member in self._rows.values() if member.standing in standings]

    @property
    def alive(self) -> int:
        """How many others are believed alive; suspects are not."""
        return self._alive

    @property
    def size(self) -> int:
        """Members that take part: ourselves, the living and the suspects."""
        return 1 + self._alive + len(self.suspects)

    @property
    def view(self) -> tuple[Incarnation, ...]:
        """All current lives taken for alive, our own among them, sorted."""
        if self._view is None:
            others = [member.incarnation for member in self._rows.values() if member.in_view]
            self._view = tuple(sorted([self._own, *others]))
        return self._view

    def fingerprint(self, own_refutation: int) -> bytes:
        """8 bytes, equal where the same is believed, addresses and accusers left aside."""
        if self._fingerprint is None or self._fingerprint[0] != own_refutation:
            self._fingerprint = own_refutation, self._hash(own_refutation)
        return self._fingerprint[1]

    def _hash(self, own_refutation: int) -> bytes:
        rows = [
            (member.incarnation, member.refutation, member.standing)
            for member in self._rows.values()
        ]
        state = hashlib.blake2b(digest_size=8)
        for incarnation, refutation, standing in sorted(
            [*rows, (self._own, own_refutation, Standing.ALIVE)]
        ):
            state.update(incarnation.controller + incarnation.nonce)
            state.update(f"{incarnation.boot} {refutation} {standing}".encode())
        return state.digest()

    # --- writing --------------------------------------------------------------------------------

    def admit(self, controllers: Iterable[bytes]) -> tuple[Incarnation, ...]:
        """Take over the roster; returns the lives whose controllers are no longer in it."""
        self._roster_set = frozenset(controllers)
        self.roster = tuple(sorted(self._roster_set))
        removed = [member for member in self.rows() if member.controller not in self._roster_set]
        for member in removed:
            self.drop(member)
        return tuple(member.incarnation for member in removed)

    def put(self, member: Member) -> None:
        """A row for a life not held so far, in place of any other of its controller."""
        held = self._rows.get(member.controller)
        if held is not None:
            self.drop(held)
        self._rows[member.controller] = member
        self._count(member, 1)

    def drop(self, member: Member) -> None:
        """Forget a row."""
        self._count(member, -1)
        del self._rows[member.controller]

    def stand(self, member: Member, standing: Standing, why: Why, now_ns: int) -> None:
        """Believe ``standing`` of ``member``, with nobody accusing it yet."""
        self._count(member, -1)
        member.standing, member.why, member.since_ns = standing, why, now_ns
        member.accusers.clear()
        self._count(member, 1)

    def _count(self, member: Member, by: int) -> None:
        self._view = self._fingerprint = None
        self._alive += by * (member.standing is Standing.ALIVE)
        if member.standing is Standing.SUSPECT:
            if by > 0:
                self.suspects[member.controller] = member
            else:
                del self.suspects[member.controller]

    # --- suspicions -----------------------------------------------------------------------------

    def accuse(self, member: Member, accuser: bytes) -> bool:
        """Add a witness against a suspect; whether it is a new one that counts."""
        if accuser in member.accusers or len(member.accusers) == ACCUSERS_MAX:
            return False
        member.accusers.append(accuser)
        return len(member.accusers) <= 1 + confirmations_expected(self._alive)

    def verdict_ns(self, suspect: Member) -> int:
        """When ``suspect`` has failed unless it refutes: sooner with every witness."""
        wait = suspicion_ns(
            self._timing.towards(suspect.link.clock.round_trip_ns),
            max(len(suspect.accusers) - 1, 0),
            confirmations_expected(self._alive),
            self.size,
        )
        return suspect.since_ns + wait
