"""A sweep runs what is missing, keeps what fails, and trusts no worker."""

from collections.abc import Callable

import msgspec
import pytest

from simulations.build import Build
from simulations.engines.engine import Done, Job
from simulations.engines.here import Here
from simulations.scenario import Scenario, read
from simulations.sweep.archive import Archive, Row
from simulations.sweep.source import Fixed, Generated, key
from simulations.sweep.summary import summarised
from simulations.sweep.sweep import CHECKED_ONE_IN, LOST, OTHER_DIGEST, Sweep
from tests.simulations.sweep.engines import Scripted
from tests.simulations.sweep.small import SMALL
from tests.simulations.sweep.test_archive import FAILED, verdict

SOURCE = Fixed("small", SMALL)


def passing(job: Job) -> Done:
    """Every run passes."""
    return Done(job.number, "worker 1", verdict(job.number))


def failing(*seeds: int) -> Callable[[Job], Done]:
    """The runs of ``seeds`` fail."""

    def answer(job: Job) -> Done:
        violations = FAILED if job.number in seeds else ()
        return Done(job.number, "worker 1", verdict(job.number, violations))

    return answer


def sweep(engine: Scripted, checker: Scripted, archive: Archive, seeds: range) -> list[Row]:
    """Run it; the rows in the order in which they came."""
    reported: list[Row] = []
    Sweep(SOURCE, archive, engine, checker).run(seeds, reported.append)
    return reported


def test_each_seed_is_run_once() -> None:
    """What is in the archive is not run again, however wide the range."""
    with Archive(None, "key") as archive:
        first, second = Scripted(passing), Scripted(passing)
        _ = sweep(first, Scripted(passing), archive, range(1, 4))
        _ = sweep(second, Scripted(passing), archive, range(1, 6))
        assert [job.number for job in first.given] == [1, 2, 3]
        assert [job.number for job in second.given] == [4, 5]


def test_a_worker_gets_the_scenario_of_its_seed() -> None:
    """What travels is the resolved scenario, and nothing else is needed."""
    engine = Scripted(passing)
    with Archive(None, "key") as archive:
        _ = sweep(engine, Scripted(passing), archive, range(7, 8))
    assert read(engine.given[0].scenario) == msgspec.structs.replace(SMALL, seed=7)


def test_a_failing_seed_is_kept_with_its_scenario_and_checked() -> None:
    """Its violation, the scenario that replays it, and a second run elsewhere."""
    checker = Scripted(failing(5))
    with Archive(None, "key") as archive:
        rows = sweep(Scripted(failing(5)), checker, archive, range(4, 7))
    failed = [row for row in rows if row.failure is not None]
    assert [(row.seed, row.failure, row.remark) for row in failed] == [(5, "barrier W", "")]
    assert failed[0].scenario is not None
    assert read(failed[0].scenario).seed == 5
    assert [job.number for job in checker.given] == [5]


def test_some_passing_seeds_are_checked() -> None:
    """One in a hundred is run a second time."""
    checker = Scripted(passing)
    with Archive(None, "key") as archive:
        _ = sweep(Scripted(passing), checker, archive, range(2 * CHECKED_ONE_IN))
    assert [job.number for job in checker.given] == [0, CHECKED_ONE_IN]


def test_a_worker_with_another_digest_is_named() -> None:
    """A run that is another one elsewhere is a failure, and says who gave which digest."""

    def other(job: Job) -> Done:
        return Done(job.number, "worker 9", verdict(job.number + 1))

    with Archive(None, "key") as archive:
        (row,) = sweep(Scripted(passing), Scripted(other), archive, range(1))
    assert row.failure == OTHER_DIGEST
    assert "worker 1 gave digest" in row.remark
    assert "worker 9" in row.remark


def test_a_lost_worker_costs_one_seed() -> None:
    """The seed is named, with who died and how, and the sweep goes on."""

    def dying(job: Job) -> Done:
        if job.number == 2:
            return Done(2, "worker 1", None, "was killed by SIGKILL")
        return passing(job)

    with Archive(None, "key") as archive:
        rows = sweep(Scripted(dying), Scripted(passing), archive, range(1, 4))
    assert [(row.seed, row.failure) for row in rows] == [(1, None), (2, LOST), (3, None)]
    assert rows[1].remark == "worker 1 was killed by SIGKILL"


def test_the_summary_does_not_depend_on_who_was_first() -> None:
    """However the runs end, one after the other or in any order, it is the same summary."""
    found = []
    for engine in (
        Scripted(failing(3)),
        Scripted(failing(3), width=4, take=lambda jobs: jobs[-1]),
    ):
        with Archive(None, "key") as archive:
            _ = sweep(engine, Scripted(failing(3)), archive, range(9))
            found.append(summarised(archive.rows(range(9))))
    assert found[0] == found[1]
    assert found[0].runs == 9
    assert [row.seed for row in found[0].failed] == [3]
    assert found[0].bites == {"split": 36}


@pytest.mark.parametrize("source", [SOURCE, Generated()])
def test_a_sweep_is_named_after_all_that_a_run_depends_on(source: Fixed | Generated) -> None:
    """Another scenario, other code, another planted bug: another sweep; another seed: the same."""
    build = Build("1", "a")
    others = {
        key(Fixed("x", msgspec.structs.replace(SMALL, look_ns=1)), build),
        key(source, Build("2", "a")),
        key(source, Build("1", "b")),
        key(source, build, "a:plant"),
    }
    assert len(others) == 4
    assert key(source, build) not in others
    reseeded: Scenario = msgspec.structs.replace(SMALL, seed=99)
    assert key(Fixed("small", reseeded), build) == key(SOURCE, build)


def test_a_run_here_is_a_run() -> None:
    """The engine that is no other process gives the verdict of the scenario."""
    with Here() as engine, Archive(None, "key") as archive:
        Sweep(SOURCE, archive, engine, Here()).run(range(1, 2), lambda _: None)
        (row,) = archive.rows([1])
    assert row.failure is None
    assert row.verdict is not None
    assert row.verdict.events > 50
