"""Delta debugging finds what a failure needs, whatever that is."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.shrink.ddmin import minimal

Choice = tuple[int, ...]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(1, 60), st.data())
def test_exactly_what_is_needed_is_left(count: int, data: st.DataObject) -> None:
    """Where a failure needs certain things together, these are left, in their order."""
    needed = data.draw(st.sets(st.integers(0, count - 1), max_size=5))
    asked: list[Choice] = []

    def first(choices: Iterator[Choice]) -> Choice | None:
        for choice in choices:
            asked.append(choice)
            if needed <= set(choice):
                return choice
        return None

    assert minimal(range(count), first) == tuple(sorted(needed))
    assert len(asked) <= 4 * (len(needed) + 1) * (count.bit_length() + 4) + 2 * count


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(st.frozensets(st.integers(0, 19), min_size=1, max_size=4), min_size=1, max_size=4))
def test_no_single_thing_can_be_left_out(ways: list[frozenset[int]]) -> None:
    """Where a failure can come about in several ways, one is left and nothing beside it."""

    def fails(choice: Choice) -> bool:
        return any(way <= set(choice) for way in ways)

    def first(choices: Iterator[Choice]) -> Choice | None:
        return next(filter(fails, choices), None)

    kept = minimal(range(20), first)
    assert fails(kept)
    assert not any(fails((*kept[:at], *kept[at + 1 :])) for at in range(len(kept)))
