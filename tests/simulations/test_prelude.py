"""A mesh with a past: what happened before the first host was switched on is real history."""

from typing import Final

import pytest

from mesh.protocol.now import SECOND
from simulations.files.problems import Misspelled
from simulations.files.situation import read_situation
from simulations.reality import RealLife
from simulations.scenario import Host, Scenario
from simulations.verdict import Verdict
from simulations.world import World

HOSTS: Final = 5


def a_mesh(seed: int) -> World:
    """Five hosts that were admitted before they were switched on, and a second of peace."""
    hosts = tuple(Host(f"h{number}", "s", founds=number == 0) for number in range(HOSTS))
    scenario = Scenario(seed=seed, hosts=hosts, horizon_ns=SECOND, population="admitted")
    return World(scenario, RealLife)


def run(seed: int) -> Verdict:
    """The verdict on such a mesh."""
    return a_mesh(seed).run()


def test_all_take_part_from_their_first_day_on() -> None:
    """Who was admitted beforehand is of one mind with all others soon after it is switched on."""
    verdict = run(1)
    assert not verdict.violations
    assert verdict.simulated_ns < 2 * SECOND + SECOND // 2


def test_what_is_on_the_disks_was_said_by_whoever_it_names() -> None:
    """Each has begun twice, knows so, and has said itself what it applied."""
    counts = run(1).counts
    assert counts["fact Boot first"] == HOSTS
    assert counts["fact Boot proven"] == HOSTS
    assert counts["fact Propose normal"] == 1, "all are admitted together"
    assert counts["fact Propose roster"] == 1, "and made active together"
    assert counts["fact Applied"] == 2 * HOSTS
    assert "fact Boot lost" not in counts


def test_everybody_is_active_everywhere() -> None:
    """The roster that all show is the one that the founder made."""
    world = a_mesh(2)
    _ = world.run()
    everybody = tuple(sorted(host.controller for host in world.hosts.values()))
    for host in world.hosts.values():
        glance = host.replica.glance() if host.replica is not None else None
        assert glance is not None
        assert glance.active == glance.live == everybody


def test_one_seed_is_one_past() -> None:
    """The prelude is part of the run: equal seeds have equal digests, others do not."""
    assert run(3).digest == run(3).digest
    assert run(3).digest != run(4).digest


def test_only_a_founder_can_admit() -> None:
    """A file that says that all were admitted, and by nobody, is refused with the line."""
    text = 'population = "admitted"\n[sites]\noffice = 3\n[hosts.office-1]\nfresh = true\n'
    with pytest.raises(Misspelled, match="line 1: population"):
        _ = read_situation(text, "nobody_founds", source="nobody_founds.toml")
