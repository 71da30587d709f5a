"""Links that are not like all others: between hosts, and between sites."""

import pytest

from mesh.protocol.now import MILLISECOND
from simulations.files.problems import Misspelled
from simulations.files.situation import read_situation
from simulations.luck import Luck
from simulations.network.paths import HOSTS_WITH_LINKS_MAX, Paths
from simulations.plan import Delay
from simulations.scenario import Link, Network

USUAL = Network(Delay("constant", MILLISECOND))

SITUATION = """\
[sites]
office = ["ash", "birch"]
cloud = 2

[links.wide]
hosts = ["site:office"]
others = ["site:cloud"]
delay = "40 ms"
loss = 0.25

[links.special]
hosts = ["ash"]
others = ["cloud-2"]
delay = "90 ms"
"""


def delay_ms(paths: Paths, source: str, target: str) -> int:
    """How long bytes take from one host to another."""
    return paths.path(source, target).delay_ns() // MILLISECOND


def test_a_link_of_sites_holds_for_each_pair_and_both_directions() -> None:
    """Within a site all is as usual; of two links that fit, the last one counts."""
    plan = read_situation(SITUATION, "links", source="links").plan
    paths = Paths(USUAL, Luck(1), plan.links)
    assert delay_ms(paths, "ash", "birch") == delay_ms(paths, "cloud-1", "cloud-2") == 1
    assert delay_ms(paths, "ash", "cloud-1") == delay_ms(paths, "cloud-2", "birch") == 40
    assert delay_ms(paths, "ash", "cloud-2") == delay_ms(paths, "cloud-2", "ash") == 90


def test_a_link_loses_its_own_share() -> None:
    """A quarter of what crosses it is lost, and nothing of what does not."""
    link = Link(("ash",), ("oak",), Delay("constant", 0), loss=0.25)
    paths = Paths(USUAL, Luck(1), (link,))

    def lost(target: str) -> int:
        flights = (
            paths.path("ash", target).flight(b"x", 1, 0, on_stream=False) for _ in range(400)
        )
        return sum(bool(flight.lost_by) for flight in flights)

    assert 70 < lost("oak") < 130
    assert lost("birch") == 0


def test_links_of_a_large_mesh_share_the_luck_of_their_host() -> None:
    """Up to the limit each has its own; beyond, all that leave one host have the same."""
    few = Paths(USUAL, Luck(1), hosts=HOSTS_WITH_LINKS_MAX)
    assert few.path("ash", "oak").random is not few.path("ash", "birch").random
    many = Paths(USUAL, Luck(1), hosts=HOSTS_WITH_LINKS_MAX + 1)
    assert many.path("ash", "oak").random is many.path("ash", "birch").random
    assert many.path("ash", "oak").random is not many.path("oak", "ash").random


def test_a_link_that_cannot_be_is_a_mistake_with_its_line() -> None:
    """All mistakes at once: no such site, no such key, no delay."""
    text = SITUATION + '\n[links.wrong]\nhosts = ["site:clod"]\nothers = ["ash"]\nlost = 0.1\n'
    with pytest.raises(Misspelled) as caught:
        _ = read_situation(text, "links", source="links")
    told = str(caught.value)
    assert "site:clod" in told
    assert "site:cloud" in told
    assert "line 19: links.wrong.lost: unknown key" in told
    assert "lacks the key 'delay'" in told
