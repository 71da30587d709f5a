"""The first tier: the simulator, with every checker at work.

A scenario is decided before it begins, so that each wait is a stretch of time. Whether that was
long enough is not taken on trust: when it is over, what was waited for must hold.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from simulations.host import Host
from simulations.reality import RealLife
from simulations.world import World
from tests.tiers.oracle import Ending, ending
from tests.tiers.play import Condition, Play, Rests
from tests.tiers.sight import Sight, Sights, look
from tests.tiers.translation import planned

ALARM: Final = "store: "
"""How that begins which a controller notices of its running information: no play gives cause."""


class Theatre(World):
    """A world in which conditions are looked at when their time has come."""

    def __init__(self, play: Play, seed: int) -> None:
        self._plan = planned(play)
        self.disappointments: list[str] = []
        super().__init__(self._plan.scenario(play, seed), RealLife)

    def _turbulence(self) -> None:
        for at_ns, condition in self._plan.cues:
            self.kernel.at(self.kernel.now_ns + at_ns, self._cue(condition))
        super()._turbulence()

    def _cue(self, condition: Condition) -> Callable[[], None]:
        return lambda: self.demand(condition)

    def demand(self, condition: Condition) -> None:
        """Note it where ``condition`` does not hold."""
        missing = condition.unmet(self.sights())
        if missing:
            self.disappointments.append(f"waited in vain: {missing}")

    def sights(self) -> Sights:
        """All controllers that run, as they would answer now."""
        running = (host for host in self.hosts.values() if host.is_running)
        return Sights({host.name: self._asking(host) for host in running})

    def _asking(self, host: Host) -> Callable[[], Sight]:
        return lambda: self._look(host)

    def _look(self, host: Host) -> Sight:
        """The simulator chooses the values that are written; here they are the play's again."""
        life = host.replica
        assert isinstance(life, RealLife)
        written = {
            value: self._plan.written[step] for (step, _), value in self.workload.values.items()
        }
        seen = look(life.replica, host.now)
        entries = {
            path: frozenset(written[value] for value in values)
            for path, values in seen.entries.items()
        }
        return replace(seen, entries=entries)


def simulated(play: Play, seed: int) -> Ending:
    """How ``play`` ends on this tier.

    Raises AssertionError where it gets stuck, or the simulator finds a rule broken.
    """
    theatre = Theatre(play, seed)
    verdict = theatre.run()
    assert not verdict.violations, verdict.violations
    theatre.demand(Rests(play.cast))
    alarms = [each for each in theatre.inspector.witness.moments if each.text.startswith(ALARM)]
    assert not alarms, alarms
    assert not theatre.disappointments, theatre.disappointments
    return ending(theatre.sights(), play.submitted)
