"""A scenario: everything about a run that is decided before it begins.

It is plain data, complete, and has one canonical spelling, so that a run can be replayed from it
alone. A fault is an interval with both its ends: whoever shortens a scenario cannot leave out the
end of a fault by mistake. Times of faults and of the workload count from the moment at which the
mesh has assembled; hosts named there exist.
"""

import hashlib
from typing import Annotated, Final, Literal

import msgspec

from mesh.protocol.now import MILLISECOND, SECOND

Name = str
Nanoseconds = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

HOSTS_MAX: Final = 1_000


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all parts of a scenario are: immutable, and strict about names."""


class Delay(Plan, frozen=True):
    """How long something takes: never less than ``least_ns``, and ``spread_ns`` says how uneven."""

    kind: Literal["constant", "uniform", "exponential", "lognormal", "pareto"]
    least_ns: Nanoseconds
    spread_ns: Nanoseconds = 0


class Network(Plan, frozen=True):
    """All links alike; faults make them different."""

    delay: Delay = Delay("exponential", 100_000, 150_000)
    loss: Share = 0.0
    duplication: Share = 0.0
    dial_timeout_ns: Nanoseconds = 3 * SECOND
    stream_timeout_ns: Nanoseconds = 10 * SECOND
    """How long sent bytes may stay unacknowledged before the host gives the connection up."""


class Disk(Plan, frozen=True):
    """All disks alike; faults make them different."""

    sync: Delay = Delay("exponential", 150_000, 350_000)


class Host(Plan, frozen=True):
    """One host and the controller on it."""

    name: Name
    site: str
    starts_ns: Nanoseconds = 0
    """When its controller is started, from the beginning of the world."""
    joins_ns: Nanoseconds | None = None
    """A newcomer: started and accepted this long after the assembly of all others."""
    founds: bool = False
    wall_offset_ns: int = 0
    drift_ppb: int = 0


# --- faults -------------------------------------------------------------------------------------


class Fault(Plan, frozen=True, tag_field="fault"):
    """Something is wrong from ``starts_ns`` to ``ends_ns``."""

    starts_ns: Nanoseconds
    ends_ns: Nanoseconds


class Split(Fault, frozen=True, tag="split"):
    """Nothing passes between hosts of different groups; hosts in no group reach everybody."""

    groups: tuple[tuple[Name, ...], ...]


class OneWay(Fault, frozen=True, tag="one-way"):
    """Nothing passes from ``source`` to ``target``; back it does."""

    source: Name
    target: Name


class Weather(Fault, frozen=True, tag="weather"):
    """Links of these hosts lose, repeat and delay."""

    hosts: tuple[Name, ...]
    loss: Share = 0.0
    duplication: Share = 0.0
    delay: Delay | None = None
    """On top of the usual one."""


class Crash(Fault, frozen=True, tag="crash"):
    """The controller is gone until the end of the interval."""

    host: Name
    kind: Literal["killed", "power", "wiped", "restored"]
    """Killed: the host goes on, and refuses connections. Power: it falls silent and its restart
    cannot prove that nothing was lost. Wiped: as power, and the disk is empty afterwards.
    Restored: as power, and the disk is what it was when the mesh had assembled."""


class Pause(Fault, frozen=True, tag="pause"):
    """The controller does nothing, and finds everything that arrived meanwhile when it goes on."""

    host: Name


class SlowDisk(Fault, frozen=True, tag="slow-disk"):
    """Each sync takes this much longer."""

    host: Name
    extra_ns: Nanoseconds


class FailingDisk(Fault, frozen=True, tag="failing-disk"):
    """Each sync fails; the controller is started anew from what is durable until one succeeds."""

    host: Name


class ClockStep(Fault, frozen=True, tag="clock-step"):
    """The wall clock is set by this much, and set back at the end."""

    host: Name
    by_ns: int


AnyFault = Split | OneWay | Weather | Crash | Pause | SlowDisk | FailingDisk | ClockStep


# --- workload -----------------------------------------------------------------------------------


class Step(Plan, frozen=True, tag_field="step"):
    """What somebody asks of the controller on ``host``; nobody asks one that is down."""

    at_ns: Nanoseconds
    host: Name


class Put(Step, frozen=True, tag="put"):
    """Write running information: each path gets a value that nobody else writes."""

    paths: tuple[tuple[str, ...], ...]


class Remove(Step, frozen=True, tag="remove"):
    """Remove what is visible at ``path``."""

    path: tuple[str, ...]


class Order(Plan, frozen=True):
    """One command of a ChangeSet."""

    group: str
    verb: str
    parameters: dict[str, str | int]


class Change(Step, frozen=True, tag="change"):
    """Submit a ChangeSet."""

    commands: tuple[Order, ...]
    patience_ns: Nanoseconds = 30 * SECOND


class Refuse(Step, frozen=True, tag="refuse"):
    """The operator says no to whatever waits at the barrier there."""


AnyStep = Put | Remove | Change | Refuse


class Scenario(Plan, frozen=True):
    """One run, but for its luck, which is the seed's."""

    seed: int
    hosts: Annotated[tuple[Host, ...], msgspec.Meta(min_length=1, max_length=HOSTS_MAX)]
    network: Network = Network()
    disk: Disk = Disk()
    faults: tuple[AnyFault, ...] = ()
    workload: tuple[AnyStep, ...] = ()
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
