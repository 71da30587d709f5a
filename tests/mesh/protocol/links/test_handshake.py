"""Nobody is heard on a stream who has not proven who it is, and nothing that was changed is."""

import pytest

from mesh.driver.keys import NaClExchange, NaClSigner, NaClSuite
from mesh.protocol.links import LinkStep, Source, TwinMet
from mesh.protocol.links.credentials import (
    CREDENTIALS_BYTES,
    Papers,
    check,
    papers,
)
from mesh.protocol.links.handshake import FIRST_BYTES, MAGIC, Handshake, Secured
from mesh.protocol.links.limits import GREETING_NS
from mesh.protocol.standing import Access, Ground, Refused
from mesh.protocol.suite import Keyring
from mesh.wire import codec
from mesh.wire.framing import split
from mesh.wire.messages import PROTOCOL_VERSION, Hello
from tests.mesh.protocol.keys import keyring
from tests.mesh.protocol.links.ends import (
    HIGHER,
    LOWER,
    NEWS,
    End,
    address,
    at_other_end,
    clear,
    hello,
    said,
)
from tests.mesh.protocol.street import controller_id, incarnation

LATER = MAGIC + (PROTOCOL_VERSION + 1).to_bytes(4, "big")


def _ended(end: End, step: LinkStep, stream: int, ground: Ground) -> bool:
    """Whether ``stream`` was ended on ``ground``, and nothing else came of it."""
    ended = end.links.statistics().ended[ground]
    return step.closes == (stream,) and step.events == () and ended == 1


def real(seed: bytes) -> Keyring:
    """Real keys that follow from one byte."""
    return Keyring(NaClSigner(seed * 32), NaClExchange(seed * 32), NaClSuite())


def _of(ring: Keyring) -> Hello:
    """A Hello of the controller with these keys."""
    return hello(HIGHER, sender=incarnation(HIGHER)._replace(controller=ring.identity.public))


def _shake(first: Handshake, second: Handshake) -> tuple[Secured, Secured]:
    """All three messages, unchanged."""
    answer = first.receive(second.receive(first.begin()).reply or b"")
    assert isinstance(answer.outcome, Secured)
    last = second.receive(answer.reply or b"")
    assert isinstance(last.outcome, Secured)
    return answer.outcome, last.outcome


def _pair(one: Keyring, other: Keyring) -> tuple[Handshake, Handshake]:
    return (
        Handshake(one, papers(_of(one), one), dials=True),
        Handshake(other, papers(_of(other), other), dials=False),
    )


def test_both_ends_learn_who_the_other_is() -> None:
    """Identity, exchange key and binding, with real cryptography; the binding is of one stream."""
    ada, bob = real(b"a"), real(b"b")
    here, there = _shake(*_pair(ada, bob))
    assert (here.peer, here.exchange_key) == (bob.identity.public, bob.exchange.public)
    assert (there.peer, there.exchange_key) == (ada.identity.public, ada.exchange.public)
    assert here.binding == there.binding
    again, _ = _shake(*_pair(ada, bob))
    assert again.binding != here.binding
    assert there.receives.open(here.sends.seal(b"said")) == b"said"
    assert here.receives.open(there.sends.seal(b"and answered")) == b"and answered"


@pytest.mark.parametrize("number", range(3))
def test_no_bit_of_it_can_be_flipped(number: int) -> None:
    """One bit of one message differs, the clear ones too: both ends never come to one stream."""
    for bit in range(8 * 400):
        first, second = (
            at_other_end(hello(LOWER), dials=True),
            at_other_end(hello("cyd"), dials=False),
        )
        message, reader, writer = first.begin(), second, first
        outcomes = []
        for turn in range(3):
            if turn == number:
                if bit >= 8 * len(message):
                    return
                changed = bytearray(message)
                changed[bit >> 3] ^= 1 << (bit & 7)
                message = bytes(changed)
            answer = reader.receive(message)
            outcomes.append(answer.outcome)
            if answer.reply is None or isinstance(answer.outcome, Refused):
                break
            message, reader, writer = answer.reply, writer, reader
        assert isinstance(outcomes[-1], Refused), f"bit {bit} of message {number}"
    raise AssertionError("no message is so long")


