"""What is told, how often, and when it stops."""

import pytest

from mesh.protocol.membership.rumours import (
    NEWS_BESIDE_ADDRESS_BYTES_MAX,
    NEWS_BYTES_MAX,
    Rumours,
    news_bytes,
)
from mesh.wire import codec
from mesh.wire.envelope import DATAGRAM_MESSAGE_BYTES_MAX
from mesh.wire.identity import Address, Incarnation
from mesh.wire.limits import COUNTER_MAX, NEWS_PER_DATAGRAM_MAX
from mesh.wire.messages import Gossip, News, Probe, ProbeRequest, Standing, Summary
from tests.mesh.protocol.membership.lone import says
from tests.mesh.protocol.membership.village import incarnation

HOST = "2001:db8:ffff:ffff:ffff:ffff:255.255.255.255"


def _longest(number: int, host: str = HOST) -> News:
    life = Incarnation(incarnation(number).controller, COUNTER_MAX, bytes(8))
    address = Address(host, 65_535)
    return News(life, Standing.QUARANTINED, COUNTER_MAX, address, life.controller)


def _full(news: News, *more: News) -> Rumours:
    rumours = Rumours()
    for piece in (news, *more):
        rumours.add(piece)
    return rumours


def test_a_rumour_is_told_a_bounded_number_of_times() -> None:
    """Each listener counts; then it is forgotten."""
    rumours = _full(says(1, Standing.ALIVE))
    assert len(rumours.take(3, 4)) == 1
    assert len(rumours.take(3, 4)) == 1
    assert rumours.take(3, 4) == ()
    assert not rumours


def test_what_was_told_least_goes_first() -> None:
    """New rumours are not starved by old ones."""
    rumours = _full(says(1, Standing.ALIVE))
    rumours.take(1, 4)
    rumours.add(says(2, Standing.ALIVE))
    first = rumours.take(1, 4)[0]
    assert first == says(2, Standing.ALIVE)


def test_newer_word_replaces_the_older_one() -> None:
    """Nobody is told of a suspicion that was refuted."""
    rumours = _full(says(1, Standing.SUSPECT, by=2), says(1, Standing.ALIVE, 1))
    assert rumours.take(1, 4) == (says(1, Standing.ALIVE, 1),)


def test_each_accuser_is_told() -> None:
    """Two accusers of one suspect are two pieces of news, since each of them counts."""
    one, other = says(1, Standing.SUSPECT, by=2), says(1, Standing.SUSPECT, by=3)
    assert set(_full(one, other).take(1, 4)) == {one, other}


def test_a_fresh_suspicion_replaces_the_refuted_one() -> None:
    """Accusations under different refutation numbers are no company."""
    stale, fresh = says(1, Standing.SUSPECT, 0, by=2), says(1, Standing.SUSPECT, 1, by=3)
    assert _full(stale, fresh).take(1, 4) == (fresh,)


def test_nothing_is_said_of_the_forgotten() -> None:
    """A removed member leaves no rumour."""
    rumours = _full(says(1, Standing.SUSPECT, by=2), says(2, Standing.ALIVE))
    rumours.forget(incarnation(1).controller)
    assert rumours.take(1, 4) == (says(2, Standing.ALIVE),)


@pytest.mark.parametrize("news", [_longest(1), says(1, Standing.ALIVE), says(1, Standing.LEFT, 9)])
def test_the_size_of_news_is_bounded_from_above(news: News) -> None:
    """The estimate is never below the encoded size."""
    without = len(codec.encode(Gossip(())))
    assert len(codec.encode(Gossip((news,)))) - without <= news_bytes(news)


@pytest.mark.parametrize("host", [HOST, "h" * 255, "ü" * 127, "10.0.0.1"])
def test_news_fit_a_datagram(host: str) -> None:
    """The largest probe and the largest request, full of the longest news, fit one datagram."""
    rumours = _full(*(_longest(number, host) for number in range(30)))
    summary = Summary(bytes(64), bytes(8), bytes(8), bytes(8))
    news = rumours.take(1, 4)
    probe = Probe(COUNTER_MAX, bytes(8), COUNTER_MAX, None, summary, news)
    assert 0 < len(news) <= NEWS_PER_DATAGRAM_MAX
    assert sum(map(news_bytes, news)) <= NEWS_BYTES_MAX
    assert len(codec.encode(probe)) <= DATAGRAM_MESSAGE_BYTES_MAX
    beside = rumours.take(1, 4, bytes_max=NEWS_BESIDE_ADDRESS_BYTES_MAX)
    piece = _longest(1, host)
    request = ProbeRequest(COUNTER_MAX, piece.member, piece.address, beside)
    assert len(codec.encode(request)) <= DATAGRAM_MESSAGE_BYTES_MAX
