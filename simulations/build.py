"""Which Trellis this is, to the byte: a run is a function of its scenario and of this code."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("crdt", "mesh", "simulations")
_DISTRIBUTION: Final = "trellis-mesh"


@dataclass(frozen=True, slots=True)
class Build:
    """A state of the code."""

    trellis: str
    """The version as released."""
    code: str
    """A hash of all sources that a run may touch, 16 hexadecimal digits."""


@cache
def this_build() -> Build:
    """The code that runs here."""
    root = Path(__file__).parents[1]
    hasher = hashlib.blake2b(digest_size=8)
    for package in _PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            hasher.update(f"{file.relative_to(root).as_posix()}\n".encode())
            hasher.update(file.read_bytes())
    try:
        trellis = version(_DISTRIBUTION)
    except PackageNotFoundError:
        trellis = "not installed"
    return Build(trellis, hasher.hexdigest())
