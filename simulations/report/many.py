"""Many runs: how what was measured is spread over the seeds, and how two ways of doing it differ.

Reads what ``sim sweep --json`` prints, ``sim run NAME --seeds A..B --json`` and
``sim run NAME --compare --json``. All of them hold runs, each with a seed and what was measured:

    {"runs": [{"seed": 0, ...}, ...]}                                one way of doing things
    {"runs": {"as written": [...], "majority": [...]}}               several, on the same seeds
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from simulations.comparing import Difference, compared
from simulations.measures import TIMES
from simulations.report.words import duration
from simulations.verdict import Verdict

_NORMAL: Final = 1.96
"""Of the normal distribution at 97.5 %."""

_SECONDS: Final = "_s"
"""How the names of fields end that hold seconds."""

_MEASURED: Final = {
    "healing_s": "from the horizon until all agree",
    "simulated_s": "simulated time",
    "events": "events",
}
"""Fields of a sweep's rows, and what people call them."""


class Unreadable(Exception):
    """The text holds no runs; it says what was looked for."""


@dataclass(frozen=True, slots=True)
class Run:
    """One of many."""

    seed: int
    failure: str
    """What was violated; empty where nothing was."""
    measures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Group:
    """All runs of one way of doing things, by seed."""

    name: str
    runs: tuple[Run, ...]

    @property
    def failed(self) -> tuple[Run, ...]:
        """Those that violated something."""
        return tuple(run for run in self.runs if run.failure)

    @property
    def measures(self) -> tuple[str, ...]:
        """All that was measured in one of them, in order."""
        return tuple(dict.fromkeys(name for run in self.runs for name in run.measures))


@dataclass(frozen=True, slots=True)
class Many:
    """What a file holds."""

    title: str
    groups: tuple[Group, ...]

    def differences(self) -> Iterable[tuple[str, Mapping[str, Difference]]]:
        """Each further group against the first one, on the seeds that both have."""
        first = {run.seed: run.measures for run in self.groups[0].runs}
        for group in self.groups[1:]:
            other = {run.seed: run.measures for run in group.runs}
            both = sorted(first.keys() & other.keys())
            yield group.name, compared([first[at] for at in both], [other[at] for at in both])


# --- reading --------------------------------------------------------------------------------------


class _Row(msgspec.Struct):
    """A row of a sweep."""

    seed: int
    failure: str | None = None
    events: float | None = None
    simulated_s: float | None = None
    healing_s: float | None = None


class _File(msgspec.Struct):
    runs: msgspec.Raw
    title: str = ""
    scenario: str = ""
    situation: str = ""


def read(text: bytes) -> Many:
    """The runs in ``text``.

    Raises Unreadable.
    """
    try:
        file = msgspec.json.decode(text, type=_File)
        groups = _groups(bytes(file.runs))
    except msgspec.MsgspecError as error:
        raise Unreadable(
            "this is not what `sim sweep --json`, or `sim run` with `--json` and `--seeds` or"
            f" `--compare`, prints: {error}"
        ) from error
    if not all(group.runs for group in groups) or not groups:
        raise Unreadable("there are no runs in it")
    return Many(file.title or file.situation or file.scenario or "many seeds", groups)


def _groups(raw: bytes) -> tuple[Group, ...]:
    if raw.lstrip().startswith(b"{"):
        named = msgspec.json.decode(raw, type=dict[str, list[Verdict]])
        return tuple(Group(name, tuple(map(_of_verdict, runs))) for name, runs in named.items())
    rows = msgspec.json.decode(raw, type=list[dict[str, object]])
    if rows and "violations" in rows[0]:
        verdicts = msgspec.json.decode(raw, type=list[Verdict])
        return (Group("as written", tuple(map(_of_verdict, verdicts))),)
    swept = msgspec.json.decode(raw, type=list[_Row])
    return (Group("all seeds", tuple(map(_of_row, swept))),)


def _of_verdict(verdict: Verdict) -> Run:
    failure = str(verdict.violations[0].rule) if verdict.violations else ""
    return Run(verdict.seed, failure, verdict.measures)


def _of_row(row: _Row) -> Run:
    found: dict[str, float] = {}
    for name, called in _MEASURED.items():
        value: float | None = getattr(row, name)
        if value is not None:
            found[called] = value * 1e9 if name.endswith(_SECONDS) else value
    return Run(row.seed, row.failure or "", found)


# --- figures --------------------------------------------------------------------------------------


def is_time(measure: str) -> bool:
    """Whether ``measure`` is in nanoseconds."""
    return measure in TIMES or measure == _MEASURED["simulated_s"]


def told(measure: str, value: float) -> str:
    """``value`` of ``measure``, for people."""
    return duration(round(value)) if is_time(measure) else f"{value:,.4g}"


def quantile(values: Sequence[float], share: float) -> float:
    """So much of ``values``, which are sorted, is at most this."""
    return values[min(len(values) - 1, max(0, math.ceil(share * len(values)) - 1))]


def wilson(failed: int, runs: int) -> tuple[float, float]:
    """Between which shares the true one lies, at 95 % (Wilson, 1927)."""
    share, square = failed / runs, _NORMAL**2
    middle = (share + square / (2 * runs)) / (1 + square / runs)
    reach = math.sqrt(share * (1 - share) / runs + square / (4 * runs**2))
    reach *= _NORMAL / (1 + square / runs)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def failing(group: Group) -> str:
    """How many failed, and what that says, in a sentence."""
    failed, runs = len(group.failed), len(group.runs)
    low, high = wilson(failed, runs)
    return (
        f"{group.name}: {failed:,} of {runs:,} runs failed ({failed / runs:.2%});"
        f" of all seeds between {low:.2%} and {high:.2%} do, with 95 % confidence"
    )
