"""The report in a real browser: what it draws, in light and dark, wide and narrow, by keyboard."""

from pathlib import Path

import pytest

from simulations.report.causality import cone, events
from simulations.report.page import page
from simulations.report.subject import Subject, record
from tests.integration.report.chromium import Browser, demand_chromium
from tests.mutants.__main__ import all_mutants
from tests.simulations.report.stage import SCENARIO

pytestmark = pytest.mark.integration

PLANTED = "barrier-P-complete-any-set"
"""Whoever has it takes any set for complete, and applies what is not released."""


@pytest.fixture(scope="session")
def good() -> Subject:
    """A run in which all holds."""
    return record("good", "trellis sim run", SCENARIO)


@pytest.fixture(scope="session")
def bad() -> Subject:
    """A run in which a rule is broken."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        all_mutants()[PLANTED].patch(monkeypatch)
        subject = record("bad", "trellis sim run", SCENARIO)
    assert subject.verdict.violations
    return subject


@pytest.fixture(scope="session")
def pages(good: Subject, bad: Subject, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both as files."""
    demand_chromium()
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for subject in (good, bad):
        found[subject.title] = folder / f"{subject.title}.html"
        _ = found[subject.title].write_text(page(subject), encoding="utf-8")
    return found


@pytest.fixture(scope="session")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Chromium keeps."""
    return tmp_path_factory.mktemp("chromium")


def number(value: object) -> float:
    """A number of what was drawn."""
    assert isinstance(value, int | float)
    return value


@pytest.fixture(scope="session")
def drawn(pages: dict[str, Path], profile: Path) -> dict[str, object]:
    """What the page of the good run drew at first."""
    return Browser(profile).drawn(pages["good"])


def test_everything_that_was_recorded_is_drawn(drawn: dict[str, object], good: Subject) -> None:
    """All messages, marks and faults arrive in the page, and every picture has something on it."""
    recorder = good.recorder
    assert drawn["hosts"] == 3
    assert drawn["messages"] == len(recorder.mail)
    assert drawn["marks"] == len(recorder.marks)
    assert drawn["events"] == len(events(recorder))
    assert drawn["troubles"] == 3
    assert drawn["cells"] == 9
    assert drawn["stories"] == len(recorder.stories.all)
    assert number(drawn["arrows"]) > 10
    assert number(drawn["marksDrawn"]) > 5
    colours = drawn["colours"]
    assert isinstance(colours, list)
    assert len(colours) == 6
    assert min(colours) > 3


def test_the_causes_of_the_violation_are_lit(
    pages: dict[str, Path], bad: Subject, profile: Path
) -> None:
    """The page opens where the rule was broken, and finds the same causes as the recorder."""
    drawn = Browser(profile).drawn(pages["bad"])
    all_events = events(bad.recorder)
    marks = bad.recorder.marks
    ends = [
        each
        for each in all_events
        if each.deed.name == "MARK" and marks[each.about].kind == "violated"
    ]
    assert ends
    assert drawn["cone"] == len(cone(all_events, *ends))
    window = drawn["window"]
    assert isinstance(window, list)
    assert window[0] <= bad.verdict.violations[0].time_ns / 1_000 <= window[1]
    assert number(drawn["arrowsInCone"]) > 0


def test_nothing_is_wider_than_the_screen(
    pages: dict[str, Path], drawn: dict[str, object], profile: Path
) -> None:
    """On a telephone, too, the page scrolls in one direction only."""
    assert drawn["overflows"] is False
    narrow = Browser(profile, width=420).drawn(pages["good"])
    assert number(narrow["width"]) <= 500
    assert narrow["overflows"] is False


def test_the_page_follows_the_light(pages: dict[str, Path], profile: Path) -> None:
    """Light or dark as the person has set the browser, and never blank."""
    for is_dark in (False, True):
        browser = Browser(profile, width=500, height=900, is_dark=is_dark)
        picture = browser.picture(pages["bad"], f"dark-{is_dark}")
        assert (picture.lightness < 0.3) is is_dark
        assert 0.04 < picture.ink < 0.9
        assert len(picture.counts) > 50


def test_the_keyboard_reaches_everything(
    pages: dict[str, Path], drawn: dict[str, object], profile: Path
) -> None:
    """Zoom, move, and go from event to event without a mouse."""
    diagram = 'document.querySelector("canvas.diagram")'
    key = diagram + '.dispatchEvent(new KeyboardEvent("keydown", {{key: "{}"}}))'
    browser, before = Browser(profile), drawn
    after = browser.drawn(
        pages["good"], *(key.format(name) for name in ("+", ".", ".", "ArrowRight"))
    )
    was, now = before["window"], after["window"]
    assert isinstance(was, list)
    assert isinstance(now, list)
    assert now[1] - now[0] == pytest.approx((was[1] - was[0]) / 2, rel=0.01)
    assert before["chosen"] == -1
    assert number(after["chosen"]) > 0
    assert number(after["cone"]) > 0


def test_what_happened_leads_to_the_diagram(
    pages: dict[str, Path], good: Subject, profile: Path
) -> None:
    """A line of the story is a button: the diagram and the matrix go to its moment."""
    press = 'document.querySelector("ol.moments li.fault button").click()'
    drawn = Browser(profile).drawn(pages["good"], press)
    moment = good.recorder.disturbances["0-split"] // 1_000
    assert drawn["moment"] == moment
    window = drawn["window"]
    assert isinstance(window, list)
    assert window[0] < moment < window[1]
