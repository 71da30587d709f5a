"""Agreement at rest: when the faults are over, everybody must come to say the same.

It is looked for again and again within a stated time; if it does not come, the checker says what
is missing, where, and what it waits for.
"""

from collections.abc import Iterator, Sequence

from simulations.host import Host
from simulations.life import Glance


def disagreements(hosts: Sequence[Host]) -> Iterator[str]:
    """What keeps ``hosts``, which are all that there are, from being at rest and of one mind."""
    wanted = tuple(sorted(host.controller for host in hosts))
    first: tuple[Host, Glance] | None = None
    for host in hosts:
        glance = host.replica.glance() if host.replica is not None else None
        if glance is None:
            yield f"{host.name} is in no environment"
            continue
        if not host.disk.is_idle:
            yield f"{host.name} is writing"
        yield from _own(host, glance, wanted, hosts)
        if first is None:
            first = (host, glance)
        else:
            yield from _compared(*first, host, glance)


def _own(
    host: Host, glance: Glance, wanted: tuple[bytes, ...], hosts: Sequence[Host]
) -> Iterator[str]:
    if glance.active != wanted:
        yield f"{host.name} knows as active {_names(glance.active, hosts)}"
    if glance.live != wanted:
        yield f"{host.name} believes alive {_names(glance.live, hosts)}"
    if glance.visible != glance.state:
        yield f"{host.name} does not show what it has applied"
    for unsettled in glance.unsettled:
        yield f"{host.name} has not settled {unsettled}"


def _compared(one: Host, glance: Glance, other: Host, seen: Glance) -> Iterator[str]:
    for what in ("history", "state", "visible"):
        mine, theirs = getattr(glance, what), getattr(seen, what)
        if mine != theirs:
            yield f"{what} of {one.name} is {mine.hex()[:8]}, of {other.name} {theirs.hex()[:8]}"
    assert one.replica is not None
    assert other.replica is not None
    if dict(one.replica.entries()) != dict(other.replica.entries()):
        yield f"running information of {one.name} and {other.name} differs"


def _names(controllers: Sequence[bytes], hosts: Sequence[Host]) -> str:
    known = {host.controller: host.name for host in hosts}
    return ", ".join(sorted(known.get(each, each.hex()[:8]) for each in controllers)) or "nobody"
