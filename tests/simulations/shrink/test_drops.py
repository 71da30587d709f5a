"""A fault of the network, and the datagrams that it lost."""

from collections import Counter

from msgspec.structs import replace

from mesh.protocol.now import SECOND
from simulations.network.suppression import SUPPRESSED
from simulations.recording.recorder import Recorder
from simulations.scenario import Scenario, Suppress
from simulations.shrink.drops import lost_by_fault
from simulations.trial import attempt
from simulations.troubles import OneWay
from tests.simulations.sweep.small import SMALL

ONE_WAY = replace(SMALL, faults=(OneWay(SECOND // 4, SECOND, source="a", target="b"),), workload=())


def lost(scenario: Scenario) -> Counter[str]:
    """Of the datagrams of a run, how many were lost for which reason."""
    recorder = Recorder()
    _ = attempt(scenario, recorder=recorder)
    letters = [recorder.mail[number] for number in recorder.mail.numbers]
    return Counter(each.lost for each in letters if each.lost and not each.on_stream)


def test_what_a_fault_lost_is_known_by_link_and_number() -> None:
    """Each datagram on the link that was cut, by its number from the beginning of the world."""
    found = lost_by_fault(ONE_WAY)[0]
    assert len(found) == lost(ONE_WAY)["0-one-way"] > 0
    assert {(each.source, each.target) for each in found} == {("a", "b")}
    numbers = [each.number for each in found]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_suppressed_datagrams_vanish() -> None:
    """These and no others; without them it is another run."""
    (first, *_) = lost_by_fault(ONE_WAY)[0]
    scenario = replace(ONE_WAY, faults=(), suppressed=(first,))
    assert lost(scenario) == {SUPPRESSED: 1}
    without = replace(scenario, suppressed=())
    assert attempt(scenario).digest != attempt(without).digest
    never_sent = replace(without, suppressed=(Suppress("a", "b", 10**6),))
    assert attempt(never_sent).digest == attempt(without).digest
