"""What time it is, as an argument: the core has no clock."""

from typing import Final, NamedTuple

MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000


class Now(NamedTuple):
    """One reading of both clocks, in integer nanoseconds."""

    monotonic_ns: int
    """Never steps and counts suspend (CLOCK_BOOTTIME): timeouts and deadlines."""
    wall_ns: int
    """Unix time as the host believes it: stamps, and the instant of a barrier. It may step
    or lie."""
