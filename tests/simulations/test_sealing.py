"""What the network changes or keeps back, the controllers refuse by themselves."""

from mesh.protocol.now import SECOND
from simulations.reality import RealLife
from simulations.troubles import AnyFault, Corruption, Crash, Replay
from simulations.world import World
from tests.simulations.test_faults import AT, NAMES, scenario


def counted(world: World, counter: str) -> int:
    """A counter of the controllers that run now, all together."""
    lives = (host.replica for host in world.hosts.values())
    return sum(life.replica.desk.counters[counter] for life in lives if isinstance(life, RealLife))


def ran(*faults: AnyFault) -> World:
    """A world after a run in which nothing was violated."""
    world = World(scenario(*faults), RealLife)
    verdict = world.run()
    assert verdict.violations == ()
    assert all(verdict.bites.values())
    return world


def test_flipped_bits_are_refused_by_the_box() -> None:
    """Each datagram that arrives with another bit is rejected by whoever gets it."""
    world = ran(Corruption(*AT, hosts=NAMES, share=0.1))
    assert world.datagrams.broken > 0
    assert counted(world, "datagrams rejected") >= world.datagrams.broken


def test_what_comes_twice_is_taken_once() -> None:
    """Repeated within one life of the receiver: its window knows."""
    world = ran(Replay(*AT, hosts=NAMES, share=0.2, age_ns=SECOND // 4))
    assert counted(world, "datagrams repeated") > 0


def test_what_was_kept_for_a_former_life_is_refused() -> None:
    """The receiver has restarted and remembers nothing; the datagrams name another life."""
    faults = (
        Replay(*AT, hosts=NAMES, share=0.5, age_ns=3 * SECOND),
        Crash(AT[0] + SECOND, AT[0] + SECOND + SECOND // 10, host="b", kind="killed"),
    )
    world = ran(*faults)
    assert counted(world, "datagrams for another life") > 0
