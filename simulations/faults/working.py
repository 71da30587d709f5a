"""A fault that has begun: it can end, heal for some hosts only, and say how often it bit.

Most faults of hosts are a deed and its undoing, so they are made of functions; a fault of links
covers many paths, and heals path by path.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from simulations.host import Host
from simulations.kernel import Kernel
from simulations.network.datagrams import Datagrams
from simulations.network.paths import Paths
from simulations.network.streams import Streams
from simulations.population import Population

Heal = Callable[[], None]
Count = Callable[[], int]


class Stage(Protocol):
    """What faults work on."""

    kernel: Kernel
    paths: Paths
    datagrams: Datagrams
    streams: Streams
    hosts: Mapping[str, Host]
    population: Population

    def random(self, *purpose: str) -> Random:
        """The stream of luck for ``purpose``."""

    def disbelieve(self, host: Host, *, about_itself: bool) -> None:
        """What ``host`` sends is no work of the program under test; not even its own facts."""

    def torn(self, host: Host) -> None:
        """What ``host`` writes at this moment may be there in part."""

    def lost(self, host: Host) -> None:
        """What only the disk of ``host`` held is lost, and nobody is to blame."""

    def clone(self, host: Host, *, empty: bool) -> Host:
        """A host of its own with the key of ``host``, and its disk or an ``empty`` one."""


class Working(Protocol):
    """A fault that has begun."""

    @property
    def bites(self) -> int:
        """How often it made a difference so far."""

    def end(self) -> None:
        """All is well again; nothing happens where it has ended already."""

    def heal(self, core: Collection[str]) -> None:
        """All is well again for ``core`` and between any two of it; the rest stays as it is."""


@dataclass(slots=True)
class OnHost:
    """A fault of one host."""

    host: str
    undo: Heal
    count: Count
    has_ended: bool = False

    @property
    def bites(self) -> int:
        """See Working."""
        return self.count()

    def end(self) -> None:
        """See Working."""
        if not self.has_ended:
            self.has_ended = True
            self.undo()

    def heal(self, core: Collection[str]) -> None:
        """See Working."""
        if self.host in core:
            self.end()


class Together:
    """Several faults that are one."""

    def __init__(self, parts: Collection[Working]) -> None:
        self._parts = tuple(parts)

    @property
    def bites(self) -> int:
        """See Working."""
        return sum(part.bites for part in self._parts)

    def end(self) -> None:
        """See Working."""
        for part in self._parts:
            part.end()

    def heal(self, core: Collection[str]) -> None:
        """See Working."""
        for part in self._parts:
            part.heal(core)


def nothing() -> None:
    """There is nothing to undo."""
