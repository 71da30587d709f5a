"""How long things take: distributions in integer nanoseconds."""

from math import log
from random import Random
from typing import Final, assert_never

from simulations.plan import Delay

TAIL_MAX: Final = 1_000
"""No draw exceeds this many spreads: an answer after hours tests patience and nothing else."""

_LOGNORMAL_SIGMA: Final = 1.0
_PARETO_SHAPE: Final = 1.5
"""Infinite variance, finite mean: the long tail of real networks."""


def draw(delay: Delay, random: Random) -> int:
    """One duration in nanoseconds."""
    match delay.kind:
        case "constant":
            return delay.least_ns
        case "uniform":
            factor = random.random()
        case "exponential":
            factor = -log(1.0 - random.random())  # as expovariate has it, without the calls
        case "lognormal":
            factor = random.lognormvariate(0.0, _LOGNORMAL_SIGMA)
        case "pareto":
            factor = random.paretovariate(_PARETO_SHAPE) - 1.0
        case _:
            assert_never(delay.kind)
    return delay.least_ns + int(delay.spread_ns * min(factor, TAIL_MAX))
