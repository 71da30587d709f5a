"""What can happen to bytes from one host to another, in each direction by itself.

A path has luck of its own, so that a fault on one link leaves the delays of all others as they
were. Faults lie on paths like blankets: while one lies there it works, and each counts how often
it made a difference, because a fault that touched nothing proves nothing.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from msgspec.structs import replace

from simulations.delay import draw
from simulations.luck import Luck
from simulations.network.afflictions import HELD_MAX, Affliction, Flight, Lane
from simulations.scenario import Link, Network

USUAL_LUCK: Final = "the usual loss of the link"

HOSTS_WITH_LINKS_MAX: Final = 64
"""In a larger mesh all links from one host have their luck in common: a stream of randomness has
2.5 kB, and a thousand hosts have a million links."""


class Path:
    """One direction of one link."""

    __slots__ = ("_held", "_lane", "_luck", "_name", "_plan", "afflictions", "random")

    def __init__(self, plan: Network, luck: Luck, source: str, target: str, random: Random) -> None:
        self.random = random
        self.afflictions: tuple[Affliction, ...] = ()
        self._plan = plan
        self._luck = luck
        self._name = source, target
        self._lane: Lane | None = None
        self._held: tuple[Callable[[], None], ...] = ()

    @property
    def is_cut(self) -> bool:
        """Whether nothing passes, now."""
        if not self.afflictions:
            return False
        return any(one.cuts or one.holds for one in self.afflictions)

    @property
    def cut_by(self) -> str:
        """The first fault that lets nothing pass; empty where something passes."""
        return next((one.name for one in self.afflictions if one.cuts or one.holds), "")

    def bite(self) -> None:
        """Something was stopped by the faults that cut this path."""
        for one in self.afflictions:
            if one.cuts or one.holds:
                one.bites += 1

    def hold(self, send: Callable[[], None]) -> bool:
        """Keep a datagram where all that stops it keeps it; whether it is kept."""
        keeps = not any(one.cuts for one in self.afflictions) and len(self._held) < HELD_MAX
        if keeps:
            self._held += (send,)
        return keeps

    def afflict(self, affliction: Affliction) -> None:
        """``affliction`` lies here from now on."""
        self.afflictions += (affliction,)

    def relieve(self, affliction: Affliction) -> None:
        """``affliction`` is gone, if it was here; what it kept goes on its way."""
        if affliction in self.afflictions:
            at = self.afflictions.index(affliction)
            self.afflictions = self.afflictions[:at] + self.afflictions[at + 1 :]
        if not self.is_cut:
            held, self._held = self._held, ()
            for send in held:
                send()

    def delay_ns(self) -> int:
        """How long bytes take that nobody looks into, such as those of a handshake."""
        return self.flight(b"", 0, 0, on_stream=True).delay_ns

    def flight(self, payload: bytes, size_bytes: int, now_ns: int, *, on_stream: bool) -> Flight:
        """What becomes of ``payload``, which leaves now."""
        plan, random = self._plan, self.random
        flight = Flight(payload, size_bytes, on_stream, draw(plan.delay, random))
        if plan.loss and random.random() < plan.loss:
            flight.lost_by = USUAL_LUCK
        if plan.duplication and not on_stream and random.random() < plan.duplication:
            flight.copies_ns = (draw(plan.delay, random),)
        for one in self.afflictions:
            one.touch(flight, self._memory(), now_ns)
        return flight

    def _memory(self) -> Lane:
        if self._lane is None:
            self._lane = Lane(self._luck, *self._name)
        return self._lane


class Paths:
    """All paths between so many ``hosts``, made when first used."""

    def __init__(
        self, plan: Network, luck: Luck, links: Sequence[Link] = (), hosts: int = 0
    ) -> None:
        self._plan = plan
        self._common: dict[str, Random] | None = {} if hosts > HOSTS_WITH_LINKS_MAX else None
        self._links = links
        self._luck = luck
        self._paths: dict[tuple[str, str], Path] = {}

    def path(self, source: str, target: str) -> Path:
        """The path from ``source`` to ``target``."""
        path = self._paths.get((source, target))
        if path is None:
            random = self._random(source, target)
            path = Path(self._plan_of(source, target), self._luck, source, target, random)
            self._paths[source, target] = path
        return path

    def _random(self, source: str, target: str) -> Random:
        if self._common is None:
            return self._luck.stream("link", source, target)
        if source not in self._common:
            self._common[source] = self._luck.stream("link", source)
        return self._common[source]

    def _plan_of(self, source: str, target: str) -> Network:
        for link in reversed(self._links):
            there = source in link.hosts and target in link.others
            if there or (target in link.hosts and source in link.others):
                return replace(self._plan, delay=link.delay, loss=link.loss)
        return self._plan
