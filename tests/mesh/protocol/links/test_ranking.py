"""One stream for each pair, the same one at both ends, without flapping."""

from random import Random

import pytest

from mesh.protocol.admission.enrolment import ENVIRONMENT_KEY, encode_enrolment, found
from mesh.protocol.links import Connected, Disconnected, Source
from mesh.protocol.links.limits import SUPERSEDED_NS
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.protocol.standing import Ground
from mesh.wire.identity import Address, digest
from mesh.wire.messages import Hello
from tests.mesh.protocol.links.ends import HIGHER, LOWER, NEWS, End, address, hello, said
from tests.mesh.protocol.street import House, Street, controller_id, incarnation

HERE, THERE = address(1), address(2)


def test_the_stream_that_the_lower_id_dialled_counts() -> None:
    """Of two simultaneous dials the lower controller id's wins, at both ends alike."""
    low = End(LOWER)
    dialled, _ = low.greet(hello(HIGHER), dialled=HERE)
    _ = low.greet(hello(HIGHER))
    assert low.reached() == {incarnation(HIGHER): dialled}
    high = End(HIGHER)
    _ = high.greet(hello(LOWER), dialled=HERE)
    came, _ = high.greet(hello(LOWER))
    assert high.reached() == {incarnation(LOWER): came}


def test_whoever_dialled_the_loser_closes_it_once_the_winner_stands() -> None:
    """A stream is not given up for one that is not there yet, nor by both ends."""
    high = End(HIGHER)
    loser, _ = high.greet(hello(LOWER), dialled=HERE)
    winner = high.open()
    assert high.links.statistics().streams == 2
    assert high.hear(winner, hello(LOWER)).closes == ()
    step = high.judge(winner)
    assert step.closes == (loser,)
    assert step.events == (Connected(incarnation(LOWER), winner),)
    low = End(LOWER)
    _ = low.greet(hello(HIGHER), dialled=HERE)
    _, step = low.greet(hello(HIGHER))
    assert step.closes == ()


def test_a_superseded_stream_is_heard_to_the_end() -> None:
    """What was sent on the loser before it is closed still counts."""
    low = End(LOWER)
    _ = low.greet(hello(HIGHER), dialled=HERE)
    loser, _ = low.greet(hello(HIGHER))
    assert len(low.hear(loser, NEWS).events) == 1


def test_a_superseded_stream_that_nobody_closes_is_closed() -> None:
    """The end that did not dial waits for the other one, but not for ever."""
    low = End(LOWER)
    _ = low.greet(hello(HIGHER), dialled=HERE)
    loser, _ = low.greet(hello(HIGHER))
    assert low.links.deadline_ns == low.at_ns + SUPERSEDED_NS
    step = low.wake(low.at_ns + SUPERSEDED_NS)
    assert step.closes == (loser,)
    assert step.events == ()
    assert low.links.statistics().ended[Ground.SUPERSEDED] == 1


def test_a_superseded_stream_is_recalled_when_the_winner_goes() -> None:
    """If the better stream is lost meanwhile, the other one serves, and is announced."""
    low = End(LOWER)
    winner, _ = low.greet(hello(HIGHER), dialled=HERE)
    loser, _ = low.greet(hello(HIGHER))
    step = low.links.closed(winner, low.now)
    assert step.events == (Connected(incarnation(HIGHER), loser),)
    assert low.links.deadline_ns is None


def test_the_later_dial_of_one_side_counts() -> None:
    """Who dials again knows better than the other end what became of its first stream."""
    end = End()
    first, _ = end.greet(hello(HIGHER, stream=4))
    second, step = end.greet(hello(HIGHER, stream=5))
    assert step.events == (Connected(incarnation(HIGHER), second),)
    assert step.closes == ()
    _ = end.links.closed(first, end.now)
    third, step = end.greet(hello(HIGHER, stream=3))
    assert end.reached() == {incarnation(HIGHER): second}
    assert third not in step.closes


def test_of_two_own_dials_the_earlier_is_closed() -> None:
    """Two addresses of one controller lead to one stream."""
    end = End()
    first, _ = end.greet(hello(HIGHER), dialled=HERE)
    second, step = end.greet(hello(HIGHER), dialled=THERE)
    assert step.closes == (first,)
    assert end.reached() == {incarnation(HIGHER): second}


