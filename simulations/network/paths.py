"""What can happen to bytes from one host to another, in each direction by itself.

A path has luck of its own, so that a fault on one link leaves the delays of all others as they
were. Faults lie on paths like blankets: while one lies there it works, and each counts how often
it made a difference, because a fault that touched nothing proves nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from simulations.delay import draw
from simulations.luck import Luck
from simulations.plan import Delay
from simulations.scenario import Network

USUAL_LUCK: Final = "the usual loss of the link"


@dataclass(slots=True)
class Affliction:
    """One fault at work."""

    name: str
    cuts: bool = False
    loss: float = 0.0
    duplication: float = 0.0
    delay: Delay | None = None
    bites: int = 0
    """How often it made a difference."""


@dataclass(slots=True)
class Path:
    """One direction of one link."""

    random: Random
    plan: Network
    afflictions: list[Affliction] = field(default_factory=list)
    blame: str = ""
    """What made the last difference: a fault by its name, or the usual luck of the link."""

    @property
    def is_cut(self) -> bool:
        """Whether nothing passes."""
        return any(one.cuts for one in self.afflictions)

    @property
    def cut_by(self) -> str:
        """The first fault that lets nothing pass; empty where something passes."""
        return next((one.name for one in self.afflictions if one.cuts), "")

    def delay_ns(self) -> int:
        """How long the next bytes take."""
        total = draw(self.plan.delay, self.random)
        for one in self.afflictions:
            if one.delay is not None:
                total += draw(one.delay, self.random)
                one.bites += 1
        return total

    def bite(self) -> None:
        """Something was stopped by the faults that cut this path."""
        for one in self.afflictions:
            if one.cuts:
                one.bites += 1

    def copies(self) -> int:
        """How many of one datagram arrive: 0, 1 or 2."""
        if self._happens(self.plan.loss, lambda one: one.loss):
            return 0
        return 2 if self._happens(self.plan.duplication, lambda one: one.duplication) else 1

    def is_lossy_now(self) -> bool:
        """Whether a segment of a stream has to be sent again."""
        return self._happens(self.plan.loss, lambda one: one.loss)

    def _happens(self, usual: float, extra: Callable[[Affliction], float]) -> bool:
        if usual > 0 and self.random.random() < usual:
            self.blame = USUAL_LUCK
            return True
        for one in self.afflictions:
            share = extra(one)
            if share > 0 and self.random.random() < share:
                one.bites += 1
                self.blame = one.name
                return True
        return False


class Paths:
    """All paths, made when first used."""

    def __init__(self, plan: Network, luck: Luck) -> None:
        self._plan = plan
        self._luck = luck
        self._paths: dict[tuple[str, str], Path] = {}

    def path(self, source: str, target: str) -> Path:
        """The path from ``source`` to ``target``."""
        path = self._paths.get((source, target))
        if path is None:
            path = Path(self._luck.stream("link", source, target), self._plan)
            self._paths[source, target] = path
        return path
