"""The runs of `make changes` are what they say: repeatable, worth it, and able to fail."""

from collections import Counter

import pytest

from tests.changes.run import Outcome, run
from tests.planted.tables import all_bugs

SEEDS = range(4)


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
    """Sides meet that did not fit, things are restaged and undone, and people are refused."""
    totals = Counter[str]()
    for each in outcomes:
        totals.update(each.figures)
    assert all(totals[what] for what in ("merges", "set aside", "restaged", "reverted", "refused"))


@pytest.mark.repository  # bugs are planted in its sources
@pytest.mark.parametrize(
    ("name", "seed", "rule"),
    [
        ("elements_survive_their_object", 0, "fold"),
        ("undone_without_the_sets", 2, "revert"),
        ("restaged_on_the_old_base", 0, "answers"),
        ("force_overrides_nothing", 0, "force"),
    ],
)
def test_a_bug_is_found(name: str, seed: int, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of rule speaks when something is wrong: here by the first seeds."""
    all_bugs()[name].plant(monkeypatch)
    found = run(seed).verdict.violations
    assert found
    assert found[0].rule == f"changes: {rule}"
