"""How far a peer's wall clock is from ours, and how long the way to it is.

The peer stamps its answer with its wall clock at some moment between our question and the arrival.
Taking the middle is wrong by at most half the round trip, so the quickest of the last few answers
knows best. What is kept is the peer's wall clock against our *monotonic* clock: a step of our own
wall clock spoils nothing. A sample that contradicts the newest one is from before a step of the
peer's clock and is forgotten.

Source: the clock filter of NTP (RFC 5905, section 10), less its loop.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from mesh.protocol.now import Now

SAMPLES_MAX: Final = 8
"""As many as NTP's filter keeps: one quick answer among eight is likely, and a step is forgotten
soon."""

DRIFT_PARTS_PER_MILLION: Final = 15
"""How fast an old sample loses worth: the frequency tolerance that NTP assumes of a host (PHI).

A crystal that nobody disciplines may be worse; then the next sample contradicts, and wins."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known of a peer's clock."""

    offset_ns: int
    """The peer's wall clock minus ours."""
    error_ns: int
    """The offset is right within this much."""
    round_trip_ns: int
    """Median of the last few."""


class _Sample(NamedTuple):
    taken_ns: int
    ahead_ns: int
    """The peer's wall clock minus our monotonic clock."""
    round_trip_ns: int

    def error_ns(self, monotonic_ns: int) -> int:
        aged = (monotonic_ns - self.taken_ns) * DRIFT_PARTS_PER_MILLION // 1_000_000
        return self.round_trip_ns // 2 + 1 + aged


class ClockFilter:
    """The last few samples of one peer, the newest last."""

    __slots__ = ("_samples",)

    def __init__(self) -> None:
        self._samples: tuple[_Sample, ...] = ()

    def sample(self, asked_ns: int, peer_wall_ns: int, answered_ns: int) -> None:
        """Take in an answer; ``asked_ns`` and ``answered_ns`` by our monotonic clock."""
        middle = (asked_ns + answered_ns) // 2
        newest = _Sample(answered_ns, peer_wall_ns - middle, answered_ns - asked_ns)
        reach = newest.error_ns(answered_ns)
        agreeing = [
            sample
            for sample in self._samples
            if abs(sample.ahead_ns - newest.ahead_ns) <= reach + sample.error_ns(answered_ns)
        ]
        self._samples = (*agreeing, newest)[-SAMPLES_MAX:]

    @property
    def round_trip_ns(self) -> int | None:
        """Median of the last few; None without any."""
        if not self._samples:
            return None
        trips = sorted(sample.round_trip_ns for sample in self._samples)
        return trips[len(trips) // 2]

    def read(self, now: Now) -> Clock | None:
        """The best that the samples say at ``now``; None without any."""
        round_trip_ns = self.round_trip_ns
        if round_trip_ns is None:
            return None
        best = min(self._samples, key=lambda sample: sample.error_ns(now.monotonic_ns))
        return Clock(
            offset_ns=best.ahead_ns + now.monotonic_ns - now.wall_ns,
            error_ns=best.error_ns(now.monotonic_ns),
            round_trip_ns=round_trip_ns,
        )
