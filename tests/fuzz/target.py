"""What is fuzzed: a parser, and what must hold of it whatever it is given."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class Target:
    """One parser."""

    check: Callable[[bytes], None]
    """Reads its argument. Raises where the parser does anything but accept or reject it, or where
    what it accepts is spelled otherwise than it was read."""
    seeds: Iterable[bytes]
    """Sound inputs to begin with."""
    bytes_max: int = 4_096
    """Longer ones are not tried: bounds on length have tests of their own."""
    is_slow: bool = False
    """It takes milliseconds for each input: tests change fewer of them."""
    is_cbor: bool = False
    """Inputs are CBOR, and are changed as items too, not only as bytes."""
