"""Worker processes on this machine, one run at a time each.

Each worker is started from nothing, so that it has a hash seed and a memory layout of its own:
runs that depend on either give other digests, and are found out. A worker that dies, or whose run
does not end, is replaced, and the job that it had is named as lost; all others go on.
"""

import os
import signal
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Final, Self

from simulations.engines.engine import RUN_SECONDS_MAX, Done, Job, carry_out, prepare
from simulations.trial import decoded

LOSSES_MAX: Final = 3
"""Workers lost one after the other before any run has ended: they cannot even start."""


class CannotStart(Exception):
    """Workers die as they start; the text says how."""


@dataclass(slots=True)
class _Worker:
    number: int
    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    since: float = 0.0


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
        with suppress(OSError):  # it has died: waiting for it tells
            worker.pipe.send_bytes(job.scenario)

    def wait(self) -> Done:
        """The next one that is done, or whose worker is lost."""
        while not self._ready:
            self._look()
        return self._ready.popleft()

    def _look(self) -> None:
        working = [worker for worker in self._workers if worker.job is not None]
        assert working, "nothing was given"
        patience = self._run_seconds_max + min(worker.since for worker in working)
        pipes = [worker.pipe for worker in working]
        heard = wait(pipes, max(0.0, patience - time.monotonic()))
        for worker in working:
            if worker.pipe in heard:
                self._hear(worker)
            elif time.monotonic() - worker.since >= self._run_seconds_max:
                worker.process.kill()
                self._lose(worker, f"did not end within {self._run_seconds_max:g} s")

    def _hear(self, worker: _Worker) -> None:
        assert worker.job is not None
        try:
            verdict = decoded(worker.pipe.recv_bytes())
        except (EOFError, OSError):
            worker.process.join()
            self._lose(worker, _ending(worker.process.exitcode))
            return
        self._losses = 0
        self._ready.append(Done(worker.job.number, self._name(worker), verdict))
        worker.job = None

    def _lose(self, worker: _Worker, why: str) -> None:
        assert worker.job is not None
        self._losses += 1
        if self._losses >= LOSSES_MAX * len(self._workers):
            raise CannotStart(f"{self._losses} workers one after the other: {why}")
        self._ready.append(Done(worker.job.number, self._name(worker), None, why))
        worker.pipe.close()
        self._workers[self._workers.index(worker)] = self._start()

    def _name(self, worker: _Worker) -> str:
        return f"worker {worker.number} (process {worker.process.pid})"

    def _start(self) -> _Worker:
        context = get_context("spawn")
        near, far = context.Pipe()
        process = context.Process(target=_work, args=(far, self._plant), daemon=True)
        process.start()
        far.close()
        self._started += 1
        return _Worker(self._started, process, near)

    def close(self) -> None:
        """End all workers at once."""
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
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


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def _work(pipe: Connection, plant: str | None) -> None:
    """What a worker does until its parent closes the pipe."""
    _ = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends us
    prepare(plant)
    with suppress(EOFError, OSError):
        while True:
            pipe.send_bytes(carry_out(pipe.recv_bytes()))
