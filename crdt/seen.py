"""What a store has seen: the difference between "new to me" and "dead".

A dot that is seen and not live is dead: that one rule replaces tombstones. So the whole safety of
the store lies in what is counted as seen:

- the *vector*: every dot of a replica id up to a counter;
- the *cloud*: dots seen beyond a gap. It may be forgotten at any time: the dot is joined again;
- *watermarks*: every dot of a controller's incarnations below a boot number, once all of them are
  dead. They keep crash loops from growing the vector;
- the *floor*: up to which counter tombstones may have been collected here. Who has not seen that
  far cannot learn from our records alone what is dead, and must compare live dots with us.

Invariant: a dot in the vector or cloud was either joined with its record, or covered by a vector
that was joined only after everything it covers had been. The floor never exceeds the vector.

Source: Almeida, Shoker, Baquero, "Delta State Replicated Data Types" (2018), for dots and causal
contexts; the floor and its inheritance are Trellis's own.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from crdt.intervals import Intervals

Counters: TypeAlias = Mapping[bytes, int]
"""Replica id (8 bytes) to counter."""


class Dot(NamedTuple):
    """The name of one write: which replica id, and its how-manieth."""

    replica: bytes
    counter: int


class Incarnation(NamedTuple):
    """Whose replica id it is: the controller's id and the number of that boot."""

    controller: bytes
    boot: int


class Extent(NamedTuple):
    """How far a store has seen and collected: what two stores tell each other.

    `watermarks` name, per controller, the first boot number that is not retired.
    """

    vector: Counters
    floor: Counters
    watermarks: Counters


class Seen:
    """What one store has seen. Mutable; only the store that owns it changes it."""

    __slots__ = ("clouds", "floor", "incarnations", "vector", "watermarks")

    def __init__(self) -> None:
        self.vector: dict[bytes, int] = {}
        self.clouds: dict[bytes, Intervals] = {}
        self.floor: dict[bytes, int] = {}
        self.watermarks: dict[bytes, int] = {}
        self.incarnations: dict[bytes, Incarnation] = {}

    def covers(self, replica: bytes, counter: int) -> bool:
        """Whether this dot is seen."""
        through = self.vector.get(replica)
        if through is not None and counter <= through:
            return True
        cloud = self.clouds.get(replica)
        if cloud is not None and counter in cloud:
            return True
        return through is None and cloud is None and self.retired(replica)

    def last(self, replica: bytes) -> int:
        """Return the greatest counter of a replica id that is seen, beyond a gap or not."""
        cloud = self.clouds.get(replica)
        return cloud.last() if cloud else self.vector.get(replica, 0)

    def last_of(self) -> Callable[[bytes], int | None]:
        """Return who tells the same of many, as things stand; None or 0 where nothing is seen."""
        return self.last if self.clouds else self.vector.get

    def retired(self, replica: bytes) -> bool:
        """Whether a watermark speaks for this replica id (and no entry of its own does)."""
        incarnation = self.incarnations.get(replica)
        return (
            incarnation is not None
            and incarnation.boot < self.watermarks.get(incarnation.controller, 0)
            and replica not in self.vector
        )

    def mark(self, replica: bytes, counter: int) -> bool:
        """Count a dot as seen, whose record has just been joined whole; whether that is new."""
        through = self.vector.get(replica, 0)
        if counter <= through or (not through and self.retired(replica)):
            return False
        cloud = self.clouds.get(replica)
        if counter > through + 1:
            if cloud is None:
                cloud = self.clouds[replica] = Intervals()
            elif counter in cloud:
                return False
            cloud.add(counter)
        elif cloud is None:
            self.vector[replica] = counter
        else:
            self._advance(replica, counter)
        return True

    def join(self, other: Extent, counts: Callable[[bytes], bool] = lambda _: True) -> None:
        """Take over what another store has seen, for the replica ids that `counts`.

        Only for a store that holds every record the other holds, and nothing that is dead there:
        joining after a part, even a part by replica id, lets dead entries live on.
        """
        for replica, counter in other.vector.items():
            mine = self.vector.get(replica, 0)
            if counter > mine and counts(replica) and not self.retired(replica):
                self._advance(replica, counter)
        for replica, counter in other.floor.items():
            if counts(replica) and replica in self.vector:
                self.floor[replica] = max(counter, self.floor.get(replica, 0))
        for controller, mark in other.watermarks.items():
            self.watermarks[controller] = max(mark, self.watermarks.get(controller, 0))

    def news(self, other: Extent, counts: Callable[[bytes], bool]) -> dict[bytes, int]:
        """Return what another store claims beyond this one, by replica id and controller id."""
        writes = {
            replica: counter
            for replica, counter in other.vector.items()
            if counter > self.vector.get(replica, 0) and counts(replica)
        }
        lives = {
            controller: mark
            for controller, mark in other.watermarks.items()
            if mark > self.watermarks.get(controller, 0)
        }
        return writes | lives

    def _advance(self, replica: bytes, counter: int) -> None:
        cloud = self.clouds.get(replica)
        if cloud is not None:
            counter = cloud.absorb(counter)
            if not cloud:
                del self.clouds[replica]
        self.vector[replica] = counter

    def reaches(self, other: Extent) -> bool:
        """Whether every tombstone that another store may have collected was seen here."""
        return (
            all(
                counter <= self.vector.get(replica, 0) or self.retired(replica)
                for replica, counter in other.floor.items()
            )
            and all(
                mark <= self.watermarks.get(controller, 0)
                for controller, mark in other.watermarks.items()
            )
            and not any(self.leftovers(other))
        )

    def reached_by(self, other: Extent) -> bool:
        """Whether another store has seen every tombstone that may have been collected here."""
        return (
            all(
                extent_covers(other, self.incarnations, Dot(replica, counter))
                for replica, counter in self.floor.items()
            )
            and all(
                mark <= other.watermarks.get(controller, 0)
                for controller, mark in self.watermarks.items()
            )
            and not any(self.retired(replica) for replica in other.vector)
        )

    def leftovers(self, other: Extent) -> Iterator[bytes]:
        """Yield the replica ids with an entry here that the other store has retired."""
        if not other.watermarks:
            return
        for replica, (controller, boot) in self.incarnations.items():
            if (
                boot < other.watermarks.get(controller, 0)
                and replica not in other.vector
                and (replica in self.vector or replica in self.clouds)
            ):
                yield replica

    def forget(self, replica: bytes) -> None:
        """Drop the entries of a replica id: it is retired, or its owner has a newer one."""
        _ = self.vector.pop(replica, None)
        _ = self.clouds.pop(replica, None)
        _ = self.floor.pop(replica, None)

    def extent(self) -> Extent:
        """Return a copy of what others are told."""
        return Extent(self.vector.copy(), self.floor.copy(), self.watermarks.copy())


def extent_covers(extent: Extent, incarnations: Mapping[bytes, Incarnation], dot: Dot) -> bool:
    """Whether the store that told this extent has seen the dot."""
    through = extent.vector.get(dot.replica)
    if through is not None:
        return dot.counter <= through
    incarnation = incarnations.get(dot.replica)
    return incarnation is not None and incarnation.boot < extent.watermarks.get(
        incarnation.controller, 0
    )
