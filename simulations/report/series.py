"""What changed over time, as numbers: each series is a list of steps.

informed       of all entries as last written, and all hosts: the share of pairs in which the host
               knows the write
views          how many different opinions there are about who is alive, among those that run
suspicions     pairs of controllers that run, of which the one holds the other suspect or failed
bytes          sent by each host in each second
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mesh.protocol.inputs import Path
from simulations.recording.sights import Belief, Life, Reading, View, Written
from simulations.report.subject import SECOND, Subject

DOUBTED: Final = frozenset({"suspect", "failed"})


@dataclass(slots=True)
class Steps:
    """A value from each moment on."""

    times_ns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, time_ns: int, value: float) -> None:
        """From ``time_ns`` on it is ``value``."""
        if self.times_ns and self.times_ns[-1] == time_ns:
            self.values[-1] = value
        elif not self.values or self.values[-1] != value:
            self.times_ns.append(time_ns)
            self.values.append(value)

    def at(self, time_ns: int) -> float:
        """The value at ``time_ns``; 0 before the first step."""
        found = 0.0
        for when_ns, value in zip(self.times_ns, self.values, strict=True):
            if when_ns > time_ns:
                break
            found = value
        return found


# --- the others -----------------------------------------------------------------------------------


def views(subject: Subject) -> Steps:
    """How many different opinions there are about who is alive."""
    sights, steps = subject.recorder.sights, Steps()
    seen: dict[str, tuple[str, ...]] = {}

    def happen(event: Life | View) -> None:
        if isinstance(event, View):
            seen[event.host] = tuple(sorted(event.seen))
        elif not event.runs:
            _ = seen.pop(event.host, None)
        steps.add(event.time_ns, len({view for view in seen.values() if view}))

    events: list[Life | View] = [*sights.lives, *sights.views]
    for event in sorted(events, key=_when):
        happen(event)
    return steps


def suspicions(subject: Subject) -> Steps:
    """Pairs in which a controller that runs is held suspect or failed by another that runs."""
    sights, steps = subject.recorder.sights, Steps()
    runs: dict[str, bool] = {}
    held: dict[tuple[str, str], str] = {}

    def happen(event: Life | Belief) -> None:
        if isinstance(event, Belief):
            held[event.host, event.about] = event.standing
        else:
            runs[event.host] = event.runs
            for pair in [pair for pair in held if pair[0] == event.host]:
                del held[pair]
        wrong = (
            standing in DOUBTED and runs.get(host, False) and runs.get(about, False)
            for (host, about), standing in held.items()
        )
        steps.add(event.time_ns, sum(wrong))

    events: list[Life | Belief] = [*sights.lives, *sights.beliefs]
    for event in sorted(events, key=_when):
        happen(event)
    return steps


def _when(event: Life | View | Belief) -> int:
    return event.time_ns


# --- running information --------------------------------------------------------------------------


@dataclass(slots=True)
class Spread:
    """One write, and who knows it since when."""

    write: Written
    known_ns: dict[str, int] = field(default_factory=dict)
    replaced_ns: int | None = None
    """When the next write replaced it."""

    def lasted_ns(self, hosts: int) -> int | None:
        """How long until so many ``hosts`` knew it; None: that never came about."""
        if len(self.known_ns) < hosts:
            return None
        return max(self.known_ns.values()) - self.write.time_ns


def spreads(subject: Subject) -> list[Spread]:
    """All acknowledged writes, in order, with the first moment at which each host knew of each.

    A host knows a write when it shows its value, or what replaced it.
    """
    sights = subject.recorder.sights
    by_path: dict[Path, list[Spread]] = {}
    for write in sights.writes:
        spread = Spread(write, {write.host: write.time_ns})
        for older in by_path.setdefault(write.path, []):
            if older.write.value in write.observed and older.replaced_ns is None:
                older.replaced_ns = write.time_ns
        by_path[write.path].append(spread)
    for reading in sights.readings:
        for spread in by_path.get(reading.path, ()):
            if _tells(reading, spread.write):
                _ = spread.known_ns.setdefault(reading.host, reading.time_ns)
    for path_spreads in by_path.values():
        _inherit(path_spreads)
    return sorted((one for all_ in by_path.values() for one in all_), key=_written)


def _written(spread: Spread) -> int:
    return spread.write.time_ns


def _tells(reading: Reading, write: Written) -> bool:
    """Whether who shows ``reading`` knows of ``write``, of a removal as far as one can see."""
    if reading.time_ns < write.time_ns:
        return False
    if write.value is None:
        return not write.observed & reading.values
    return write.value in reading.values


def _inherit(spreads: list[Spread]) -> None:
    """Whoever knows what replaced a write knows of the write."""
    for at in range(len(spreads) - 1, -1, -1):
        older = spreads[at]
        for newer in spreads[at + 1 :]:
            if older.write.value is not None and older.write.value in newer.write.observed:
                for host, time_ns in newer.known_ns.items():
                    known_ns = older.known_ns.get(host)
                    if known_ns is None or time_ns < known_ns:
                        older.known_ns[host] = time_ns


def informed(subject: Subject, spread: list[Spread]) -> Steps:
    """The share of pairs of a host and a current write in which the host knows the write."""
    steps = Steps()
    first: dict[str, int] = {}
    for life in subject.recorder.sights.lives:
        _ = first.setdefault(life.host, life.time_ns)
    changes = [(time_ns, 0, 0, 1) for time_ns in first.values()]
    for one in spread:
        ends_ns = one.replaced_ns
        changes.append((one.write.time_ns, 1, 0, 0))
        inside = [
            time_ns for time_ns in one.known_ns.values() if ends_ns is None or time_ns < ends_ns
        ]
        changes.extend((time_ns, 0, 1, 0) for time_ns in inside)
        if ends_ns is not None:
            changes.append((ends_ns, -1, -len(inside), 0))
    current = known = hosts = 0
    for time_ns, more, knowing, started in sorted(changes):
        current, known, hosts = current + more, known + knowing, hosts + started
        steps.add(time_ns, known / (current * hosts) if current else 1.0)
    return steps


# --- bytes ----------------------------------------------------------------------------------------


def bytes_sent(subject: Subject) -> list[list[int]]:
    """By host, in the order of the subject's: the bytes that it sent in each second."""
    whole = subject.ends_ns // SECOND + 1
    by_name = dict(zip(subject.recorder.hosts, subject.recorder.bytes_sent, strict=True))
    return [
        [by_name.get(host, {}).get(second, 0) for second in range(whole)] for host in subject.hosts
    ]


def ticks(steps: Steps, from_ns: int, to_ns: int, count: int) -> Iterator[float]:
    """The value of ``steps`` at ``count`` moments, evenly from ``from_ns`` to ``to_ns``."""
    for at in range(count):
        yield steps.at(from_ns + (to_ns - from_ns) * at // max(1, count - 1))
