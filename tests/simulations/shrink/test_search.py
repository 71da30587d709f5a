"""A search takes the first candidate that fails alike, however many are tried at once."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from mesh.protocol.now import SECOND
from simulations.engines.engine import Done, Job
from simulations.kernel import START_NS
from simulations.scenario import Scenario, Suppress, read
from simulations.shrink.search import Limits, NoFailure, Search
from simulations.shrink.shrink import shrink
from simulations.shrink.story import told
from simulations.troubles import Crash, Split
from simulations.verdict import Verdict, Violation
from tests.simulations.sweep.engines import Scripted
from tests.simulations.sweep.small import SMALL

Fails = Callable[[Scenario], bool]


def engine(fails: Fails, *, width: int = 1, late_first: bool = False) -> Scripted:
    """Each scenario of which ``fails`` is true breaks a rule half a second after the beginning."""

    def answer(job: Job) -> Done:
        scenario = read(job.scenario)
        broken = (Violation(START_NS + SECOND, "a rule", "it broke"),)
        violations = broken if fails(scenario) else ()
        return Done(job.number, "w", Verdict(0, "", violations, 0, 0, 0, 0, {}, {}))

    return Scripted(answer, width=width, take=lambda jobs: jobs[-1 if late_first else 0])


def quiet(scenario: Scenario, trials: int) -> None:
    """Nobody wants to know."""


def seeds(*numbers: int) -> list[Scenario]:
    """Scenarios that differ."""
    return [replace(SMALL, seed=number) for number in numbers]


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("late_first", [False, True])
def test_the_first_in_order_is_taken(width: int, *, late_first: bool) -> None:
    """Whichever ends first, and however many run at once."""
    worker = engine(lambda each: each.seed % 3 == 0, width=width, late_first=late_first)
    search = Search(worker, SMALL, Limits(), quiet)
    assert search.accept_first(seeds(1, 2, 3, 4, 6, 9))
    assert search.best.seed == 3
    assert not search.accept_first(seeds(1, 2, 4, 5))
    assert search.best.seed == 3


def test_nothing_is_run_twice() -> None:
    """What was tried, also in vain or beside something else, is remembered."""
    worker = engine(lambda each: each.seed % 3 == 0, width=4)
    search = Search(worker, SMALL, Limits(), quiet)
    _ = search.accept_first(seeds(1, 2, 3, 4, 5, 6))
    _ = search.accept_first(seeds(1, 2, 4, 5, 1))
    numbers = [read(job.scenario).seed for job in worker.given]
    assert len(numbers) == len(set(numbers))


def test_another_failure_is_not_this_one() -> None:
    """A smaller scenario that breaks another rule is no smaller scenario of this failure."""

    def answer(job: Job) -> Done:
        rule = "a rule" if read(job.scenario).seed == 0 else "another rule"
        violations = (Violation(START_NS, rule, "it broke"),)
        return Done(job.number, "w", Verdict(0, "", violations, 0, 0, 0, 0, {}, {}))

    search = Search(Scripted(answer), SMALL, Limits(), quiet)
    assert not search.accept_first(seeds(1, 2, 3))


def test_what_does_not_fail_cannot_be_shrunk() -> None:
    """It says so instead of looking for nothing."""
    with pytest.raises(NoFailure, match="does not fail"):
        _ = Search(engine(lambda _: False), SMALL, Limits(), quiet)


def test_it_is_content_when_its_trials_are_used_up() -> None:
    """Then nothing more is tried, and the best so far stays."""
    worker = engine(lambda each: each.seed == 0)
    search = Search(worker, SMALL, Limits(trials=3), quiet)
    assert not search.accept_first(seeds(*range(1, 50)))
    assert search.is_over
    assert len(worker.given) == 3


def needs_two(scenario: Scenario) -> bool:
    """It takes the crash of c, and the split, while b is there."""
    kinds = {type(fault) for fault in scenario.faults}
    return {Crash, Split} <= kinds and any(host.name == "b" for host in scenario.hosts)


def large() -> Scenario:
    """Fifty faults, two of which matter."""
    crashes = tuple(
        Crash(number * SECOND, (number + 1) * SECOND, host=name, kind="killed")
        for number in range(12)
        for name in ("a", "b", "c", "d")
    )
    split = Split(30 * SECOND, 40 * SECOND, groups=(("a", "d"), ("b", "c")))
    late = Split(50 * SECOND, 51 * SECOND, groups=(("a",), ("d",)))
    hosts = (*SMALL.hosts, replace(SMALL.hosts[1], name="c"), replace(SMALL.hosts[1], name="d"))
    return replace(SMALL, hosts=hosts, faults=(*crashes, split, late), horizon_ns=60 * SECOND)


@pytest.mark.parametrize("width", [1, 3])
def test_all_passes_together(width: int) -> None:
    """What the failure needs is left; the outcome is the same with any number of workers."""
    found = shrink(large(), engine(needs_two, width=width), Limits(), quiet)
    assert found.is_complete
    assert sorted(type(fault).__name__ for fault in found.scenario.faults) == ["Crash", "Split"]
    assert found.scenario.workload == ()
    assert len(found.scenario.hosts) == 2
    assert found.scenario == shrink(large(), engine(needs_two), Limits(), quiet).scenario
    story = told(large(), found)
    assert len(story) == 5
    assert "50 faults" in story[-1]
    assert "2 faults" in story[-1]


def test_a_story_tells_of_lost_messages() -> None:
    """Suppressed datagrams are told one by one."""
    start = replace(SMALL, faults=(), suppressed=(Suppress("a", "b", 3),))
    found = shrink(start, engine(lambda each: bool(each.suppressed)), Limits(), quiet)
    assert "datagram 3 from a to b is lost" in told(start, found)[2]
