"""Consent in generated scenarios: people must agree to some of them, and it is counted anew."""

import pytest

from simulations.generator import generate
from simulations.scenario import Approve, Welcome
from simulations.trial import attempt
from tests.planted.tables import all_bugs

SEEDS = range(200)
CONSENT = 19
"""A seed in which people must agree."""


def test_people_must_agree_in_some() -> None:
    """About one generated scenario in twenty has people, a demand, and approvals."""
    workloads = [generate(seed).workload for seed in SEEDS]
    peopled = [each for each in workloads if any(isinstance(step, Welcome) for step in each)]
    assert len(SEEDS) // 40 <= len(peopled) <= len(SEEDS) // 10
    assert all(any(isinstance(step, Approve) for step in each) for each in peopled)


@pytest.mark.repository  # a bug is planted in its sources
def test_approvals_are_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What took effect with approvals that do not count is found, and nothing else is."""
    scenario = generate(CONSENT)
    assert attempt(scenario).violations == ()
    all_bugs()["any_approver_will_do"].plant(monkeypatch)
    assert [each.rule for each in attempt(scenario).violations][:1] == ["consent"]
