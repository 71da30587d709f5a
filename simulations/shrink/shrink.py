"""All the ways to shrink, in turn, until a whole round gives nothing."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from simulations.engines.engine import Engine
from simulations.scenario import Scenario
from simulations.shrink import passes
from simulations.shrink.drops import single_messages
from simulations.shrink.search import Limits, Notice, Search
from simulations.verdict import Verdict

ROUNDS_MAX: Final = 5
"""Each round begins with less; the third one hardly ever finds anything."""

_ROUND: Final = (
    passes.end_early,
    passes.large_parts,
    passes.sooner,
    passes.fewer_faults,
    passes.sooner,
    passes.fewer_steps,
    passes.fewer_hosts,
    passes.end_early,
    passes.shorter_faults,
    passes.sooner,
    passes.simpler,
)


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest scenario that was found."""

    scenario: Scenario
    verdict: Verdict
    trials: int
    is_complete: bool
    """Nothing more can be left out; or else the time was over."""


def shrink(scenario: Scenario, engine: Engine, limits: Limits, notice: Notice) -> Shrunk:
    """The smallest scenario that fails as ``scenario`` does.

    Raises NoFailure where it does not fail.
    """
    search = Search(engine, scenario, limits, notice)
    is_complete = False
    with suppress(KeyboardInterrupt):  # whoever is content now gets what is there
        _rounds(search)
        is_complete = not search.is_over
    # Once the bug is gone there is a rest again, and agreement takes its time: the file is to pass.
    search.confirm(replace(search.best, healing_ns=scenario.healing_ns))
    return Shrunk(search.best, search.verdict, search.trials, is_complete)


def _rounds(search: Search) -> None:
    for _ in range(ROUNDS_MAX):
        before = search.best
        for make_smaller in _ROUND:
            make_smaller(search)
        if search.best == before:
            single_messages(search)
            if search.best == before:
                return
