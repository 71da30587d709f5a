"""What every engine is, and the values that go in and come out.

A job is bytes and nothing else: the scenario in its canonical spelling. So whatever a worker runs
can be replayed from a file, and nothing of the process that asked can leak into the run.
"""

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self

from simulations.scenario import read
from simulations.trial import attempt, encoded
from simulations.verdict import Verdict

RUN_SECONDS_MAX: Final = 600.0
"""A run that takes longer has no end: a long one of a thousand controllers takes a few minutes."""


class Job(NamedTuple):
    """One run that is wanted."""

    number: int
    """Tells it from the others of this engine; a sweep takes the seed."""
    scenario: bytes
    """In its canonical spelling."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one job."""

    number: int
    worker: str
    """Who ran it, for people."""
    verdict: Verdict | None
    """None where the worker was lost."""
    lost: str = ""
    """Why it was lost, for people."""


class Engine(Protocol):
    """Carries out jobs; to be closed, and usable as a context."""

    @property
    def room(self) -> int:
        """How many more jobs it takes now."""

    @property
    def busy(self) -> int:
        """Jobs that were given and are not done."""

    def give(self, job: Job) -> None:
        """Begin ``job``; there must be room."""

    def wait(self) -> Done:
        """The next one that is done; something must be busy."""

    def close(self) -> None:
        """End at once; what was not done is forgotten."""

    def __enter__(self) -> Self:
        """The engine itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""


def carry_out(scenario: bytes) -> bytes:
    """What workers do: run the scenario that is spelled so; the verdict, as bytes."""
    return encoded(attempt(read(scenario)))


def prepare(plant: str | None) -> None:
    """Call the function that ``plant`` names as ``module:function``: it plants a bug, for tests.

    A worker knows nothing of the process that started it, so what is planted there is planted
    in each worker by name.
    """
    if plant is not None:
        module, _, function = plant.partition(":")
        getattr(importlib.import_module(module), function)()


def results(engine: Engine, jobs: Iterable[Job]) -> Iterator[Done]:
    """Carry out ``jobs``, taken one by one as room comes; each is yielded when it is done."""
    waiting = iter(jobs)
    while True:
        while engine.room and (job := next(waiting, None)) is not None:
            engine.give(job)
        if not engine.busy:
            return
        yield engine.wait()
