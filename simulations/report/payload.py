"""All that the page draws, as one JSON document that fits the page.

Times are whole microseconds of the world's time. What happened on hosts stands in one log in the
order of the world, in columns of small numbers, because a hundred thousand rows of names would be
ten times as long: ``op`` 0 is a message sent (they are numbered as they come), 1 the arrival of the
message ``ref`` numbers back, 2 the mark ``ref``. Columns of times hold differences.

Invariant: the page stays below its limit. Where there is too much, the earliest messages are left
out, and the page says how many.
"""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Final

from simulations.recording.mail import NEVER, Mail
from simulations.report import prose, series
from simulations.report.causality import Deed, events
from simulations.report.subject import Subject
from simulations.report.troubles import Trouble, troubles
from simulations.report.words import count, duration

Json = Mapping[str, object]

DATA_BYTES_MAX: Final = 1_300_000
"""Of the packed data: with the program that draws it the page has at most 1.5 MB."""

SPREADS_MAX: Final = 300
"""Writes whose spreading is told one by one: the slowest ones."""

_THINNER: Final = 0.7
"""So much of the messages is tried next where all of them are too much."""


def packed(subject: Subject) -> str:
    """The document, compressed with gzip and in base64."""
    first, told = subject.recorder.mail.first, document(subject)
    while True:
        data = _pack({**told, **_log(subject, first)})
        if len(data) <= DATA_BYTES_MAX:
            return data
        numbers = subject.recorder.mail.numbers
        left = len(numbers) - (first - numbers.start)
        assert left, "even without messages the page would be too large"
        first = numbers.stop - int(left * _THINNER)


def _pack(told: Json) -> str:
    raw = json.dumps(told, separators=(",", ":")).encode()
    return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode()


def _us(time_ns: int) -> int:
    return time_ns // 1_000


def document(subject: Subject) -> Json:
    """All but the messages."""
    faults = troubles(subject)
    return {
        "beginsUs": _us(subject.begins_ns),
        "endsUs": _us(subject.ends_ns),
        "hosts": list(subject.hosts),
        "sites": [_site(subject, host) for host in subject.hosts],
        "troubles": [_trouble(subject, fault) for fault in faults],
        "moments": [
            [_us(moment.time_ns), moment.sort, moment.words]
            for moment in prose.moments(subject, faults)
        ],
        "charts": _charts(subject),
        "bytes": series.bytes_sent(subject),
        "lives": [
            [_us(life.time_ns), subject.numbers[life.host], int(life.runs)]
            for life in subject.recorder.sights.lives
        ],
        "reach": _reach(subject),
        "beliefs": _beliefs(subject),
        "stories": _stories(subject),
        "writes": _writes(subject),
    }


def figures(subject: Subject) -> list[tuple[str, str]]:
    """The numbers beside the verdict."""
    verdict, mail = subject.verdict, subject.recorder.mail
    return [
        ("simulated", duration(verdict.simulated_ns)),
        ("controllers", f"{len(subject.scenario.hosts):,}"),
        ("messages", f"{mail.first + len(mail):,}"),
        ("steps of controllers", f"{verdict.steps:,}"),
        ("seed", str(verdict.seed)),
        ("digest", verdict.digest[:16]),
    ]


def _site(subject: Subject, name: str) -> str:
    return next((host.site for host in subject.scenario.hosts if host.name == name), "")


def _trouble(subject: Subject, fault: Trouble) -> Json:
    bites = count(fault.bites, "time")
    return {
        "name": fault.name,
        "words": fault.told,
        "beginsUs": None if fault.begins_ns is None else _us(fault.begins_ns),
        "endsUs": None if fault.ends_ns is None else _us(fault.ends_ns),
        "hosts": [subject.numbers[host] for host in fault.hosts],
        "bit": f"made a difference {bites}" if fault.bites else "",
    }


# --- over time ------------------------------------------------------------------------------------


def _charts(subject: Subject) -> dict[str, list[list[float]]]:
    charts = {
        "views": series.views(subject),
        "suspicions": series.suspicions(subject),
    }
    if subject.recorder.sights.writes:
        charts["informed"] = series.informed(subject, series.spreads(subject))
    return {
        name: [[_us(time_ns) for time_ns in steps.times_ns], [round(v, 4) for v in steps.values]]
        for name, steps in charts.items()
    }


def _reach(subject: Subject) -> list[list[int]]:
    numbers = subject.numbers
    return [
        [_us(each.time_ns), numbers[each.source], numbers[each.target], int(each.passes)]
        for each in subject.recorder.reach.changes
    ]


def _beliefs(subject: Subject) -> list[list[int]]:
    """Who holds whom for alive: 1 alive, 0 suspect, -1 anything worse."""
    ranks = {"alive": 1, "suspect": 0, "replaced": 1}
    numbers = subject.numbers
    return [
        [_us(each.time_ns), numbers[each.host], numbers[each.about], ranks.get(each.standing, -1)]
        for each in subject.recorder.sights.beliefs
        if each.host in numbers and each.about in numbers
    ]


