"""How a stream begins, what may be said on it, and how it ends."""

import pytest

from mesh.protocol.links import (
    Connected,
    Departed,
    Disconnected,
    Greeted,
    Received,
    Source,
    TwinMet,
)
from mesh.protocol.links.limits import GREETING_NS, STRANGER_QUIET_NS
from mesh.protocol.links.stream import TRANSITIONS, Phase, Turn, allows
from mesh.protocol.now import SECOND
from mesh.protocol.standing import Access, Ground, Refused
from mesh.wire.messages import (
    Facts,
    FactVector,
    Goodbye,
    Knock,
    Message,
    Welcome,
)
from tests.mesh.protocol.keys import keyring
from tests.mesh.protocol.links.ends import (
    HIGHER,
    LOWER,
    NEWS,
    REMOTE,
    End,
    address,
    hello,
    said,
)
from tests.mesh.protocol.street import controller_id, incarnation

KNOCK = Knock(None)
WELCOME = Welcome(b"record", 1, bytes(16), bytes(32), 1, None)
VECTOR = FactVector((), reply=True)
EVERYTHING: tuple[Message, ...] = (NEWS, VECTOR, Facts((), direct=True), KNOCK, WELCOME)


def _greeted(end: End, stream: int) -> Greeted:
    ends = end.secured[stream]
    exchange_key = keyring(controller_id(HIGHER)).exchange.public
    return Greeted(stream, hello(HIGHER), REMOTE, ends.binding, exchange_key)


def test_both_sides_say_hello_first() -> None:
    """The first message on a stream, whoever dialled it, is a Hello with the stream's number."""
    end = End()
    first, second = end.open(), end.open(address(1))
    assert said(end.secure(first, hello(HIGHER)), first) == [hello(LOWER, stream=1)]
    assert said(end.secure(second, hello(HIGHER)), second) == [hello(LOWER, stream=2)]


def test_a_peer_is_judged_before_it_is_heard() -> None:
    """A Hello is handed out to be judged; until then nothing of the peer is let through."""
    end = End()
    stream = end.open()
    step = end.hear(stream, hello(HIGHER))
    assert step.events == (_greeted(end, stream),)
    assert end.hear(stream, NEWS).events == ()
    assert end.links.statistics().out_of_place == 1
    _ = end.judge(stream)
    heard = end.hear(stream, NEWS).events
    assert heard == (Received(stream, incarnation(HIGHER), Access.MEMBER, NEWS),)


def test_a_member_is_announced_when_it_comes_and_when_it_goes() -> None:
    """Whoever is reachable is announced, so that the layers above compare what they hold."""
    end = End()
    stream, step = end.greet(hello(HIGHER))
    assert step.events == (Connected(incarnation(HIGHER), stream),)
    assert end.reached() == {incarnation(HIGHER): stream}
    gone = end.links.closed(stream, end.now)
    assert gone.events == (Disconnected(incarnation(HIGHER)),)
    assert end.reached() == {}


@pytest.mark.parametrize(
    ("access", "heard"),
    [
        (Access.MEMBER, (NEWS, VECTOR, Facts((), direct=True))),
        (Access.CLAIMANT, (Facts((), direct=True),)),
        (Access.FORMER, (VECTOR, Facts((), direct=True))),
        (Access.NEWCOMER, (KNOCK,)),
        (Access.HOST, (WELCOME,)),
        (Access.FELLOW, ()),
        (Access.YIELDING, ()),
    ],
)
def test_access_decides_what_is_heard(access: Access, heard: tuple[Message, ...]) -> None:
    """A stranger has the bell and no more; of a claimant only signed facts are heard."""
    end = End()
    stream, step = end.greet(hello(HIGHER), access)
    for message in EVERYTHING:
        events = end.hear(stream, message).events
        assert bool(events) is (message in heard)
        assert allows(access, message) is (message in heard)
    assert end.links.statistics().out_of_place == len(EVERYTHING) - len(heard)
    assert bool(step.events) is (access is Access.MEMBER)


