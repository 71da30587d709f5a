"""Runs of counters beside a plain set: the same members, whatever the order."""

from itertools import pairwise
from random import Random

from crdt.intervals import Intervals
from crdt.limits import cloud_runs_max


def test_runs_hold_what_a_set_would_hold() -> None:
    """Added in any order, numbers melt into disjoint ascending runs with the same members."""
    for seed in range(40):
        random = Random(seed)
        intervals, model = Intervals(), set[int]()
        for _ in range(60):
            first = random.randrange(1, 80)
            last = first + random.randrange(4)
            intervals.add_run(first, last)
            model.update(range(first, last + 1))
        assert {n for n in range(100) if n in intervals} == model
        runs = list(intervals.runs())
        assert all(low <= high for low, high in runs)
        assert all(a[1] + 1 < b[0] for a, b in pairwise(runs))
        assert intervals.last() == max(model)


def test_a_contiguous_prefix_absorbs_what_it_reaches() -> None:
    """Runs under the prefix go; the one that follows it without a gap extends it."""
    intervals = Intervals([(3, 4), (6, 9), (12, 12)])
    assert intervals.absorb(5) == 9
    assert list(intervals.runs()) == [(12, 12)]
    assert intervals.absorb(10) == 10
    assert intervals.absorb(11) == 12
    assert not intervals


def test_a_million_gaps_cost_a_bounded_number_of_runs() -> None:
    """Beyond the bound the highest are forgotten, never the lowest: they close the gap first."""
    intervals = Intervals()
    for number in range(2, 2 * 10**6, 2_000):
        intervals.add(number)
    for number in range(3, 10**6, 500):
        intervals.add(number)
    assert len(intervals) == cloud_runs_max
    assert 2 in intervals
