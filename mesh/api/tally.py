"""What the API has turned away, and how often somebody may ask.

Each limit has a counter, which `trellis status` and the metrics show: what is never turned away
needs no attention, and what is can be told apart.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from mesh.api.access import Caller
from mesh.protocol.meter import Meter

_SECOND_NS: Final = 1_000_000_000

REQUESTS_EVERY_NS: Final = _SECOND_NS // 50
"""Requests of one token or of one other user, in the long run: 50 in a second."""
REQUESTS_AT_ONCE: Final = 200

FAILURES_EVERY_NS: Final = _SECOND_NS
"""Requests without a valid token, of all who send such together: one in a second."""
FAILURES_AT_ONCE: Final = 20
"""A valid token passes in any case, so nobody is shut out by others who guess."""

CALLERS_METERED_MAX: Final = 1_024
"""Callers whose rate is remembered; beyond that all begin anew."""


@dataclass(slots=True)
class Tally:
    """What was turned away, by the reason, and by whom too much was asked."""

    counters: Counter[str] = field(default_factory=Counter)
    _meters: dict[str, Meter] = field(default_factory=dict)
    _failures: Meter = field(default_factory=lambda: Meter(FAILURES_EVERY_NS, FAILURES_AT_ONCE))

    def count(self, reason: str) -> None:
        """One more was turned away."""
        self.counters[reason] += 1

    def admits(self, caller: Caller, now_ns: int) -> bool:
        """Whether ``caller`` may ask once more now. Whoever owns the controller always may."""
        if caller.owns:
            return True
        if caller.name not in self._meters and len(self._meters) >= CALLERS_METERED_MAX:
            self._meters.clear()
        meter = self._meters.setdefault(caller.name, Meter(REQUESTS_EVERY_NS, REQUESTS_AT_ONCE))
        return meter.admits(now_ns)

    def may_fail(self, now_ns: int) -> bool:
        """Whether one more failure is answered in full."""
        return self._failures.admits(now_ns)
