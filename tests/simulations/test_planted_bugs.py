"""The tables of planted bugs fit the code, and the hunt judges as it says."""

from collections.abc import Iterator

import pytest

from simulations.files.library import find
from tests.planted.__main__ import SHORT
from tests.planted.bug import CHANGES, GENERATED, Bug
from tests.planted.hunt import Finding, Hunt
from tests.planted.page import PAGE
from tests.planted.tables import all_bugs

BUGS_MIN = 24


def test_there_are_enough() -> None:
    """A handful of bugs proves little; those of the short form are among them."""
    assert len(all_bugs()) >= BUGS_MIN
    assert set(SHORT) <= all_bugs().keys()


@pytest.mark.repository  # places are told by their paths in it
@pytest.mark.parametrize("name", all_bugs())
def test_each_can_be_planted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code that a bug is planted in is still there, and so is its scenario."""
    bug = all_bugs()[name]
    bug.plant(monkeypatch)
    assert bug.places
    assert bug.scenario in (GENERATED, CHANGES) or find(bug.scenario).pending is None


@pytest.mark.repository
def test_the_page_tells_of_all_of_them() -> None:
    """Whoever changes the tables runs the hunt, which writes the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name, bug in all_bugs().items():
        assert f"| `{name}` |" in text
        assert f"| {bug.wrong} |" in text


# --- the hunt -----------------------------------------------------------------------------------

SPOKE = Finding(3, "barrier W", "W: …")
Runs = list[tuple[bool, range]]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """What a hunt lets run: whether with the bug, and which seeds."""
    started: Runs = []
    monkeypatch.setattr(
        Hunt, "_fork", lambda _hunt, bug, seeds: started.append((bug is not None, seeds))
    )
    return started


def hears(monkeypatch: pytest.MonkeyPatch, *findings: Finding | None) -> Hunt:
    """A hunt over ten seeds whose processes say ``findings``, one after the other."""
    said: Iterator[Finding | None] = iter(findings)
    monkeypatch.setattr(Hunt, "_heard", lambda _hunt: next(said))
    hunt = Hunt("bug", Bug("all is wrong", GENERATED, ()), 10)
    hunt.start(0)
    return hunt


def test_a_finding_counts_if_the_honest_run_is_clean(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same seed is run without the bug."""
    hunt = hears(monkeypatch, SPOKE, None)
    assert not hunt.go_on()
    assert hunt.go_on()
    assert hunt.found == SPOKE
    assert runs == [(True, range(10)), (False, range(3, 4))]


def test_a_finding_does_not_count_if_the_honest_run_fails_too(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hunt goes on behind that seed, and the seed is told of."""
    hunt = hears(monkeypatch, SPOKE, SPOKE, None)
    assert [hunt.go_on() for _ in range(3)] == [False, False, True]
    assert hunt.found is None
    assert hunt.unsound == [3]
    assert runs[2] == (True, range(4, 10))