def test_an_identity_vouches_for_one_key_in_one_place() -> None:
    """Another key, role, environment, generation or signer: the signature says nothing for it."""
    ring = keyring(controller_id(HIGHER))
    mine = papers(hello(HIGHER), ring)
    key, suite = ring.exchange.public, ring.suite
    vouched = check(mine.dialling, key, suite, dials=True)
    assert vouched is not None
    assert vouched.identity == controller_id(HIGHER)
    assert vouched.environment == hello(HIGHER).environment
    assert check(mine.dialling, key, suite, dials=False) is None
    assert check(mine.dialled, key, suite, dials=True) is None
    assert check(mine.dialling, bytes(32), suite, dials=True) is None
    for bit in range(8 * CREDENTIALS_BYTES):
        changed = bytearray(mine.dialling)
        changed[bit >> 3] ^= 1 << (bit & 7)
        assert check(bytes(changed), key, suite, dials=True) is None
    assert check(mine.dialling[:-1], key, suite, dials=True) is None
    assert check(mine.dialling + b"\0", key, suite, dials=True) is None


@pytest.mark.parametrize("dialled", [None, address(1)])
def test_nobody_shows_the_papers_of_another(dialled: object) -> None:
    """Papers that were seen in one handshake are worth nothing with another exchange key."""
    end = End()
    stream = end.open(address(1) if dialled else None)
    thief, seen = (
        keyring(controller_id("thief")),
        papers(hello(HIGHER), keyring(controller_id(HIGHER))),
    )
    peer = Handshake(thief, seen, dials=dialled is None)
    step = end.shake(stream, peer)
    assert _ended(end, step, stream, Ground.FORGED)


def test_papers_are_for_the_environment_that_was_dialled_for() -> None:
    """Whoever dials says in the clear for which environment; its papers have to say the same."""
    end = End()
    stream = end.open()
    ring = keyring(controller_id(HIGHER))
    own = papers(hello(HIGHER), ring)
    other = Papers(bytes(32), own.dialling, own.dialled)
    step = end.shake(stream, Handshake(ring, other, dials=True))
    assert _ended(end, step, stream, Ground.FORGED)


def test_the_hello_names_who_was_proven() -> None:
    """A member with sound papers cannot speak for another one."""
    end = End()
    stream = end.open()
    _ = end.secure(stream, hello("cyd"))
    step = end.hear(stream, hello(HIGHER))
    assert _ended(end, step, stream, Ground.FORGED)
    assert end.reached() == {}


def test_nobody_poses_as_ourselves() -> None:
    """Only with our own key is somebody a twin; whoever just says our name is not."""
    end = End()
    stream = end.open()
    _ = end.secure(stream, hello(HIGHER))
    step = end.hear(stream, hello(LOWER, boot=2))
    assert _ended(end, step, stream, Ground.FORGED)
    twin = end.open()
    assert end.hear(twin, hello(LOWER, boot=2)).events == (TwinMet(incarnation(LOWER, 2)),)


def test_nothing_is_said_before_the_handshake_is_over() -> None:
    """No Hello, no Goodbye and no message leaves on a stream of which nobody knows the end."""
    end = End()
    stream, dialled = end.open(), end.open(address(1))
    for each in (stream, dialled):
        assert end.links.send(each, codec.encode(NEWS), end.now).frames == ()
    assert end.links.introduce(hello(LOWER, environment=None), end.now).frames == ()
    assert end.links.goodbye("stopping", end.now).frames == ()


@pytest.mark.parametrize(
    ("message", "ground"),
    [
        (b"", Ground.UNREADABLE),
        (b"GET / HTTP/1.1\r\n\r\n", Ground.UNREADABLE),
        (b"\x16\x03\x01" + bytes(200), Ground.UNREADABLE),
        (MAGIC, Ground.UNREADABLE),
        (MAGIC + PROTOCOL_VERSION.to_bytes(4, "big"), Ground.UNREADABLE),
        (LATER, Ground.PROTOCOL),
        (LATER + bytes(500), Ground.PROTOCOL),
        (codec.encode(hello(HIGHER)), Ground.UNREADABLE),
    ],
)
def test_something_else_than_a_handshake(message: bytes, ground: Ground) -> None:
    """Whatever else is said first ends the stream before any key was worked with."""
    end = End()
    stream = end.open()
    step = end.links.frame(stream, message, end.now)
    assert _ended(end, step, stream, ground)


