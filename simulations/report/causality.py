"""What could have influenced what (Lamport, "Time, clocks, and the ordering of events", 1978).

An event happened before another one if both are on one host in this order, if the one is the
sending of a message and the other its arrival, or by a chain of these. All that happened before an
event is its causal cone: nothing outside of it can be the cause. Whether the cone of one event
holds another is read off vector clocks (Fidge, 1988; Mattern, 1989), which count for each host how
many of its events are in the cone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from simulations.recording.mail import NEVER
from simulations.recording.recorder import Mark, Recorder


class Deed(Enum):
    """What sort of event it is."""

    SENT = 0
    ARRIVED = 1
    MARK = 2


@dataclass(frozen=True, slots=True)
class Event:
    """Something at one place in the order of the world."""

    order: int
    time_ns: int
    host: int
    deed: Deed
    about: int
    """The number of the message, or the place of the mark among all marks."""


def events(recorder: Recorder) -> list[Event]:
    """All that happened on hosts, in order."""
    return sorted((*_mailed(recorder), *_marked(recorder.marks)), key=lambda event: event.order)


def _mailed(recorder: Recorder) -> Iterator[Event]:
    mail = recorder.mail
    for number in mail.numbers:
        letter = mail[number]
        yield Event(letter.sent_order, letter.sent_ns, letter.source, Deed.SENT, number)
        if letter.arrived_order != NEVER:
            yield Event(
                letter.arrived_order, letter.arrived_ns, letter.target, Deed.ARRIVED, number
            )
    for again in mail.again:
        target = mail[again.message].target
        yield Event(again.order, again.time_ns, target, Deed.ARRIVED, again.message)


def _marked(marks: list[Mark]) -> Iterator[Event]:
    for at, mark in enumerate(marks):
        yield Event(mark.order, mark.time_ns, mark.host, Deed.MARK, at)


Clock = dict[int, int]
"""By host, how many of its events are known."""


def clocks(
    all_events: list[Event], counts: Callable[[Event], bool] = lambda _: True
) -> Iterator[tuple[Event, Clock]]:
    """Each event that ``counts`` with its vector clock, itself counted; the clock is the caller's.

    Those that do not count pass on what is known, and have no place in any clock.
    """
    now: dict[int, Clock] = {}
    carried: dict[int, Clock] = {}
    for event in all_events:
        clock = now.setdefault(event.host, {})
        if event.deed is Deed.ARRIVED:
            for host, count in carried.get(event.about, {}).items():
                clock[host] = max(clock.get(host, 0), count)
        is_counted = counts(event)
        if is_counted:
            clock[event.host] = clock.get(event.host, 0) + 1
        if event.deed is Deed.SENT:
            carried[event.about] = dict(clock)
        if is_counted:
            yield event, dict(clock)


def cone(all_events: list[Event], *ends: Event) -> list[Event]:
    """All that happened before one of ``ends``, and these, in order."""
    latest: dict[int, int] = {}
    for end in ends:
        latest[end.host] = max(latest.get(end.host, 0), end.order)
    sent: dict[int, None] = {}
    found: list[Event] = []
    for event in reversed(all_events):
        if event.deed is Deed.SENT and event.about in sent:
            latest[event.host] = max(latest.get(event.host, 0), event.order)
        if event.order <= latest.get(event.host, 0):
            found.append(event)
            if event.deed is Deed.ARRIVED:
                sent[event.about] = None
    found.reverse()
    return found
