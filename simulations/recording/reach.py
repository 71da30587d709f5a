"""Who could reach whom, over time.

The network is asked a few times each second whether a path is cut and whether a controller runs at
its end, and only what is new is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from simulations.network.paths import Paths

LOOK_NS: Final = 50_000_000
"""How often the paths are looked at: a cut that is shorter can hardly matter to anybody."""

HOSTS_MAX: Final = 40
"""So many hosts are looked at: pairs grow with the square, and more make no picture."""

CHANGES_MAX: Final = 100_000


class Party(Protocol):
    """A host as far as reach goes."""

    is_running: bool

    @property
    def is_paused(self) -> bool:
        """Whether its controller does nothing, for now."""


@dataclass(frozen=True, slots=True)
class Passing:
    """From ``time_ns`` on ``source`` reaches ``target``, or no more."""

    time_ns: int
    source: str
    target: str
    passes: bool


class Reach:
    """All pairs that were ever cut."""

    def __init__(self) -> None:
        self.changes: list[Passing] = []
        """Before its first change a pair is cut."""
        self._passes: dict[tuple[str, str], bool] = {}
        self._next_ns = 0

    def look(self, time_ns: int, hosts: Mapping[str, Party], paths: Paths) -> None:
        """Look at all pairs, if the last look is long enough ago."""
        if time_ns < self._next_ns or len(self.changes) >= CHANGES_MAX:
            return
        self._next_ns = time_ns + LOOK_NS
        some = list(hosts.items())[:HOSTS_MAX]
        ready = {name: host.is_running and not host.is_paused for name, host in some}
        for source, _ in some:
            for target, _ in some:
                if source != target:
                    passes = ready[source] and ready[target]
                    passes = passes and not paths.path(source, target).is_cut
                    if self._passes.get((source, target), False) != passes:
                        self._passes[source, target] = passes
                        self.changes.append(Passing(time_ns, source, target, passes))
