"""The ways to make a scenario smaller, each tried until it gives no more.

What makes runs short comes first, for every later trial is a run: the end, whatever large part of
the faults can go at once, and all the waiting in between; then single faults,
steps and hosts; then what remains is made simpler in itself.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, TypeVar

from msgspec.structs import replace

from simulations.kernel import START_NS
from simulations.plan import Delay, Event
from simulations.scenario import AnyStep, Change, Disk, Host, Network, Put, Scenario
from simulations.shrink.ddmin import minimal
from simulations.shrink.hosts import without_host
from simulations.shrink.search import Search
from simulations.troubles import AnyFault

SECOND: Final = 1_000_000_000
HORIZON_NS_MIN: Final = SECOND // 10
LENGTH_NS_MIN: Final = 1_000_000
"""Shorter than this no interval need become."""

GAP_NS_MIN: Final = SECOND // 10
"""A shorter wait costs less than the trial that cuts it."""

PARTS_MAX: Final = 4
"""Of the faults, where only large parts are tried."""

GAPS_MAX: Final = 3
"""The longest waits, which are tried to be cut short; the others cost little."""

_EIGHTHS: Final = (1, 2, 4, 6, 7)
"""Of the horizon, shortest first."""

T = TypeVar("T")


# --- the end --------------------------------------------------------------------------------------


def end_early(search: Search) -> None:
    """Nothing is needed after the violation; at rest, as little before it as will do."""
    best = search.best
    seen_ns = search.verdict.violations[0].time_ns - START_NS
    bare = replace(best, expect=None)
    short = _until(bare, min(seen_ns, bare.horizon_ns))
    _ = search.accept_first(
        each
        for each in (replace(short, healing_ns=0), replace(bare, healing_ns=0), short, bare)
        if each != best
    )
    while search.accept_first(_shorter(search.best)):
        pass


def _shorter(scenario: Scenario) -> Iterator[Scenario]:
    for eighths in _EIGHTHS:
        horizon_ns = scenario.horizon_ns * eighths // 8
        if horizon_ns >= HORIZON_NS_MIN:
            yield _until(scenario, horizon_ns)


def _until(scenario: Scenario, horizon_ns: int) -> Scenario:
    """The same with an earlier end; what waits for a moment stays as it is."""
    faults = [
        fault if fault.when else replace(fault, ends_ns=min(fault.ends_ns, horizon_ns))
        for fault in scenario.faults
        if fault.when or fault.starts_ns < horizon_ns
    ]
    steps = [step for step in scenario.workload if step.when or step.at_ns < horizon_ns]
    return replace(scenario, horizon_ns=horizon_ns, faults=tuple(faults), workload=tuple(steps))


def sooner(search: Search) -> None:
    """Nothing has to be waited for: what comes after a wait happens earlier."""
    while search.accept_first(_earlier(search.best)):
        pass


def _earlier(scenario: Scenario) -> Iterator[Scenario]:
    """The longest waits without any beginning, cut short: the first one, and those in between."""
    starts = {fault.starts_ns for fault in scenario.faults if not fault.when}
    starts |= {step.at_ns for step in scenario.workload if not step.when}
    gaps = [(after - before, after) for before, after in pairwise(sorted({0, *starts}))]
    for wait_ns, after_ns in sorted(gaps, reverse=True)[:GAPS_MAX]:
        for eighths in (8, 6, 4):
            by_ns = wait_ns * eighths // 8
            if by_ns >= GAP_NS_MIN:
                yield _shifted(scenario, after_ns, by_ns)


def _shifted(scenario: Scenario, after_ns: int, by_ns: int) -> Scenario:
    """All that comes from ``after_ns`` on comes earlier; what lasts that long ends earlier."""

    def moved(time_ns: int) -> int:
        return time_ns - by_ns if time_ns >= after_ns else time_ns

    return replace(
        scenario,
        horizon_ns=scenario.horizon_ns - by_ns,
        faults=tuple(
            fault
            if fault.when
            else replace(
                fault,
                starts_ns=moved(fault.starts_ns),
                ends_ns=max(moved(fault.ends_ns), moved(fault.starts_ns)),
            )
            for fault in scenario.faults
        ),
        workload=tuple(
            step if step.when else replace(step, at_ns=moved(step.at_ns))
            for step in scenario.workload
        ),
    )


# --- fewer ----------------------------------------------------------------------------------------


def large_parts(search: Search) -> None:
    """Whatever large parts of the faults are not needed, and perhaps the whole workload."""
    _ = _minimal(search, "faults", search.best.faults, PARTS_MAX)
    if search.best.workload:
        _ = search.accept_first([replace(search.best, workload=())])


def fewer_faults(search: Search) -> None:
    """Only the faults that are needed."""
    _ = _minimal(search, "faults", search.best.faults)


def fewer_steps(search: Search) -> None:
    """Only the steps of the workload that are needed."""
    _ = _minimal(search, "workload", search.best.workload)


def _minimal(
    search: Search, field: str, things: tuple[T, ...], parts_max: int | None = None
) -> tuple[T, ...]:
    base = search.best

    def first(choices: Iterator[tuple[T, ...]]) -> tuple[T, ...] | None:
        offered = (replace(base, **{field: choice}) for choice in choices)
        if not search.accept_first(offered):
            return None
        accepted: tuple[T, ...] = getattr(search.best, field)
        return accepted

    return minimal(things, first, parts_max=parts_max)


def fewer_hosts(search: Search) -> None:
    """Only the hosts that are needed: without one, until none can go."""
    while search.accept_first(_without_one(search.best)):
        pass


def _without_one(scenario: Scenario) -> Iterator[Scenario]:
    for host in reversed(scenario.hosts):
        smaller = without_host(scenario, host.name)
        if smaller is not None:
            yield smaller


# --- shorter and simpler --------------------------------------------------------------------------


def shorter_faults(search: Search) -> None:
    """Each fault no longer than it must be."""
    for at in range(len(search.best.faults)):
        while search.accept_first(
            _with(search.best, "faults", at, fault)
            for fault in _shorter_fault(search.best.faults[at])
        ):
            pass


def _shorter_fault(fault: AnyFault) -> Iterator[AnyFault]:
    length_ns = fault.ends_ns - fault.starts_ns
    for part in (8, 2):
        if length_ns // part >= LENGTH_NS_MIN:
            yield replace(fault, ends_ns=fault.starts_ns + length_ns // part)
            yield replace(fault, starts_ns=fault.ends_ns - length_ns // part)


def simpler(search: Search) -> None:
    """Links, disks and clocks as plain as they may be, and nothing named that does nothing."""
    plain = Network(Delay("constant", SECOND // 1_000))
    for field, values in (
        ("network", (plain, Network())),
        ("disk", (Disk(Delay("constant", SECOND // 1_000)), Disk())),
        ("signatures", ("mac",)),
    ):
        now = getattr(search.best, field)
        if now not in values:
            _ = search.accept_first([replace(search.best, **{field: value}) for value in values])
    hosts = tuple(_plain_host(host) for host in search.best.hosts)
    if hosts != search.best.hosts:
        _ = search.accept_first([replace(search.best, hosts=hosts)])
    for field in ("faults", "workload"):
        for at in range(len(getattr(search.best, field))):
            while search.accept_first(
                _with(search.best, field, at, event)
                for event in _simpler_event(getattr(search.best, field)[at])
            ):
                pass


def _plain_host(host: Host) -> Host:
    return replace(host, labels=(), starts_ns=0, wall_offset_ns=0, drift_ppb=0)


def _simpler_event(event: AnyFault | AnyStep) -> Iterator[Event]:
    """``event`` with one thing less in one of its lists."""
    if isinstance(event, Change | Put):
        field = "commands" if isinstance(event, Change) else "paths"
    else:
        field = "hosts" if hasattr(event, "hosts") else ""
    things: tuple[object, ...] = getattr(event, field) if field else ()
    if len(things) > 1:
        for at in range(len(things)):
            yield replace(event, **{field: things[:at] + things[at + 1 :]})


def _with(scenario: Scenario, field: str, at: int, event: Event) -> Scenario:
    """``scenario`` with ``event`` in the place ``at``."""
    events: tuple[Event, ...] = getattr(scenario, field)
    return replace(scenario, **{field: (*events[:at], event, *events[at + 1 :])})