def _writes(subject: Subject) -> list[Json]:
    hosts = len(subject.scenario.hosts)
    slowest = sorted(series.spreads(subject), key=lambda one: -(one.lasted_ns(hosts) or 10**18))
    chosen = sorted(slowest[:SPREADS_MAX], key=lambda one: one.write.time_ns)
    return [
        {
            "atUs": _us(one.write.time_ns),
            "host": subject.numbers.get(one.write.host, -1),
            "path": "/".join(one.write.path),
            "removes": one.write.value is None,
            "knows": [
                [subject.numbers[host], _us(time_ns)]
                for host, time_ns in sorted(one.known_ns.items())
                if host in subject.numbers
            ],
        }
        for one in chosen
    ]


# --- ChangeSets -----------------------------------------------------------------------------------


def _stories(subject: Subject) -> list[Json]:
    told: list[Json] = []
    names = subject.recorder.names
    accusations = " ".join(names.plain(each.text) for each in subject.verdict.violations)
    for story in subject.recorder.stories.all.values():
        votes = [(seal, "seal") for seal in story.seals] + [(no, "no") for no in story.nos]
        votes += [(each, "applied") for each in story.applied]
        told.append(
            {
                "name": story.name,
                "kind": story.kind,
                "number": story.number,
                "commands": story.commands,
                "outcome": prose.outcome(story),
                "sentences": list(prose.told(story)),
                "early": story.proposed_ns < subject.begins_ns,
                "accused": f"“{story.name}”" in accusations,
                "proposedUs": _us(story.proposed_ns),
                "releasedUs": None if story.released_ns is None else _us(story.released_ns),
                "instantUs": None if story.instant_ns is None else _us(story.instant_ns),
                "author": story.author,
                "participants": story.participants,
                "marks": [[_us(vote.time_ns), vote.host, sort, vote.words] for vote, sort in votes],
                "shown": [
                    [_us(each.time_ns), each.host, each in story.on_time, each.why]
                    for each in story.shown
                ],
                "ends": story.end,
            }
        )
    return told


# --- messages -------------------------------------------------------------------------------------


class _Texts:
    """Texts by number, in the order in which they are first needed."""

    def __init__(self) -> None:
        self.all: dict[str, int] = {"": 0}

    def __call__(self, text: str) -> int:
        return self.all.setdefault(text, len(self.all))


def _log(subject: Subject, first: int) -> Json:
    """The log from the message ``first`` on, with all marks."""
    recorder, texts = subject.recorder, _Texts()
    numbers = _NumberOf(subject)
    ops: list[int] = []
    refs: list[int] = []
    times: list[int] = []
    last_us = sent = 0
    for event in events(recorder):
        if event.deed is not Deed.MARK and event.about < first:
            continue
        ops.append(event.deed.value)
        refs.append(_reference(event.deed, event.about, first, sent))
        sent += event.deed is Deed.SENT
        times.append(_us(event.time_ns) - last_us)
        last_us = _us(event.time_ns)
    marks = [[numbers[mark.host], str(mark.kind), texts(mark.words)] for mark in recorder.marks]
    mail = _mail(recorder.mail, first, numbers, texts)
    return {
        "log": {"op": ops, "ref": refs, "dt": times},
        "marks": marks,
        "mail": mail,
        "others": numbers.others,
        "texts": list(texts.all),
        "leftOut": first,
        "unmarked": recorder.unmarked,
    }


def _reference(deed: Deed, about: int, first: int, sent: int) -> int:
    match deed:
        case Deed.SENT:
            return 0
        case Deed.ARRIVED:
            return sent - (about - first)
        case Deed.MARK:
            return about


class _NumberOf:
    """From the recorder's numbers of hosts to those of the page; addresses of nobody come after."""

    def __init__(self, subject: Subject) -> None:
        self.others: list[str] = []
        self._map: list[int] = []
        for name in subject.recorder.hosts:
            if name in subject.numbers:
                self._map.append(subject.numbers[name])
            else:
                self._map.append(len(subject.numbers) + len(self.others))
                self.others.append(name)

    def __getitem__(self, number: int) -> int:
        return self._map[number]


def _mail(mail: Mail, first: int, numbers: _NumberOf, texts: _Texts) -> dict[str, list[int]]:
    names = ("source", "target", "kind", "words", "bytes", "stream", "why", "lostAfter")
    columns: dict[str, list[int]] = {name: [] for name in names}
    for number in range(max(first, mail.first), mail.first + len(mail)):
        letter = mail[number]
        is_lost = letter.arrived_order == NEVER and bool(letter.lost)
        columns["source"].append(numbers[letter.source])
        columns["target"].append(numbers[letter.target])
        columns["kind"].append(texts(letter.kind))
        columns["words"].append(texts(letter.words))
        columns["bytes"].append(letter.size_bytes)
        columns["stream"].append(int(letter.on_stream))
        columns["why"].append(texts(letter.lost) if is_lost else 0)
        columns["lostAfter"].append(_us(letter.lost_ns - letter.sent_ns) if is_lost else 0)
    return columns
