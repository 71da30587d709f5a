"""Faults of links: which paths each covers, and what lies on them meanwhile."""

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from typing import Final, assert_never

from simulations.faults.working import Stage, Working
from simulations.network.afflictions import (
    Affliction,
    Bottleneck,
    Echoes,
    FlippedBits,
    HoldsBack,
    LossBursts,
    SmallPackets,
    StormyWeather,
)
from simulations.troubles import (
    Bandwidth,
    Bridge,
    Bursts,
    Clog,
    Corruption,
    Flaky,
    Isolate,
    Matrix,
    Mtu,
    OneWay,
    Reordering,
    Replay,
    Ring,
    Split,
    Weather,
)

Link = tuple[str, str]
"""Source and target."""

Cut = Split | Isolate | OneWay | Bridge | Ring | Matrix
Spoiling = Weather | Bursts | Reordering | Bandwidth | Mtu | Corruption | Replay
LinkFault = Cut | Spoiling | Flaky | Clog

NEIGHBOURS: Final = 2
"""Of each host in a ring; among three everybody is a neighbour of everybody."""


class OnLinks:
    """One affliction on some paths."""

    def __init__(self, stage: Stage, affliction: Affliction, links: Iterable[Link] = ()) -> None:
        self._stage = stage
        self._affliction = affliction
        self._links: dict[Link, None] = {}
        self._spared: Collection[str] = ()
        self.is_over = False
        for link in links:
            self.cover(link)

    @property
    def bites(self) -> int:
        """See Working."""
        return self._affliction.bites

    def cover(self, link: Link) -> None:
        """Lie on ``link`` too, unless it is to be spared."""
        is_spared = link[0] in self._spared and link[1] in self._spared
        if not self.is_over and not is_spared and link not in self._links:
            self._links[link] = None
            self._stage.paths.path(*link).afflict(self._affliction)

    def lift(self) -> None:
        """Lie nowhere, for now."""
        self._relieve(list(self._links))

    def end(self) -> None:
        """See Working."""
        self.is_over = True
        self.lift()

    def heal(self, core: Collection[str]) -> None:
        """See Working."""
        self._spared = core
        self._relieve([link for link in self._links if link[0] in core and link[1] in core])

    def _relieve(self, links: list[Link]) -> None:
        for link in links:
            del self._links[link]
            self._stage.paths.path(*link).relieve(self._affliction)
        if links:
            self._stage.streams.healed()


def begin(stage: Stage, name: str, fault: LinkFault) -> Working:
    """Let ``fault`` work."""
    match fault:
        case Flaky():
            return _flaky(stage, name, fault)
        case Clog():
            return _clog(stage, name, fault)
        case Weather() | Bursts() | Reordering() | Bandwidth() | Mtu() | Corruption() | Replay():
            links = _links_of(fault.hosts, stage.hosts)
            return OnLinks(stage, _affliction(name, fault), links)
        case _:
            return OnLinks(stage, Affliction(name, cuts=True), cut_links(fault, stage.hosts))


def _affliction(name: str, fault: Spoiling) -> Affliction:
    match fault:
        case Weather():
            return StormyWeather(name, fault)
        case Bursts():
            return LossBursts(name, fault)
        case Reordering():
            return HoldsBack(name, fault)
        case Bandwidth():
            return Bottleneck(name, fault)
        case Mtu():
            return SmallPackets(name, fault)
        case Corruption():
            return FlippedBits(name, fault)
        case Replay():
            return Echoes(name, fault)
        case _:
            assert_never(fault)


# --- which links --------------------------------------------------------------------------------


def cut_links(fault: Cut, hosts: Iterable[str]) -> Iterator[Link]:
    """The links on which nothing passes."""
    match fault:
        case Split(groups=groups):
            return _between(groups, ())
        case Bridge(groups=groups, bridges=bridges):
            return _between(groups, bridges)
        case Isolate(hosts=alone):
            return _links_of(alone, hosts)
        case OneWay(source=source, target=target):
            return iter(((source, target),))
        case Ring(hosts=circle):
            return _across(circle)
        case Matrix(hears=hears):
            return (
                (source, listener)
                for listener, heard in hears.items()
                for source in hosts
                if source != listener and source not in heard
            )
        case _:
            assert_never(fault)


def _between(groups: tuple[tuple[str, ...], ...], bridges: tuple[str, ...]) -> Iterator[Link]:
    for group in groups:
        for other in groups:
            if group is not other:
                for source in group:
                    for target in other:
                        if source not in bridges and target not in bridges:
                            yield source, target


def _links_of(some: tuple[str, ...], hosts: Iterable[str]) -> Iterator[Link]:
    everybody = tuple(hosts)
    for source in everybody:
        for target in everybody:
            if source != target and (source in some or target in some):
                yield source, target


def _across(circle: tuple[str, ...]) -> Iterator[Link]:
    for at, source in enumerate(circle):
        for distance in range(NEIGHBOURS, len(circle) - 1):
            yield source, circle[(at + distance) % len(circle)]


# --- faults that come and go by themselves ------------------------------------------------------


def _flaky(stage: Stage, name: str, fault: Flaky) -> Working:
    working = OnLinks(stage, Affliction(name, cuts=True))

    def fall() -> None:
        if not working.is_over:
            working.cover((fault.one, fault.other))
            working.cover((fault.other, fault.one))
            stage.kernel.after(fault.down_ns, rise)

    def rise() -> None:
        working.lift()
        stage.kernel.after(fault.up_ns, fall)

    fall()
    return working


def _clog(stage: Stage, name: str, fault: Clog) -> Working:
    working = OnLinks(stage, Affliction(name, holds=True))
    for number, link in enumerate(_links_of(fault.hosts, stage.hosts)):
        stage.kernel.after(number * fault.stagger_ns, partial(working.cover, link))
    return working
