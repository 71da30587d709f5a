"""The clocks of one host: how far off, how fast, and whether somebody has set or stopped them.

Each clock is a dial: what it showed at some moment, and its pace since. The monotonic one starts at
an arbitrary value and never goes back; the wall clock is wrong by an offset and jumps when it is
set. Both run a little too fast or too slow, usually by the same, for they share a crystal.
"""

from typing import Final

from mesh.protocol.now import Now
from simulations.troubles import AnyClock

EPOCH_NS: Final = 1_800_000_000_000_000_000
"""What a true wall clock shows when the world begins: a day in January 2027."""

_BILLION: Final = 1_000_000_000


class Dial:
    """One clock as a function of the world's time."""

    def __init__(self, start_ns: int, drift_ppb: int) -> None:
        self._shown_ns = start_ns
        self._since_ns = 0
        self._drift_ppb = drift_ppb
        self._stops = 0
        """Reasons why it stands still."""
        self._pace = _BILLION + drift_ppb
        """Of a billion nanoseconds; it is read at every step of every controller."""

    def read(self, time_ns: int) -> int:
        """What it shows when the world's time is ``time_ns``."""
        return self._shown_ns + (time_ns - self._since_ns) * self._pace // _BILLION

    def time_of(self, shown_ns: int) -> int | None:
        """The world's first time at which it shows ``shown_ns``; None: it stands still before."""
        ahead_ns = shown_ns - self._shown_ns
        if ahead_ns > 0 and not self._pace:
            return None
        return self._since_ns + (-(-ahead_ns * _BILLION // self._pace) if self._pace else 0)

    def step(self, by_ns: int) -> None:
        """Show so much more from now on."""
        self._shown_ns += by_ns

    def drift(self, time_ns: int, by_ppb: int) -> None:
        """Run faster by so much from ``time_ns`` on."""
        self._begin_anew(time_ns)
        self._drift_ppb += by_ppb
        self._set_pace()

    def stop(self, time_ns: int) -> None:
        """Stand still from ``time_ns`` on."""
        self._begin_anew(time_ns)
        self._stops += 1
        self._set_pace()

    def go_on(self, time_ns: int) -> None:
        """One reason less to stand still."""
        self._begin_anew(time_ns)
        self._stops -= 1
        self._set_pace()

    def _set_pace(self) -> None:
        self._pace = 0 if self._stops else _BILLION + self._drift_ppb

    def _begin_anew(self, time_ns: int) -> None:
        self._shown_ns, self._since_ns = self.read(time_ns), time_ns


class HostClock:
    """Both clocks of a host."""

    def __init__(self, monotonic_start_ns: int, wall_offset_ns: int, drift_ppb: int) -> None:
        self.monotonic = Dial(monotonic_start_ns, drift_ppb)
        self.wall = Dial(EPOCH_NS + wall_offset_ns, drift_ppb)

    def read(self, time_ns: int) -> Now:
        """What both show when the world's time is ``time_ns``."""
        return Now(self.monotonic.read(time_ns), self.wall.read(time_ns))

    def dials(self, which: AnyClock) -> tuple[Dial, ...]:
        """One clock, or both."""
        match which:
            case "wall":
                return (self.wall,)
            case "monotonic":
                return (self.monotonic,)
            case "both":
                return (self.wall, self.monotonic)
