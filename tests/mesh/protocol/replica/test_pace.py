"""The guard follows what releases and writes took of late."""

from mesh.protocol.now import MILLISECOND
from mesh.protocol.replica.pace import (
    AIR_NS,
    FIRST_WRITE_NS,
    GUARD_NS_MAX,
    GUARD_NS_MIN,
    REMEMBERED,
    Pace,
)
from mesh.wire.facts import Applied, Body, Content, Fact, Seal, SignedFact
from mesh.wire.identity import Incarnation

ONE, OTHER, NEWCOMER = (Incarnation(bytes([each] * 32), 1, bytes(8)) for each in range(3))
BEGIN_NS = 1_700_000_000 * 1_000 * MILLISECOND


def said(origin: Incarnation, body: Body, after_ns: int) -> Fact:
    """A fact with that clock; what else is in it does not matter here."""
    content = Content(1, origin, 1, bytes(32), None, 1, BEGIN_NS + after_ns, body)
    return Fact(content, SignedFact(b"", bytes(64)), bytes(32))


def attempt(number: int) -> bytes:
    """The id of an attempt."""
    return number.to_bytes(32, "big")


def release(pace: Pace, number: int, took_ns: int) -> None:
    """Both seal, the other one last; ``took_ns`` later both have applied."""
    pace.learn(said(ONE, Seal(attempt(number), bytes([3])), -MILLISECOND))
    pace.learn(said(OTHER, Seal(attempt(number), bytes([3])), 0))
    pace.learn(said(OTHER, Applied(attempt(number)), took_ns // 2))
    pace.learn(said(ONE, Applied(attempt(number)), took_ns))


def settled(write_ns: int) -> Pace:
    """One whose every remembered write took that long."""
    pace = Pace()
    for _ in range(REMEMBERED):
        pace.wrote(write_ns)
    return pace


def test_before_anything_was_released_the_way_and_two_writes_stand_for_it() -> None:
    """The news has to travel, and two writes stand between a seal and what is shown."""
    guard_ns = Pace().guard_ns(7 * MILLISECOND)
    assert guard_ns == 7 * MILLISECOND + 2 * FIRST_WRITE_NS + AIR_NS


def test_the_guard_is_what_releases_took_and_one_write_more() -> None:
    """From the last seal to the last that applied; then that has to be written."""
    pace = settled(2 * MILLISECOND)
    release(pace, 1, 9 * MILLISECOND)
    assert pace.guard_ns(100 * MILLISECOND) == 9 * MILLISECOND + 2 * MILLISECOND + AIR_NS


def test_one_slow_release_among_many_says_nothing_about_the_next() -> None:
    """The upper quartile counts, and no more than the last few."""
    pace = settled(2 * MILLISECOND)
    for number in range(REMEMBERED):
        slow = number in {3, 7}
        release(pace, number, (500 if slow else 9) * MILLISECOND)
    assert pace.guard_ns(0) == 9 * MILLISECOND + 2 * MILLISECOND + AIR_NS
    for number in range(REMEMBERED):
        release(pace, 100 + number, 30 * MILLISECOND)
    assert pace.guard_ns(0) == 30 * MILLISECOND + 2 * MILLISECOND + AIR_NS


def test_who_was_away_and_applies_late_does_not_make_all_others_wait() -> None:
    """An Applied long after the last seal, or of somebody who did not seal, is a late one."""
    pace = settled(2 * MILLISECOND)
    release(pace, 1, 9 * MILLISECOND)
    pace.learn(said(ONE, Applied(attempt(1)), 9 * MILLISECOND + GUARD_NS_MAX))
    pace.learn(said(NEWCOMER, Applied(attempt(1)), 800 * MILLISECOND))
    assert pace.guard_ns(0) == 9 * MILLISECOND + 2 * MILLISECOND + AIR_NS


def test_the_guard_stays_between_its_limits() -> None:
    """Whatever clocks and disks say."""
    assert settled(0).guard_ns(0) == GUARD_NS_MIN
    assert settled(10 * GUARD_NS_MAX).guard_ns(0) == GUARD_NS_MAX


def test_what_is_remembered_is_bounded() -> None:
    """A seal without an end costs a place, and loses it to later ones."""
    pace = settled(2 * MILLISECOND)
    for number in range(10 * REMEMBERED):
        pace.learn(said(ONE, Seal(attempt(number), bytes([3])), 0))
    release(pace, 1_000, 9 * MILLISECOND)
    assert pace.guard_ns(0) == 9 * MILLISECOND + 2 * MILLISECOND + AIR_NS
    pace.learn(said(ONE, Applied(attempt(0)), 50 * MILLISECOND))
    assert pace.guard_ns(0) == 9 * MILLISECOND + 2 * MILLISECOND + AIR_NS
