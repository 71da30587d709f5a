"""What scenarios are spelled with: strict immutable structs, names, times and shares."""

from typing import Annotated, Literal

import msgspec

Name = str
"""Of a host. Where hosts are named, ``site:X`` and ``label:X`` name all hosts of X until the
scenario is resolved."""

Nanoseconds = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all parts of a scenario are: immutable, and strict about names."""


class Delay(Plan, frozen=True):
    """How long something takes: never less than ``least_ns``, and ``spread_ns`` says how uneven."""

    kind: Literal["constant", "uniform", "exponential", "lognormal", "pareto"]
    least_ns: Nanoseconds
    spread_ns: Nanoseconds = 0
