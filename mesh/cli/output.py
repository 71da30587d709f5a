"""What a person sees: plain lines, aligned tables, and colour only where there is a terminal.

A line that is read by a program must not change with the width of a window: without a terminal
there is no colour, no cutting off and no line that is written over.
"""

import json
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

_COLOURS: Final = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "36",
    "dim": "2",
    "bold": "1",
}

_NS: Final = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"))
_TEN: Final = 10
_MARGIN: Final = " " * len("trellis: ")
_NARROWEST: Final = 24
"""Characters of a folded text beside other columns: narrower ones are not read."""
_MINUTES_FROM_NS: Final = 100_000_000_000


def version() -> str:
    """Of this program; a checkout that was never installed has none."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as of

    try:
        return of("trellis-mesh")
    except PackageNotFoundError:
        return "(not installed)"


def emit_json(value: object) -> None:
    """``value`` as JSON, for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def emit_json_line(value: object) -> None:
    """One of several values, one to a line."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


_UNSEEN: Final = re.compile(
    r"(\x1b\[(?:[012]|3[1236])m)"  # the colours of `paint`
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def visible(text: str, stream: TextIO | None = None) -> str:
    """``text`` for a terminal, with what would move, hide or turn round other text spelled out.

    Names, reasons and values are whatever somebody wrote somewhere: what is shown to be approved,
    signed or compared must not be painted over by it. Programs get what there is.
    """
    if not (stream or sys.stdout).isatty():
        return text
    return _UNSEEN.sub(lambda found: found[1] or found[0].encode("unicode_escape").decode(), text)


def say(text: str = "") -> None:
    """One line."""
    print(visible(text), flush=True)


def complain(*lines: str) -> None:
    """What went wrong, where errors belong."""
    for at, line in enumerate(lines):
        prefix = paint("trellis: ", "red", sys.stderr) if at == 0 else _MARGIN
        told = _beside(len(_MARGIN), line, sys.stderr)
        print(prefix + visible(told, sys.stderr), file=sys.stderr, flush=True)


def _beside(column: int, text: str, stream: TextIO) -> str:
    """``text`` from ``column`` on: its lines, folded to the width of a terminal, stay there."""
    lines = text.split("\n")
    if has_terminal(stream):
        from shutil import get_terminal_size

        room = max(_NARROWEST, get_terminal_size().columns - column)
        lines = [part for line in lines for part in _folded(line, room)]
    return ("\n" + " " * column).join(lines)


def _folded(line: str, room: int) -> list[str]:
    """Broken between words; a command to type stays whole."""
    if len(line) <= room:
        return [line]
    from textwrap import wrap

    kept = re.sub(r"`[^`]+`", lambda found: found[0].replace(" ", "\xa0"), line)
    parts = wrap(kept, room, break_long_words=False, break_on_hyphens=False)
    return [part.replace("\xa0", " ") for part in parts]


def has_terminal(stream: TextIO | None = None) -> bool:
    """Whether somebody watches."""
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """``text`` in a colour, where colours are seen and not unwanted (NO_COLOR)."""
    if not has_terminal(stream) or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns, each as wide as its widest cell; on a terminal the last one is folded."""
    lines = [heads, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    for number, line in enumerate(lines):
        cells = [cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=False)]
        lead = sum(map(len, cells)) + 2 * len(cells)
        text = "  ".join([*cells, _beside(lead, line[-1], sys.stdout)]).rstrip()
        say(paint(text, "bold") if number == 0 else text)


def pairs(values: Mapping[str, str]) -> None:
    """Names and values, aligned; a value of several lines stays in its column."""
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        say(f"{paint(name.ljust(width), 'dim')}  {_beside(width + 2, value, sys.stdout)}")


def duration(nanoseconds: int) -> str:
    """A length of time as people say it: ``2.1 s``, ``640 µs``, ``3 min``."""
    if abs(nanoseconds) >= _MINUTES_FROM_NS:
        return f"{nanoseconds / 60_000_000_000:.0f} min"
    for size, unit in _NS:
        if abs(nanoseconds) >= size:
            scaled = nanoseconds / size
            return f"{scaled:.0f} {unit}" if abs(scaled) >= _TEN else f"{scaled:.1f} {unit}"
    return f"{nanoseconds} ns"


def moment(wall_ns: int | None) -> str:
    """A time of day on this host's clock; with the date."""
    if wall_ns is None:
        return ""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall_ns / 1_000_000_000))


def spelled(value: object) -> str:
    """A value of running information: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def spelled_field(name: str, value: object) -> str:
    """The same of the field or parameter ``name``: a length of time as people write it."""
    if name.endswith("_ns") and type(value) is int:
        from mesh.environment.shapes import spell_duration

        return spell_duration(value)
    return spelled(value)


class LiveLine:
    """One line that is written over on a terminal, and written anew, when it changes, elsewhere."""

    def __init__(self) -> None:
        self._live = has_terminal()
        self._last = ""

    def show(self, text: str, aside: str = "") -> None:
        """Let the line say ``text``; on a terminal also what changes all the time, ``aside``."""
        if self._live:
            text += aside
        if text == self._last:
            return
        if self._live:
            width = os.get_terminal_size().columns - 1
            print("\r\x1b[2K" + visible(text)[:width], end="", flush=True)
        else:
            say(text)
        self._last = text

    def clear(self) -> None:
        """Nothing more is shown in place."""
        if self._live and self._last:
            print("\r\x1b[2K", end="", flush=True)
        self._last = ""
