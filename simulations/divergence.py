"""Where two runs that should be one part: the first event that is not the same in both.

The order of a set of strings, and whatever else follows from how a process hashes text, cannot be
forbidden from within. But it is another one in a process with another hash seed, so the traces of
two such processes are laid side by side; where they part, somebody let that order reach a message.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

END: Final = "(the run is over)"

HASH_SEEDS: Final = ("1", "2")
"""Of the two processes: any two that differ."""


@dataclass(frozen=True, slots=True)
class Parting:
    """The first difference between two traces."""

    number: int
    """Which line it is, from 1 on."""
    before: str
    """The last line that both have."""
    one: str
    other: str

    def __str__(self) -> str:
        return (
            f"event {self.number} differs: {self.one.strip()!r} in one run,"
            f" {self.other.strip()!r} in the other; both had {self.before.strip()!r} before"
        )


def parting(one: Iterable[str], other: Iterable[str]) -> Parting | None:
    """Where two traces part; None where they do not."""
    before = "nothing"
    for number, (mine, theirs) in enumerate(zip_longest(one, other, fillvalue=END), 1):
        if mine != theirs:
            return Parting(number, before, mine, theirs)
        before = mine
    return None


def parting_of(arguments: Sequence[str]) -> Parting | None:
    """Where two processes part that run Python with ``arguments`` and hash text differently."""
    one, other = (_lines(arguments, hash_seed) for hash_seed in HASH_SEEDS)
    return parting(one, other)


def _lines(arguments: Sequence[str], hash_seed: str) -> Iterator[str]:
    done = subprocess.run(  # noqa: S603  this very program
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=False,
        text=True,
    )
    yield from done.stdout.splitlines()