def test_both_versions_learn_of_each_other() -> None:
    """Whoever dialled is told the version here, and no more: one end is to be upgraded."""
    end = End()
    stream = end.open()
    step = end.links.frame(stream, LATER + bytes(64), end.now)
    (reply,) = [frame.payload for frame in step.frames]
    assert reply == MAGIC + PROTOCOL_VERSION.to_bytes(4, "big")
    other = End()
    dialled = other.open(address(1))
    step = other.links.frame(dialled, LATER, other.now)
    assert _ended(other, step, dialled, Ground.PROTOCOL)


def test_the_version_of_a_stranger_is_no_reason_to_stay_away() -> None:
    """Anybody on the way can say any version: the address is dialled again as usual."""
    end = End()
    assert end.links.sighted(address(1), Source.SEED, end.now).dials == (address(1),)
    stream = end.open(address(1))
    _ = end.links.frame(stream, LATER, end.now)
    began_ns = end.at_ns
    assert end.next_dials() == (address(1),)
    assert end.at_ns - began_ns < 2 * GREETING_NS


def test_a_handshake_in_time_and_no_hello() -> None:
    """The time for the handshake is the time up to the Hello: who stops in between loses it."""
    end = End()
    stream = end.open()
    _ = end.secure(stream, hello(HIGHER))
    assert end.wake(end.at_ns + GREETING_NS - 1).closes == ()
    assert end.wake(end.at_ns + 1).closes == (stream,)
    assert end.links.statistics().ended[Ground.MUTE] == 1


@pytest.mark.parametrize("what", ["a flipped bit", "again", "out of order", "of another stream"])
def test_a_frame_that_is_not_the_next_one_ends_the_stream(what: str) -> None:
    """It is counted as forged; the peer is told, and its loss is announced; nothing else is."""
    end = End()
    stream, _ = end.greet(hello(HIGHER), Access.MEMBER)
    other, _ = end.greet(hello("cyd"), Access.MEMBER)
    (payload,) = split(codec.encode(NEWS))
    seal = end.secured[stream].sends.seal
    sealed = seal(payload)
    match what:
        case "a flipped bit":
            forged = sealed[:-1] + bytes([sealed[-1] ^ 1])
        case "again":
            assert len(end.links.frame(stream, sealed, end.now).events) == 1
            forged = sealed
        case "out of order":
            forged = seal(payload)
        case _:
            forged = end.secured[other].sends.seal(payload)
    step = end.links.frame(stream, forged, end.now)
    assert step.closes == (stream,)
    assert len(step.events) == 1
    assert end.reached().keys() == {incarnation("cyd")}
    assert end.links.statistics().ended[Ground.FORGED] == 1
    assert len(said(step, stream)) == 1
    assert end.links.frame(stream, sealed, end.now) == LinkStep()


def test_what_is_heard_was_sealed_for_us() -> None:
    """Our own frames thrown back at us are none of the peer's."""
    end = End()
    stream, _ = end.greet(hello(HIGHER), Access.MEMBER)
    (frame,) = end.links.send(stream, codec.encode(NEWS), end.now).frames
    step = end.links.frame(stream, frame.leave()[1], end.now)
    assert step.closes == (stream,)


def test_the_first_message_of_a_dialler_is_short_and_of_one_length() -> None:
    """It is read whole before anything is worked out, and nobody can hide something in it."""
    end = End()
    stream = end.open(address(1))
    assert len(clear(end.begun(stream), stream)) == FIRST_BYTES
    came = end.open()
    longer = at_other_end(hello(HIGHER), dials=True).begin() + b"\0"
    assert end.links.frame(came, longer, end.now).closes == (came,)


def test_what_was_said_in_the_clear_is_proven() -> None:
    """Whoever changes the clear part on its way, for both ends alike or not, gets no stream."""
    first, second = at_other_end(hello(LOWER), dials=True), at_other_end(hello("cyd"), dials=False)
    message = first.begin()
    changed = LATER[: len(MAGIC)] + message[len(MAGIC) : -64] + bytes(32) + message[-32:]
    answer = second.receive(changed)
    assert answer.reply is not None
    refused = first.receive(answer.reply).outcome
    assert isinstance(refused, Refused)
    assert refused.ground is Ground.FORGED
