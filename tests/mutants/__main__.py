"""Plants every named fault: `python -m tests.mutants [WORD ...]`, those with a WORD in their name.

A fault is caught when each test that it names fails while it is planted, and it names at least one.
Each runs in a process of its own, so that no fault outlives its turn. At the end every named test
must pass with no fault planted, for one that always fails proves nothing; and every test of the
specification must have a fault that it catches, for one that cannot fail says nothing.
"""

import importlib
import os
import pkgutil
import resource
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path

import pytest

import tests.mutants
from tests.mutants.mutant import Mutant

SPECIFICATION = "tests/specification"
NOTHING = "tests/mutants"
"""Where no tests are: to collect it loads pytest and its plugins."""

TOLD_EVERY = 50
"""Faults after which people are told how far it is."""

FILES_AT_ONCE = 4
"""Test files that one process runs without a fault: few, so that both cores have work."""


CPU_S_MAX = 60
MEMORY_BYTES_MAX = 2 * 1024**3
"""What one test may take: a fault may well make it run for ever, or fill the machine."""


class RanAway(Exception):  # as it is said
    """A test took more time than any honest one: the fault was noticed."""


def _run_away(_number: int, _frame: object) -> None:
    raise RanAway


class Recorder:
    """Which tests ran and which of them failed, by id without parameters."""

    def __init__(self) -> None:
        self.ran: dict[str, None] = {}
        self.failed: dict[str, None] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember what is about to run."""
        self.ran |= {bare(item.nodeid): None for item in session.items}

    def pytest_runtest_setup(self) -> None:
        """Give each test its own time."""
        if signal.getsignal(signal.SIGVTALRM) is _run_away:
            _ = signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S_MAX, CPU_S_MAX)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what failed."""
        if report.failed:
            self.failed[bare(report.nodeid)] = None


def bare(test: str) -> str:
    """The id of a test without its parameters."""
    return test.split("[", 1)[0]


def all_mutants() -> dict[str, Mutant]:
    """The tables of all modules beside this one."""
    found: dict[str, Mutant] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(tests.mutants.__path__)):
        if module != "__main__":
            table = getattr(importlib.import_module(f"tests.mutants.{module}"), "MUTANTS", {})
            assert not found.keys() & table.keys(), f"{module} repeats a name"
            found |= table
    return found


def run(arguments: Sequence[str], mutant: Mutant | None) -> Recorder:
    """Run pytest with ``arguments``, the fault planted."""
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as monkeypatch, _silence():
        if mutant is not None:
            mutant.patch(monkeypatch)
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"]
        _ = pytest.main([*options, *arguments], plugins=[recorder])
    return recorder


class _silence:  # noqa: N801  # reads as the statement that it is used in
    """What pytest prints goes nowhere: that tests fail is what is wanted."""

    def __init__(self) -> None:
        self._stdout = os.dup(1)
        self._sink = tempfile.TemporaryFile()  # noqa: SIM115  # closed on leaving

    def __enter__(self) -> None:
        _ = sys.stdout.flush()
        _ = os.dup2(self._sink.fileno(), 1)

    def __exit__(self, *error: object) -> None:
        del error
        _ = sys.stdout.flush()
        _ = os.dup2(self._stdout, 1)
        os.close(self._stdout)
        self._sink.close()


def survived(name: str) -> tuple[str, list[str]]:
    """The tests that ``name`` should fail and does not; those that do not exist, too."""
    mutant = all_mutants()[name]
    _ = signal.signal(signal.SIGVTALRM, _run_away)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    try:
        recorder = run(mutant.caught_by, mutant)
    except AssertionError as error:
        return name, [f"cannot be planted: {error}"]
    return name, [test for test in mutant.caught_by if bare(test) not in recorder.failed]


def broken(tests_named: Sequence[str]) -> list[str]:
    """Those of ``tests_named`` that fail, or do not run, though no fault is planted."""
    recorder = run(tests_named, None)
    return [
        test
        for test in tests_named
        if bare(test) in recorder.failed or bare(test) not in recorder.ran
    ]


def specified() -> list[str]:
    """The tests of the specification, those of the repository itself left aside."""
    return sorted(run([SPECIFICATION, "--collect-only", "-m", "not repository"], None).ran)


def main(words: Sequence[str]) -> int:
    """Plant, count, and print what was not caught."""
    mutants = all_mutants()
    chosen = [name for name in mutants if not words or any(word in name for word in words)]
    _ = run([NOTHING, "--collect-only"], None)  # what every process needs is loaded once
    with get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        failures = list(_failures(pool, chosen))
        batches = _batches(test for name in chosen for test in mutants[name].caught_by)
        failing = [test for found in pool.imap_unordered(broken, batches) for test in found]
        named = {bare(test) for mutant in mutants.values() for test in mutant.caught_by}
        unnamed = [t for t in pool.apply(specified) if t not in named] if not words else []
    for line in failures:
        print(line)  # noqa: T201  # a program
    for test in failing:
        print(f"FAILS WITHOUT A FAULT {test}")  # noqa: T201
    for test in unnamed:
        print(f"NO FAULT fails {test}")  # noqa: T201
    print(f"{len(chosen) - len(failures)} of {len(chosen)} faults caught")  # noqa: T201
    return 1 if failures or failing or unnamed else 0


def _batches(tests_named: Iterable[str]) -> list[list[str]]:
    """Each test once, those of a few files together."""
    by_file: dict[str, list[str]] = {}
    for test in sorted(dict.fromkeys(tests_named)):
        by_file.setdefault(test.partition("::")[0], []).append(test)
    files = list(by_file.values())
    return [
        [test for file in files[at : at + FILES_AT_ONCE] for test in file]
        for at in range(0, len(files), FILES_AT_ONCE)
    ]


def _failures(pool: Pool, chosen: Sequence[str]) -> Iterator[str]:
    for done, (name, missed) in enumerate(pool.imap_unordered(survived, chosen), 1):
        if done % TOLD_EVERY == 0:
            print(f"{done} of {len(chosen)} faults planted", flush=True)  # noqa: T201
        if missed or not all_mutants()[name].caught_by:
            yield f"SURVIVED {name}: {', '.join(missed) or 'no test is named'}"


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    sys.exit(main(sys.argv[1:]))
