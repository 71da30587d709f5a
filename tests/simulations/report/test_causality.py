"""What could have influenced what: cones and vector clocks say the same, and ShiViz reads them."""

import json
import re

from simulations.recording.recorder import Mark
from simulations.report import shiviz
from simulations.report.causality import Clock, Deed, Event, clocks, cone, events
from simulations.report.subject import Subject


def test_a_cone_follows_hosts_and_messages() -> None:
    """What happened later on another host, and what was not yet received, is outside."""
    sent = Event(1, 1, 0, Deed.SENT, 0)
    after_sending = Event(2, 2, 0, Deed.MARK, 0)
    unread = Event(3, 3, 2, Deed.SENT, 1)
    arrived = Event(4, 4, 1, Deed.ARRIVED, 0)
    end = Event(5, 5, 1, Deed.MARK, 1)
    late = Event(6, 6, 1, Deed.ARRIVED, 1)
    everything = [sent, after_sending, unread, arrived, end, late]
    assert cone(everything, end) == [sent, arrived, end]
    assert cone(everything, after_sending) == [sent, after_sending]
    assert cone(everything, late) == [sent, unread, arrived, end, late]


def test_cones_and_clocks_agree(subject: Subject) -> None:
    """One event is in the cone of another exactly if the other's clock counts it."""
    all_events = events(subject.recorder)[:1500]
    timed = list(clocks(all_events))
    for end, clock in timed[100::200]:
        inside = {event.order for event in cone(all_events, end)}
        counted = {
            event.order for event, own in timed if own[event.host] <= clock.get(event.host, 0)
        }
        assert inside == counted


def parsed(log: str) -> list[tuple[str, dict[str, int], str]]:
    """Host, clock and words of each event, read as ShiViz does: by the first line of the log."""
    head, empty, rest = log.split("\n", 2)
    assert not empty
    pattern = re.compile(head.replace("(?<", "(?P<"))
    return [
        (found["host"], json.loads(found["clock"]), found["event"])
        for found in pattern.finditer(rest)
    ]


def test_shiviz_reads_every_event(subject: Subject) -> None:
    """The log holds all events but heartbeats, each with the clock of the recorder's causality."""
    recorder = subject.recorder
    told = list(clocks(events(recorder), lambda event: shiviz.is_told(recorder, event)))
    read = parsed(shiviz.log(recorder))
    assert len(read) == len(told)
    for (host, named, _), (event, clock) in zip(read, told, strict=True):
        assert host == recorder.hosts[event.host]
        assert named == {recorder.hosts[number]: count for number, count in clock.items()}


def test_shiviz_can_use_the_clocks(subject: Subject) -> None:
    """ShiViz wants each host to count its own events from 1, one by one."""
    counts: dict[str, int] = {}
    for host, clock, _ in parsed(shiviz.log(subject.recorder)):
        counts[host] = counts.get(host, 0) + 1
        assert clock[host] == counts[host]


def test_what_is_left_out_still_carries_causality(subject: Subject) -> None:
    """Without heartbeats in the log, what came before what is the same as with them."""
    recorder = subject.recorder
    all_events = events(recorder)[:3000]
    whole = {event.order: clock for event, clock in clocks(all_events)}
    some = {
        event.order: (event, clock)
        for event, clock in clocks(all_events, lambda event: shiviz.is_told(recorder, event))
    }
    pairs = list(some.values())[::97]
    for one, _ in pairs:
        for other, other_clock in pairs:
            before = knows(whole[other.order], one.host, whole[one.order])
            assert knows(other_clock, one.host, some[one.order][1]) == before


def knows(clock: Clock, host: int, other: Clock) -> bool:
    """Whether the event with ``clock`` has the one on ``host`` with ``other`` in its cone."""
    return other[host] <= clock.get(host, 0)


def test_names_take_one_word(subject: Subject) -> None:
    """The copy of a host has a name with spaces, and ShiViz reads hosts up to the first one."""
    recorder = subject.recorder
    name, recorder.hosts[0] = recorder.hosts[0], "ash's copy 1"
    try:
        hosts = {host for host, _, _ in parsed(shiviz.log(recorder))}
        assert hosts == {"ash's_copy_1", "oak", "elm"}
    finally:
        recorder.hosts[0] = name


def test_words_take_one_line(subject: Subject) -> None:
    """A line break in what a controller says would break the log."""
    recorder = subject.recorder
    recorder.marks.append(Mark(10**9, subject.ends_ns, 0, recorder.marks[0].kind, "two\nlines"))
    try:
        assert parsed(shiviz.log(recorder))[-1][2] == "two lines"
    finally:
        _ = recorder.marks.pop()
