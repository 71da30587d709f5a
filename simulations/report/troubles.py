"""Faults in words: what was wrong, where, from when to when, and whether it made a difference.

The words follow from the fields of a fault, so that a fault that is added to the simulator has its
words at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from simulations.faults.schedule import fault_name
from simulations.report.subject import Subject
from simulations.report.words import duration
from simulations.troubles import AnyFault

_TIMES: Final = frozenset({"starts_ns", "ends_ns", "when", "name"})
"""Told elsewhere."""

_SPEAKING: Final = {
    "host": "",
    "kind": "",
    "one": "between ",
    "other": "and ",
    "source": "from ",
    "target": "to ",
}
"""Fields whose value says enough, with what stands before it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One fault of the run."""

    name: str
    """By which lost messages name it, such as ``0-split``."""
    title: str
    """As the scenario calls it; empty where it has no name for it."""
    kind: str
    words: str
    hosts: tuple[str, ...]
    """Whom it concerns."""
    begins_ns: int | None
    """None: it waited for a moment that did not come."""
    ends_ns: int | None
    bites: int

    @property
    def told(self) -> str:
        """In one line."""
        head = f"{self.title} ({self.kind})" if self.title else self.kind
        return f"{head}: {self.words}" if self.words else head


def troubles(subject: Subject) -> tuple[Trouble, ...]:
    """All faults of the run, in the order of the scenario."""
    return tuple(
        _trouble(subject, number, fault) for number, fault in enumerate(subject.scenario.faults)
    )


def _trouble(subject: Subject, number: int, fault: AnyFault) -> Trouble:
    kind = str(type(fault).__struct_config__.tag)
    name = fault_name(number, fault)
    begins_ns = subject.recorder.disturbances.get(name)
    ends_ns = None
    if begins_ns is not None:
        ends_ns = min(begins_ns + fault.ends_ns - fault.starts_ns, subject.ends_ns)
    plain = msgspec.to_builtins(fault)
    fields = {key: value for key, value in plain.items() if key not in {*_TIMES, "fault"}}
    mentioned = dict.fromkeys(_mentioned(fields))
    hosts = tuple(host for host in subject.hosts if host in mentioned)
    bites = subject.verdict.bites.get(name, 0)
    title, words = fault.name, _words(fields)
    return Trouble(name, title, kind, words, hosts, begins_ns, ends_ns, bites)


def _mentioned(value: object) -> Iterator[str]:
    """All texts in ``value``, which hosts are among."""
    match value:
        case str():
            yield value
        case Mapping():
            for key, each in value.items():
                yield from _mentioned(key)
                yield from _mentioned(each)
        case list() | tuple():
            for each in value:
                yield from _mentioned(each)
        case _:
            pass


def _words(fields: Mapping[str, object]) -> str:
    told = (_field(key, value) for key, value in fields.items())
    return ", ".join(word for word in told if word)


def _field(key: str, value: object) -> str:
    match value:
        case None | 0 | 0.0 | "" | () | []:
            return ""
        case list() | tuple() if key == "groups":
            return " | ".join(_listed(group) for group in value)
        case list() | tuple():
            return _listed(value) if key == "hosts" else f"{_plain(key)} {_listed(value)}"
        case int() if key.endswith("_ns"):
            return f"{_plain(key.removesuffix('_ns'))} {duration(value)}"
        case float():
            return f"{_plain(key)} {value:.0%}"
        case {"kind": kind, "least_ns": int(least_ns), "spread_ns": int(spread_ns)}:
            return f"{_plain(key)} {duration(least_ns)} + {duration(spread_ns)} ({kind})"
        case Mapping():
            return "; ".join(f"{one}: {_listed(each)}" for one, each in value.items())
        case str() if key == "clock":
            return f"{value} clock"
        case _ if key in _SPEAKING:
            return f"{_SPEAKING[key]}{value}"
        case _:
            return f"{_plain(key)} {value}"


def _listed(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _plain(key: str) -> str:
    return key.replace("_", " ")
