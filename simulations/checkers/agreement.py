"""Agreement at rest: when the faults are over, everybody must come to say the same.

It is looked for again and again within a stated time; if it does not come, the checker says what
is missing, where, and what it waits for. Only a healthy core has to agree: the others may be
broken for ever, and whether the core sees them is their affair.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulations.host import Host
from simulations.life import Glance


@dataclass(frozen=True, slots=True)
class Company:
    """Those who must agree, among all that there are."""

    core: tuple[Host, ...]
    everybody: tuple[Host, ...]
    uncertain: tuple[bytes, ...] = ()
    """Controllers that may be of the roster in the end or not: the operator wanted them removed, or
    they were given an invite. Those that are must agree, too."""

    @classmethod
    def of(cls, hosts: Sequence[Host]) -> "Company":
        """All of ``hosts``, and there is nobody else."""
        return cls(tuple(hosts), tuple(hosts))

    def members(self) -> list[Host]:
        """Those of the core that were not removed from the roster."""
        roster = self._roster()
        return [
            host
            for host in self.core
            if host.controller not in self.uncertain or host.controller in roster
        ]

    def _roster(self) -> tuple[bytes, ...]:
        """As the first knows it who is certainly of it."""
        for host in self.core:
            if host.controller not in self.uncertain:
                glance = host.replica.glance() if host.replica is not None else None
                return glance.active if glance is not None else ()
        return ()

    def disagreements(self) -> Iterator[str]:
        """What keeps the core from being at rest and of one mind."""
        first: tuple[Host, Glance] | None = None
        members = self.members()
        for host in members:
            glance = host.replica.glance() if host.replica is not None else None
            if glance is None:
                yield f"{host.name} is in no environment"
                continue
            if not host.disk.is_idle:
                yield f"{host.name} is writing"
            yield from self._own(host, glance, members)
            if first is None:
                first = (host, glance)
            else:
                yield from _compared(*first, host, glance)

    def _own(self, host: Host, glance: Glance, members: Sequence[Host]) -> Iterator[str]:
        for other in members:
            if other.controller not in glance.active:
                yield f"{host.name} does not know {other.name} as active"
            if other.controller not in glance.live:
                yield f"{host.name} does not believe {other.name} alive"
        yield from self._surplus(host, glance)
        if glance.visible != glance.state:
            yield f"{host.name} does not show what it has applied"
        for unsettled in glance.unsettled:
            yield f"{host.name} has not settled {unsettled}"

    def _surplus(self, host: Host, glance: Glance) -> Iterator[str]:
        known = {each.controller for each in self.everybody}
        strangers = [each.hex()[:8] for each in glance.active if each not in known]
        if strangers:
            yield f"{host.name} knows as active {', '.join(strangers)}, which is nobody"
        dead = [each for each in glance.live if each not in glance.active]
        if dead:
            yield f"{host.name} believes alive {self._names(dead)}, not of the roster"

    def _names(self, controllers: Sequence[bytes]) -> str:
        known = {host.controller: host.name for host in self.everybody}
        return ", ".join(sorted(known.get(each, each.hex()[:8]) for each in controllers))


def _compared(one: Host, glance: Glance, other: Host, seen: Glance) -> Iterator[str]:
    for what in ("history", "state", "visible", "secret"):
        mine, theirs = getattr(glance, what), getattr(seen, what)
        if mine != theirs:
            yield f"{what} of {one.name} is {mine.hex()[:8]}, of {other.name} {theirs.hex()[:8]}"
    assert one.replica is not None
    assert other.replica is not None
    if dict(one.replica.entries()) != dict(other.replica.entries()):
        yield f"running information of {one.name} and {other.name} differs"
