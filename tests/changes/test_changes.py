"""The runs of `make changes` are what they say: repeatable, worth it, and able to fail."""

from collections import Counter

import pytest

from tests.changes.run import Outcome, run
from tests.planted.tables import all_bugs

SEEDS = range(4)
PLANTED_SEEDS = 12
"""More than a bug of those below takes, so that another change of the protocol hides none."""


@pytest.fixture(name="outcomes", scope="module")
def _outcomes() -> list[Outcome]:
    return [run(seed) for seed in SEEDS]


def test_nothing_is_found(outcomes: list[Outcome]) -> None:
    """The code passes its own runs."""
    assert [each.verdict.violations for each in outcomes] == [()] * len(outcomes)


def test_one_seed_is_one_run(outcomes: list[Outcome]) -> None:
    """So that what was found can be looked at again."""
    again = run(SEEDS[0])
    assert again.verdict.digest == outcomes[0].verdict.digest
    assert again.figures == outcomes[0].figures


def test_runs_are_worth_it(outcomes: list[Outcome]) -> None:
    """Sides meet that did not fit, and whatever else may happen in a run does in some of them."""
    totals = Counter[str]()
    for each in outcomes:
        totals.update(each.figures)
    assert [what for what, often in totals.items() if not often and what != "approved"] == []


@pytest.mark.repository  # bugs are planted in its sources
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("elements_survive_their_object", "fold"),
        ("undone_without_the_sets", "revert"),
        ("restaged_on_the_old_base", "answers"),
        ("force_overrides_nothing", "force"),
    ],
)
def test_a_bug_is_found(name: str, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of rule speaks when something is wrong, within a few seeds."""
    all_bugs()[name].plant(monkeypatch)
    found = next(filter(None, (run(seed).verdict.violations for seed in range(PLANTED_SEEDS))), ())
    assert [each.rule for each in found[:1]] == [f"changes: {rule}"]
