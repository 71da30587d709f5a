"""A Dask cluster as an engine.

Only a few jobs are with the scheduler at a time: it is for running them, not for keeping them.
Each thread of a worker has a process of its own beside it that does the runs, for inside a run
clocks and sockets are forbidden, and the worker needs both. A worker with other code than here
refuses; what it would find is about another program.
"""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self, cast

from distributed import Client, get_worker

from simulations.build import Build, this_build
from simulations.engines.child import Child, Died
from simulations.engines.engine import RUN_SECONDS_MAX, Done, Engine, Job
from simulations.trial import decoded

AHEAD: Final = 2
"""Jobs for each thread of the cluster: one that runs, and one so that it need not wait."""

SILENCE_SECONDS_MAX: Final = 10.0
"""How long the scheduler may take for an answer."""


COUNTED_EVERY_SECONDS: Final = 1.0
"""The threads of a cluster come and go; more often than this nobody need ask."""


class Answer(NamedTuple):
    """What comes back from a worker."""

    worker: str
    verdict: bytes
    """Empty where the process beside the worker was lost."""
    lost: str = ""


class _Future(Protocol):
    """A result to come; distributed's own types say nothing about it."""

    def exception(self) -> BaseException | None: ...
    def result(self) -> Answer: ...
    def add_done_callback(self, function: Callable[["_Future"], None]) -> None: ...


class _Client(Protocol):
    """What of a client is used here."""

    def submit(
        self, function: Callable[..., Answer], *arguments: object, pure: bool, retries: int
    ) -> _Future: ...
    def nthreads(self) -> dict[str, int]: ...
    def cancel(self, futures: list[_Future]) -> None: ...
    def close(self) -> None: ...


def open_dask(scheduler: str, *, plant: str | None = None) -> Engine:
    """The cluster whose scheduler is at the address ``scheduler``.

    Raises OSError where nobody answers there.
    """
    connect = cast("Callable[..., _Client]", Client)
    return Dask(connect(scheduler, timeout=SILENCE_SECONDS_MAX, set_as_default=False), plant)


class Dask:
    """An engine that has others do the work."""

    def __init__(self, client: _Client, plant: str | None = None) -> None:
        """``client`` is closed with the engine."""
        self._client = client
        self._plant = plant
        self._jobs: dict[_Future, Job] = {}
        self._finished = SimpleQueue[_Future]()
        self._threads = 1
        self._counted = 0.0

    @property
    def room(self) -> int:
        """As many as the threads that are there now can soon do."""
        now = time.monotonic()
        if now - self._counted >= COUNTED_EVERY_SECONDS:
            self._counted = now
            self._threads = max(1, sum(self._client.nthreads().values()))
        return max(0, self._threads * AHEAD - len(self._jobs))

    @property
    def busy(self) -> int:
        """Jobs that were given and are not done."""
        return len(self._jobs)

    def give(self, job: Job) -> None:
        """Begin ``job``."""
        future = self._client.submit(
            run_beside, job.scenario, this_build(), self._plant, pure=False, retries=0
        )
        self._jobs[future] = job
        future.add_done_callback(self._finished.put)

    def wait(self) -> Done:
        """The next one that is done."""
        future = self._finished.get()
        job = self._jobs.pop(future)
        error = future.exception()
        if error is not None:
            return Done(job.number, "a Dask worker", None, f"is lost: {error}")
        answer = future.result()
        verdict = decoded(answer.verdict) if answer.verdict else None
        return Done(job.number, answer.worker, verdict, answer.lost)

    def close(self) -> None:
        """Forget what was not done."""
        self._client.cancel(list(self._jobs))
        self._client.close()

    def __enter__(self) -> Self:
        """The engine itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


# --- on the workers -------------------------------------------------------------------------------

_beside = threading.local()
"""By planted bug, mostly none: the process beside this thread."""


def run_beside(scenario: bytes, wanted: Build, plant: str | None) -> Answer:
    """Run ``scenario`` in the process beside this thread of a worker."""
    worker = f"Dask worker {get_worker().address}"
    if this_build() != wanted:
        return Answer(worker, b"", f"has other code: {this_build()} instead of {wanted}")
    children: dict[str | None, Child] = _beside.__dict__.setdefault("children", {})
    if plant not in children:
        children[plant] = Child(plant)
    child = children[plant]
    child.give(scenario)
    try:
        if child.is_ready(RUN_SECONDS_MAX):
            return Answer(worker, child.take())
        why = f"did not end within {RUN_SECONDS_MAX:g} s"
    except Died as death:
        why = str(death)
    children.pop(plant).end()
    return Answer(worker, b"", why)
