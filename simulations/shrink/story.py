"""A shrunken run in five lines: who, what is asked, what goes wrong, what breaks, where from."""

from collections.abc import Iterable
from typing import Final

import msgspec

from simulations.plan import Event, Plan, Trigger
from simulations.scenario import Change, Host, Put, Scenario
from simulations.shrink.shrink import Shrunk
from simulations.troubles import AnyFault, Crash, OneWay, Split

TOLD_MAX: Final = 6
"""Of a kind of thing; the file has all of them."""

_TIMES: Final = ("starts_ns", "ends_ns", "at_ns", "when", "name", "host")


def told(start: Scenario, shrunk: Shrunk) -> tuple[str, ...]:
    """Five lines about how ``start`` was shrunk, and to what."""
    scenario, violation = shrunk.scenario, shrunk.verdict.violations[0]
    return (
        f"who: {_hosts(scenario.hosts)}",
        f"asked: {_few(_step(each) for each in scenario.workload) or 'nothing'}",
        f"wrong: {_troubles(scenario) or 'nothing, but luck'}",
        f"broken: {violation}",
        f"from: seed {start.seed} with {_size(start)}; now {_size(scenario)} ({_effort(shrunk)})",
    )


def _effort(shrunk: Shrunk) -> str:
    return f"{shrunk.trials} runs{'' if shrunk.is_complete else ', until the time was over'}"


def _hosts(hosts: tuple[Host, ...]) -> str:
    return _few(f"{host.name}{' (founds)' if host.founds else ''}" for host in hosts)


def _size(scenario: Scenario) -> str:
    seconds = scenario.horizon_ns / 1e9
    faults = f"{len(scenario.faults)} faults"
    if scenario.suppressed:
        faults += f" and {len(scenario.suppressed)} lost datagrams"
    return f"{faults}, {len(scenario.workload)} steps, {len(scenario.hosts)} hosts, {seconds:g} s"


def _troubles(scenario: Scenario) -> str:
    lost = (
        f"datagram {each.number} from {each.source} to {each.target} is lost"
        for each in scenario.suppressed
    )
    return _few((*(_fault(each) for each in scenario.faults), *lost))


def _few(texts: Iterable[str]) -> str:
    known = list(texts)
    more = [f"and {len(known) - TOLD_MAX} more"] if len(known) > TOLD_MAX else []
    return "; ".join(known[:TOLD_MAX] + more)


def _fault(fault: AnyFault) -> str:
    return f"from {_at(fault, fault.starts_ns)} to {_at(fault, fault.ends_ns)} {_what(fault)}"


def _what(fault: AnyFault) -> str:
    match fault:
        case Split(groups=groups):
            return f"a split: {' | '.join(' '.join(group) for group in groups)}"
        case OneWay(source=source, target=target):
            return f"nothing passes from {source} to {target}"
        case Crash(host=host, kind=kind):
            return f"{host} is down ({kind})"
        case _:
            return _spelled(fault)


def _step(step: Event) -> str:
    host, at_ns = getattr(step, "host", ""), getattr(step, "at_ns", 0)
    match step:
        case Change(commands=commands):
            orders = ", ".join(
                f"{order.group} {order.verb} {' '.join(map(str, order.parameters.values()))}"
                for order in commands
            )
            what = f"change {orders}"
        case Put(paths=paths):
            what = f"write {', '.join('/'.join(path) for path in paths)}"
        case _:
            what = _spelled(step)
    return f"{host} at {_at(step, at_ns)}: {what}"


def _spelled(plan: Plan) -> str:
    """Any other thing, by its own words: what it is called, and its fields."""
    fields = msgspec.structs.asdict(plan)
    host = [fields["host"]] if "host" in fields and "starts_ns" in fields else []
    rest = [
        f"{name.removesuffix('_ns').replace('_', ' ')} {_value(name, value)}"
        for name, value in fields.items()
        if name not in _TIMES and value not in ((), None)
    ]
    tag = str(type(plan).__struct_config__.tag or type(plan).__name__).replace("-", " ")
    return " ".join((tag, *host)) + (f" ({', '.join(rest)})" if rest else "")


def _value(name: str, value: object) -> str:
    if name.endswith("_ns") and isinstance(value, int):
        return f"{value / 1e9:g} s"
    if isinstance(value, tuple):
        return " ".join(_value("", each) for each in value)
    return _spelled(value) if isinstance(value, Plan) else str(value)


def _at(event: Event, time_ns: int) -> str:
    moment = f"{time_ns / 1e9:g} s"
    return f"{moment} after {_moment(event.when)}" if event.when is not None else moment


def _moment(when: Trigger) -> str:
    about = " ".join(filter(None, (when.change, when.host and f"on {when.host}", when.about)))
    return f"{when.seen} {about}".strip()
