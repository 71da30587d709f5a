"""How a link is called."""

import pytest

from mesh.protocol.membership.links import (
    MISSES_MAX,
    PROBES_KEPT,
    TRIED_AGAIN,
    Link,
    LinkState,
    Way,
)


@pytest.mark.parametrize(
    ("ways", "heard_ns", "link"),
    [
        ([], 10, Link.UNKNOWN),
        ([Way.DATAGRAM], 10, Link.BOTH),
        ([Way.STREAM], 10, Link.STREAM),
        ([Way.DATAGRAM] + [Way.STREAM] * (MISSES_MAX - 1), 10, Link.BOTH),
        ([Way.STREAM] * MISSES_MAX, 10, Link.STREAM),
        ([Way.STREAM] * MISSES_MAX, 100, Link.STREAM),
        ([Way.INDIRECT] * MISSES_MAX, 10, Link.INDIRECT),
        ([Way.INDIRECT] * MISSES_MAX, 100, Link.INBOUND),
        ([Way.SILENCE] * MISSES_MAX, 100, Link.INBOUND),
        ([Way.SILENCE] * MISSES_MAX, 10, Link.NONE),
        ([Way.SILENCE] * MISSES_MAX + [Way.DATAGRAM], 10, Link.BOTH),
    ],
)
def test_a_link_counts_only_if_both_directions_work(
    ways: list[Way],
    heard_ns: int,
    link: Link,
) -> None:
    """Single losses are none, except on a link that never worked; being heard is half a link."""
    state = LinkState(heard_ns)
    for way in ways:
        state.note(way)
    assert state.link(recent_ns=50) is link


@pytest.mark.parametrize(
    ("ways", "passing"),
    [
        ([], True),
        ([Way.STREAM], False),
        ([Way.DATAGRAM] + [Way.STREAM] * (MISSES_MAX - 1), True),
        ([Way.STREAM] * MISSES_MAX, False),
        ([Way.SILENCE] * MISSES_MAX, True),
        ([Way.STREAM] * MISSES_MAX + [Way.DATAGRAM], True),
    ],
)
def test_datagrams_are_given_up_only_where_the_stream_works(
    ways: list[Way],
    passing: bool,  # noqa: FBT001  a column of the table
) -> None:
    """A silent member may be gone; who answers by stream alone has its datagrams blocked."""
    state = LinkState()
    for way in ways:
        state.note(way)
    assert state.datagrams_pass is passing


def test_the_share_of_lost_probes_is_that_of_the_last_ones() -> None:
    """Whatever no datagram answered is missed; what is long ago is forgotten."""
    state = LinkState()
    for way in (Way.DATAGRAM, Way.STREAM, Way.INDIRECT, Way.SILENCE):
        state.note(way)
    assert (state.probes, state.missed) == (4, 3)
    for _ in range(PROBES_KEPT - 1):
        state.note(Way.DATAGRAM)
    assert (state.probes, state.missed) == (PROBES_KEPT, 1)
    state.note(Way.DATAGRAM)
    assert (state.probes, state.missed) == (PROBES_KEPT, 0)


def test_now_and_then_a_datagram_is_tried_again() -> None:
    """One probe in eight where only the stream answers, and at once when one arrives from there."""
    state = LinkState()
    tried = []
    for _ in range(4 * TRIED_AGAIN):
        tried.append(state.is_tried)
        state.note(Way.STREAM)
    assert tried[0], "a new link is tried"
    assert sum(tried[1:]) == 4
    assert not state.datagrams_pass
    state.note(Way.STREAM)
    assert not state.is_tried
    state.hope()
    after_hope = (state.is_tried, state.datagrams_pass)
    assert after_hope == (True, False), "that theirs arrive does not prove that ours do"
    state.note(Way.DATAGRAM)
    assert state.datagrams_pass
