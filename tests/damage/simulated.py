"""Damage in the simulator: one host's disk, in a mesh where nothing else is wrong.

All checkers of the simulator look on: what any controller voted, whatever it holds and shows. In
the end all have to agree again, by themselves. What is added here is the question whether somebody
was told: damage that heals in silence comes again.
"""

from collections.abc import Callable
from random import Random
from typing import Final

import msgspec

from mesh.protocol.effects import Effects, Noticed, WriteFact
from mesh.protocol.inputs import Input
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.wire.facts import Boot, read_fact
from simulations.demands import some_demands
from simulations.generator import generate
from simulations.reality import RealLife
from simulations.scenario import Scenario
from simulations.troubles import (
    AnyFault,
    BitRot,
    Clone,
    Crash,
    FailingDisk,
    FailingSync,
    FullDisk,
)
from simulations.world import World
from tests.damage.outcome import Run

HORIZON_NS: Final = 40 * SECOND

_COPY_EVENTS: Final = ("twin", "quarantined", "contested", "fork", "equivocation")
_DISK_EVENTS: Final = ("disk failed",)
_LOSS: Final = ("memory lost", "unproven start")

Damage = tuple[str, tuple[AnyFault, ...], tuple[str, ...]]
"""Its name, the faults that make it, and the events of which one has to be told."""


class _Heard:
    """All lives of one run, and what they told."""

    def __init__(self) -> None:
        self.events: dict[str, None] = {}

    def life(self, *parts: object) -> "_Life":
        """A life that is listened to."""
        life = _Life(*parts)  # type: ignore[arg-type]  # whatever the world gives, in its order
        life.listen(self.events)
        return life


class _Life(RealLife):
    """The real replica, and an ear at its door."""

    _events: dict[str, None]

    def listen(self, events: dict[str, None]) -> None:
        """Note in ``events`` what people are told from now on."""
        self._events = events

    def start(self, now: Now) -> Effects:
        """See RealLife."""
        effects = self._note(super().start(now))
        for each in self.replica.incidents.at_start:
            self._events[each.text] = None
        return effects

    def handle(self, given: Input, now: Now) -> Effects:
        """See RealLife."""
        return self._note(super().handle(given, now))

    def _note(self, effects: Effects) -> Effects:
        for write in effects.writes:
            if isinstance(write, WriteFact) and write.sequence == 1 and write.origin == self.own:
                boot = read_fact(write.signed).body
                if isinstance(boot, Boot) and boot.previous is not None and boot.proven is None:
                    self._events["unproven start"] = None
        for told in effects.notifications:
            if isinstance(told, Noticed) and told.level != "info":
                self._events[told.event] = None
        return effects


def run(seed: int) -> Run:
    """One mesh, one victim, one kind of damage."""
    luck = Random(f"damage {seed}")
    scenario, (name, faults, words) = damaged(seed, luck)
    heard = _Heard()
    world = World(scenario, heard.life)
    verdict = world.run()
    wrong = [f"{each.rule}: {each.text}" for each in verdict.violations]
    bit = next(iter(verdict.bites.values()), 0) > 0  # the first fault is the damage
    told = tuple(heard.events)
    if bit and not wrong and not any(word in each for word in words for each in told):
        wrong.append(f"nobody was told: none of {', '.join(words)}")
    victim = next(iter(fault.host for fault in faults if isinstance(fault, _OF_A_HOST)), "")
    return Run(seed, name, victim, bit, told, verdict.healing_ns / SECOND, tuple(wrong))


_OF_A_HOST: Final = (Crash, BitRot, Clone, FailingDisk, FailingSync, FullDisk)


def damaged(seed: int, luck: Random) -> tuple[Scenario, Damage]:
    """The mesh of ``seed`` with nothing but damage to the disk of one of its hosts."""
    scenario = generate(seed)
    hosts = tuple(host for host in scenario.hosts if host.name not in scenario.newcomers)
    names = [host.name for host in hosts]
    victim = luck.choice(names)
    damage = luck.choice(_KINDS)(luck, victim)
    return msgspec.structs.replace(
        scenario,
        hosts=hosts,
        faults=damage[1],
        workload=some_demands(luck, names, damage[1], HORIZON_NS),
        core=(),
        calm=False,
        expect=None,
        horizon_ns=HORIZON_NS,
    ), damage


# --- kinds of damage ----------------------------------------------------------------------------


def _interval(luck: Random) -> tuple[int, int]:
    starts_ns = luck.randrange(2 * SECOND, HORIZON_NS // 2)
    return starts_ns, starts_ns + luck.randrange(200 * MILLISECOND, 10 * SECOND)


def _rotten(luck: Random, host: str) -> Damage:
    """Bits flip in some rows, and the controller is opened again."""
    starts_ns, ends_ns = _interval(luck)
    rot = BitRot(starts_ns, starts_ns + SECOND, host=host, rows=luck.choice((1, 3, 10, 50)))
    crash = Crash(starts_ns + SECOND, ends_ns + SECOND, host=host, kind="killed")
    return "bits flip in rows", (rot, crash), ("damaged",)


def _torn(luck: Random, host: str) -> Damage:
    """The power goes in the middle of a write."""
    crash = Crash(*_interval(luck), host=host, kind="torn")
    return "a write is torn", (crash,), ("damaged", *_LOSS)


def _wiped(luck: Random, host: str) -> Damage:
    """All files but the key are gone."""
    crash = Crash(*_interval(luck), host=host, kind="wiped")
    return "the journal is gone", (crash,), _LOSS


def _restored(luck: Random, host: str) -> Damage:
    """An older copy is put back."""
    starts_ns, ends_ns = _interval(luck)
    image_ns = luck.choice((0, luck.randrange(1, starts_ns)))
    crash = Crash(starts_ns, ends_ns, host=host, kind="restored", image_ns=image_ns)
    return "an older copy is put back", (crash,), _LOSS


def _cloned(luck: Random, host: str) -> Damage:
    """The disk is copied, and both run."""
    starts_ns, ends_ns = _interval(luck)
    clone = Clone(starts_ns, ends_ns + 5 * SECOND, host=host)
    return "a copy runs on another host", (clone,), _COPY_EVENTS


def _failing(luck: Random, host: str) -> Damage:
    """Syncs fail, or there is no room."""
    kind = luck.choice((FailingDisk, FailingSync, FullDisk))
    return "the disk does not write", (kind(*_interval(luck), host=host),), _DISK_EVENTS


_KINDS: Final[tuple[Callable[[Random, str], Damage], ...]] = (
    _rotten,
    _rotten,
    _torn,
    _wiped,
    _restored,
    _restored,
    _cloned,
    _failing,
)
