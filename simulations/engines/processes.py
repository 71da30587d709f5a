"""Worker processes on this machine, one run at a time each.

A worker that dies, or whose run does not end, is replaced, and the job that it had is named as
lost; all others go on.
"""

import os
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import wait
from types import TracebackType
from typing import Final, Self

from simulations.engines.child import Child, Died
from simulations.engines.engine import RUN_SECONDS_MAX, Done, Job
from simulations.trial import decoded

LOSSES_MAX: Final = 3
"""For each worker: so many lost and no run that ended in between, and they cannot even start."""


class CannotStart(Exception):
    """Workers die as they start; the text says how."""


@dataclass(slots=True)
class _Worker:
    number: int
    child: Child
    job: Job | None = None
    since: float = 0.0

    @property
    def name(self) -> str:
        return f"worker {self.number} (process {self.child.pid})"


class Processes:
    """An engine of worker processes."""

    def __init__(
        self,
        workers: int | None = None,
        *,
        plant: str | None = None,
        run_seconds_max: float = RUN_SECONDS_MAX,
    ) -> None:
        """As many ``workers`` as there are cores, unless stated."""
        self._plant = plant
        self._run_seconds_max = run_seconds_max
        self._started = 0
        self._losses = 0
        self._ready: deque[Done] = deque()
        count = workers or len(os.sched_getaffinity(0))
        self._workers = [self._start() for _ in range(count)]

    @property
    def room(self) -> int:
        """Workers that have nothing to do."""
        return sum(worker.job is None for worker in self._workers)

    @property
    def busy(self) -> int:
        """Jobs that were given and are not done."""
        return len(self._ready) + sum(worker.job is not None for worker in self._workers)

    def give(self, job: Job) -> None:
        """Begin ``job``."""
        worker = next(worker for worker in self._workers if worker.job is None)
        worker.job, worker.since = job, time.monotonic()
        worker.child.give(job.scenario)

    def wait(self) -> Done:
        """The next one that is done, or whose worker is lost.

        Raises CannotStart.
        """
        while not self._ready:
            self._look()
        return self._ready.popleft()

    def _look(self) -> None:
        working = [worker for worker in self._workers if worker.job is not None]
        assert working, "nothing was given"
        ends = self._run_seconds_max + min(worker.since for worker in working)
        pipes = [worker.child.fileno() for worker in working]
        heard = wait(pipes, max(0.0, ends - time.monotonic()))
        for worker in working:
            if worker.child.fileno() in heard:
                self._hear(worker)
            elif time.monotonic() - worker.since >= self._run_seconds_max:
                self._lose(worker, f"did not end within {self._run_seconds_max:g} s")

    def _hear(self, worker: _Worker) -> None:
        assert worker.job is not None
        try:
            verdict = decoded(worker.child.take())
        except Died as death:
            self._lose(worker, str(death))
            return
        self._losses = 0
        self._ready.append(Done(worker.job.number, worker.name, verdict))
        worker.job = None

    def _lose(self, worker: _Worker, why: str) -> None:
        assert worker.job is not None
        self._losses += 1
        if self._losses >= LOSSES_MAX * len(self._workers):
            raise CannotStart(f"{self._losses} workers one after the other: the last {why}")
        self._ready.append(Done(worker.job.number, worker.name, None, why))
        worker.child.end()
        self._workers[self._workers.index(worker)] = self._start()

    def _start(self) -> _Worker:
        self._started += 1
        return _Worker(self._started, Child(self._plant))

    def close(self) -> None:
        """End all workers at once."""
        for worker in self._workers:
            worker.child.end()
        self._workers = []

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
