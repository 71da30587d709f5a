"""The hunt for one planted bug: seed after seed, until a checker speaks that is right to speak.

Each bug is planted in a process of its own, forked from one in which nothing is planted, so that no
bug outlives its hunt. A finding counts only if the honest code passes the very same run: that is
tried in another fork. If it does not, the seed proves nothing and the hunt goes on behind it.
"""

import resource
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final

import pytest

from simulations.files.library import find
from simulations.generator import generate
from simulations.scenario import Scenario
from simulations.trial import attempt, signature
from tests.changes.run import run
from tests.planted.bug import CHANGES, GENERATED, Bug

CPU_S_MAX: Final = 60
MEMORY_BYTES_MAX: Final = 2 * 1024**3
"""What one run may take: a bug may well make it run for ever, or fill the machine."""

_CONTEXT: Final = get_context("fork")


class RanAway(Exception):
    """A run took far more time than any honest one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Who spoke, at the end of which run."""

    seed: int
    checker: str
    text: str
    """What it said."""


@dataclass(slots=True)
class Hunt:
    """How far the hunt for one bug is."""

    name: str
    bug: Bug
    seeds: int
    """How many are tried."""
    found: Finding | None = None
    unsound: list[int] = field(default_factory=list)
    """Seeds at which the honest code fails as well."""
    _suspected: Finding | None = None
    _process: BaseProcess | None = None
    _pipe: Connection | None = None

    def start(self, seed: int) -> None:
        """Try the seeds from ``seed`` on, with the bug."""
        self._suspected = None
        self._fork(self.bug, range(seed, self.seeds))

    @property
    def pipe(self) -> Connection:
        """Readable when the process that runs now has something to say."""
        assert self._pipe is not None, "nothing runs"
        return self._pipe

    def go_on(self) -> bool:
        """Hear what the process has to say; whether the hunt is over."""
        finding = self._heard()
        suspected = self._suspected
        if suspected is None and finding is None:
            return True
        if suspected is None and finding is not None:
            self._suspected = finding
            self._fork(None, range(finding.seed, finding.seed + 1))
            return False
        if finding is None:
            self.found = suspected
            return True
        self.unsound.append(finding.seed)
        self.start(finding.seed + 1)
        return False

    def _heard(self) -> Finding | None:
        assert self._process is not None, "nothing runs"
        try:
            finding: Finding | None = self.pipe.recv()
        except EOFError:
            raise RuntimeError(f"the process of {self.name} died") from None
        self._process.join()
        return finding

    def _fork(self, bug: Bug | None, seeds: range) -> None:
        self._pipe, far = _CONTEXT.Pipe(duplex=False)
        arguments = (bug, self.bug.scenario, seeds, far)
        self._process = _CONTEXT.Process(target=_search, args=arguments, daemon=True)
        self._process.start()
        far.close()

    def end(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.join()


def hunt_all(bugs: Iterable[tuple[str, Bug]], seeds: int, jobs: int) -> Iterator[Hunt]:
    """Hunt for ``bugs``, ``jobs`` at a time; each hunt when it is over."""
    waiting = iter(bugs)
    running: list[Hunt] = []
    try:
        while True:
            while len(running) < jobs and (following := next(waiting, None)) is not None:
                running.append(Hunt(*following, seeds))
                running[-1].start(0)
            if not running:
                return
            ready = wait([hunt.pipe for hunt in running])
            for hunt in [each for each in running if each.pipe in ready]:
                if hunt.go_on():
                    running.remove(hunt)
                    yield hunt
    finally:
        for hunt in running:
            hunt.end()


def scenario_of(name: str, seed: int) -> Scenario:
    """The run that ``seed`` makes of the situation ``name``."""
    return generate(seed) if name == GENERATED else find(name).scenario(seed)


def _search(bug: Bug | None, scenario: str, seeds: range, pipe: Connection) -> None:
    """What a forked process does: plant, run, and tell the first finding."""
    _ = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and ends us
    _ = signal.signal(signal.SIGVTALRM, _run_away)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    with pytest.MonkeyPatch.context() as monkeypatch:
        if bug is not None:
            bug.plant(monkeypatch)
        pipe.send(next(filter(None, (_run(scenario, seed) for seed in seeds)), None))


def _run(scenario: str, seed: int) -> Finding | None:
    _ = signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S_MAX)
    verdict = run(seed).verdict if scenario == CHANGES else attempt(scenario_of(scenario, seed))
    _ = signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    checker = signature(verdict)
    return None if checker is None else Finding(seed, checker, verdict.violations[0].text)


def _run_away(_number: int, _frame: object) -> None:
    raise RanAway(f"still running after {CPU_S_MAX} s")
