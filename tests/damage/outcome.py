"""What became of one run, in the simulator or with real processes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one run."""

    seed: int
    damage: str
    victim: str
    bit: bool
    """It made a difference."""
    told: tuple[str, ...]
    """What people were told, each once."""
    healing_s: float
    """From the end of the trouble until all agreed."""
    wrong: tuple[str, ...]
