"""Everything is bounded: what one controller does in a second, and what waits for its disk.

A storm is no single wrong message but too many right ones, and a leak is a queue that nobody
empties. Neither breaks a promise at once, so each has a limit far above what a sound run needs.
"""

from collections.abc import Iterator
from typing import Final

from mesh.protocol.effects import Effects
from mesh.protocol.now import SECOND

STEPS_PER_SECOND_MAX: Final = 5_000
"""Of one controller, in simulated time: more is a storm, in which the mesh talks about nothing."""

BYTES_PER_SECOND_MAX: Final = 8 * 1024 * 1024
"""Sent by one controller: what catching up with a long history takes, several times over."""

BYTES_PER_PAIR_MAX: Final = 1_024
"""On top, for each pair of hosts of the scenario: when all meet at once, each tells each what it
knows of everybody, a row of the table and one of the vector. A hundred that are switched on in one
moment sent 6.7 MB each within that second, about 670 bytes for each pair."""

STEPS_PER_HOST_MAX: Final = 100
"""On top, for each host of the scenario: with each a connection is made, agreed on and greeted on,
tables and vectors are compared, and what the others tell of each is passed on. A hundred that are
switched on in one moment took 4,700 steps each within that second."""

UNWRITTEN_MAX: Final = 100_000
"""Writes that wait for one disk: a slow disk may make callers wait, never fill the memory."""


class BoundsChecker:
    """Counts, by host and second."""

    def __init__(self, hosts: int = 0) -> None:
        """For a mesh of so many ``hosts``."""
        self._steps_max = STEPS_PER_SECOND_MAX + hosts * STEPS_PER_HOST_MAX
        self._bytes_max = BYTES_PER_SECOND_MAX + hosts * hosts * BYTES_PER_PAIR_MAX
        self._second = 0
        self._steps: dict[str, int] = {}
        self._bytes: dict[str, int] = {}

    def stepped(self, host: str, time_ns: int) -> tuple[str, ...]:
        """``host`` took a step."""
        self._turn(time_ns)
        steps = self._steps[host] = self._steps.get(host, 0) + 1
        return (f"{host} took {steps} steps within a second",) if steps == self._steps_max else ()

    def sends(self, host: str, effects: Effects, time_ns: int) -> Iterator[str]:
        """``host`` is about to send what ``effects`` say."""
        self._turn(time_ns)
        size_bytes = sum(len(payload) for _, payload in effects.datagrams)
        size_bytes += sum(len(payload) for _, payload in effects.frames)
        before = self._bytes.get(host, 0)
        self._bytes[host] = before + size_bytes
        if before < self._bytes_max <= before + size_bytes:
            yield f"{host} sent {before + size_bytes} bytes within a second"

    def waits(self, host: str, unwritten: int) -> Iterator[str]:
        """So many writes wait for the disk of ``host``."""
        if unwritten > UNWRITTEN_MAX:
            yield f"{host} has {unwritten} writes waiting for its disk"

    def _turn(self, time_ns: int) -> None:
        second = time_ns // SECOND
        if second != self._second:
            self._second = second
            self._steps.clear()
            self._bytes.clear()
