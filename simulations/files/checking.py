"""What cannot be, though each word is right: an end before its beginning, a crash in a crash.

A scenario with such a contradiction would run and show nothing; so it is a mistake in the file.
"""

from collections.abc import Iterator
from itertools import combinations

from simulations.files.durations import spell_duration
from simulations.files.positions import Place
from simulations.files.problems import Notes
from simulations.plan import Event
from simulations.scenario import Approve, Invite, Revoke, Scenario, Welcome
from simulations.troubles import (
    AnyFault,
    Bridge,
    Clone,
    Crash,
    Flaky,
    FlashCrowd,
    Isolate,
    Leave,
    Move,
    OneWay,
    Pause,
    Ring,
    RollingRestart,
    Split,
)

RING_MIN = 4
"""Among three hosts everybody is a neighbour of everybody, and a ring takes nothing away."""

_DOWN = (Crash, Leave, RollingRestart)
"""While one of these holds, no controller runs on the host that another one could strike."""

_ONCE = (*_DOWN, Pause, Move, Clone)


def check(scenario: Scenario, notes: Notes) -> None:
    """Write into ``notes`` what contradicts itself in ``scenario``, which names hosts only."""
    for fault in scenario.faults:
        place: Place = ("faults", fault.name)
        for key, text in (*_times(scenario, fault), *_hosts(fault)):
            notes.wrong((*place, key), text)
        _check_trigger(scenario, fault, place, notes)
    for one, other in combinations(scenario.faults, 2):
        for text in _clashes(one, other):
            notes.wrong(("faults", other.name), text)
    _check_steps(scenario, notes)
    _check_founders(scenario, notes)
    _check_invites(scenario, notes)
    _check_approvals(scenario, notes)


def _times(scenario: Scenario, fault: AnyFault) -> Iterator[tuple[str, str]]:
    horizon = spell_duration(scenario.horizon_ns)
    if fault.ends_ns <= fault.starts_ns:
        yield "ends", f"is not after {spell_duration(fault.starts_ns)}, when the fault begins"
    if fault.when is None and fault.starts_ns > scenario.horizon_ns:
        yield "starts", f"is after {horizon}, the horizon, when all that was asked for is over"
    if fault.when is None and fault.ends_ns > scenario.horizon_ns and not scenario.core:
        yield (
            "ends",
            f"is after {horizon}, the horizon; where a core is named, faults of others may last",
        )


def _hosts(fault: AnyFault) -> Iterator[tuple[str, str]]:
    """Hosts that a fault names in a way that makes no sense."""
    match fault:
        case Split(groups=groups) | Bridge(groups=groups):
            names = [name for group in groups for name in group]
            bridges = fault.bridges if isinstance(fault, Bridge) else ()
            yield from (("groups", text) for text in _twice([*names, *bridges]))
            if len([group for group in groups if group]) < 2:  # noqa: PLR2004  two sides
                yield "groups", "at least two groups with hosts are wanted"
        case Ring(hosts=hosts):
            yield from (("hosts", text) for text in _twice(list(hosts)))
            if len(hosts) < RING_MIN:
                yield "hosts", f"a ring takes {RING_MIN} hosts: among fewer all are neighbours"
        case OneWay(source=one, target=other) | Flaky(one=one, other=other) if one == other:
            yield "target" if isinstance(fault, OneWay) else "other", f"is {one!r} again"
        case Isolate(hosts=()) | FlashCrowd(hosts=()) | RollingRestart(hosts=()):
            yield "hosts", "names nobody"
        case _:
            pass


def _twice(names: list[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"names {name!r} {names.count(name)} times; a host is on one side"


def _clashes(one: AnyFault, other: AnyFault) -> Iterator[str]:
    """Why two faults cannot both be."""
    if one.when is not None or other.when is not None:
        return
    if one.ends_ns <= other.starts_ns or other.ends_ns <= one.starts_ns:
        return
    both_down = isinstance(one, _DOWN) and isinstance(other, _DOWN)
    same = type(one) is type(other) and isinstance(one, _ONCE)
    for name in _struck(one):
        if name in _struck(other) and (both_down or same):
            yield f"overlaps with {one.name!r}: {name!r} is {_state(one)} already"


def _struck(fault: AnyFault) -> tuple[str, ...]:
    match fault:
        case RollingRestart(hosts=hosts):
            return hosts
        case Crash(host=host) | Leave(host=host) | Pause(host=host) | Move(host=host):
            return (host,)
        case Clone(host=host):
            return (host,)
        case _:
            return ()


def _state(fault: AnyFault) -> str:
    match fault:
        case Pause():
            return "paused"
        case Move():
            return "elsewhere"
        case Clone():
            return "cloned"
        case _:
            return "down"


def _check_steps(scenario: Scenario, notes: Notes) -> None:
    for step in scenario.workload:
        place: Place = ("steps", step.name)
        if step.when is None and step.at_ns > scenario.horizon_ns:
            horizon = spell_duration(scenario.horizon_ns)
            notes.wrong((*place, "at"), f"is after {horizon}, the horizon")
        _check_trigger(scenario, step, place, notes)


def _check_trigger(scenario: Scenario, event: Event, place: Place, notes: Notes) -> None:
    names = [host.name for host in scenario.hosts]
    if event.when is None:
        return
    for key, name in (("host", event.when.host), ("about", event.when.about)):
        if name is not None and name not in names:
            notes.wrong((*place, "when", key), f"is {name!r}: one host is wanted here")


def _check_founders(scenario: Scenario, notes: Notes) -> None:
    newcomers = scenario.newcomers
    for host in scenario.hosts:
        if host.founds and host.name in newcomers and host.name in scenario.healthy:
            text = "founds an environment of its own later, so it must not be part of the core"
            notes.wrong(("hosts", host.name, "founds"), text)
    first = [each for each in scenario.hosts if each.name not in newcomers and not each.stranger]
    founders = [host.name for host in first if host.founds]
    if scenario.population == "admitted" and (len(founders) != 1 or any(h.fresh for h in first)):
        text = "can be admitted where one host founds and no other host is fresh"
        notes.wrong(("population",), text)
    if not first:
        notes.wrong(("sites",), "all hosts join later: nobody is there whom they could join")


def _check_approvals(scenario: Scenario, notes: Notes) -> None:
    known = {n for step in scenario.workload if isinstance(step, Welcome) for n in step.people}
    for step in scenario.workload:
        if isinstance(step, Approve) and step.by not in known:
            notes.wrong(("steps", step.name, "by"), f"nobody has welcomed {step.by!r}")


def _check_invites(scenario: Scenario, notes: Notes) -> None:
    opening = [step.name for step in scenario.workload if isinstance(step, Invite)]
    for step in scenario.workload:
        if isinstance(step, Revoke) and step.invite not in opening:
            notes.wrong(("steps", step.name, "invite"), f"{step.invite!r} opens no invite")
    for host in scenario.hosts:
        if host.invite is None:
            continue
        place: Place = ("hosts", host.name, "invite")
        if host.invite not in opening:
            notes.wrong(place, f"{host.invite!r} opens no invite")
        if host.joins_ns is None or host.founds or host.fresh or host.stranger:
            notes.wrong(place, "is for a host that joins later, and founds nothing")
