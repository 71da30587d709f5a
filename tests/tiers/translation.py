"""A play as a scenario of the simulator, which says beforehand when each deed happens.

Each wait becomes a stretch of time that is long enough, and a cue at its end, at which what was
waited for must hold. The scenario can be run, replayed and shrunk as any other.
"""

from dataclasses import dataclass, field
from typing import Final, assert_never

from mesh.protocol.now import MILLISECOND, SECOND
from mesh.protocol.replica import views
from mesh.wire.requests import Command
from simulations import scenario as plans
from simulations.troubles import AnyFault, Crash, OneWay, Split
from tests.tiers.play import (
    Act,
    Await,
    Condition,
    Erase,
    Heal,
    Hush,
    Kill,
    Part,
    Play,
    Put,
    Start,
    Submit,
)
from tests.tiers.plays import SITE
from tests.tiers.stage import PATIENCE_NS

DEED_NS: Final = 10 * MILLISECOND
"""From one deed to the next: soon enough that nobody has noticed the first one."""

WAIT_NS: Final = 20 * SECOND
"""For any condition: several times what a detector, a merge or a return takes."""


@dataclass(slots=True)
class Plan:
    """A scenario in the making."""

    now_ns: int = 0
    steps: list[plans.AnyStep] = field(default_factory=list)
    faults: list[AnyFault] = field(default_factory=list)
    joins_ns: dict[str, int] = field(default_factory=dict)
    cues: list[tuple[int, Condition]] = field(default_factory=list)
    """When each condition must hold."""
    written: dict[str, str] = field(default_factory=dict)
    """By step: the value that the play writes."""
    cuts: list[tuple[int, Part | Hush]] = field(default_factory=list)
    """Since when the network has been cut, and how; one at most."""
    down: dict[str, int] = field(default_factory=dict)
    """Since when a controller has been down."""

    def add(self, act: Act) -> None:
        """What happens next."""
        if isinstance(act, Await):
            self.now_ns += WAIT_NS
            self.cues.append((self.now_ns, act.condition))
            return
        self.now_ns += DEED_NS
        match act:
            case Part() | Hush():
                assert not self.cuts, "a play heals before it cuts again"
                self.cuts.append((self.now_ns, act))
            case Heal():
                self.faults += [_cut(cut, since_ns, self.now_ns) for since_ns, cut in self.cuts]
                self.cuts.clear()
            case Kill(host):
                self.down[host] = self.now_ns
            case Start(host) if host in self.down:
                since_ns = self.down.pop(host)
                self.faults.append(Crash(since_ns, self.now_ns, host=host, kind="killed"))
            case Start(host):
                self.joins_ns[host] = self.now_ns
            case _:
                self.steps.append(self._step(act))

    def _step(self, act: Put | Erase | Submit) -> plans.AnyStep:
        name = f"step {len(self.steps)}"
        match act:
            case Put(at, path, value):
                self.written[name] = value
                return plans.Put(self.now_ns, at, (views.read_path(path),), name=name)
            case Erase(at, path):
                return plans.Remove(self.now_ns, at, views.read_path(path), name=name)
            case Submit(at, name, commands):
                orders = tuple(_order(command) for command in commands)
                return plans.Change(self.now_ns, at, orders, PATIENCE_NS, name=name)
            case _:
                assert_never(act)

    def scenario(self, play: Play, seed: int) -> plans.Scenario:
        """All of it."""
        assert not self.cuts, "a play heals what it cuts"
        assert not self.down, "a play starts whom it killed"
        return plans.Scenario(
            seed=seed,
            hosts=tuple(
                plans.Host(
                    name, SITE, joins_ns=self.joins_ns.get(name), founds=name == play.hosts[0]
                )
                for name in play.cast
            ),
            faults=tuple(self.faults),
            workload=tuple(self.steps),
            horizon_ns=self.now_ns + DEED_NS,
        )


def planned(play: Play) -> Plan:
    """When what happens in ``play``."""
    plan = Plan()
    for act in play.acts:
        plan.add(act)
    return plan


def _cut(act: Part | Hush, starts_ns: int, ends_ns: int) -> AnyFault:
    if isinstance(act, Part):
        return Split(starts_ns, ends_ns, groups=act.groups)
    return OneWay(starts_ns, ends_ns, source=act.source, target=act.target)


def _order(command: Command) -> plans.Order:
    parameters = {
        name: value for name, value in command.parameters.items() if isinstance(value, str | int)
    }
    assert parameters == command.parameters, "a scenario says texts and numbers only"
    return plans.Order(command.group, command.verb, parameters)