def test_the_first_message_is_a_hello() -> None:
    """Whoever speaks before its Hello is told so, and the stream ends."""
    end = End()
    stream = end.open()
    step = end.hear(stream, NEWS)
    assert said(step, stream) == [Goodbye("the first message is a Hello")]
    assert step.closes == (stream,)


def test_no_hello_in_time_ends_the_stream() -> None:
    """A connection that says nothing is not kept."""
    end = End()
    stream = end.open()
    deadline_ns = end.links.deadline_ns
    assert deadline_ns == end.at_ns + GREETING_NS
    assert end.wake(deadline_ns - 1).closes == ()
    assert end.wake(deadline_ns).closes == (stream,)
    assert end.links.statistics().ended[Ground.MUTE] == 1


def test_a_refused_peer_is_told_why() -> None:
    """Whom admission refuses gets the reason as the last word."""
    end = End()
    stream, step = end.greet(hello(HIGHER), Refused(Ground.REMOVED, "join with a new key"))
    assert said(step, stream) == [Goodbye("join with a new key")]
    assert step.closes == (stream,)
    assert end.links.statistics().ended[Ground.REMOVED] == 1
    assert end.hear(stream, NEWS).events == ()


def test_unreadable_bytes_end_the_stream() -> None:
    """Bytes that are no message cost their sender the stream, and nothing else happens."""
    end = End()
    stream, _ = end.greet(hello(HIGHER))
    step = end.hear_raw(stream, b"\xff\xff")
    assert step.closes == (stream,)
    assert step.events == (Disconnected(incarnation(HIGHER)),)
    assert end.links.statistics().ended[Ground.UNREADABLE] == 1


def test_a_stream_has_one_sender() -> None:
    """A second Hello may say something new, but not be somebody else or another life."""
    end = End()
    for other in (hello("cyd"), hello(HIGHER, boot=2), hello(HIGHER, boot=0)):
        stream, _ = end.greet(hello(HIGHER))
        assert end.hear(stream, hello(HIGHER, environment=None)).closes == ()
        assert end.hear(stream, other).closes == (stream,)


def test_a_changed_hello_is_said_and_judged_everywhere() -> None:
    """A new Hello is said on every stream, and every peer is judged again."""
    end = End()
    first, _ = end.greet(hello(HIGHER))
    second, third = end.open(), end.open()
    _ = end.secure(second, hello("cyd"))
    step = end.links.introduce(hello(LOWER, environment=None), end.now)
    assert said(step, first) == [hello(LOWER, environment=None, stream=1)]
    assert said(step, second) == [hello(LOWER, environment=None, stream=2)]
    assert said(step, third) == []
    assert step.events == (_greeted(end, first),)
    assert end.links.review().events == step.events


def test_judgement_follows_the_roster() -> None:
    """A stranger that is found in the roster later becomes reachable on the stream that it has."""
    end = End()
    stream, _ = end.greet(hello(HIGHER), Access.CLAIMANT)
    assert end.reached() == {}
    assert end.judge(stream).events == (Connected(incarnation(HIGHER), stream),)
    assert end.judge(stream).events == ()
    gone = end.judge(stream, Access.CLAIMANT)
    assert gone.events == (Disconnected(incarnation(HIGHER)),)
    assert gone.closes == ()


def test_a_goodbye_is_passed_on_with_its_reason() -> None:
    """A member that leaves in good order says why, and nobody waits for a timeout."""
    end = End()
    stream, _ = end.greet(hello(HIGHER))
    step = end.hear(stream, Goodbye("stopping"))
    peer = incarnation(HIGHER)
    assert step.events == (Departed(peer, "stopping"), Disconnected(peer))
    assert step.closes == (stream,)


def test_our_own_address_is_never_dialled_again() -> None:
    """Whoever answers with our own incarnation is ourselves."""
    end = End()
    step = end.links.sighted(address(1), Source.MDNS, end.now)
    assert step.dials == (address(1),)
    stream = end.open(address(1))
    assert end.hear(stream, hello(LOWER)).closes == (stream,)
    assert end.links.statistics().ended[Ground.SELF] == 1
    assert end.links.sighted(address(1), Source.MDNS, end.now).dials == ()
    assert end.links.deadline_ns is None


