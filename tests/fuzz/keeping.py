"""Which inputs are worth keeping: the smallest ones that take every way the others took.

An input is told from another by the steps from line to line that it causes in our own code.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Final

from tests.fuzz.target import CORPUS, Target

INPUTS_MAX: Final = 48
"""For each target; those that add most come first."""

INPUT_BYTES_MAX: Final = 600

_ROOT: Final = str(CORPUS.parents[2])
_OWN: Final = tuple(f"{_ROOT}/{package}/" for package in ("crdt", "mesh", "simulations"))

Step = tuple[str, int, int]


def steps(target: Target, raw: bytes) -> set[Step]:
    """The steps from line to line that ``raw`` causes."""
    found: set[Step] = set()
    before: dict[int, int] = {}

    def trace(frame: FrameType, event: str, _: object) -> object:
        if not frame.f_code.co_filename.startswith(_OWN):
            return None
        if event == "line":
            last = before.get(id(frame), 0)
            found.add((frame.f_code.co_filename, last, frame.f_lineno))
            before[id(frame)] = frame.f_lineno
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]  # the documentation has it so
    try:
        target.check(raw)
    finally:
        sys.settrace(None)
    return found


def choose(target: Target, inputs: Iterable[bytes]) -> list[bytes]:
    """Of ``inputs`` a few that cause all steps that those within bounds cause, small ones first."""
    reached: set[Step] = set()
    chosen: list[bytes] = []
    for raw in sorted({each for each in inputs if len(each) <= INPUT_BYTES_MAX}, key=_order):
        found = steps(target, raw)
        if not found <= reached and len(chosen) < INPUTS_MAX:
            reached |= found
            chosen.append(raw)
    return chosen


def _order(raw: bytes) -> tuple[int, bytes]:
    return len(raw), raw


def read_kept(name: str) -> list[bytes]:
    """The inputs kept for the target ``name``."""
    path = _path(name)
    if not path.exists():
        return []
    return [bytes.fromhex(line) for line in path.read_text().splitlines()]


def keep(name: str, inputs: Iterable[bytes]) -> None:
    """Keep exactly ``inputs``, one in each line, in hex."""
    CORPUS.mkdir(exist_ok=True)
    lines = "".join(f"{each.hex()}\n" for each in sorted(inputs, key=_order))
    _ = _path(name).write_text(lines)


def _path(name: str) -> Path:
    return CORPUS / f"{name}.hex"
