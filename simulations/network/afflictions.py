"""What a fault does to the bytes of a path while it lies there.

Each kind is one small class that looks at a flight, which is one datagram or frame about to leave,
and changes its fate. Luck is by kind and path, so that taking one fault away leaves the luck of
every other kind, and of every other path, as it was. Each counts how often it made a difference.
"""

from random import Random
from typing import Final

import msgspec

from mesh.protocol.now import SECOND
from simulations.delay import draw
from simulations.luck import Luck
from simulations.troubles import Bandwidth, Bursts, Corruption, Mtu, Reordering, Replay, Weather

HELD_MAX: Final = 4_096
"""Datagrams that one clogged path keeps; more are lost, as in any buffer."""


class Flight(msgspec.Struct):
    """One datagram or one frame on its way."""

    payload: bytes
    size_bytes: int
    """With its headers."""
    on_stream: bool
    delay_ns: int
    leaves_ns: int = 0
    """Until it has left its host, from now on."""
    lost_by: str = ""
    """Who lost it, a fault by its name or the usual luck; a lost frame is sent again, so late."""
    is_broken: bool = False
    """Something was changed on its way: no box and no cipher opens it any more."""
    copies_ns: tuple[int, ...] = ()
    """How much later each further copy arrives."""


class Lane:
    """What one path remembers, and the luck that it has, for each kind of affliction."""

    def __init__(self, luck: Luck, source: str, target: str) -> None:
        self.is_bad: dict[str, bool] = {}
        """By fault: the state of its bursts."""
        self.free_ns: dict[str, int] = {}
        """By fault: when its queue is empty."""
        self._luck = luck
        self._link = (source, target)
        self._streams: dict[str, Random] = {}

    def random(self, kind: str) -> Random:
        """The luck of this path with afflictions of this kind."""
        stream = self._streams.get(kind)
        if stream is None:
            stream = self._streams[kind] = self._luck.stream(kind, *self._link)
        return stream


class Affliction:
    """One fault at work; this one stops everything (``cuts``), or keeps it (``holds``)."""

    def __init__(self, name: str, *, cuts: bool = False, holds: bool = False) -> None:
        self.name = name
        self.cuts = cuts
        self.holds = holds
        self.bites = 0
        """How often it made a difference."""

    def touch(self, flight: Flight, lane: Lane, now_ns: int) -> None:
        """Do what it does to ``flight``, which leaves now."""

    def _lose(self, flight: Flight) -> None:
        if not flight.lost_by:
            flight.lost_by = self.name
            self.bites += 1


class StormyWeather(Affliction):
    """Loses, repeats and delays each by itself."""

    def __init__(self, name: str, plan: Weather) -> None:
        super().__init__(name)
        self._plan = plan

    def touch(self, flight: Flight, lane: Lane, now_ns: int) -> None:
        """See Affliction."""
        del now_ns
        plan, random = self._plan, lane.random("weather")
        if plan.delay is not None:
            flight.delay_ns += draw(plan.delay, random)
            self.bites += 1
        if plan.loss and random.random() < plan.loss:
            self._lose(flight)
        if plan.duplication and random.random() < plan.duplication and not flight.on_stream:
            flight.copies_ns += (draw(plan.delay, random) if plan.delay is not None else 0,)
            self.bites += 1


class LossBursts(Affliction):
    """The Gilbert-Elliott channel: one bit of memory makes losses come together."""

    def __init__(self, name: str, plan: Bursts) -> None:
        super().__init__(name)
        self._plan = plan

    def touch(self, flight: Flight, lane: Lane, now_ns: int) -> None:
        """See Affliction."""
        del now_ns
        plan, random = self._plan, lane.random("bursts")
        is_bad = lane.is_bad.get(self.name, False)
        if random.random() < (plan.to_good if is_bad else plan.to_bad):
            is_bad = lane.is_bad[self.name] = not is_bad
        if random.random() < (plan.loss_bad if is_bad else plan.loss_good):
            self._lose(flight)


class HoldsBack(Affliction):
    """Keeps some datagrams so long that later ones pass them; a stream keeps its order."""

    def __init__(self, name: str, plan: Reordering) -> None:
        super().__init__(name)
        self._plan = plan

    def touch(self, flight: Flight, lane: Lane, now_ns: int) -> None:
        """See Affliction."""
        del now_ns
        random = lane.random("reordering")
        if not flight.on_stream and random.random() < self._plan.share:
            flight.delay_ns += draw(self._plan.late, random)
            self.bites += 1


class Bottleneck(Affliction):
    """A queue that empties at a constant rate; whoever comes to a full one is turned away."""

    def __init__(self, name: str, plan: Bandwidth) -> None:
        super().__init__(name)
        self._plan = plan

    def touch(self, flight: Flight, lane: Lane, now_ns: int) -> None:
        """See Affliction."""
        rate = self._plan.bytes_per_second
        free_ns = max(lane.free_ns.get(self.name, 0), now_ns)
        queued_bytes = (free_ns - now_ns) * rate // SECOND
        if not flight.on_stream and queued_bytes + flight.size_bytes > self._plan.queue_bytes:
            self._lose(flight)
            return
        if queued_bytes:
            self.bites += 1
        free_ns += flight.size_bytes * SECOND // rate
        lane.free_ns[self.name] = free_ns
        flight.delay_ns += free_ns - now_ns
        flight.leaves_ns = max(flight.leaves_ns, free_ns - now_ns)


class SmallPackets(Affliction):
    """Large datagrams vanish; a stream finds the size that passes."""

    def __init__(self, name: str, plan: Mtu) -> None:
        super().__init__(name)
        self._plan = plan

    def touch(self, flight: Flight, lane: Lane, now_ns: int) -> None:
        """See Affliction."""
        del lane, now_ns
        if not flight.on_stream and flight.size_bytes > self._plan.datagram_bytes_max:
            self._lose(flight)


class FlippedBits(Affliction):
    """One bit of a datagram or frame is another one."""

    def __init__(self, name: str, plan: Corruption) -> None:
        super().__init__(name)
        self._plan = plan

    def touch(self, flight: Flight, lane: Lane, now_ns: int) -> None:
        """See Affliction."""
        del now_ns
        random = lane.random("corruption")
        share = self._plan.frame_share if flight.on_stream else self._plan.share
        if flight.payload and random.random() < share:
            bit = random.randrange(8 * len(flight.payload))
            flipped = bytearray(flight.payload)
            flipped[bit >> 3] ^= 1 << (bit & 7)
            flight.payload = bytes(flipped)
            flight.is_broken = True
            self.bites += 1


class Echoes(Affliction):
    """Some datagrams come once more, long after."""

    def __init__(self, name: str, plan: Replay) -> None:
        super().__init__(name)
        self._plan = plan

    def touch(self, flight: Flight, lane: Lane, now_ns: int) -> None:
        """See Affliction."""
        del now_ns
        if not flight.on_stream and lane.random("replay").random() < self._plan.share:
            flight.copies_ns += (self._plan.age_ns,)
            self.bites += 1
