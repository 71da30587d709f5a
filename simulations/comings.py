"""Who comes, and which keys change, in a generated scenario: invites and rotations.

Both draw from a stream of luck of their own, so that a seed without them is the run that it was.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.scenario import AnyStep, Change, Host, Invite, Order, Revoke, Rotate
from simulations.troubles import AnyFault

CODE: Final = "code"
"""The step that opens the invite, and the invite."""

_INVITING_ONE_IN: Final = 6
_ROTATING_ONE_IN: Final = 6
_REVOKING_ONE_IN: Final = 4
_LASTING_NS: Final = (3_600 * SECOND, 3_600 * SECOND, 5 * SECOND)
_ROTATIONS: Final = 3
_NEAR_NS: Final = 200 * MILLISECOND


def some_guests(
    random: Random, hosts: Sequence[Host], horizon_ns: int
) -> tuple[tuple[Host, ...], tuple[AnyStep, ...]]:
    """An invite, and one or two hosts that come with it; most often nobody."""
    if random.randrange(_INVITING_ONE_IN):
        return (), ()
    names = [host.name for host in hosts]
    opened_ns = random.randrange(horizon_ns // 4)
    lasts_ns = random.choice(_LASTING_NS)
    steps: list[AnyStep] = [Invite(opened_ns, random.choice(names), lasts_ns=lasts_ns, name=CODE)]
    guests = tuple(
        Host(
            name=f"guest{number}",
            site=random.choice(hosts).site,
            joins_ns=random.randrange(opened_ns, horizon_ns * 3 // 4),
            invite=CODE,
        )
        for number in range(random.randint(1, 2))
    )
    if not random.randrange(_REVOKING_ONE_IN):
        at_ns = random.randrange(opened_ns, horizon_ns)
        steps.append(Revoke(at_ns, random.choice(names), invite=CODE))
    return guests, tuple(steps)


def some_rotations(
    random: Random, hosts: Sequence[Host], faults: Sequence[AnyFault], horizon_ns: int
) -> tuple[AnyStep, ...]:
    """New keys for controllers, and a new secret for all, where it hurts; most often none."""
    if random.randrange(_ROTATING_ONE_IN):
        return ()
    return tuple(_rotations(random, [host.name for host in hosts], faults, horizon_ns))


def _rotations(
    random: Random, names: Sequence[str], faults: Sequence[AnyFault], horizon_ns: int
) -> Iterator[AnyStep]:
    moments = [random.randrange(horizon_ns)]
    moments += [
        min(each, horizon_ns) for fault in faults for each in (fault.starts_ns, fault.ends_ns)
    ]
    for _ in range(random.randint(1, _ROTATIONS)):
        near_ns = random.choice(moments) + random.randrange(-_NEAR_NS, _NEAR_NS)
        at_ns, host = min(max(near_ns, 0), horizon_ns), random.choice(names)
        if random.getrandbits(1):
            yield Rotate(at_ns, host)
        else:
            yield Change(at_ns, host, (Order("environment", "rotate-secret", {}),))
