"""Whatever a hostile or a slow peer does, the links hold no more than their limits."""

import msgspec
import pytest

from mesh.protocol.links import Disconnected, table
from mesh.protocol.links.limits import (
    GREETING_MAX,
    QUEUE_BYTES_MAX,
    STRANGER_MESSAGE_BYTES_MAX,
    STRANGER_QUEUE_BYTES_MAX,
    STRANGERS_MAX,
    STRANGERS_PER_HOST_MAX,
    STREAMS_MAX,
)
from mesh.protocol.standing import Access, Ground
from mesh.wire import codec
from mesh.wire.framing import TooLong, split
from mesh.wire.identity import Address
from mesh.wire.limits import MESSAGE_BYTES_MAX, NAME_CHARACTERS_MAX
from mesh.wire.messages import StoreMessage
from tests.mesh.protocol.links.ends import HIGHER, NEWS, REMOTE, End, address, hello, said
from tests.mesh.protocol.street import incarnation

LARGE = codec.encode(StoreMessage(bytes(250_000)))


def _fill(end: End, stream: int) -> int:
    """Send until nothing goes out any more; how often something did."""
    for sent in range(1_000):
        if not end.links.send(stream, LARGE, end.now).frames:
            return sent
    raise AssertionError("the queue has no end")


def test_a_message_is_cut_into_frames_and_counted() -> None:
    """What is sent is counted until the driver says that it went out."""
    end = End()
    stream, _ = end.greet(hello(HIGHER))
    end.links.drained(stream, end.links.statistics().queued_bytes)
    step = end.links.send(stream, LARGE, end.now)
    assert said(step, stream) == [StoreMessage(bytes(250_000))]
    size = sum(len(frame.leave()[1]) for frame in step.frames)
    assert end.links.statistics().queued_bytes == size
    end.links.drained(stream, size - 1)
    assert end.links.statistics().queued_bytes == 1


def test_a_peer_that_is_too_slow_loses_its_stream() -> None:
    """The queue is bounded; beyond it the peer gets a fresh start, and its loss is announced."""
    end = End()
    stream, _ = end.greet(hello(HIGHER))
    assert _fill(end, stream) * len(LARGE) <= QUEUE_BYTES_MAX
    assert end.links.statistics().ended[Ground.SLOW] == 1
    assert end.reached() == {}
    again, _ = end.greet(hello(HIGHER, stream=2))
    assert end.links.send(again, LARGE, end.now).frames != ()


@pytest.mark.parametrize("access", [Access.CLAIMANT, Access.NEWCOMER, Access.YIELDING])
def test_for_strangers_less_is_kept(access: Access) -> None:
    """What a stranger makes us say and does not read is bounded sooner."""
    end = End()
    stream, _ = end.greet(hello(HIGHER), access)
    assert _fill(end, stream) * len(LARGE) <= STRANGER_QUEUE_BYTES_MAX
    assert end.links.statistics().ended[Ground.SLOW] == 1


def test_what_strangers_begin_to_say_is_bounded() -> None:
    """Before a Hello, and after one that gives no right to show facts, messages are short."""
    begun = split(bytes(STRANGER_MESSAGE_BYTES_MAX + 60_000))[0]
    end = End()
    mute = end.open()
    _ = end.secure(mute, hello(HIGHER))
    streams = [end.greet(hello(each), access)[0] for each, access in SHORT]
    for stream in (mute, *streams):
        sealed = end.secured[stream].sends.seal(begun)
        assert end.links.frame(stream, sealed, end.now).closes == (stream,)
    for each, access in LONG:
        stream, _ = end.greet(hello(each), access)
        sealed = end.secured[stream].sends.seal(begun)
        assert end.links.frame(stream, sealed, end.now).closes == ()


SHORT = (("a newcomer", Access.NEWCOMER), ("a host", Access.HOST), ("a fellow", Access.FELLOW))
LONG = (("one", Access.MEMBER), ("another", Access.FORMER), ("a claimant", Access.CLAIMANT))


def test_any_hello_is_short_enough() -> None:
    """The longest one that can be said is heard."""
    name = "\N{GRINNING FACE}" * NAME_CHARACTERS_MAX
    longest = tuple(Address("\N{GRINNING FACE}" * 255, 65_535 - at) for at in range(8))
    said = msgspec.structs.replace(hello(HIGHER, addresses=longest), name=name, site=name)
    assert len(codec.encode(said)) < STRANGER_MESSAGE_BYTES_MAX


def test_the_end_of_a_slow_stream_is_announced() -> None:
    """The layers above learn that what they sent may be lost."""
    end = End()
    stream, _ = end.greet(hello(HIGHER))
    step = end.links.send(stream, LARGE, end.now)
    while not step.closes:
        step = end.links.send(stream, LARGE, end.now)
    assert step.closes == (stream,)
    assert step.frames == ()
    assert step.events == (Disconnected(incarnation(HIGHER)),)


