"""Fresh hosts, started in the same second, become one environment."""

import pytest

from mesh.protocol.admission import Phase
from mesh.protocol.now import MILLISECOND, SECOND
from tests.mesh.protocol.admission.interleavings import Host, State, fresh, key, successors
from tests.mesh.protocol.street import House, Street, controller_id


def _ends(names: tuple[str, ...]) -> tuple[int, list[tuple[Host, ...]]]:
    """How many states there are, and the hosts in each from which nothing more can happen."""
    first = fresh(names)
    seen = {key(first)}
    open_states: list[State] = [first]
    ends: list[tuple[Host, ...]] = []
    while open_states:
        state = open_states.pop()
        following = list(successors(state))
        if not following:
            ends.append(state[0])
        for each in following:
            mark = key(each)
            if mark not in seen:
                seen.add(mark)
                open_states.append(each)
    return len(seen), ends


@pytest.mark.parametrize(
    ("names", "states_min"), [(("ada", "bob"), 40), (("ada", "bob", "cyd"), 15_000)]
)
def test_every_interleaving_ends_in_one_environment(
    names: tuple[str, ...], states_min: int
) -> None:
    """Every order of every Hello, Knock, Welcome, silence and accept leads to the same: one."""
    states, ends = _ends(names)
    assert states >= states_min
    assert ends
    for hosts in ends:
        environments = {host.admission.hello().environment for host in hosts}
        assert len(environments) == 1
        assert environments != {None}
        phases = [host.admission.phase for host in hosts]
        assert phases == [Phase.MEMBER] * len(hosts)
        founders = [host for host in hosts if _founded(host)]
        assert len(founders) == 1


def _founded(host: Host) -> bool:
    enrolment = host.admission.enrolment
    return enrolment is not None and enrolment.introducer is None


def _accept_all(street: Street, houses: list[House]) -> int:
    """A person looks at one controller or another and accepts whom it lists; how often."""
    accepted: set[bytes] = set()
    for _ in range(120):
        street.run(street.random.choice((50 * MILLISECOND, SECOND, 3 * SECOND)))
        house = street.random.choice(houses)
        for line in house.admission.pending(street.now):
            if line.controller not in accepted and street.random.random() < 0.5:
                accepted.add(line.controller)
                house.accept(line.controller)
    return len(accepted)


def _town(seed: int, names: tuple[str, ...], **settings: bool) -> tuple[Street, list[House]]:
    """Fresh hosts, started within one second; the first has ``settings``."""
    street = Street(seed)
    houses = [street.build(names[0], **settings), *map(street.build, names[1:])]
    for house in houses:
        street.later(house.start, 1 + street.random.randrange(SECOND))
    street.acquaint()
    street.run(SECOND)
    return street, houses


@pytest.mark.parametrize("seed", range(150))
def test_three_fresh_hosts_are_one_environment_after_two_accepts(seed: int) -> None:
    """Over real links that delay and cross: two accepts, one environment, everybody connected."""
    street, houses = _town(seed, ("ada", "bob", "cyd"))
    assert _accept_all(street, houses) == 2
    assert len({house.environment for house in houses}) == 1
    everybody = {controller_id(house.name) for house in houses}
    for house in houses:
        assert house.admission.phase is Phase.MEMBER
        assert house.roster == everybody
        assert house.peers.keys() == everybody - {controller_id(house.name)}
        assert house.boot <= 2


@pytest.mark.parametrize("seed", range(20))
def test_a_town_of_six_is_one_environment_after_five_accepts(seed: int) -> None:
    """One person, who accepts at one controller until that has everybody, accepts each once."""
    street, houses = _town(seed, ("ada", "bob", "cyd", "dan", "eve", "fay"))
    street.run(100 * SECOND)
    (home,) = [house for house in houses if house.admission.enrolment is not None]
    assert _accept_all(street, [home]) == 5
    assert {house.environment for house in houses} == {home.environment}
    assert all(len(house.peers) == 5 for house in houses)


@pytest.mark.parametrize("seed", range(20))
def test_whoever_is_told_to_found_is_the_one(seed: int) -> None:
    """Beside one that was started with ``--found`` all others wait, and are accepted there."""
    street, houses = _town(seed, ("ada", "bob", "cyd"), found=True)
    first = houses[0]
    assert _accept_all(street, [first]) == 2
    assert {house.environment for house in houses} == {first.environment}
    assert first.boot == 1


def test_without_an_accept_nobody_comes_in() -> None:
    """However long it takes: two wait, and say so; one environment stays, with one controller."""
    street, houses = _town(5, ("ada", "bob", "cyd"))
    street.run(3_600 * SECOND)
    phases = sorted(house.admission.phase for house in houses)
    assert phases == [Phase.FOUNDED, Phase.PENDING, Phase.PENDING]
    (home,) = [house for house in houses if house.admission.phase is Phase.FOUNDED]
    assert len(home.admission.pending(street.now)) == 2
