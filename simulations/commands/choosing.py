"""Which scenario a command is about: one of a file, one of the library, or that of a seed."""

from pathlib import Path

from simulations.scenario import read
from simulations.selection import resolved
from simulations.sweep.source import Fixed, Generated, Source


def chosen_source(text: str | None) -> Source:
    """What ``text`` names; without it every seed has a scenario of its own."""
    if text is None:
        return Generated()
    path = Path(text)
    return Fixed(path.stem, resolved(read(path.read_bytes())))
