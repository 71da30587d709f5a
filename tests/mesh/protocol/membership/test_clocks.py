"""What answers to probes say about a peer's clock."""

from random import Random

from mesh.protocol.membership.clocks import SAMPLES_MAX, Clock, ClockFilter
from mesh.protocol.now import MILLISECOND, SECOND, Now

WALL_NS = 1_800_000_000 * SECOND


def _filter(*samples: tuple[int, int, int]) -> ClockFilter:
    clocks = ClockFilter()
    for asked_ns, peer_wall_ns, answered_ns in samples:
        clocks.sample(asked_ns, peer_wall_ns, answered_ns)
    return clocks


def test_without_an_answer_nothing_is_known() -> None:
    """No sample, no clock."""
    assert ClockFilter().read(Now(0, WALL_NS)) is None


def test_the_middle_of_the_round_trip_is_compared() -> None:
    """A peer 5 ms ahead, 2 ms away: offset 5 ms, wrong by at most half of the round trip."""
    stamp = WALL_NS + 1 * MILLISECOND + 5 * MILLISECOND
    clock = _filter((0, stamp, 2 * MILLISECOND)).read(Now(2 * MILLISECOND, WALL_NS + 2_000_000))
    assert clock == Clock(5 * MILLISECOND, 1 * MILLISECOND + 1, 2 * MILLISECOND)


def test_the_error_is_a_bound() -> None:
    """Wherever in the round trip the stamp is made, the true offset is within the error."""
    random = Random(1)
    for _ in range(500):
        offset = random.randrange(-SECOND, SECOND)
        clocks, ns = ClockFilter(), 0
        for _ in range(random.randrange(1, 12)):
            ns += random.randrange(5 * SECOND)
            there, back = random.randrange(MILLISECOND), random.randrange(20 * MILLISECOND)
            clocks.sample(ns, WALL_NS + ns + there + offset, ns + there + back)
            ns += there + back
        clock = clocks.read(Now(ns, WALL_NS + ns))
        assert clock is not None
        assert abs(clock.offset_ns - offset) <= clock.error_ns


def test_the_quickest_answer_knows_best() -> None:
    """One answer of 1 ms among slow and lopsided ones decides, and the median is the round trip."""
    slow = [(at * SECOND, WALL_NS + at * SECOND + 90 * MILLISECOND) for at in range(3)]
    clocks = _filter(*((at, stamp, at + 100 * MILLISECOND) for at, stamp in slow))
    clocks.sample(3 * SECOND, WALL_NS + 3 * SECOND + 500_000, 3 * SECOND + MILLISECOND)
    clock = clocks.read(Now(3 * SECOND + MILLISECOND, WALL_NS + 3 * SECOND + MILLISECOND))
    assert clock is not None
    assert abs(clock.offset_ns) <= MILLISECOND
    assert clock.round_trip_ns == 100 * MILLISECOND


def test_our_own_step_spoils_nothing() -> None:
    """When our wall clock jumps by an hour, the offset is an hour less without a new sample."""
    clocks = _filter((0, WALL_NS, 0))
    hour = 3_600 * SECOND
    before = clocks.read(Now(SECOND, WALL_NS + SECOND))
    after = clocks.read(Now(SECOND, WALL_NS + SECOND + hour))
    assert before is not None
    assert after is not None
    assert (before.offset_ns, after.offset_ns) == (0, -hour)


def test_a_step_of_the_peer_is_seen_at_once() -> None:
    """A sample that contradicts the newest one is forgotten, however quick it was."""
    clocks = _filter(*((at, WALL_NS + at, at) for at in range(SAMPLES_MAX)))
    clocks.sample(SECOND, WALL_NS + 61 * SECOND, SECOND + MILLISECOND)
    clock = clocks.read(Now(SECOND + MILLISECOND, WALL_NS + SECOND + MILLISECOND))
    assert clock is not None
    assert abs(clock.offset_ns - 60 * SECOND) <= MILLISECOND


def test_old_samples_lose_worth() -> None:
    """15 millionths of the time since: after 1,000 s an answer is good for 15 ms only."""
    clocks = _filter((0, WALL_NS, 0))
    clock = clocks.read(Now(1_000 * SECOND, WALL_NS + 1_000 * SECOND))
    assert clock is not None
    assert clock.error_ns == 15 * MILLISECOND + 1


def test_a_clock_that_runs_fast_is_followed() -> None:
    """At 100 millionths, as only an undisciplined crystal does: off by what one interval brings."""
    clocks, ns = ClockFilter(), 0
    for _ in range(20):
        ns += 30 * SECOND
        clocks.sample(ns, WALL_NS + ns + ns // 10_000, ns + MILLISECOND // 2)
        clock = clocks.read(Now(ns + 30 * SECOND, WALL_NS + ns + 30 * SECOND))
        assert clock is not None
        assert abs(clock.offset_ns - ns // 10_000) <= MILLISECOND


def test_samples_are_bounded() -> None:
    """The last eight are kept."""
    clocks = _filter(*((at, WALL_NS + at, at + at) for at in range(100)))
    assert len(clocks._samples) == SAMPLES_MAX
