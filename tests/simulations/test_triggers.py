"""What waits for a moment happens in that moment, in every run of the same seed."""

import msgspec

from simulations.files.library import find
from simulations.plan import Trigger
from simulations.reality import RealLife
from simulations.scenario import Scenario
from simulations.witness import Moment
from simulations.world import World

SECOND = 1_000_000_000


def ran(scenario: Scenario) -> World:
    """A world after its run."""
    world = World(msgspec.structs.replace(scenario, expect=None), RealLife)
    assert world.run().violations == ()
    return world


def seen(world: World, *words: str) -> list[Moment]:
    """Moments of the story, by their words."""
    since = world.ending([]).moments
    return [moment for moment in since if moment.seen in words]


def with_trigger(trigger: Trigger) -> Scenario:
    """The power of one host goes when ``trigger`` is pulled."""
    plan = find("crash_between_seal_and_gossip").plan
    (dark,) = plan.faults
    return msgspec.structs.replace(plan, faults=(msgspec.structs.replace(dark, when=trigger),))


def test_a_crash_fits_between_a_seal_and_its_first_message() -> None:
    """The vote is on disk; its author goes down in the same nanosecond, and nobody else knows."""
    world = ran(find("crash_between_seal_and_gossip").scenario(0))
    (sealed,) = [each for each in seen(world, "sealed") if each.host == "elm"][:1]
    stopped = seen(world, "stopped")[0]
    assert (stopped.host, stopped.time_ns) == ("elm", sealed.time_ns)
    by_others = [each for each in seen(world, "applied") if each.host != "elm"]
    applied = next(each for each in by_others if each.change == "red")
    assert applied.time_ns - sealed.time_ns > SECOND, "without it, once it is given up"


def test_the_same_seed_pulls_the_same_trigger() -> None:
    """Two runs are one run, event by event."""
    scenario = find("split_while_staging").scenario(1)
    one, other = (World(scenario, RealLife).run().digest for _ in range(2))
    assert one == other


def test_what_waits_for_a_moment_that_never_comes_never_happens() -> None:
    """Neither the fault nor its end."""
    world = ran(with_trigger(Trigger("sealed", change="merge")))
    assert seen(world, "stopped") == []
    assert list(world.faults.bites.values()) == [0]


def test_the_nth_time_counts() -> None:
    """With ``nth`` the trigger waits for that many of them."""
    world = ran(with_trigger(Trigger("sealed", change="red", nth=3)))
    third = [each for each in seen(world, "sealed") if each.change == "red"][2]
    assert seen(world, "stopped")[0].time_ns == third.time_ns


def test_a_fault_may_begin_some_time_after() -> None:
    """Its times count from the moment, and it lasts as long as it is written."""
    scenario = with_trigger(Trigger("released", change="red"))
    (dark,) = scenario.faults
    later = msgspec.structs.replace(dark, starts_ns=2 * SECOND, ends_ns=5 * SECOND)
    world = ran(msgspec.structs.replace(scenario, faults=(later,)))
    released, stopped = seen(world, "released")[0], seen(world, "stopped")[0]
    started = next(each for each in seen(world, "started") if each.time_ns > stopped.time_ns)
    assert stopped.time_ns - released.time_ns == 2 * SECOND
    assert 3 * SECOND <= started.time_ns - stopped.time_ns < 4 * SECOND
