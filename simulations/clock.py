"""The clocks of one host: how far off, how fast, and whether somebody has set them.

The monotonic clock starts at an arbitrary value, runs a little too fast or too slow, and never
jumps. The wall clock runs at the same pace, is wrong by an offset, and jumps when it is set.
"""

from typing import Final

from mesh.protocol.now import Now

EPOCH_NS: Final = 1_800_000_000_000_000_000
"""What a true wall clock shows when the world begins: a day in January 2027."""

_BILLION: Final = 1_000_000_000


class HostClock:
    """Both clocks of a host as functions of the world's time."""

    def __init__(self, monotonic_start_ns: int, wall_offset_ns: int, drift_ppb: int) -> None:
        self._monotonic_start_ns = monotonic_start_ns
        self._wall_offset_ns = wall_offset_ns
        self._pace = _BILLION + drift_ppb

    def read(self, time_ns: int) -> Now:
        """What both clocks show when the world's time is ``time_ns``."""
        elapsed_ns = time_ns * self._pace // _BILLION
        return Now(
            self._monotonic_start_ns + elapsed_ns,
            EPOCH_NS + elapsed_ns + self._wall_offset_ns,
        )

    def time_of(self, monotonic_ns: int) -> int:
        """The world's first time at which the monotonic clock shows ``monotonic_ns``."""
        elapsed_ns = monotonic_ns - self._monotonic_start_ns
        return -(-elapsed_ns * _BILLION // self._pace)

    def step(self, by_ns: int) -> None:
        """Somebody sets the wall clock."""
        self._wall_offset_ns += by_ns
