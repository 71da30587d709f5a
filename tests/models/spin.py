"""One search of a model by Spin: every state that it can reach, or the first that it must not.

``spin -a`` writes the search as a C program, the C compiler makes it, and it prints what it found.
A search that was cut short proves nothing and is an error here, not a result.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MODELS: Final = Path(__file__).parents[2] / "docs" / "models"

MEMORY_MB_MAX: Final = 4_000
DEPTH_MAX: Final = 10_000
"""Steps in one run of the model; each adds a fact, or tells one, so there are far fewer."""
HASH_BITS: Final = 24
SECONDS_MAX: Final = 600

_NEEDED: Final = ("spin", "gcc")


class CutShortError(Exception):
    """The search did not come to its end."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a search found."""

    states: int
    violated: str | None
    """The assertion that did not hold, as C; None where all held in every state."""
    steps: int
    """The length of the longest run, or of the one that broke the assertion."""


def missing() -> str | None:
    """Which program is not installed here."""
    return next((name for name in _NEEDED if shutil.which(name) is None), None)


def search(model: Path, definitions: Sequence[str], folder: Path, *, optimise: int = 2) -> Finding:
    """Search ``model`` with ``definitions`` (``NAME`` or ``NAME=VALUE``), working in ``folder``.

    ``optimise`` is for the C compiler: 2 for long searches, 0 for those that soon find something.

    Raises:
        CutShortError: a bound of memory, depth or time came before the end.
    """
    flags = [f"-D{definition}" for definition in definitions]
    _ = _run(["spin", "-a", *flags, str(model)], folder)
    options = ["-DSAFETY", "-DNOFAIR", f"-DMEMLIM={MEMORY_MB_MAX}", f"-O{optimise}", "-w"]
    _ = _run(["gcc", *options, "-o", "pan", "pan.c"], folder)
    printed = _run(["./pan", f"-m{DEPTH_MAX}", f"-w{HASH_BITS}", "-n"], folder)
    return _read(printed)


def _run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    if done.returncode != 0:
        text = f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}"
        raise CutShortError(text)
    return done.stdout


def _read(printed: str) -> Finding:
    violated = re.search(
        r"^pan:1: assertion violated (.*) \(at depth (\d+)\)", printed, re.MULTILINE
    )
    states = re.search(r"(\d+) states, stored", printed)
    depth = re.search(r"depth reached (\d+), errors: (\d+)", printed)
    if states is None or depth is None or "max search depth too small" in printed:
        raise CutShortError(printed)
    if violated is not None:
        return Finding(int(states[1]), violated[1].strip(), int(violated[2]))
    if "Search not completed" in printed or depth[2] != "0":
        raise CutShortError(printed)
    return Finding(int(states[1]), None, int(depth[1]))
