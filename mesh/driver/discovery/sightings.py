"""Where others may listen, as far as seeds and multicast say now.

A new life of the replica knows nothing of what was said to the one before, so it is told again.
"""

from collections.abc import Callable, Iterable
from typing import Final

from mesh.protocol.inputs import Sighted
from mesh.wire.identity import Address

SIGHTINGS_MAX: Final = 1_024
"""Addresses kept for the next life: a mesh of 1,000 on one network. Hints beyond it are dropped."""


class Sightings:
    """What is sighted now; every new one goes to ``tell``."""

    def __init__(self, tell: Callable[[Sighted], None]) -> None:
        self._tell = tell
        self._current: dict[tuple[str, str], tuple[Address, ...]] = {}
        """Addresses by source and name there."""

    def see(self, source: str, name: str, addresses: Iterable[Address]) -> None:
        """``name`` stands for these addresses now, by the word of ``source``."""
        before = self._current.get((source, name), ())
        now = tuple(addresses)
        if (source, name) in self._current or len(self._current) < SIGHTINGS_MAX:
            self._current[source, name] = now
        for address in now:
            if address not in before:
                self._tell(Sighted(address, source))

    def lose(self, source: str, name: str) -> None:
        """``source`` no longer speaks of ``name``."""
        _ = self._current.pop((source, name), None)

    def replay(self) -> None:
        """Say everything again."""
        for (source, _), addresses in self._current.items():
            for address in addresses:
                self._tell(Sighted(address, source))
