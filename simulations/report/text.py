"""The report for a terminal: the same story, in characters."""

import textwrap
from collections.abc import Iterator
from typing import Final

from simulations.report import prose, series
from simulations.report.subject import Subject
from simulations.report.troubles import Trouble, troubles
from simulations.report.words import GLOSSARY, count, seconds

COLUMNS: Final = 60
"""Of each chart: with its label it fits a terminal of 120."""

LABEL: Final = 30
LINE: Final = 100
MOMENTS_MAX: Final = 60
STORIES_MAX: Final = 30

NOT_HAPPENED: Final = "did not happen: the run ended before, or what it waits for never came"

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_BUSY: Final = "▒"
_BIT: Final = "█"


def text(subject: Subject) -> str:
    """The whole report."""
    faults = troubles(subject)
    return "\n".join(
        (
            *_verdict(subject, faults),
            *_charts(subject, faults),
            *_moments(subject, faults),
            *_stories(subject),
            *_words(),
            "",
        )
    )


def _title(words: str) -> Iterator[str]:
    yield ""
    yield words
    yield "─" * len(words)


def _verdict(subject: Subject, faults: tuple[Trouble, ...]) -> Iterator[str]:
    yield f"{'✔' if subject.is_good else '✘'} {prose.headline(subject)}"
    yield ""
    for line in textwrap.wrap(subject.story, LINE):
        yield f"  {line}"
    for sentence in prose.summary(subject, faults):
        yield f"  {sentence}"
    for each in subject.verdict.judgements:
        seen = f" ({subject.recorder.names.plain(each.seen)})" if each.seen else ""
        yield f"  {'✔' if each.holds else '✘'} {each.promise}{seen}"
    yield ""
    yield f"  again:  {subject.replay}"
    yield f"  digest: {subject.verdict.digest}"


# --- charts ---------------------------------------------------------------------------------------


def _charts(subject: Subject, faults: tuple[Trouble, ...]) -> Iterator[str]:
    yield from _title("Over time")
    yield f"{'':{LABEL}} {seconds(0):<{COLUMNS // 2}}{seconds(subject.ends_ns):>{COLUMNS // 2}}"
    for fault in faults:
        if fault.begins_ns is None or fault.ends_ns is None:
            yield f"{_label(fault.told)} {NOT_HAPPENED}"
            continue
        ribbon = _ribbon(fault.begins_ns, fault.ends_ns, subject.ends_ns, bit=bool(fault.bites))
        bit = f"bit {count(fault.bites, 'time')}" if fault.bites else "made no difference"
        yield f"{_label(fault.told)} {ribbon} {bit}"
    known = series.informed(subject, series.spreads(subject))
    if subject.recorder.sights.writes:
        yield _chart("share informed", _sampled(known, subject), 1.0, "1 = all know all")
    yield _chart("distinct views", _sampled(series.views(subject), subject), None, "1 = agree")
    yield _chart("false suspicions", _sampled(series.suspicions(subject), subject), None, "pairs")
    yield _chart("bytes sent", _bytes(subject), None, "a second")


def _label(words: str) -> str:
    return f"{words:{LABEL}}" if len(words) <= LABEL else f"{words[: LABEL - 1]}…"


def _ribbon(from_ns: int, to_ns: int, ends_ns: int, *, bit: bool) -> str:
    first = from_ns * COLUMNS // max(1, ends_ns)
    last = max(first, min(COLUMNS - 1, to_ns * COLUMNS // max(1, ends_ns)))
    sign = _BIT if bit else _BUSY
    return "".join(sign if first <= column <= last else "·" for column in range(COLUMNS))


def _sampled(steps: series.Steps, subject: Subject) -> list[float]:
    return list(series.ticks(steps, 0, subject.ends_ns, COLUMNS))


def _bytes(subject: Subject) -> list[float]:
    per_host = series.bytes_sent(subject)
    whole = [sum(each) for each in zip(*per_host, strict=True)]
    sums = [0.0] * COLUMNS
    for second, spent in enumerate(whole):
        column = min(COLUMNS - 1, second * COLUMNS // len(whole))
        sums[column] = max(sums[column], spent)
    return sums


def _chart(name: str, values: list[float], greatest: float | None, unit: str) -> str:
    top = greatest if greatest is not None else max(values, default=0.0)
    steps = len(_BLOCKS) - 1
    line = "".join(
        _BLOCKS[min(steps, max(int(bool(value)), round(value / top * steps)))] if top else " "
        for value in values
    )
    most = "" if greatest is not None else f"up to {max(values, default=0):,.0f}; "
    return f"{_label(name)} {line} {most}{unit}"


# --- stories --------------------------------------------------------------------------------------


def _moments(subject: Subject, faults: tuple[Trouble, ...]) -> Iterator[str]:
    yield from _title("What happened")
    all_moments = prose.moments(subject, faults)
    ends = [moment for moment in all_moments if moment.sort == "bad"]
    room = MOMENTS_MAX - len(ends)
    others = [moment for moment in all_moments if moment.sort != "bad"]
    for moment in others[:room]:
        yield f"{moment.time_ns / 1e9:12.6f}  {moment.words}"
    if len(others) > room:
        yield f"{'':12}  … and {len(others) - room} more"
    for moment in ends:
        yield f"{moment.time_ns / 1e9:12.6f}  {moment.words}"


def _stories(subject: Subject) -> Iterator[str]:
    yield from _title("ChangeSets")
    stories = [
        story
        for story in subject.recorder.stories.all.values()
        if story.proposed_ns >= subject.begins_ns
    ]
    for story in stories[:STORIES_MAX]:
        yield f"“{story.name}” ({', '.join(story.commands)}): {prose.outcome(story)}"
        for sentence in prose.told(story):
            yield f"    {sentence}"
    if len(stories) > STORIES_MAX:
        yield f"… and {len(stories) - STORIES_MAX} more"
    if not stories:
        yield "none after the assembly"


def _words() -> Iterator[str]:
    yield from _title("Words")
    for term, meaning in GLOSSARY:
        yield f"{term:12} {meaning}"
