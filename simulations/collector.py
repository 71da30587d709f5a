"""The collector of cycles, told how a run uses memory.

A run makes many small things that end by themselves, few cycles, and a state that lives until the
run is over. To look through all of that state after every few thousand new things costs a quarter
of the time of a large mesh. So inside a run the collector looks less often.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

YOUNG_MAX: Final = 20_000
"""New things before the youngest are looked through: some megabytes."""

ROUNDS: Final = 50
"""Rounds through the younger ones before older ones are looked through."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Until this block ends, cycles are looked for less often than usual."""
    former = gc.get_threshold()
    gc.set_threshold(YOUNG_MAX, ROUNDS, ROUNDS)
    try:
        yield
    finally:
        gc.set_threshold(*former)
