"""Tries candidates on an engine, several at a time, with the outcome of trying one after another.

Among candidates in order the first that fails alike is taken, whichever ended first; later ones
that ran beside it are wasted, but remembered. So the result depends on how many workers there are
only where the time runs out.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from simulations.engines.engine import Done, Engine, Job
from simulations.scenario import Scenario, canonical, fingerprint
from simulations.trial import signature
from simulations.verdict import Verdict

SECONDS_MAX: Final = 40.0
"""With the start of the workers, the last runs under way, and the one in a fresh process that is a
minute at most, also on a busy machine."""

TRIALS_MAX: Final = 5_000
"""Beyond so many the rest of the time changes little."""

Notice = Callable[[Scenario, int], None]
"""Hears of the smallest scenario so far and of the number of trials."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When to be content."""

    seconds: float = SECONDS_MAX
    trials: int = TRIALS_MAX


class NoFailure(Exception):
    """What was to be shrunk does not fail; the text says what to do."""


class Search:
    """One search for a smaller scenario."""

    def __init__(
        self, engine: Engine, start: Scenario, limits: Limits, notice: Notice, wanted: str = ""
    ) -> None:
        """Run ``start`` first; what fails is wanted again, unless ``wanted`` names it.

        Raises NoFailure.
        """
        self.trials = 0
        self._engine = engine
        self._notice = notice
        self._limits = limits
        self._ends = time.monotonic() + limits.seconds
        self._asked: dict[int, str] = {}
        """Fingerprints by number, of what the engine is at."""
        self._known: dict[str, Verdict | None] = {}
        """By fingerprint; None where the worker was lost."""
        self.best = start
        self._wanted = wanted
        verdict = self._first_verdict(start)
        self._wanted = wanted or signature(verdict) or ""
        if not self._wanted or signature(verdict) != self._wanted:
            raise NoFailure(
                f"the run does not fail{f' with {wanted}' if wanted else ''}: there is nothing to"
                " shrink; give it the seed or the file of a run that fails with this code"
            )
        self.verdict = verdict

    def confirm(self, scenario: Scenario) -> None:
        """Take ``scenario`` for the best if it fails alike, though the time may be over."""
        verdict = self._verdict(scenario)
        if self._fails_alike(scenario) and verdict is not None:
            self.best, self.verdict = scenario, verdict

    def _verdict(self, scenario: Scenario) -> Verdict | None:
        while not self._engine.room:
            self._take(self._engine.wait())
        self._give(scenario)
        while fingerprint(scenario) not in self._known:
            self._take(self._engine.wait())
        return self._known[fingerprint(scenario)]

    def _first_verdict(self, start: Scenario) -> Verdict:
        verdict = self._verdict(start)
        if verdict is None:
            raise NoFailure("the worker that ran it was lost: nothing can be learnt from that")
        return verdict

    @property
    def wanted(self) -> str:
        """The failure that is kept."""
        return self._wanted

    @property
    def is_over(self) -> bool:
        """Whether the time or the trials are used up."""
        return time.monotonic() >= self._ends or self.trials >= self._limits.trials

    def accept_first(self, candidates: Iterable[Scenario]) -> bool:
        """Whether one of ``candidates`` fails alike; the first that does is then the best."""
        found = self._first(iter(candidates))
        if found is None:
            return False
        verdict = self._known[fingerprint(found)]
        assert verdict is not None, "what fails alike has a verdict"
        self.best, self.verdict = found, verdict
        self._notice(found, self.trials)
        return True

    def _first(self, candidates: Iterator[Scenario]) -> Scenario | None:
        order: list[Scenario] = []
        at = 0
        """The first of them whose outcome is not known."""
        exhausted = False
        while not self.is_over:
            while at < len(order) and fingerprint(order[at]) in self._known:
                if self._fails_alike(order[at]):
                    return order[at]
                at += 1
            if self._engine.room and not exhausted and not self._has_success(order[at:]):
                candidate = next(candidates, None)
                exhausted = candidate is None
                if candidate is not None:
                    order.append(candidate)
                    self._give(candidate)
            elif at < len(order):
                self._take(self._engine.wait())
            elif exhausted:
                return None
            else:
                self._take(self._engine.wait())
        return None

    def _has_success(self, scenarios: list[Scenario]) -> bool:
        """Whether a later one is known to fail alike: others behind it are not wanted."""
        return any(self._fails_alike(each) for each in scenarios)

    def _fails_alike(self, scenario: Scenario) -> bool:
        verdict = self._known.get(fingerprint(scenario))
        return verdict is not None and signature(verdict) == self._wanted

    def _give(self, scenario: Scenario) -> None:
        name = fingerprint(scenario)
        if name in self._known or name in self._asked.values():
            return
        self.trials += 1
        self._asked[self.trials] = name
        self._engine.give(Job(self.trials, canonical(scenario)))

    def _take(self, done: Done) -> None:
        self._known[self._asked.pop(done.number)] = done.verdict
