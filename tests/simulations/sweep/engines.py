"""Engines that run nothing: they say what they are told to say, in the order they are told to."""

from collections.abc import Callable
from typing import Self

from simulations.engines.engine import Done, Job

Answer = Callable[[Job], Done]


class Scripted:
    """An engine with room for several jobs that ends them in an order of its own."""

    def __init__(
        self, answer: Answer, *, width: int = 1, take: Callable[[list[Job]], Job] | None = None
    ) -> None:
        self.given: list[Job] = []
        self._jobs: list[Job] = []
        self._answer = answer
        self._width = width
        self._take = take or (lambda jobs: jobs[0])

    @property
    def room(self) -> int:
        """How many more jobs it takes now."""
        return self._width - len(self._jobs)

    @property
    def busy(self) -> int:
        """Jobs that were given and are not done."""
        return len(self._jobs)

    def give(self, job: Job) -> None:
        """Remember ``job``."""
        assert self.room > 0
        self.given.append(job)
        self._jobs.append(job)

    def wait(self) -> Done:
        """What the script says of one of them."""
        job = self._take(self._jobs)
        self._jobs.remove(job)
        return self._answer(job)

    def close(self) -> None:
        """Nothing to end."""

    def __enter__(self) -> Self:
        """The engine itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""
