"""Runs the seeds that are not in the archive yet, and checks some of them a second time.

A worker could lie: another version of a library, a broken memory, a leak of the hash seed into a
run. So each failing seed, and one in a hundred of the others, is run again on this machine in
another process, and must give the same digest.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from simulations.engines.engine import Done, Engine, Job, results
from simulations.scenario import canonical
from simulations.sweep.archive import Archive, Row
from simulations.sweep.source import Source
from simulations.trial import signature

CHECKED_ONE_IN: Final = 100
"""Of the passing seeds; it costs one run in a hundred."""

LOST: Final = "lost worker"
OTHER_DIGEST: Final = "other digest"
"""Failures that are the workers', not the protocol's."""

Report = Callable[[Row], None]


class Sweep:
    """One sweep at work."""

    def __init__(self, source: Source, archive: Archive, engine: Engine, checker: Engine) -> None:
        """``engine`` does the work; ``checker`` is another one, on this machine."""
        self._source = source
        self._archive = archive
        self._engine = engine
        self._checker = checker

    def run(self, seeds: Sequence[int], report: Report) -> None:
        """Run those of ``seeds`` that are not done; ``report`` sees each as it ends."""
        done = self._archive.done()
        for each in results(self._engine, self._jobs(seed for seed in seeds if seed not in done)):
            row = self._judged(each)
            self._archive.keep(row)
            report(row)

    def _jobs(self, seeds: Iterator[int]) -> Iterator[Job]:
        for seed in seeds:
            yield Job(seed, canonical(self._source.scenario(seed)))

    def _judged(self, done: Done) -> Row:
        scenario = canonical(self._source.scenario(done.number))
        if done.verdict is None:
            remark = f"{done.worker} {done.lost}"
            return Row(done.number, "", LOST, None, scenario, remark)
        digest, failure = done.verdict.digest, signature(done.verdict)
        remark = ""
        if failure is not None or not done.number % CHECKED_ONE_IN:
            remark = self._compared(done.worker, digest, Job(done.number, scenario))
        if remark:
            failure = OTHER_DIGEST
        kept = scenario if failure is not None else None
        return Row(done.number, digest, failure, done.verdict, kept, remark)

    def _compared(self, worker: str, digest: str, job: Job) -> str:
        """Empty where a run in another process is the same run."""
        self._checker.give(job)
        again = self._checker.wait()
        if again.verdict is None:
            return f"when checked, {again.worker} {again.lost}"
        if again.verdict.digest != digest:
            return f"{worker} gave digest {digest}, {again.worker} {again.verdict.digest}"
        return ""
