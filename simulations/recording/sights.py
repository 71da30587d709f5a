"""What each host saw and when: of the others, and of the running information."""

from dataclasses import dataclass
from typing import Final

from mesh.protocol.inputs import Path
from mesh.wire.identity import Incarnation
from simulations.checkers.information import Deed

SIGHTS_MAX: Final = 200_000
"""Of each sort; later ones are not kept."""


@dataclass(frozen=True, slots=True)
class Life:
    """A controller starts, or is gone."""

    time_ns: int
    host: str
    runs: bool


@dataclass(frozen=True, slots=True)
class View:
    """Whom the detector of ``host`` holds for alive from now on."""

    time_ns: int
    host: str
    seen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Belief:
    """How ``host`` holds ``about`` to stand from now on."""

    time_ns: int
    host: str
    about: str
    standing: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What ``host`` shows at ``path`` from now on."""

    time_ns: int
    host: str
    path: Path
    values: frozenset[object]


@dataclass(frozen=True, slots=True)
class Written:
    """A write, at the moment at which its author was told that it is done."""

    time_ns: int
    host: str
    path: Path
    value: str | None
    """None removes."""
    observed: frozenset[object]
    """What it replaces."""


class Sights:
    """All of them, each sort in the order of time."""

    def __init__(self) -> None:
        self.lives: list[Life] = []
        self.views: list[View] = []
        self.beliefs: list[Belief] = []
        self.readings: list[Reading] = []
        self.writes: list[Written] = []
        self._last: dict[str, tuple[Incarnation, ...]] = {}

    def began(self, time_ns: int, host: str) -> None:
        """A controller starts."""
        self.lives.append(Life(time_ns, host, runs=True))
        _ = self._last.pop(host, None)

    def stopped(self, time_ns: int, host: str) -> None:
        """A controller is gone."""
        self.lives.append(Life(time_ns, host, runs=False))

    def is_news(self, host: str, view: tuple[Incarnation, ...]) -> bool:
        """Whether ``view`` is not what ``host`` saw before."""
        last = self._last.get(host)
        return last is not view and last != view

    def viewed(
        self, time_ns: int, host: str, view: tuple[Incarnation, ...], seen: tuple[str, ...]
    ) -> None:
        """The detector of ``host`` changed its mind."""
        self._last[host] = view
        if len(self.views) < SIGHTS_MAX:
            self.views.append(View(time_ns, host, seen))

    def stands(self, time_ns: int, host: str, about: str, standing: str) -> None:
        """``host`` changed its mind about ``about``."""
        if len(self.beliefs) < SIGHTS_MAX:
            self.beliefs.append(Belief(time_ns, host, about, standing))

    def reads(self, time_ns: int, host: str, path: Path, values: frozenset[object]) -> None:
        """``host`` shows ``values`` at ``path``."""
        if len(self.readings) < SIGHTS_MAX:
            self.readings.append(Reading(time_ns, host, path, values))

    def wrote(self, time_ns: int, host: str, deed: Deed) -> None:
        """A write was acknowledged on ``host``."""
        if len(self.writes) < SIGHTS_MAX:
            self.writes.append(Written(time_ns, host, deed.path, deed.value, deed.observed))
