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


def earliest(*deadlines: int | None) -> int | None:
    """The first of several monotonic times of which any may not be set; None: none is."""
    first = None
    for deadline in deadlines:
        if deadline is not None and (first is None or deadline < first):
            first = deadline
    return first
