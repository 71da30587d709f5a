"""Lengths of time: text in, exact nanoseconds out, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.files.durations import UNITS, NoDuration, read_duration, spell_duration


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0 s", 0),
        ("150 ms", 150_000_000),
        ("1.5 s", 1_500_000_000),
        ("2s", 2_000_000_000),
        ("3 min", 180_000_000_000),
        ("1 h 30 min", 5_400_000_000_000),
        ("250 µs", 250_000),
        ("-20 ms", -20_000_000),
        ("0.1 us", 100),
    ],
)
def test_text_is_read_exactly(text: str, nanoseconds: int) -> None:
    """A number and a unit, once or several times; a minus sign counts for all of it."""
    assert read_duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("5 parsecs", "unknown unit 'parsecs'"),
        ("", "is not a length of time"),
        ("-", "is not a length of time"),
        ("5", "is not a length of time"),
        ("ms", "is not a length of time"),
        ("1 s and more", "is not a length of time"),
        ("0.5 ns", "finer than a nanosecond"),
    ],
)
def test_what_is_no_length_of_time_is_refused(text: str, why: str) -> None:
    """Nothing is guessed and nothing rounded: the error says what is wrong."""
    with pytest.raises(NoDuration, match=why):
        _ = read_duration(text)


@given(st.integers(-(10**18), 10**18))
def test_spelled_and_read_is_the_same(nanoseconds: int) -> None:
    """Every whole number of nanoseconds has a spelling that means exactly it."""
    assert read_duration(spell_duration(nanoseconds)) == nanoseconds


def test_spelled_in_the_largest_unit() -> None:
    """People read 90 s and not 90000000000 ns."""
    assert spell_duration(90 * UNITS["s"]) == "90 s"
    assert spell_duration(120 * UNITS["s"]) == "2 min"
    assert spell_duration(1_500_000) == "1500 µs"
    assert spell_duration(0) == "0 s"
