"""A scenario: everything about a run that is decided before it begins.

It is plain data, complete, and has one canonical spelling, so that a run can be replayed from it
alone. Times of faults and of the workload count from the moment at which the mesh has assembled;
hosts named there exist. What can go wrong is in ``simulations.troubles``.
"""

import hashlib
from typing import Annotated, Final, Literal

import msgspec

from mesh.protocol.configuration import Profile
from mesh.protocol.now import MILLISECOND, SECOND
from simulations.expect import Expect
from simulations.plan import (
    Count,
    Delay,
    Event,
    InformationPath,
    Name,
    Nanoseconds,
    Plan,
    Share,
    StepName,
)
from simulations.troubles import AnyFault, FlashCrowd

HOSTS_MAX: Final = 1_000


class Network(Plan, frozen=True):
    """All links alike; where they are not, there is a ``Link``, and faults make them different."""

    delay: Delay = Delay("exponential", 100_000, 150_000)
    """From one host to another; streams take as long."""
    loss: Share = 0.0
    """Of the datagrams."""
    duplication: Share = 0.0
    """Of the datagrams: they arrive twice."""
    dial_timeout_ns: Nanoseconds = 3 * SECOND
    """How long a connection may take to stand."""
    stream_timeout_ns: Nanoseconds = 10 * SECOND
    """How long sent bytes may stay unacknowledged before the host gives the connection up."""


class Link(Plan, frozen=True):
    """Every way between one of ``hosts`` and one of ``others``, in both directions.

    Where several of them fit, the last one counts.
    """

    hosts: tuple[Name, ...]
    others: tuple[Name, ...]
    delay: Delay
    loss: Share = 0.0
    name: str = ""


class Disk(Plan, frozen=True):
    """All disks alike; faults make them different."""

    sync: Delay = Delay("exponential", 150_000, 350_000)
    """How long it takes until what was written is durable."""


class Host(Plan, frozen=True):
    """One host and the controller on it."""

    name: Name
    site: str
    labels: tuple[str, ...] = ()
    """What else it has in common with others: a rack, a provider, a version of the kernel."""
    starts_ns: Nanoseconds = 0
    """When its controller is started, from the beginning of the world."""
    joins_ns: Nanoseconds | None = None
    """A newcomer: started and accepted this long after the assembly of all others."""
    founds: bool = False
    """Founds an environment when it is first started, whoever else is there."""
    fresh: bool = False
    """Knows of nobody: it founds an environment if it hears of none. All others wait for one."""
    invite: StepName | None = None
    """Carries the invite that this step opens, and starts once it has it; nobody accepts it."""
    stranger: bool = False
    """Belongs to nobody here: it wants to be admitted, again and again, and nobody accepts it."""
    wall_offset_ns: int = 0
    """How far its wall clock is ahead of the true time."""
    drift_ppb: int = 0
    """How much too fast its clocks run, in parts of a billion."""


# --- workload -----------------------------------------------------------------------------------


class Step(Event, frozen=True, tag_field="step"):
    """What somebody asks of the controller on ``host``; nobody asks one that is down."""

    at_ns: Nanoseconds
    """When it is asked."""
    host: Name
    """Whom it is asked of."""


class Put(Step, frozen=True, tag="put"):
    """Write running information: each path gets a value that nobody else writes."""

    paths: tuple[InformationPath, ...]


class Remove(Step, frozen=True, tag="remove"):
    """Remove what is visible at ``path``."""

    path: InformationPath


class Order(Plan, frozen=True):
    """One command of a ChangeSet."""

    group: str
    verb: str
    parameters: dict[str, str | int]


class Change(Step, frozen=True, tag="change"):
    """Submit a ChangeSet."""

    commands: tuple[Order, ...]
    patience_ns: Nanoseconds = 30 * SECOND
    force: bool = False
    """Write over whatever was changed meanwhile."""


class Refuse(Step, frozen=True, tag="refuse"):
    """The operator says no to whatever waits at the barrier there, or to one ChangeSet."""

    change: StepName | None = None


class Restage(Step, frozen=True, tag="restage"):
    """Submit the commands of a ChangeSet that was set aside once more, on today's state."""

    change: StepName


class Keep(Step, frozen=True, tag="keep"):
    """The operator decides a merge: of what conflicts, these ChangeSets stand."""

    changes: tuple[StepName, ...]


class Dismiss(Step, frozen=True, tag="dismiss"):
    """The operator removes ``member`` from the roster, for ever; it may well be down by then."""

    member: Name


class Rotate(Step, frozen=True, tag="rotate"):
    """The controller on ``host`` is given a new exchange key, and asks the others to take it."""


class Invite(Step, frozen=True, tag="invite"):
    """The operator opens an invite on ``host``; hosts that name this step carry its code."""

    lasts_ns: Count = 3_600 * SECOND
    """How long it is honoured, by the wall clock of ``host``."""


