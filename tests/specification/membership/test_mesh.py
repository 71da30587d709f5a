"""What many machines do together: how fast crashes are seen, and what is never seen.

Times are virtual and runs are seeded: a figure that changes says that the protocol changed.
"""

from collections.abc import Callable
from statistics import median

import pytest

from mesh.protocol.membership import Link, What
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.messages import Standing
from tests.mesh.protocol.membership.village import House, Village

SERF_KILL_SECONDS = {3: 5.7, 10: 6.3, 30: 8.0}
SERF_SILENCE_SECONDS = {3: 5.3, 10: 5.9}
SERF_THIRD_KILL_SECONDS = 13.4


def _seconds_until_gone(size: int, seed: int, strike: Callable[[Village, House], None]) -> float:
    village = Village(size, seed=seed)
    village.run(5 + 0.13 * seed)
    victim = village.houses[seed % size]
    strike(village, victim)
    return village.run_until(lambda: village.gone_everywhere(victim), 30)


def _freeze(_: Village, house: House) -> None:
    house.frozen = True


@pytest.mark.parametrize(("size", "runs"), [(3, 10), (10, 5), (30, 1)])
def test_a_crash_is_seen_by_all(size: int, runs: int) -> None:
    """SIGKILL to failed on all: in the median at most half of the time that Serf takes."""
    times = [_seconds_until_gone(size, seed, Village.kill) for seed in range(runs)]
    assert median(times) <= 0.5 * SERF_KILL_SECONDS[size]


@pytest.mark.parametrize(("size", "runs"), [(3, 15), (10, 9)])
def test_silence_is_seen_by_all(size: int, runs: int) -> None:
    """SIGSTOP, no broken stream, to failed on all: in the median at most 0.6 of Serf's time."""
    times = [_seconds_until_gone(size, seed, _freeze) for seed in range(runs)]
    assert median(times) <= 0.6 * SERF_SILENCE_SECONDS[size]


@pytest.mark.parametrize("seed", range(12))
def test_a_third_crash_is_seen_as_fast_as_the_first(seed: int) -> None:
    """Three of five close together: at most a quarter of Serf's time, and no slower than one."""
    village = Village(5, seed=seed)
    village.run(10)
    for victim in village.houses[:3]:
        village.kill(victim)
        village.run(0.3)
    last = village.houses[2]
    seconds = 0.3 + village.run_until(lambda: village.gone_everywhere(last), 30)
    assert seconds <= 0.25 * SERF_THIRD_KILL_SECONDS
    assert seconds <= 1.1 * _seconds_until_gone(5, seed, Village.kill)


@pytest.mark.parametrize("seed", range(4))
def test_three_that_fall_silent_together_are_seen(seed: int) -> None:
    """Without a word of their hosts, in less than Serf needs for one of three that crashed."""
    village = Village(5, seed=seed)
    village.run(10)
    for victim in village.houses[:3]:
        victim.frozen = True
    survivors = village.houses[3:]
    expected = tuple(sorted(house.own for house in survivors))
    seconds = village.run_until(lambda: all(h.machine.view == expected for h in survivors), 30)
    assert seconds <= 0.75 * SERF_THIRD_KILL_SECONDS


@pytest.mark.parametrize("streams", [True, False])
def test_loss_condemns_nobody(streams: bool) -> None:  # noqa: FBT001  both columns
    """Every tenth datagram lost for ten minutes, with streams and without: nobody dies of it."""
    village = Village(10, loss=0.1, streams=streams)
    village.run(600)
    assert village.verdicts(What.FAILED) == []
    assert village.complete()


@pytest.mark.parametrize("delay", [0.3, 0.6])
def test_a_slow_member_condemns_nobody(delay: float) -> None:
    """All it does and hears comes late, for ten minutes: nobody is called dead, not even it."""
    village = Village(10)
    village.run(5)
    village.houses[0].delay_ns = round(delay * SECOND)
    village.run(600)
    assert village.verdicts(What.FAILED) == []


def test_a_very_slow_member_condemns_none_but_itself() -> None:
    """It knows by its own score that it is the slow one, and accuses no healthy member of death."""
    village = Village(10)
    village.run(5)
    slow = village.houses[0]
    slow.delay_ns = 1_500 * MILLISECOND
    village.run(120)
    assert {member for _, member in village.verdicts(What.FAILED)} <= {slow.own}
    assert slow.machine.health > 0
    assert all(house.machine.health == 0 for house in village.houses[1:])


@pytest.mark.parametrize("size", [2, 5, 10])
def test_a_partition_heals_without_ghosts(size: int) -> None:
    """Both sides lose the other, go on, and find everybody again soon after the heal."""
    village = Village(size, seed=3)
    village.run(5)
    left = size // 2

    def side(house: House) -> list[House]:
        return [o for o in village.houses if (o.number < left) == (house.number < left)]

    def split() -> bool:
        return all(
            house.machine.view == tuple(sorted(other.own for other in side(house)))
            for house in village.houses
        )

    village.cut = lambda one, other: (one < left) != (other < left)
    _ = village.run_until(split, 20)
    village.run(60)
    village.cut = lambda _one, _other: False
    _ = village.run_until(village.complete, 5)
    village.run(60)
    assert village.complete()