def test_a_later_life_replaces_an_earlier_one() -> None:
    """A controller that came back is another incarnation: the streams of the former one end."""
    end = End()
    former, _ = end.greet(hello(HIGHER, boot=1), dialled=HERE)
    _, step = end.greet(hello(HIGHER, boot=2))
    assert former in step.closes
    later = incarnation(HIGHER, 2)
    assert step.events[0] == Disconnected(incarnation(HIGHER, 1))
    assert [type(event) for event in step.events] == [Disconnected, Connected]
    assert end.reached().keys() == {later}
    stale, step = end.greet(hello(HIGHER, boot=1))
    assert step.closes == (stale,)
    assert end.reached().keys() == {later}


def test_a_standing_winner_is_tried_when_the_peer_dials_again() -> None:
    """If our stream is dead at its other end, only a word on it brings that out."""
    low = End(LOWER)
    winner, _ = low.greet(hello(HIGHER), dialled=HERE)
    _, step = low.greet(hello(HIGHER))
    assert [type(message) for message in said(step, winner)] == [Hello]


# --- both ends together, over a network that delays as it likes -----------------------------------


def _neighbours(seed: int, names: tuple[str, ...], addresses_each: int = 1) -> Street:
    """Members of one environment, all of them in the roster."""
    street = Street(seed, (1 * MILLISECOND, 30 * MILLISECOND, 400 * MILLISECOND))
    founder = controller_id(names[0])
    enrolment = found(
        founder, digest(b"exchange"), names[0], "home", digest(b"operator"), Random(7), settled=True
    )
    for name in names:
        house = street.build(name)
        house.disk = {ENVIRONMENT_KEY: encode_enrolment(enrolment)}
        house.roster = {controller_id(each) for each in names}
        for number in range(1, addresses_each):
            alias = Address(f"203.0.113.{number}", 7_000 + len(street.houses))
            street.houses[alias] = house
        house.start()
    street.acquaint()
    return street


def _distinct(street: Street) -> list[House]:
    return list({house.name: house for house in street.houses.values()}.values())


def _assert_paired(street: Street) -> None:
    """Each pair has one stream, and both ends write to it."""
    houses = _distinct(street)
    for house in houses:
        assert len(house.pipes) == len(houses) - 1
        for other in houses:
            if other is not house:
                stream = other.links.connected[controller_id(house.name)].stream
                assert house.peers[controller_id(other.name)] == stream


@pytest.mark.parametrize("seed", range(60))
def test_every_pair_ends_with_one_stream_and_keeps_it(seed: int) -> None:
    """Whatever overtakes what, a pair settles on one stream within seconds and leaves it alone."""
    street = _neighbours(seed, ("ada", "bob", "cyd"), addresses_each=2)
    street.run(30 * SECOND)
    _assert_paired(street)
    logs = [len(house.log) for house in _distinct(street)]
    dials = street.dials
    street.run(600 * SECOND)
    _assert_paired(street)
    assert [len(house.log) for house in _distinct(street)] == logs
    assert street.dials == dials


@pytest.mark.parametrize("seed", range(40))
def test_streams_that_die_at_one_end_are_replaced(seed: int) -> None:
    """When one end loses a stream and the other does not notice, they find each other again."""
    street = _neighbours(seed, ("ada", "bob"))
    street.run(30 * SECOND)
    for _ in range(5):
        house = street.random.choice(_distinct(street))
        for stream in tuple(house.pipes):
            street.vanish(house, stream)
        street.run(street.random.choice((SECOND // 10, 30 * SECOND)))
    street.run(60 * SECOND)
    _assert_paired(street)


def test_a_restart_is_a_new_connection() -> None:
    """Peers of a controller that restarted are connected with its new life alone."""
    street = _neighbours(1, ("ada", "bob"))
    street.run(30 * SECOND)
    ada, bob = _distinct(street)
    ada.start()
    street.sight(ada, bob.address)
    street.run(60 * SECOND)
    _assert_paired(street)
    (connection,) = bob.links.connected.values()
    assert connection.incarnation.boot == 2


def test_a_long_partition_heals_by_itself() -> None:
    """After a day without each other, members are connected within minutes of the heal."""
    street = _neighbours(2, ("ada", "bob"))
    street.run(30 * SECOND)
    street.announces = False
    street.partitioned = True
    for house in _distinct(street):
        for stream in tuple(house.pipes):
            street.vanish(house, stream)
    street.run(86_400 * SECOND)
    assert all(not house.peers for house in _distinct(street))
    assert street.dials < 2 * 86_400 // 100
    street.partitioned = False
    street.run(310 * SECOND)
    _assert_paired(street)


def test_every_source_can_be_the_first_to_name_an_address() -> None:
    """Whoever names an address, it is dialled."""
    for source in Source:
        end = End()
        assert end.links.sighted(HERE, source, end.now).dials == (HERE,)
