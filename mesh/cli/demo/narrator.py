"""Who tells the story: the same words into one report, onto a terminal, or into a pipe.

Whatever is told is recorded first, so that ``--json`` prints what a person would have read, and
nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from textwrap import fill
from typing import TYPE_CHECKING, Final

from mesh.cli.output import say

if TYPE_CHECKING:
    from rich.console import Console

Number = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Check:
    """Something that had to hold."""

    text: str
    held: bool


@dataclass(slots=True)
class Act:
    """One part of the story."""

    title: str
    told: list[str] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)


class Narrator:
    """Records; those below also show."""

    def __init__(self) -> None:
        self.acts: list[Act] = []

    @property
    def held(self) -> bool:
        """Whether everything that was checked held."""
        return all(check.held for act in self.acts for check in act.checks)

    def open(self, title: str, text: str) -> None:
        """A new part begins."""
        self.acts.append(Act(title, [text]))
        self.show_title(len(self.acts), title, text)

    def tell(self, text: str) -> None:
        """One sentence."""
        self.acts[-1].told.append(text)
        self.show_text(text)

    def bars(self, name: str, values: Sequence[tuple[str, float]], unit: str) -> None:
        """Several measurements of one kind, by name of the controller."""
        self.acts[-1].facts[name] = dict(values)
        self.show_bars(values, unit)

    def fact(self, name: str, value: object) -> None:
        """For programs that read the report."""
        self.acts[-1].facts[name] = value

    def check(self, text: str, *, held: bool) -> None:
        """Something had to hold, and did or did not."""
        self.acts[-1].checks.append(Check(text, held))
        self.show_check(text, held=held)

    def report(self, took_s: float) -> dict[str, object]:
        """All of it as one value."""
        acts = [asdict(act) for act in self.acts]
        return {"held": self.held, "took_s": round(took_s, 2), "acts": acts}

    # --- shown by those below -------------------------------------------------------------------

    def show_title(self, number: int, title: str, text: str) -> None:
        """Nothing."""

    def show_text(self, text: str) -> None:
        """Nothing."""

    def show_bars(self, values: Sequence[tuple[str, float]], unit: str) -> None:
        """Nothing."""

    def show_check(self, text: str, *, held: bool) -> None:
        """Nothing."""

    def show_end(self, text: str) -> None:
        """Nothing."""


class PlainNarrator(Narrator):
    """Lines for a pipe or a simple terminal."""

    def show_title(self, number: int, title: str, text: str) -> None:
        """A heading."""
        say(f"\n{number}. {title}")
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """A sentence, wrapped."""
        say(fill(text, LINE_CHARACTERS, initial_indent="   ", subsequent_indent="     "))

    def show_bars(self, values: Sequence[tuple[str, float]], unit: str) -> None:
        """All in one line."""
        say("   " + " · ".join(f"{name} {value:.1f} {unit}" for name, value in values))

    def show_check(self, text: str, *, held: bool) -> None:
        """A line with its verdict."""
        say(f"   [{'ok' if held else 'FAILED'}] {text}")

    def show_end(self, text: str) -> None:
        """The last line."""
        say(f"\n{text}")


LINE_CHARACTERS: Final = 100
"""In a pipe, where nobody says how wide the paper is."""

BAR_CELLS: Final = 36
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


class RichNarrator(Narrator):
    """Colours and bars for a terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def show_title(self, number: int, title: str, text: str) -> None:
        """A rule across the screen."""
        self._console.print()
        self._console.rule(f"[bold cyan]{number}[/]  [bold]{title}[/]", align="left", style="cyan")
        self._print(text, style="italic")

    def show_text(self, text: str) -> None:
        """A line; numbers stand out."""
        self._print(text)

    def _print(self, text: str, style: str = "") -> None:
        from rich.padding import Padding
        from rich.text import Text

        self._console.print(Padding(Text(text, style=style), (0, 0, 0, 2)))

    def show_bars(self, values: Sequence[tuple[str, float]], unit: str) -> None:
        """One bar for each controller."""
        most = max((value for _, value in values), default=0.0) or 1.0
        width = max(len(name) for name, _ in values)
        for name, value in values:
            bar = _bar(value / most)
            self._console.print(
                f"  [bold]{name.ljust(width)}[/]  [cyan]{bar}[/]  {value:.1f} {unit}"
            )

    def show_check(self, text: str, *, held: bool) -> None:
        """A tick or a cross."""
        mark = "[bold green]✔[/]" if held else "[bold red]✘[/]"
        self._console.print(f"  {mark} {text}", highlight=False)

    def show_end(self, text: str) -> None:
        """The last line."""
        self._console.print()
        self._console.rule(f"[bold]{text}[/]", style="green" if self.held else "red")


def _bar(share: float) -> str:
    """A bar of ``share`` of the width, to an eighth of a cell."""
    eighths = round(share * BAR_CELLS * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(BAR_CELLS)
