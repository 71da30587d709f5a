"""Random scenarios: each seed is a small mesh with troubles and a workload of its own.

One run in eight has no trouble at all: then nobody may refuse anything, and the order is the same
everywhere. One in eight has a host that stays broken for ever, without which the others must go on.
"""

from collections.abc import Sequence
from random import Random
from typing import Final

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.comings import some_guests, some_rotations
from simulations.consenting import some_consent
from simulations.demands import some_demands
from simulations.luck import Luck
from simulations.misfortunes import lasting_trouble, some_troubles
from simulations.plan import Delay
from simulations.scenario import Disk, Host, Network, Scenario
from simulations.troubles import AnyFault, FlashCrowd

HORIZON_NS: Final = 40 * SECOND

_SITES: Final = ("office", "cloud", "home")
_CALM_ONE_IN: Final = 8
_ED25519_ONE_IN: Final = 16
_MAJORITY_ONE_IN: Final = 3
_NEWCOMERS_ONE_IN: Final = 5
_CORE_ONE_IN: Final = 8
_ABSENCES_NS: Final = (2 * SECOND, 10 * SECOND)
"""So that checkpoints are taken without somebody who comes back, too."""
_ENOUGH: Final = 3
"""The least roster with a majority, and the least in which one can be missing."""


def generate(seed: int) -> Scenario:
    """The scenario of ``seed``."""
    random = Luck(seed).stream("scenario")
    count = random.choice((2, 3, 3, 3, 4, 4, 5))
    calm = not random.randrange(_CALM_ONE_IN)
    hosts = _hosts(random, count)
    names = [host.name for host in hosts]
    has_majority = count >= _ENOUGH and not random.randrange(_MAJORITY_ONE_IN)
    faults = () if calm else some_troubles(random, names, HORIZON_NS)
    workload = some_demands(random, names, faults, HORIZON_NS)
    core: tuple[str, ...] = ()
    if faults and count >= _ENOUGH and not random.randrange(_CORE_ONE_IN):
        outsider = random.choice(names)
        core = tuple(name for name in names if name != outsider)
        faults += (lasting_trouble(random, outsider, HORIZON_NS),)
    elif faults and not random.randrange(_NEWCOMERS_ONE_IN):
        newcomers, crowd = _newcomers(random, count)
        hosts, faults = hosts + newcomers, faults + crowd
    if faults and not core:
        coming = Luck(seed).stream("scenario", "coming")
        first = tuple(host for host in hosts if host.name in names)
        guests, invites = some_guests(coming, first, HORIZON_NS)
        hosts += guests
        rotations = some_rotations(coming, first, faults, HORIZON_NS)
        workload = tuple(sorted((*workload, *invites, *rotations), key=lambda step: step.at_ns))
        if len(hosts) == len(names):
            consent = Luck(seed).stream("scenario", "consent")
            workload = some_consent(consent, names, workload, HORIZON_NS)
    return Scenario(
        seed=seed,
        hosts=hosts,
        network=_network(random, calm=calm),
        disk=Disk(_delay(random, 300_000)),
        faults=faults,
        workload=workload,
        policy="majority" if has_majority else "all-active",
        core=core,
        calm=calm,
        horizon_ns=HORIZON_NS,
        signatures="mac" if random.randrange(_ED25519_ONE_IN) else "ed25519",
        checkpoint_changes=random.choice((None, 1, 2, 4)),
        absence_max_ns=random.choice((None, *_ABSENCES_NS)),
    )


def _hosts(random: Random, count: int) -> tuple[Host, ...]:
    return tuple(
        Host(
            name=f"h{number}",
            site=_SITES[number % len(_SITES)],
            starts_ns=random.randrange(SECOND),
            founds=number == 0,
            wall_offset_ns=random.randrange(-2 * MILLISECOND, 2 * MILLISECOND),
            drift_ppb=random.randrange(-50_000, 50_000),
        )
        for number in range(count)
    )


def _newcomers(random: Random, count: int) -> tuple[tuple[Host, ...], tuple[AnyFault, ...]]:
    """One that joins, or a few at once."""
    joins_ns = random.randrange(HORIZON_NS // 2)
    if random.randrange(_ENOUGH):
        return (Host(name=f"h{count}", site=_SITES[0], joins_ns=joins_ns),), ()
    crowd = tuple(
        Host(name=f"h{number}", site=_SITES[number % len(_SITES)])
        for number in range(count, count + _ENOUGH)
    )
    names = tuple(host.name for host in crowd)
    return crowd, (FlashCrowd(joins_ns, HORIZON_NS, hosts=names),)


def _network(random: Random, *, calm: bool) -> Network:
    loss = 0.0 if calm else random.choice((0.0, 0.0, 0.01, 0.05))
    duplication = random.choice((0.0, 0.02))
    return Network(_delay(random, random.choice((200_000, 2_000_000))), loss, duplication)


def _delay(random: Random, spread_ns: int) -> Delay:
    kinds: Sequence[Delay] = (
        Delay("constant", spread_ns),
        Delay("uniform", spread_ns // 2, spread_ns),
        Delay("exponential", spread_ns // 4, spread_ns),
        Delay("lognormal", spread_ns // 4, spread_ns),
        Delay("pareto", spread_ns // 4, spread_ns),
    )
    return random.choice(kinds)