def test_one_that_is_cut_off_sees_itself_alone() -> None:
    """Its witnesses fall away one by one, and it waits for none of them."""
    village = Village(5)
    village.run(5)
    village.cut = lambda one, other: (one == 0) != (other == 0)
    alone = village.houses[0]
    assert village.run_until(lambda: alone.machine.view == (alone.own,), 10) < 8


def test_a_broken_link_condemns_nobody() -> None:
    """Two members that cannot reach each other are reached by others, and stay in both views."""
    village = Village(5)
    village.run(5)
    village.cut = lambda one, other: {one, other} == {0, 1}
    village.run(120)
    assert village.complete()
    rows = village.houses[0].machine.members(village.now)
    links = {row.incarnation: row.link for row in rows}
    assert links[village.houses[1].own] is Link.INDIRECT
    assert links[village.houses[2].own] is Link.BOTH


def test_a_link_of_one_direction_is_shown() -> None:
    """0 hears 1, but 1 does not hear 0: neither counts the link, and 0 knows which half works."""
    village = Village(5)
    village.run(5)
    village.cut = lambda one, other: (one, other) == (0, 1)
    village.run(120)
    assert village.complete()
    links = {row.incarnation: row.link for row in village.houses[0].machine.members(village.now)}
    assert links[village.houses[1].own] is Link.INBOUND
    back = {row.incarnation: row.link for row in village.houses[1].machine.members(village.now)}
    assert back[village.houses[0].own] is Link.INDIRECT


def test_without_datagrams_the_streams_suffice() -> None:
    """UDP blocked everywhere: all stay in view, and it is known that datagrams do not pass."""
    village = Village(5, loss=1.0)
    village.run(120)
    assert village.verdicts(What.FAILED) == []
    first, second = village.houses[:2]
    assert not first.machine.datagrams_pass(second.own)
    link = {row.incarnation: row.link for row in first.machine.members(village.now)}
    assert link[second.own] is Link.STREAM


def test_datagrams_are_tried_again() -> None:
    """UDP was blocked and is no more: within a minute everybody uses it again, both ways."""
    village = Village(5, loss=1.0)
    village.run(120)
    first, second = village.houses[:2]
    assert not first.machine.datagrams_pass(second.own)
    village.loss = 0.0
    village.run(60)
    for house in village.houses:
        others = (other.own for other in village.houses if other is not house)
        assert all(map(house.machine.datagrams_pass, others))


@pytest.mark.parametrize("size", [3, 10, 30])
def test_idle_members_hardly_wake_or_speak(size: int) -> None:
    """At rest: 2 wake-ups a second and 200 bytes with IP and UDP headers, whatever the size."""
    village = Village(size)
    village.run(30)
    before = [(house.wakes, house.sent_bytes) for house in village.houses]
    seconds = 40
    village.run(seconds)
    for house, (wakes, sent_bytes) in zip(village.houses, before, strict=True):
        assert (house.wakes - wakes) / seconds <= 2
        assert (house.sent_bytes - sent_bytes) / seconds <= 200


def test_clocks_are_measured() -> None:
    """Round trips and offsets of all members, each within its stated error."""
    village = Village(5)
    for number, house in enumerate(village.houses):
        house.clock_offset_ns = number * 100 * MILLISECOND
    village.run(30)
    first = village.houses[0]
    for number, house in enumerate(village.houses[1:], start=1):
        clock = first.machine.clock(house.own, village.local(first))
        assert clock is not None
        assert abs(clock.offset_ns - number * 100 * MILLISECOND) <= clock.error_ns
        assert clock.error_ns <= 5 * MILLISECOND
        assert 0 < clock.round_trip_ns <= 2 * MILLISECOND


def test_the_clock_of_a_new_member_is_measured_at_once() -> None:
    """On the first contact, not in its turn; and it stays good enough in a mesh of thirty."""
    village = Village(30)
    village.run(0.01)
    for seconds in (0, 60):
        village.run(seconds)
        first = village.houses[0]
        for house in village.houses[1:]:
            clock = first.machine.clock(house.own, village.local(first))
            assert clock is not None
            assert clock.error_ns <= 2 * MILLISECOND


def test_a_member_that_failed_comes_back() -> None:
    """One that was frozen for a minute is back within seconds, by its own refutation."""
    village = Village(5)
    village.run(5)
    frozen = village.houses[2]
    frozen.frozen = True
    village.run(60)
    assert village.gone_everywhere(frozen)
    rows = {row.incarnation: row.standing for row in village.houses[0].machine.members(village.now)}
    assert rows[frozen.own] is Standing.FAILED
    frozen.waiting.clear()
    village.thaw(frozen)
    assert village.run_until(village.complete, 10) <= 5
