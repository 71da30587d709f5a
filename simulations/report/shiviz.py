"""A log for ShiViz, which draws space-time diagrams from vector clocks.

Beschastnikh et al., "Visualizing distributed system executions" (2020). The first line of the file
is the regular expression by which ShiViz reads the rest, the second one is empty, since there is
one execution. Each event takes two lines: host and vector clock, then what happened. ShiViz infers
the messages from the clocks: a component that has grown without an event of its own host was
carried there.
"""

import json
from collections.abc import Iterator
from typing import Final

from simulations.recording.recorder import Recorder
from simulations.report.causality import Deed, Event, clocks, events

PATTERN: Final = r"(?<host>\S+) (?<clock>{.*})\n(?<time>\S+ s) (?<event>.*)"
"""As JavaScript spells it."""

KINDS_UNTOLD: Final = frozenset({"Probe", "Ack", "Nack", "TableHash", "Compare"})
"""Heartbeats: a picture with them shows nothing else."""


def log(recorder: Recorder) -> str:
    """The whole log."""
    return "\n".join((PATTERN, "", *_lines(recorder), ""))


def _lines(recorder: Recorder) -> Iterator[str]:
    for event, clock in clocks(events(recorder), lambda event: is_told(recorder, event)):
        named = {_host(recorder, host): count for host, count in sorted(clock.items())}
        yield f"{_host(recorder, event.host)} {json.dumps(named)}"
        yield f"{event.time_ns / 1e9:.6f} s {_words(recorder, event)}"


def is_told(recorder: Recorder, event: Event) -> bool:
    """Whether ``event`` stands in the log; what is left out still carries causality."""
    return event.deed is Deed.MARK or recorder.mail[event.about].kind not in KINDS_UNTOLD


def _host(recorder: Recorder, number: int) -> str:
    """In one word, as ShiViz wants it."""
    return "_".join(recorder.hosts[number].split())


def _words(recorder: Recorder, event: Event) -> str:
    if event.deed is Deed.MARK:
        return " ".join(recorder.marks[event.about].words.split())
    letter = recorder.mail[event.about]
    detail = f": {letter.words}" if letter.words else ""
    if event.deed is Deed.SENT:
        lost = f" (lost: {letter.lost})" if letter.lost else ""
        return f"sends {letter.kind} to {recorder.hosts[letter.target]}{detail}{lost}"
    return f"hears {letter.kind} from {recorder.hosts[letter.source]}{detail}"