def test_what_drains_makes_room() -> None:
    """A peer that keeps up is never cut off, however much it is sent in all."""
    end = End()
    stream, _ = end.greet(hello(HIGHER))
    for _ in range(200):
        step = end.links.send(stream, LARGE, end.now)
        assert step.closes == ()
        end.links.drained(stream, sum(len(frame.leave()[1]) for frame in step.frames))


def test_too_long_a_message_is_the_callers_mistake() -> None:
    """No peer would read it, so it is refused here."""
    end = End()
    stream, _ = end.greet(hello(HIGHER))
    with pytest.raises(TooLong):
        _ = end.links.send(stream, bytes(MESSAGE_BYTES_MAX + 1), end.now)


def test_connections_that_say_nothing_are_bounded() -> None:
    """One more than the limit takes the place of the oldest; dials of our own do not count."""
    end = End()
    streams = [end.open() for _ in range(GREETING_MAX)]
    step = end.links.opened(9_999, REMOTE, None, end.now)
    assert step.closes == (streams[0],)
    assert step.frames == ()
    assert end.links.statistics().ended[Ground.CROWDED] == 1
    assert end.links.statistics().greeting == GREETING_MAX
    assert end.links.opened(10_000, address(1), address(1), end.now).closes == ()
    assert end.hear(streams[1], hello(HIGHER)).events != ()


def test_whoever_floods_us_is_in_its_own_way() -> None:
    """Of the silent connections the source with most of them loses one, not the newcomer."""
    end = End()
    quiet = end.open(remote=address(1))
    flood = [end.open() for _ in range(GREETING_MAX - 1)]
    for number in range(300):
        remote = Address(f"2001:db8::{number}", 50_000) if number % 2 else REMOTE
        step = end.links.opened(10_000 + number, remote, None, end.now)
        assert len(step.closes) == 1
        assert step.closes[0] in flood or step.closes[0] >= 10_000
    assert end.links.statistics().greeting == GREETING_MAX
    assert end.hear(quiet, hello(HIGHER)).events != ()


def test_streams_are_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many have said Hello: one more is closed at once, without a word."""
    assert STREAMS_MAX > GREETING_MAX + STRANGERS_MAX
    monkeypatch.setattr(table, "STREAMS_MAX", 50)
    end = End()
    for number in range(50):
        _ = end.greet(hello(f"member {number}"), Access.MEMBER)
    step = end.links.opened(9_999, address(1), None, end.now)
    assert step.closes == (9_999,)
    assert step.frames == ()
    assert end.links.statistics().ended[Ground.CROWDED] == 1


def test_strangers_of_one_host_leave_room_for_others() -> None:
    """One host's strangers are bounded; members of that host, and strangers of others, come in."""
    end = End()
    for number in range(STRANGERS_PER_HOST_MAX):
        _, step = end.greet(hello(f"stranger {number}"), Access.NEWCOMER)
        assert step.closes == ()
    stream, step = end.greet(hello("one more"), Access.NEWCOMER)
    assert step.closes == (stream,)
    _, step = end.greet(hello(HIGHER), Access.MEMBER)
    assert step.closes == ()
    elsewhere = Address("198.51.100.8", 40_000)
    _, step = end.greet(hello("elsewhere"), Access.NEWCOMER, remote=elsewhere)
    assert step.closes == ()


def test_strangers_are_bounded_in_all() -> None:
    """From however many addresses they come."""
    end = End()
    for number in range(STRANGERS_MAX):
        remote = Address(f"198.51.100.{number}", 40_000)
        _ = end.greet(hello(f"stranger {number}"), Access.NEWCOMER, remote=remote)
    stream, step = end.greet(hello("one more"), Access.NEWCOMER, remote=address(1))
    assert step.closes == (stream,)
    assert end.links.statistics().strangers == STRANGERS_MAX
    assert end.links.statistics().ended[Ground.CROWDED] == 1


def test_a_stranger_that_is_judged_again_keeps_its_place() -> None:
    """The limit is for those who come, not for those who are there."""
    end = End()
    first, _ = end.greet(hello("stranger 0"), Access.NEWCOMER)
    for number in range(1, STRANGERS_PER_HOST_MAX):
        _ = end.greet(hello(f"stranger {number}"), Access.NEWCOMER)
    assert end.judge(first, Access.NEWCOMER).closes == ()
    assert end.judge(first, Access.CLAIMANT).closes == ()


def test_hellos_on_one_stream_are_bounded() -> None:
    """A Hello is judged, which costs something: no life has so much to say of itself."""
    end = End()
    stream, _ = end.greet(hello(HIGHER))
    for _ in range(1_000):
        if end.hear(stream, hello(HIGHER)).closes:
            break
    assert end.links.statistics().streams == 0
    assert end.links.statistics().ended[Ground.UNREADABLE] == 1
    assert end.hear(stream, NEWS).events == ()
