"""A controller that keeps falling over waits before it starts again, longer each time.

Each start is a new incarnation that the whole mesh has to hear of and remember. One that crashes in
a loop would be noise; so the third start within a minute waits a second, the next two, up to five
minutes, until it has stayed up.
"""

from typing import Final

import msgspec

from mesh.protocol.now import SECOND
from mesh.wire.identity import Counter

WINDOW_NS: Final = 60 * SECOND
STARTS_FREE: Final = 2
"""Starts within the window that need not wait: an upgrade, and a change of mind."""
WAIT_NS_MIN: Final = SECOND
WAIT_NS_MAX: Final = 300 * SECOND


class Restarts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The starts that still count."""

    begun_ns: tuple[Counter, ...] = ()
    """When they were, on the clock since the host's start, waiting included; earliest first."""
    wait_ns: Counter = 0
    """How long the last one was made to wait."""


def next_start(last: Restarts, now_ns: int, wait_ns_max: int = WAIT_NS_MAX) -> Restarts:
    """The starts that count with one more at ``now_ns``, and how long that one has to wait."""
    window_ns = WINDOW_NS + last.wait_ns
    recent = tuple(begun for begun in last.begun_ns if now_ns - begun < window_ns)
    if len(recent) < STARTS_FREE:
        wait_ns = 0
    else:
        wait_ns = min(max(WAIT_NS_MIN, 2 * last.wait_ns), wait_ns_max)
    return Restarts((*recent, now_ns + wait_ns)[-STARTS_FREE - 1 :], wait_ns)
