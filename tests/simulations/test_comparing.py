"""The difference between two ways of doing things, on the same luck."""

import math

import pytest

from simulations.comparing import compared, difference


def test_the_interval_is_students() -> None:
    """Worked by hand: differences 1, 2, 3 have mean 2, deviation 1, and 4.303/√3 on each side."""
    found = difference([(10, 11), (20, 22), (30, 33)])
    assert (found.before, found.after, found.mean, found.pairs) == (20, 22, 2, 3)
    assert found.high - found.mean == pytest.approx(4.303 / math.sqrt(3))
    assert found.low == pytest.approx(2 - 4.303 / math.sqrt(3))
    assert not found.is_certain


def test_what_is_common_to_both_falls_out() -> None:
    """However much the seeds vary, a constant difference is certain."""
    found = difference([(value, value + 1) for value in (1, 100, 10_000)])
    assert (found.low, found.high) == (1, 1)
    assert found.is_certain


def test_one_pair_says_nothing_about_others() -> None:
    """Without a second seed the interval has no bounds."""
    found = difference([(1, 5)])
    assert (found.mean, found.low, found.high) == (4, -math.inf, math.inf)
    assert not found.is_certain


def test_only_what_both_runs_have_is_compared() -> None:
    """A change that was never shown has no time until it was shown: that pair is left out."""
    found = compared([{"a": 1, "b": 1}, {"a": 2}], [{"a": 2, "b": 3}, {"a": 3, "b": 9, "c": 1}])
    assert {name: each.pairs for name, each in found.items()} == {"a": 2, "b": 1}


def test_many_pairs_use_the_normal_distribution() -> None:
    """Beyond thirty degrees of freedom Student's quantile is the normal one, nearly."""
    found = difference([(0, number % 2) for number in range(100)])
    assert found.mean == 0.5
    assert found.high - found.mean == pytest.approx(1.96 * 0.5025 / 10, rel=1e-3)
