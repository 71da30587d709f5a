"""The engine that is no other process: for one run, and for tests."""

from types import TracebackType
from typing import Self

from simulations.engines.engine import Done, Job, carry_out
from simulations.trial import decoded


class Here:
    """Carries out one job at a time, when it is waited for."""

    def __init__(self) -> None:
        self._job: Job | None = None

    @property
    def room(self) -> int:
        """One."""
        return int(self._job is None)

    @property
    def busy(self) -> int:
        """The job that was given."""
        return int(self._job is not None)

    def give(self, job: Job) -> None:
        """Keep ``job`` until it is waited for."""
        assert self._job is None, "one at a time"
        self._job = job

    def wait(self) -> Done:
        """Run it."""
        assert self._job is not None, "nothing was given"
        job, self._job = self._job, None
        return Done(job.number, "this process", decoded(carry_out(job.scenario)))

    def close(self) -> None:
        """Forget what was given."""
        self._job = None

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
