"""What a person sees, whatever somebody has written."""

import io

import pytest

from mesh.cli.output import paint, say, visible


class Terminal(io.StringIO):
    """Somebody watches."""

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return True


@pytest.mark.parametrize(
    "hidden", ["\x1b[2K", "\x1b[8m", "\x1b]0;x\x07", "\r", "\x08", "\x9b1A", "\u202e", "\x7f"]
)
def test_nothing_paints_over_what_is_shown(hidden: str) -> None:
    """Escape sequences, and what turns text round, are spelled out."""
    text = visible(f"grant{hidden}", Terminal())
    assert text.startswith("grant\\")
    assert text.isprintable()


def test_colours_lines_and_letters_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is ours, and what people write in their languages."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for colour in ("red", "green", "yellow", "blue", "dim", "bold"):
        painted = paint("Größe\t→ 大\n", colour)
        assert visible(painted) == painted
    say("a\x1bb")
    assert terminal.getvalue() == "a\\x1bb\n"


def test_programs_get_what_there_is() -> None:
    """An export reads back as what it was."""
    assert visible("a\x1bb", io.StringIO()) == "a\x1bb"
