"""What was measured, as a table for people and as JSON for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median
from typing import Final

P99_SAMPLES_MIN: Final = 100
"""Of fewer samples the greatest is shown: their 99th percentile would be the same one."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    part: str
    name: str
    unit: str
    controllers: int | None
    """None: nothing of a mesh."""
    samples: int
    median: float
    p99: float | None
    """None where there are too few samples."""
    most: float
    target: str
    """What is to be reached, for the eye; nothing is judged by it."""


def figure(
    part: str,
    name: str,
    unit: str,
    samples: Sequence[float],
    *,
    controllers: int | None = None,
    target: str = "",
) -> Figure:
    """What ``samples`` come to; at least one."""
    ordered = sorted(samples)
    enough = len(ordered) >= P99_SAMPLES_MIN
    return Figure(
        part=part,
        name=name,
        unit=unit,
        controllers=controllers,
        samples=len(ordered),
        median=median(ordered),
        p99=ordered[ceil(len(ordered) * 0.99) - 1] if enough else None,
        most=ordered[-1],
        target=target,
    )


def milliseconds(durations_ns: Iterable[int]) -> list[float]:
    """Nanoseconds as milliseconds."""
    return [each / 1e6 for each in durations_ns]


def heading() -> str:
    """The first line of the table."""
    return (
        f"{'figure':58} {'n':>3} {'median':>12} {'p99':>10} {'max':>10} {'unit':8}"
        f" {'samples':>7}  target"
    )


def row(each: Figure) -> str:
    """One line of the table."""
    size = "" if each.controllers is None else str(each.controllers)
    p99 = "" if each.p99 is None else _number(each.p99)
    most = _number(each.most) if each.samples > 1 else ""
    return (
        f"{each.part + ': ' + each.name:58} {size:>3} {_number(each.median):>12} {p99:>10}"
        f" {most:>10} {each.unit:8} {each.samples:>7}  {each.target}"
    ).rstrip()


def report(figures: Iterable[Figure]) -> list[dict[str, object]]:
    """The same for programs."""
    return [asdict(each) for each in figures]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.3g}"
