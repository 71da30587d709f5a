"""The story is told in the same words to a program, to a pipe and to a terminal."""

import io
import json

import pytest
from rich.console import Console

from mesh.cli.demo.narrator import Narrator, PlainNarrator, RichNarrator


def tell(narrator: Narrator, *, held: bool = True) -> None:
    """A very short story."""
    narrator.open("They meet", "Two controllers.")
    narrator.tell("one finds the other " * 10)
    narrator.bars("seen_ms", [("ash", 2.0), ("birch", 1.0)], "ms")
    narrator.fact("took_ms", 3)
    narrator.check("both are there", held=held)
    narrator.show_end("The end.")


@pytest.mark.parametrize("held", [True, False])
def test_the_report_holds_all_that_was_told(*, held: bool) -> None:
    """Acts, sentences, measurements and checks, as JSON; held only if every check did."""
    narrator = Narrator()
    tell(narrator, held=held)
    report = json.loads(json.dumps(narrator.report(1.234)))
    assert report["held"] is held
    assert report["took_s"] == 1.23
    act = report["acts"][0]
    assert act["title"] == "They meet"
    assert act["told"][0] == "Two controllers."
    assert act["facts"] == {"seen_ms": {"ash": 2.0, "birch": 1.0}, "took_ms": 3}
    assert act["checks"] == [{"text": "both are there", "held": held}]


def test_plain_lines_fit_and_have_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    """In a pipe: lines of at most 100 characters, without a control character."""
    tell(PlainNarrator(), held=False)
    said = capsys.readouterr().out
    assert "1. They meet" in said
    assert "ash 2.0 ms · birch 1.0 ms" in said
    assert "[FAILED] both are there" in said
    assert max(len(line) for line in said.splitlines()) <= 100
    assert "\x1b" not in said


def test_a_terminal_gets_bars() -> None:
    """On a terminal each measurement is a bar, the longest as wide as there is room."""
    screen = io.StringIO()
    tell(RichNarrator(Console(file=screen, width=80, color_system=None)))
    lines = screen.getvalue().splitlines()
    full = next(line for line in lines if "ash" in line)
    half = next(line for line in lines if "birch" in line)
    assert full.count("█") == 2 * half.count("█")
    assert any("✔ both are there" in line for line in lines)
