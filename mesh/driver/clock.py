"""What time it is on this host, in the two clocks that the protocol knows.

Deadlines run on CLOCK_BOOTTIME, which counts the time that a host was suspended; trio's own clock
does not, so a sleep ends late after a suspend and the driver can tell by how much. Everything is
integer nanoseconds.
"""

import time
from typing import Final, Protocol

import trio

from mesh.protocol.now import SECOND, Now


class Clock(Protocol):
    """Where the driver reads the time, so that tests can bring their own."""

    def now(self) -> Now:
        """Both clocks, read together."""


class SystemClock:
    """The clocks of the kernel."""

    def now(self) -> Now:
        """CLOCK_BOOTTIME and CLOCK_REALTIME."""
        return Now(time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns())


class TrioClock:
    """Trio's clock as both, for tests in virtual time: nothing in them waits for a real second."""

    _WALL_AT_ZERO_NS: Final = 1_700_000_000 * SECOND

    def now(self) -> Now:
        """Nanoseconds of trio's clock; the wall clock is some date ahead of it."""
        elapsed_ns = round(trio.current_time() * SECOND)
        return Now(elapsed_ns, self._WALL_AT_ZERO_NS + elapsed_ns)