class Revoke(Step, frozen=True, tag="revoke"):
    """The operator closes an invite that the step ``invite`` has opened."""

    invite: StepName


class Welcome(Step, frozen=True, tag="welcome"):
    """The operator makes these people operators too, each of them with these rights."""

    people: dict[str, tuple[str, ...]]


class Approve(Step, frozen=True, tag="approve"):
    """``by``, who was welcomed, approves a ChangeSet that waits for people on ``host``."""

    change: StepName
    by: str


_OfTheMesh = Put | Remove | Change | Refuse | Restage | Keep | Dismiss | Rotate | Invite | Revoke
AnyStep = _OfTheMesh | Welcome | Approve


class Suppress(Plan, frozen=True):
    """The ``number``-th datagram that ``source`` ever sends to ``target`` vanishes."""

    source: Name
    target: Name
    number: Count


class Scenario(Plan, frozen=True):
    """One run, but for its luck, which is the seed's."""

    seed: int
    hosts: Annotated[tuple[Host, ...], msgspec.Meta(min_length=1, max_length=HOSTS_MAX)]
    network: Network = Network()
    links: tuple[Link, ...] = ()
    """Links that are not like all others."""
    disk: Disk = Disk()
    faults: tuple[AnyFault, ...] = ()
    suppressed: tuple[Suppress, ...] = ()
    """Single messages that are lost: what shrinking leaves of a fault."""
    workload: tuple[AnyStep, ...] = ()
    population: Literal["arriving", "admitted"] = "arriving"
    """How the mesh comes to be: each host arrives and the operator accepts it, or the founder has
    admitted all of them before the first one is switched on, and they find that on their disks."""
    policy: Literal["all-active", "majority"] = "all-active"
    """The barrier's policy; majority is set, and settled everywhere, before anything goes wrong."""
    checkpoint_changes: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    """How many changes are kept in full; None: as many as in a new environment."""
    absence_max_ns: Nanoseconds | None = None
    """How long checkpoints wait for a controller that is away; None: as in a new environment."""
    profile: Profile = Profile.LAN
    """Of every controller: the round-trip times that it expects."""
    core: tuple[Name, ...] = ()
    """The hosts for which every fault ends at the horizon, and which must agree; all, where none
    is named. Faults of the others that end after the horizon never end."""
    calm: bool = False
    """Nothing goes wrong and no two changes meet: nobody may refuse anything, and the order is one.
    A suspicion ends that, since luck alone can make one."""
    horizon_ns: Nanoseconds = 30 * SECOND
    """When faults have ended and nobody asks for anything any more, from the assembly on."""
    assembly_ns: Nanoseconds = 120 * SECOND
    """Within this the mesh must have assembled."""
    healing_ns: Nanoseconds = 240 * SECOND
    """Within this after the horizon everybody must agree."""
    look_ns: Nanoseconds = 500 * MILLISECOND
    """How often agreement is looked for."""
    signatures: Literal["mac", "ed25519"] = "mac"
    """A keyed hash that rejects every flipped bit and is fast, or what real controllers use."""
    expect: Expect | None = None
    """What must hold at the end, beside what always must."""

    @property
    def newcomers(self) -> tuple[Name, ...]:
        """The hosts that are not there when the mesh assembles."""
        crowds = [fault.hosts for fault in self.faults if isinstance(fault, FlashCrowd)]
        crowd = {name for names in crowds for name in names}
        return tuple(
            host.name for host in self.hosts if host.joins_ns is not None or host.name in crowd
        )

    @property
    def keeps_roster(self) -> bool:
        """Whether those who assemble stay the roster to the end."""
        return not self.newcomers and not any(isinstance(each, Dismiss) for each in self.workload)

    @property
    def healthy(self) -> tuple[Name, ...]:
        """The hosts that must agree in the end."""
        return self.core or tuple(host.name for host in self.hosts if not host.stranger)

    @property
    def invited(self) -> tuple[Name, ...]:
        """The hosts with an invite: each of them is let in, or told why not."""
        return tuple(host.name for host in self.hosts if host.invite is not None)


def canonical(scenario: Scenario) -> bytes:
    """The one spelling of a scenario, as JSON."""
    return msgspec.json.encode(scenario, order="sorted")


def fingerprint(scenario: Scenario) -> str:
    """Names a scenario: equal ones, and no others, have equal names."""
    return hashlib.blake2b(canonical(scenario), digest_size=16).hexdigest()


def read(text: bytes) -> Scenario:
    """The scenario that JSON ``text`` spells.

    Raises msgspec.DecodeError or msgspec.ValidationError where it spells none.
    """
    return msgspec.json.decode(text, type=Scenario)
