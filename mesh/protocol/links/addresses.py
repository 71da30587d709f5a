"""Where controllers may listen, and when each address is dialled next.

Every address is a hint where to knock, whoever gave it. None is ever given up: who does not answer
is dialled more and more rarely, down to once in five minutes, for ever, so that a partition of
weeks heals by itself. The delays are random between half and the whole of a doubling span, so that
hosts that lost power together do not call together (Floyd and Jacobson, "The synchronization of
periodic routing messages", 1994).

Invariant: an address is not dialled while a dial to it is under way, while a stream dialled there
stands, or while the controller that answered there last is connected otherwise.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from random import Random
from typing import Final

from mesh.protocol.links.limits import (
    ADDRESSES_MAX,
    ADDRESSES_OF_HINTS_MAX,
    BACK_OFF_MAX_NS,
    BACK_OFF_MIN_NS,
    DIAL_NS,
    DIALS_MAX,
    RESIGHT_NS,
    STABLE_NS,
)
from mesh.wire.identity import Address


class Source(StrEnum):
    """Who named an address; the earlier ones are kept when room runs out."""

    SEED = "seed"
    ROSTER = "roster"
    REMEMBERED = "remembered"
    MEMBERSHIP = "membership"
    MDNS = "mdns"


_WEIGHT: Final = {source: weight for weight, source in enumerate(reversed(Source))}
_DOUBLINGS_MAX: Final = (BACK_OFF_MAX_NS // BACK_OFF_MIN_NS).bit_length()


class _Line(IntEnum):
    """What goes on at an address."""

    IDLE = 0
    DIALLING = 1
    STANDING = 2
    OWN = 3
    """It is our own: never dialled."""


@dataclass(slots=True)
class _Entry:
    address: Address
    source: Source
    next_ns: int
    """IDLE: not dialled before. DIALLING: taken for failed then."""
    line: _Line = _Line.IDLE
    controller: bytes | None = None
    dialled_ns: int | None = None
    failures: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """One line of the address book, for people and for remembering on disk."""

    address: Address
    source: Source
    controller: bytes | None
    """Who answered there last, or says to listen there."""
    failures: int
    """Dials in a row that came to nothing."""
    next_dial_ns: int | None
    """Monotonic; None while there is nothing to dial for."""
    why: str
    """How the last dial or stream ended."""


def back_off_ns(failures: int, random: Random) -> int:
    """How long to wait after ``failures`` dials in a row that came to nothing."""
    span = min(BACK_OFF_MIN_NS << min(failures, _DOUBLINGS_MAX), BACK_OFF_MAX_NS)
    return span // 2 + random.randrange(span // 2 + 1)


class AddressBook:
    """All addresses known, with their dials.

    ``due`` is called after whatever else was: only then is ``deadline_ns`` to be relied on.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._entries: dict[Address, _Entry] = {}
        self._dialling = 0
        self._hints = 0
        self._hosts: dict[str, int] = {}
        """How many addresses each host has here, hints left aside: asked for each handshake."""
        self._deadline_ns: int | None = None
        """Nothing is due before."""

    def __len__(self) -> int:
        return len(self._entries)

    def known(self) -> tuple[KnownAddress, ...]:
        """Every line, in the order in which the addresses became known."""
        return tuple(
            KnownAddress(
                entry.address,
                entry.source,
                entry.controller,
                entry.failures,
                entry.next_ns if entry.line is _Line.IDLE else None,
                entry.why,
            )
            for entry in self._entries.values()
        )

    def names(self, host: str) -> bool:
        """Whether more than a hint by multicast says that a controller is at ``host``."""
        return host in self._hosts

    # --- learning -----------------------------------------------------------------------------

    def sighted(self, address: Address, source: Source, now_ns: int) -> None:
        """``source`` names ``address``; to be announced by multicast is a fresh sign of life."""
        entry = self._entries.get(address)
        if entry is None:
            if self._make_room(source):
                self._add(_Entry(address, source, now_ns))
            return
        if _WEIGHT[source] > _WEIGHT[entry.source]:
            self._count(entry, -1)
            entry.source = source
            self._count(entry, 1)
        if source is Source.MDNS:
            self._bring_forward(entry, now_ns)

    def belongs(self, address: Address, controller: bytes) -> None:
        """``controller`` answered at ``address``."""
        entry = self._entries.get(address)
        if entry is not None:
            entry.controller = controller

    def claimed(self, addresses: Iterable[Address], controller: bytes, now_ns: int) -> None:
        """The member ``controller`` says where it listens; what was proven there stands."""
        for address in addresses:
            self.sighted(address, Source.MEMBERSHIP, now_ns)
            entry = self._entries.get(address)
            if entry is not None and entry.controller is None:
                entry.controller = controller

    def own(self, addresses: Iterable[Address]) -> None:
        """We listen at ``addresses`` ourselves."""
        for address in addresses:
            if address not in self._entries:
                self._add(_Entry(address, Source.ROSTER, 0))
            self._move(self._entries[address], _Line.OWN)

    def revive(self, controller: bytes, now_ns: int) -> None:
        """``controller`` is believed alive: its back-off is forgotten."""
        for entry in self._entries.values():
            if entry.controller == controller:
                self._bring_forward(entry, now_ns)

    # --- dialling -----------------------------------------------------------------------------

    @property
    def deadline_ns(self) -> int | None:
        """``due`` has nothing to do before; it may find that it still has nothing."""
        return self._deadline_ns

    def due(self, connected: Collection[bytes], now_ns: int) -> list[Address]:
        """The addresses to dial now; each is being dialled from here on."""
        if self._deadline_ns is None or now_ns < self._deadline_ns:
            return []
        for entry in self._entries.values():
            if entry.line is _Line.DIALLING and entry.next_ns <= now_ns:
                self._failed(entry, "no outcome", now_ns)
        waiting = sorted(
            (entry for entry in self._entries.values() if _waits(entry, connected)),
            key=lambda entry: entry.next_ns,
        )
        room = DIALS_MAX - self._dialling
        chosen = [entry for entry in waiting[:room] if entry.next_ns <= now_ns]
        for entry in chosen:
            self._move(entry, _Line.DIALLING)
            entry.dialled_ns = now_ns
            entry.next_ns = now_ns + DIAL_NS
        self._deadline_ns = self._next_deadline_ns(waiting[len(chosen) :])
        return [entry.address for entry in chosen]

    def _next_deadline_ns(self, waiting: list[_Entry]) -> int | None:
        """The first outcome that is overdue, and the first of ``waiting`` if there is room."""
        deadlines = [
            entry.next_ns for entry in self._entries.values() if entry.line is _Line.DIALLING
        ]
        if waiting and self._dialling < DIALS_MAX:
            deadlines.append(waiting[0].next_ns)
        return min(deadlines, default=None)

    def opened(self, address: Address) -> None:
        """The dial to ``address`` became a stream."""
        entry = self._entries.get(address)
        if entry is not None and entry.line is not _Line.OWN:
            self._move(entry, _Line.STANDING)

    def failed(self, address: Address, why: str, now_ns: int) -> None:
        """Nobody answered at ``address``."""
        entry = self._entries.get(address)
        if entry is not None and entry.line is _Line.DIALLING:
            self._failed(entry, why, now_ns)

    def ended(self, address: Address, why: str, lived_ns: int, now_ns: int) -> None:
        """The stream dialled at ``address`` is gone after ``lived_ns``."""
        entry = self._entries.get(address)
        if entry is None or entry.line is not _Line.STANDING:
            return
        if lived_ns >= STABLE_NS:
            entry.failures = 0
        self._failed(entry, why, now_ns)

    def shunned(self, address: Address, why: str, now_ns: int) -> None:
        """Whoever answered at ``address`` is none of ours: look again after the longest wait."""
        entry = self._entries.get(address)
        if entry is not None and entry.line is _Line.STANDING:
            entry.failures = _DOUBLINGS_MAX
            self._failed(entry, why, now_ns)

    def released(self, controller: bytes, now_ns: int) -> None:
        """The last stream to ``controller`` is gone: dial it soon, but not all together."""
        for entry in self._entries.values():
            if entry.controller == controller and entry.line is _Line.IDLE:
                entry.next_ns = max(entry.next_ns, now_ns + back_off_ns(0, self._random))
                self._hasten(entry.next_ns)

    # --- within -------------------------------------------------------------------------------

    def _add(self, entry: _Entry) -> None:
        self._entries[entry.address] = entry
        self._count(entry, 1)
        self._hasten(entry.next_ns)

    def _move(self, entry: _Entry, line: _Line) -> None:
        self._dialling += (line is _Line.DIALLING) - (entry.line is _Line.DIALLING)
        if entry.line is _Line.DIALLING:
            self._deadline_ns = 0  # there is room for another dial
        entry.line = line

    def _hasten(self, at_ns: int) -> None:
        if self._dialling < DIALS_MAX:
            deadline_ns = self._deadline_ns
            self._deadline_ns = at_ns if deadline_ns is None else min(deadline_ns, at_ns)

    def _failed(self, entry: _Entry, why: str, now_ns: int) -> None:
        self._move(entry, _Line.IDLE)
        entry.next_ns = now_ns + back_off_ns(entry.failures, self._random)
        entry.failures += 1
        entry.why = why
        self._hasten(entry.next_ns)

    def _bring_forward(self, entry: _Entry, now_ns: int) -> None:
        entry.failures = 0
        if entry.line is _Line.IDLE:
            last_ns = entry.dialled_ns
            soonest_ns = now_ns if last_ns is None else max(now_ns, last_ns + RESIGHT_NS)
            entry.next_ns = min(entry.next_ns, soonest_ns)
            self._hasten(entry.next_ns)

    def _make_room(self, source: Source) -> bool:
        """Whether an address by ``source`` fits, perhaps in place of one that is worth less."""
        crowded = source is Source.MDNS and self._hints >= ADDRESSES_OF_HINTS_MAX
        if not crowded and len(self._entries) < ADDRESSES_MAX:
            return True
        replaceable = [
            entry
            for entry in self._entries.values()
            if entry.line is _Line.IDLE
            and entry.failures > 0
            and _WEIGHT[entry.source] <= _WEIGHT[source]
        ]
        if not replaceable:
            return False
        victim = min(replaceable, key=lambda entry: (_WEIGHT[entry.source], -entry.failures))
        self._count(victim, -1)
        del self._entries[victim.address]
        return True

    def _count(self, entry: _Entry, by: int) -> None:
        """One hint, or one address of a host, more or less."""
        if entry.source is Source.MDNS:
            self._hints += by
            return
        host = entry.address.host
        self._hosts[host] = self._hosts.get(host, 0) + by
        if not self._hosts[host]:
            del self._hosts[host]


def _waits(entry: _Entry, connected: Collection[bytes]) -> bool:
    return entry.line is _Line.IDLE and entry.controller not in connected
