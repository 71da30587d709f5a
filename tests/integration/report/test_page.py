"""The report in a real browser: what it draws, in light and dark, wide and narrow, by keyboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulations.recording.recorder import Kind
from simulations.report.causality import Deed, cone, events
from simulations.report.page import page
from simulations.report.subject import Subject, record
from simulations.report.troubles import troubles
from tests.integration.report.chromium import Browser, demand_chromium, open_browser
from tests.mutants.__main__ import all_mutants
from tests.simulations.report.stage import SCENARIO

pytestmark = pytest.mark.integration

PLANTED = "barrier-P-complete-any-set"
"""Whoever has it takes any set for complete, and applies what is not released."""


SCROLL_BAR = 20
"""Pixels that it takes at most."""


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
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests; each opens the page anew."""
    demand_chromium()
    with open_browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def number(value: object) -> float:
    """A number of what was drawn."""
    assert isinstance(value, int | float)
    return value


def window(drawn: dict[str, object]) -> tuple[float, float]:
    """From when to when the diagram goes, in microseconds."""
    found = drawn["window"]
    assert isinstance(found, list)
    first, last = found
    return number(first), number(last)


def length(drawn: dict[str, object]) -> float:
    """Of the window."""
    first, last = window(drawn)
    return last - first


def test_everything_that_was_recorded_is_drawn(
    pages: dict[str, Path], good: Subject, browser: Browser
) -> None:
    """All messages, marks and faults arrive in the page, and every picture has something on it."""
    drawn = browser.open(pages["good"])
    recorder = good.recorder
    assert drawn["hosts"] == 3
    assert drawn["messages"] == len(recorder.mail)
    assert drawn["marks"] == len(recorder.marks)
    assert drawn["events"] == len(events(recorder))
    assert drawn["troubles"] == 3
    assert drawn["cells"] == 9
    assert drawn["stories"] == len(recorder.stories.all)
    assert number(drawn["arrows"]) > 10
    first, last = window(drawn)
    shown = [mark for mark in recorder.marks if first <= mark.time_ns // 1_000 <= last]
    assert shown
    assert drawn["marksDrawn"] == len(shown)
    colours = drawn["colours"]
    assert isinstance(colours, list)
    assert len(colours) == 6
    assert min(colours) > 3


def test_hosts_with_a_fault_are_marked(
    pages: dict[str, Path], good: Subject, browser: Browser
) -> None:
    """At the moment that is shown each host with a fault is marked, whatever the fault cuts."""
    assert browser.open(pages["bad"])["wrong"] == [], "the rule was broken before any fault began"
    _ = browser.open(pages["good"])
    drawn = browser.click("ol.moments li.fault button")
    split, *_ = troubles(good)
    assert drawn["wrong"] == list(split.hosts) == list(good.hosts)


def test_the_causes_of_the_violation_are_lit(
    pages: dict[str, Path], bad: Subject, browser: Browser
) -> None:
    """The page opens where the rule was broken, and finds the same causes as the recorder."""
    drawn = browser.open(pages["bad"])
    all_events, marks = events(bad.recorder), bad.recorder.marks
    ends = [
        each
        for each in all_events
        if each.deed is Deed.MARK and marks[each.about].kind is Kind.VIOLATED
    ]
    assert ends
    assert drawn["cone"] == len(cone(all_events, *ends))
    first, last = window(drawn)
    assert first <= bad.verdict.violations[0].time_ns / 1_000 <= last
    assert number(drawn["arrowsInCone"]) > 0


@pytest.mark.parametrize("width", [1400, 420])
def test_nothing_is_wider_than_the_screen(
    pages: dict[str, Path], browser: Browser, width: int
) -> None:
    """On a telephone, too, the page scrolls in one direction only."""
    for page_name in ("good", "bad"):
        drawn = browser.open(pages[page_name], width=width)
        assert width - SCROLL_BAR <= number(drawn["width"]) <= width
        assert drawn["overflows"] is False


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_follows_the_light(
    pages: dict[str, Path], browser: Browser, *, dark: bool
) -> None:
    """Light or dark as the person has set the browser, and never blank."""
    _ = browser.open(pages["bad"], width=420, height=900, dark=dark)
    picture = browser.picture()
    assert (picture.width, picture.height) == (420, 900)
    assert (picture.lightness < 0.3) is dark
    assert 0.04 < picture.ink < 0.9
    assert len(picture.counts) > 50


def test_the_keyboard_reaches_the_diagram(pages: dict[str, Path], browser: Browser) -> None:
    """Once it is chosen: zoom, move, go from event to event, and see all."""
    before = browser.open(pages["good"])
    _ = browser.click("canvas.diagram")
    _ = browser.press("Escape")
    zoomed = browser.press("+")
    assert length(zoomed) == pytest.approx(length(before) / 2, rel=0.01)
    moved = browser.press("ArrowRight")
    assert window(moved)[0] > window(zoomed)[0]
    assert moved["chosen"] == -1
    chosen = browser.press(".")
    assert number(chosen["chosen"]) >= 0
    assert number(chosen["cone"]) > 0
    assert number(browser.press(".")["chosen"]) > number(chosen["chosen"])
    assert window(browser.press("Home"))[0] == 0


def test_what_happened_leads_to_the_diagram(
    pages: dict[str, Path], good: Subject, browser: Browser
) -> None:
    """A line of the story is a button: the diagram and the matrix go to its moment."""
    _ = browser.open(pages["good"])
    drawn = browser.click("ol.moments li.fault button")
    moment = good.recorder.disturbances["0-split"] // 1_000
    assert drawn["moment"] == moment
    first, last = window(drawn)
    assert first < moment < last


def test_a_press_on_a_chart_chooses_the_moment(
    pages: dict[str, Path], good: Subject, browser: Browser
) -> None:
    """The middle of a chart is the middle of the run."""
    _ = browser.open(pages["good"])
    drawn = browser.click(".chart canvas")
    assert drawn["moment"] == pytest.approx(good.ends_ns / 2_000, rel=0.01)
