"""How long a controller that keeps falling over waits before it starts again, as the driver has it.

The third start within a minute waits a second, each further one twice as long as the one before,
until the controller has stayed up. A host that was switched off remembers nothing of that.
"""

from typing import Final

from mesh.protocol.now import SECOND

WINDOW_NS: Final = 60 * SECOND
STARTS_FREE: Final = 2
WAIT_NS_MIN: Final = SECOND
WAIT_NS_MAX: Final = 300 * SECOND


class Restarts:
    """The starts of one host that still count."""

    def __init__(self) -> None:
        self._begun_ns: list[int] = []
        self._wait_ns = 0

    def forget(self) -> None:
        """The host was switched off."""
        self._begun_ns.clear()
        self._wait_ns = 0

    def wait_ns(self, now_ns: int) -> int:
        """One more start at ``now_ns``: how long it has to wait."""
        window_ns = WINDOW_NS + self._wait_ns
        recent = [begun_ns for begun_ns in self._begun_ns if now_ns - begun_ns < window_ns]
        is_free = len(recent) < STARTS_FREE
        self._wait_ns = 0 if is_free else min(max(WAIT_NS_MIN, 2 * self._wait_ns), WAIT_NS_MAX)
        self._begun_ns = [*recent, now_ns + self._wait_ns][-STARTS_FREE - 1 :]
        return self._wait_ns
