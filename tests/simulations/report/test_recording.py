"""A recording is complete, bounded, and changes nothing."""

import pytest
from msgspec.structs import replace

from mesh.protocol.now import SECOND
from mesh.wire.identity import Incarnation, fingerprint
from simulations.network.paths import USUAL_LUCK
from simulations.recording.mail import NEVER, Mail
from simulations.recording.names import Names
from simulations.recording.recorder import Kind
from simulations.report.causality import events
from simulations.report.subject import Subject, record
from simulations.trial import attempt
from simulations.verdict import Violation
from tests.simulations.report.stage import SCENARIO


def test_a_recorded_run_is_the_same_run(subject: Subject) -> None:
    """Whoever looks on changes nothing: one digest, with a recorder and without."""
    assert attempt(SCENARIO).digest == subject.verdict.digest


def test_every_message_has_a_fate(subject: Subject) -> None:
    """It arrives, later than it was sent, or it is lost, and it is known why."""
    mail = subject.recorder.mail
    under_way = 0
    for letter in map(mail.__getitem__, mail.numbers):
        if letter.arrived_order != NEVER:
            assert letter.arrived_ns >= letter.sent_ns
            assert letter.arrived_order > letter.sent_order
        elif letter.lost:
            assert letter.lost_ns >= letter.sent_ns
        else:
            under_way += 1
            assert letter.sent_ns > subject.ends_ns - SECOND
    assert under_way < 20


def test_it_is_known_why_a_message_was_lost(subject: Subject) -> None:
    """A fault by its name, the usual luck of the link, a host without power."""
    mail = subject.recorder.mail
    reasons = {mail[number].lost for number in mail.numbers}
    assert {"0-split", USUAL_LUCK, "no controller runs there"} <= reasons


def test_what_is_duplicated_arrives_twice(subject: Subject) -> None:
    """A second arrival is an event of its own, after the first one."""
    mail = subject.recorder.mail
    assert mail.again
    for again in mail.again:
        assert mail[again.message].arrived_order != NEVER
        assert again.order > mail[again.message].arrived_order


def test_what_a_message_says_is_kept_in_words(subject: Subject) -> None:
    """A vote on its way can be recognised."""
    mail = subject.recorder.mail
    told = {mail[number].words for number in mail.numbers if mail[number].kind == "Facts"}
    assert any("elm seals “say-" in words for words in told)
    kinds = {mail[number].kind for number in mail.numbers}
    assert {"Probe", "Ack", "Facts", "Hello", "Store Rumour"} <= kinds
    assert "unreadable" not in kinds


def test_the_earliest_messages_are_dropped_where_there_are_too_many() -> None:
    """A recording is bounded; what it keeps is the end, under the old numbers."""
    short = replace(SCENARIO, faults=(), workload=(), horizon_ns=4 * SECOND)
    whole = record("", "", short).recorder.mail
    some = record("", "", short, messages_max=50).recorder.mail
    assert 50 <= len(some) <= 100 < len(whole)
    assert some.first + len(some) == len(whole)
    for letter, other in ((some[number], whole[number]) for number in some.numbers):
        assert (letter.sent_ns, letter.kind, letter.arrived_ns) == (
            other.sent_ns,
            other.kind,
            other.arrived_ns,
        )


def test_what_became_of_a_dropped_message_is_not_told() -> None:
    """Its number is no longer known, and harms nobody."""
    mail = Mail(messages_max=1)
    for order in range(3):
        _ = mail.sent(0, 1, 1, order, kind="k", words="", size_bytes=1, on_stream=False)
    mail.arrived(0, 2, 9)
    mail.lost(0, 2, "why")
    assert [mail[number].arrived_order for number in mail.numbers] == [NEVER, NEVER]


def test_each_host_has_one_order(subject: Subject) -> None:
    """No two events have one place, and later places are not earlier in time."""
    all_events = events(subject.recorder)
    assert len({event.order for event in all_events}) == len(all_events)
    times = [event.time_ns for event in all_events]
    assert times == sorted(times)


