"""``make models``: the models under docs/models with deeper bounds; exit 1 where one is refuted."""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.models import spin


@dataclass(frozen=True, slots=True)
class Run:
    """One search."""

    model: str
    definitions: tuple[str, ...] = ()


RUNS: Final = (
    Run("barrier"),
    Run("barrier", ("QUORUM=2",)),
    Run("barrier", ("SEALS_MAX=3", "CRASHES_MAX=0")),
    Run("barrier", ("QUORUM=2", "SEALS_MAX=3", "CRASHES_MAX=1")),
    Run("order"),
    Run("order", ("QUORUM=2",)),
)


def main() -> int:
    """Search them all."""
    _ = argparse.ArgumentParser(prog="models", description=__doc__).parse_args()
    program = spin.missing()
    if program is not None:
        say(f"{program} is not installed: the models are checked with it")
        return 1
    refuted = 0
    for run in RUNS:
        refuted += _search(run)
    say(f"{len(RUNS) - refuted} of {len(RUNS)} searches found nothing that must not be")
    return 1 if refuted else 0


def _search(run: Run) -> bool:
    begun = time.monotonic()
    with TemporaryDirectory() as folder:
        found = spin.search(spin.MODELS / f"{run.model}.pml", run.definitions, Path(folder))
    seconds = time.monotonic() - begun
    name = " ".join((run.model, *run.definitions))
    verdict = "holds" if found.violated is None else f"REFUTED at {found.steps}: {found.violated}"
    say(f"{name}: {found.states:,} states, {seconds:.0f} s, {verdict}")
    return found.violated is not None


def say(text: str) -> None:
    """One line, at once."""
    print(text, flush=True)  # noqa: T201  a program speaks to the person who runs it


if __name__ == "__main__":
    sys.exit(main())
