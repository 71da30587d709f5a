"""Many runs as HTML: a histogram for each measure, and each difference with its interval."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from simulations.comparing import Difference
from simulations.report.many import Group, Many, failing, quantile, told

WIDTH: Final = 720
HEIGHT: Final = 110
BARS: Final = 36

FAILED_SHOWN_MAX: Final = 20
LABEL: Final = 300
ROW: Final = 26


def section(many: Many) -> str:
    """All of it."""
    parts = [f"<section><h2>Many runs: {escape(many.title)}</h2>"]
    parts.extend(f"<p>{escape(failing(group))}.</p>" for group in many.groups)
    parts.extend(_failed(group) for group in many.groups if group.failed)
    differences = list(many.differences())
    if differences:
        parts.append("<h3>What is different</h3>")
        parts.append(
            '<p class="note">Both ways ran on the same seeds, with the same luck. The point is the'
            " mean of the differences, the line the interval in which the true one lies with 95 %"
            " confidence. Where the line crosses zero, nothing is proven.</p>"
        )
        parts.extend(_forest(name, found) for name, found in differences)
    parts.append("<h3>How it is spread over the seeds</h3>")
    for measure in many.groups[0].measures:
        parts.extend(_spread(group, measure) for group in many.groups)
    return "".join((*parts, "</section>"))


def _failed(group: Group) -> str:
    rows = "".join(
        f"<tr><td>{run.seed}</td><td>{escape(run.failure)}</td></tr>"
        for run in group.failed[:FAILED_SHOWN_MAX]
    )
    more = len(group.failed) - FAILED_SHOWN_MAX
    rest = f'<p class="note">and {more:,} more</p>' if more > 0 else ""
    head = "<thead><tr><th>failing seed</th><th>what was violated</th></tr></thead>"
    return f'<div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>{rest}'


# --- histograms -----------------------------------------------------------------------------------


def _spread(group: Group, measure: str) -> str:
    values = sorted(run.measures[measure] for run in group.runs if measure in run.measures)
    if not values:
        return ""
    half, most, worst = quantile(values, 0.5), quantile(values, 0.95), values[-1]
    at = next(run.seed for run in group.runs if run.measures.get(measure) == worst)
    words = (
        f"half of the runs: at most {told(measure, half)}; 95 %: at most {told(measure, most)};"
        f" the most: {told(measure, worst)} (seed {at})"
    )
    name = f"{measure} ({group.name})"
    plot = _histogram(values, measure, name) if values[0] < worst else ""
    return f"<h4>{escape(name)}</h4><p>{escape(words)}</p>{plot}"


def _histogram(values: Sequence[float], measure: str, name: str) -> str:
    low, high = values[0], values[-1]
    counts = [0] * BARS
    for value in values:
        counts[min(BARS - 1, int((value - low) / (high - low) * BARS))] += 1
    wide, base, top = WIDTH / BARS, HEIGHT - 20, max(counts)
    bars = "".join(
        f'<rect class="bar" x="{number * wide + 0.5:.1f}" width="{wide - 1:.1f}"'
        f' y="{base - count / top * (base - 12):.1f}" height="{count / top * (base - 12):.1f}">'
        f"<title>{count} runs</title></rect>"
        for number, count in enumerate(counts)
        if count
    )
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(name)}: histogram">{bars}'
        f'<line class="axis" x1="0" x2="{WIDTH}" y1="{base}" y2="{base}"/>'
        f'<text x="0" y="{HEIGHT - 5}">{escape(told(measure, low))}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 5}" text-anchor="end">{escape(told(measure, high))}</text>'
        f'<text x="0" y="10">{top} runs</text></svg>'
    )


# --- differences ----------------------------------------------------------------------------------


def _forest(name: str, found: Mapping[str, Difference]) -> str:
    table = "".join(_row(measure, one) for measure, one in found.items())
    heads = ("measure", "as written", name, "difference", "95 % interval", "pairs", "")
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    relative = [(measure, one) for measure, one in found.items() if _is_relative(one)]
    plot = _intervals(name, relative) if relative else ""
    return (
        f"<h4>{escape(name)}</h4>{plot}"
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{table}</tbody></table>'
        "</div>"
    )


def _is_relative(one: Difference) -> bool:
    return one.before != 0 and math.isfinite(one.low)


def _row(measure: str, one: Difference) -> str:
    if math.isfinite(one.low):
        interval = f"{_signed(measure, one.low)} to {_signed(measure, one.high)}"
    else:
        interval = "one pair says nothing"
    verdict = "" if not one.is_certain else "more" if one.mean > 0 else "less"
    cells = (
        measure,
        told(measure, one.before),
        told(measure, one.after),
        _signed(measure, one.mean),
        interval,
        str(one.pairs),
        verdict,
    )
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _signed(measure: str, value: float) -> str:
    return f"{'+' if value > 0 else ''}{told(measure, value)}"


def _intervals(name: str, found: list[tuple[str, Difference]]) -> str:
    """Each difference as a share of the mean as written."""
    reach = max(max(abs(one.low), abs(one.high)) / abs(one.before) for _, one in found)
    reach = min(10.0, max(0.05, reach)) * 1.05
    high = ROW * len(found) + 24
    rows = "".join(_interval(number, *each, reach) for number, each in enumerate(found))
    ticks = "".join(
        f'<text x="{_place(at, reach):.0f}" y="{high - 6}" text-anchor="middle">{at:+.0%}</text>'
        for at in (-reach / 1.05, 0.0, reach / 1.05)
    )
    zero = _place(0, reach)
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {high}" role="img"'
        f' aria-label="differences of {escape(name)} with their intervals">'
        f'<line class="zero" x1="{zero:.0f}" x2="{zero:.0f}" y1="0" y2="{high - 20}"/>{rows}{ticks}'
        "</svg>"
    )


def _interval(number: int, measure: str, one: Difference, reach: float) -> str:
    y, scale = number * ROW + ROW / 2, abs(one.before)
    low, high = (_place(value / scale, reach) for value in (one.low, one.high))
    return (
        f'<text class="name" x="0" y="{y + 4:.0f}">{escape(measure)}</text>'
        f'<line class="interval" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>'
        f'<circle class="point" cx="{_place(one.mean / scale, reach):.1f}" cy="{y}" r="5"/>'
    )


def _place(share: float, reach: float) -> float:
    """Where ``share`` lies, which is cut at the ends of the picture."""
    inside = max(-reach, min(reach, share))
    return LABEL + (inside + reach) / (2 * reach) * (WIDTH - LABEL - 10)


# --- in characters --------------------------------------------------------------------------------


def lines(many: Many) -> Iterator[str]:
    """The same for a terminal."""
    yield f"Many runs: {many.title}"
    for group in many.groups:
        yield f"  {failing(group)}"
        for measure in group.measures:
            values = sorted(run.measures[measure] for run in group.runs if measure in run.measures)
            marks = (values[0], *(quantile(values, share) for share in (0.5, 0.95)), values[-1])
            shown = [told(measure, value) for value in marks]
            least, half, most, worst = shown
            yield f"    {measure}: {least} to {worst}, half at most {half}, 95 % at most {most}"
    for name, found in many.differences():
        yield f"  {name}, against {many.groups[0].name}:"
        for measure, one in found.items():
            sure = "" if one.is_certain else " (not proven)"
            interval = f"{_signed(measure, one.low)} to {_signed(measure, one.high)}"
            known = interval if math.isfinite(one.low) else "one pair says nothing"
            yield f"    {measure}: {_signed(measure, one.mean)} ({known}){sure}"
