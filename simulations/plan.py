"""What scenarios are spelled with: strict immutable structs, names, times and shares."""

from typing import Annotated, Literal

import msgspec

Name = Annotated[str, msgspec.Meta(extra={"names": "host"})]
"""Of a host. Where hosts are named, ``site:X`` and ``label:X`` name all hosts of X until the
scenario is resolved."""

StepName = Annotated[str, msgspec.Meta(extra={"names": "step"})]
"""Of a step of the workload, and so of the ChangeSet that it submits."""

ChangeName = Annotated[str, msgspec.Meta(extra={"names": "change"})]
"""Of a ChangeSet: the step that submits it; all merges are called ``merge``."""

FaultName = Annotated[str, msgspec.Meta(extra={"names": "fault"})]

InformationPath = Annotated[tuple[str, ...], msgspec.Meta(extra={"spelled": "path"})]
"""Where running information stands; people write ``app/load``."""

Nanoseconds = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Amount = Annotated[int, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all parts of a scenario are: immutable, and strict about names."""


class Delay(Plan, frozen=True):
    """How long something takes: never less than ``least_ns``, and ``spread_ns`` says how uneven."""

    kind: Literal["constant", "uniform", "exponential", "lognormal", "pareto"]
    """How what is above the least is distributed."""
    least_ns: Nanoseconds
    """It never takes less."""
    spread_ns: Nanoseconds = 0
    """The scale of what comes on top."""


Sight = Literal[
    "submitted",
    "proposed",
    "sealed",
    "refused",
    "released",
    "applied",
    "shown",
    "suspected",
    "failed",
    "alive",
    "started",
    "stopped",
]
"""What can be waited for: how a ChangeSet gets on, what a detector believes, lives that begin and
end. A fact is seen when it is durable, before anybody else can know of it."""


class Trigger(Plan, frozen=True):
    """The moment at which something is seen, in the whole world, for the ``nth`` time."""

    seen: Sight
    """What is waited for."""
    change: ChangeName | None = None
    """Of which ChangeSet: the step that submits it, or ``merge``."""
    host: Name | None = None
    """On which host."""
    about: Name | None = None
    """Of which member: who is suspected, failed or alive again."""
    nth: Count = 1
    """The first time, or a later one."""


class Event(Plan, frozen=True, kw_only=True):
    """What happens in a run has a name, and times that count from a moment.

    The moment is that of the assembly; where there is a trigger, it is that one's moment. What
    waits for a trigger that never comes never happens.
    """

    name: str = ""
    when: Trigger | None = None
    """What it waits for; its times count from there."""
