"""How quick the mesh has been of late, and so how far ahead of its time an instant must be named.

A ChangeSet is shown at its last seal plus a guard, and whoever is not ready by then shows it late.
Ready is who has seen the last seal, said that it applied, and has that on its disk. How long the
first two take is written in the facts themselves: from the clock in the last Seal to that in the
last Applied. It holds everything that no formula knows: slow disks of others, hosts short of a
processor, how many controllers there are. The third is what this controller's own writes take.

Before anything was released, the way there and back and two writes stand for it.

The clocks in facts are hybrid ones (see `mesh.protocol.chains`), never behind what their writer had
seen, so no difference is below zero; a clock that is ahead makes the guard longer, up to a limit.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.facts import Applied, Fact, Seal
from mesh.wire.identity import Incarnation

GUARD_NS_MIN: Final = 3 * MILLISECOND
GUARD_NS_MAX: Final = 2 * SECOND
"""The guard lies between these, whatever was measured."""

AIR_NS: Final = MILLISECOND
"""On top of what is usual, for what is not."""

FIRST_WRITE_NS: Final = 5 * MILLISECOND
"""What a write takes, before any was measured."""

REMEMBERED: Final = 16
"""Writes, and releases, that are remembered. The upper quartile of them counts: one that took long,
such as the first after a start, says nothing about the next."""


@dataclass(slots=True)
class _Release:
    """One attempt, by the clocks in its facts; 0: no such fact yet."""

    sealers: dict[Incarnation, None] = field(default_factory=dict)
    sealed_ns: int = 0
    applied_ns: int = 0

    @property
    def took_ns(self) -> int:
        return max(0, self.applied_ns - self.sealed_ns)


class Pace:
    """What the last releases and writes took."""

    def __init__(self) -> None:
        self._writes_ns: deque[int] = deque([FIRST_WRITE_NS], maxlen=REMEMBERED)
        self._releases: dict[bytes, _Release] = {}

    def wrote(self, elapsed_ns: int) -> None:
        """A write of this controller was durable so long after it was decided upon."""
        self._writes_ns.append(elapsed_ns)

    def learn(self, fact: Fact) -> None:
        """Note when ``fact`` was written, if it is part of a release that is going on."""
        at_ns = fact.content.clock_ns
        match fact.body:
            case Seal(attempt=attempt):
                release = self._release(attempt)
                release.sealers[fact.origin] = None
                release.sealed_ns = max(release.sealed_ns, at_ns)
            case Applied(attempt=attempt) if attempt in self._releases:
                release = self._releases[attempt]
                # Whoever was away, or is new, applies it when he comes: that is no part of this.
                if fact.origin in release.sealers and at_ns - release.sealed_ns <= GUARD_NS_MAX:
                    release.applied_ns = max(release.applied_ns, at_ns)
            case _:
                pass

    def _release(self, attempt: bytes) -> _Release:
        if attempt not in self._releases and len(self._releases) == REMEMBERED:
            del self._releases[next(iter(self._releases))]
        return self._releases.setdefault(attempt, _Release())

    def guard_ns(self, round_trip_ns: int) -> int:
        """How long after the last seal all will be ready.

        ``round_trip_ns`` is the longest of those that are known.
        """
        write_ns = _upper_quartile(list(self._writes_ns))
        took_ns = [each.took_ns for each in self._releases.values() if each.applied_ns]
        release_ns = _upper_quartile(took_ns) if took_ns else round_trip_ns + write_ns
        return max(GUARD_NS_MIN, min(GUARD_NS_MAX, release_ns + write_ns + AIR_NS))


def _upper_quartile(values: list[int]) -> int:
    return sorted(values)[len(values) * 3 // 4]