def test_lives_begin_and_end(subject: Subject) -> None:
    """A crash ends a life, and another one begins."""
    oak = subject.recorder.number("oak")
    marks = [mark for mark in subject.recorder.marks if mark.host == oak]
    told = [mark.words for mark in marks if mark.kind in {Kind.STARTED, Kind.STOPPED}]
    assert told == ["starts", "loses its power", "starts, life 2"]


def test_a_change_set_has_a_story(subject: Subject) -> None:
    """Who proposed, sealed, applied and showed it, and when it was released."""
    stories = [each for each in subject.recorder.stories.all.values() if each.kind == "normal"]
    first = next(each for each in stories if each.proposed_ns > subject.begins_ns)
    assert first.author == "ash"
    assert sorted(vote.host for vote in first.seals) == ["ash", "elm", "oak"]
    assert sorted(first.released_by) == ["ash", "elm", "oak"]
    assert first.released_ns == max(vote.time_ns for vote in first.seals)
    assert first.instant_ns is not None
    assert first.instant_ns > first.released_ns
    assert len(first.on_time) > 1
    shown = (*first.on_time, *first.afterwards)  # a word may be lost on the way, and come late
    assert sorted(each.host for each in shown) == ["ash", "elm", "oak"]
    assert first.skew_ns is not None
    assert set(first.end.values()) == {"effective"}


def test_what_was_set_aside_says_why(subject: Subject) -> None:
    """Of two changes to one item, made on both sides, one is set aside by the merge."""
    stories = subject.recorder.stories.all.values()
    aside = [story for story in stories if any("set aside" in end for end in story.end.values())]
    assert len(aside) == 1
    assert set(aside[0].end) == {"ash", "elm", "oak"}
    assert all("merge" in end for end in aside[0].end.values())


def test_reach_follows_the_faults(subject: Subject) -> None:
    """While a split lasts nothing passes between its groups, in both directions."""
    begins_ns = subject.recorder.disturbances["0-split"]
    changes = [each for each in subject.recorder.reach.changes if each.time_ns >= begins_ns]
    cut = {(each.source, each.target) for each in changes[:4] if not each.passes}
    assert cut == {("ash", "elm"), ("oak", "elm"), ("elm", "ash"), ("elm", "oak")}


def test_a_violation_is_marked_where_it_happened() -> None:
    """On the hosts that it names, and not on those that only a ChangeSet is named after."""
    short = replace(SCENARIO, faults=(), workload=(), horizon_ns=SECOND)
    recorder = record("", "", short).recorder
    accept = next(each for each in recorder.stories.all.values() if each.name == "accept oak")
    told = f"O: elm applies {accept.name!r} {accept.id.hex()[:8]} late"
    recorder.close((Violation(recorder.now_ns, "barrier", told),), ("ash", "oak", "elm"))
    marks = [mark for mark in recorder.marks if mark.kind is Kind.VIOLATED]
    assert [recorder.hosts[mark.host] for mark in marks] == ["elm"]
    assert marks[0].words == "barrier: O: elm applies “accept oak” late"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (fingerprint(bytes(32)), "ash"),
        (f"{fingerprint(bytes(32))}/1 applies", "ash applies"),
        (f"{fingerprint(bytes(32))}/2 applies", "ash/2 applies"),
        (f"'paint' {'ab' * 4} after", "“paint” after"),
        (f"the transaction {'ab' * 32}", "the transaction “paint”"),
        (f"{'cd' * 4} is nobody's", f"{'cd' * 4} is nobody's"),
    ],
)
def test_keys_and_hashes_have_names(text: str, plain: str) -> None:
    """People read of hosts and ChangeSets."""
    names = Names()
    names.controller_is(bytes(32), "ash")
    names.change_is(b"\xab" * 32, "paint")
    assert names.plain(text) == plain
    assert names.life(Incarnation(bytes(32), 1, bytes(8))) == "ash"
    assert names.life(Incarnation(bytes(32), 3, bytes(8))) == "ash/3"