def test_an_address_we_listen_at_is_never_dialled() -> None:
    """What we announce ourselves comes back by multicast: no dial."""
    end = End(addresses=(address(1),))
    assert end.links.sighted(address(1), Source.MDNS, end.now).dials == ()


def test_a_twin_is_told_and_shown() -> None:
    """Another life with our key is a copied disk or a former life: no stream, but an event."""
    end = End()
    stream = end.open()
    step = end.hear(stream, hello(LOWER, boot=2))
    assert step.events == (TwinMet(incarnation(LOWER, 2)),)
    assert step.closes == (stream,)
    assert [type(message) for message in said(step, stream)] == [Goodbye]


@pytest.mark.parametrize("access", [Access.NEWCOMER, Access.CLAIMANT, Access.YIELDING])
def test_a_quiet_stranger_is_sent_away(access: Access) -> None:
    """A stranger keeps its place as long as it has something to say."""
    end = End()
    stream, _ = end.greet(hello(HIGHER), access)
    end.at_ns += 60 * SECOND
    _ = end.hear(stream, NEWS)
    assert end.wake(end.at_ns + STRANGER_QUIET_NS - 1).closes == ()
    assert end.wake(end.at_ns + 1).closes == (stream,)


@pytest.mark.parametrize("access", [Access.MEMBER, Access.HOST, Access.FELLOW])
def test_who_waits_with_us_may_be_quiet(access: Access) -> None:
    """The membership watches over members; doors at which we wait may stay silent."""
    end = End()
    _ = end.greet(hello(HIGHER), access)
    assert end.links.deadline_ns is None


def test_a_dropped_peer_is_dialled_again_in_time() -> None:
    """What the replica drops is closed with a word, and comes back."""
    end = End()
    _ = end.links.sighted(address(1), Source.MDNS, end.now)
    stream, _ = end.greet(hello(HIGHER), dialled=address(1))
    step = end.links.drop(controller_id(HIGHER), "failed", end.now)
    assert said(step, stream) == [Goodbye("failed")]
    assert step.events == (Disconnected(incarnation(HIGHER)),)
    assert end.next_dials() == (address(1),)


def test_leaving_says_goodbye_everywhere_and_dials_no_more() -> None:
    """Who stops tells everybody, and nothing is begun after that."""
    end = End()
    stream, _ = end.greet(hello(HIGHER))
    step = end.links.goodbye("stopping", end.now)
    assert said(step, stream) == [Goodbye("stopping")]
    assert end.links.sighted(address(1), Source.MDNS, end.now).dials == ()
    assert end.links.deadline_ns is None
    late = end.links.opened(9, REMOTE, None, end.now)
    assert late.closes == (9,)


def test_nothing_follows_the_end_of_a_stream() -> None:
    """What arrives, or is to be sent, on a stream that is gone is dropped without a word."""
    end = End()
    stream, _ = end.greet(hello(HIGHER))
    _ = end.links.closed(stream, end.now)
    assert end.hear(stream, hello(HIGHER)).events == ()
    assert end.links.send(stream, b"late", end.now).frames == ()
    assert end.links.closed(stream, end.now).events == ()
    assert end.judge(stream).events == ()


def test_every_phase_ends_and_closed_is_final() -> None:
    """From every phase a stream can end; from the end nothing leads anywhere."""
    assert TRANSITIONS.keys() == set(Phase)
    for phase, turns in TRANSITIONS.items():
        assert (turns.get(Turn.ENDED) is Phase.CLOSED) is (phase is not Phase.CLOSED)
    assert TRANSITIONS[Phase.CLOSED] == {}


def test_who_is_removed_loses_the_stream_of_a_member() -> None:
    """At once, and is told why; on another stream it may have the little that is left to it."""
    end = End()
    stream, _ = end.greet(hello(HIGHER), Access.MEMBER)
    step = end.judge(stream, Access.FORMER)
    assert step.closes == (stream,)
    assert end.links.statistics().ended[Ground.REMOVED] == 1
    again, step = end.greet(hello(HIGHER), Access.FORMER)
    assert step.closes == ()
    assert end.judge(again, Access.FORMER).closes == ()
