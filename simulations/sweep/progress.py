"""How far a sweep is: a bar on a terminal, a line now and then elsewhere.

Everything goes to standard error, so that standard output holds results and nothing else.
"""

import sys
import time
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

PLAIN_FIRST_S: Final = 0.5
PLAIN_EVERY_S: Final = 10.0
"""Plain lines come soon at first, so that one sees that it runs, and then ever more rarely."""

REFRESH_S: Final = 0.2


class Display(Protocol):
    """Shows progress; a context that cleans up."""

    def advance(self, *, failed: bool) -> None:
        """One more is done."""

    def say(self, line: str) -> None:
        """A line that stays."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the screen in order."""


def display(total: int, done: int, what: str) -> Display:
    """The one that fits standard error: ``done`` of ``total`` are done already."""
    return Bar(total, done, what) if sys.stderr.isatty() else Lines(total, done, what)


class Bar:
    """A bar with the time that is left."""

    def __init__(self, total: int, done: int, what: str) -> None:
        self._failed = 0
        self._shown = 0.0
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("[red]{task.fields[failed]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        # No thread of its own: workers are started while it is shown.
        self._progress = Progress(*columns, console=Console(stderr=True), auto_refresh=False)
        self._task = self._progress.add_task(what, total=total, completed=done, failed="")

    def advance(self, *, failed: bool) -> None:
        """One more is done."""
        self._failed += failed
        shown = f"{self._failed} failed" if self._failed else ""
        self._progress.update(self._task, advance=1, failed=shown)
        if time.monotonic() - self._shown >= REFRESH_S:
            self._shown = time.monotonic()
            self._progress.refresh()

    def say(self, line: str) -> None:
        """A line above the bar."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        """Begin to show."""
        self._progress.start()
        self._progress.refresh()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show the last state, and let the bar stand."""
        self._progress.refresh()
        self._progress.stop()


class Lines:
    """A line now and then."""

    def __init__(self, total: int, done: int, what: str) -> None:
        self._total = total
        self._done = done
        self._what = what
        self._failed = 0
        self._began = self._said = time.monotonic()
        self._every = PLAIN_FIRST_S

    def advance(self, *, failed: bool) -> None:
        """One more is done."""
        self._done += 1
        self._failed += failed
        now = time.monotonic()
        if now - self._said >= self._every:
            self._said = now
            self._every = min(2 * self._every, PLAIN_EVERY_S)
            self.say(
                f"{self._done} of {self._total} {self._what}, {now - self._began:.0f} s,"
                f" {self._failed} failed"
            )

    def say(self, line: str) -> None:
        """A line."""
        print(line, file=sys.stderr, flush=True)  # noqa: T201  it speaks to who runs it

    def __enter__(self) -> Self:
        """Nothing to begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to clean up."""
