"""Datagrams: who speaks, sealed, each number once."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.wire.codec import Rejected
from mesh.wire.envelope import (
    DATAGRAM_MESSAGE_BYTES_MAX,
    NO_ENVIRONMENT,
    REPLAY_WINDOW,
    Datagram,
    PlainSealer,
    ReplayWindow,
    TooLarge,
    pack,
    tag,
    unpack,
)
from mesh.wire.identity import digest
from mesh.wire.limits import COUNTER_MAX, DATAGRAM_BYTES_MAX
from mesh.wire.messages import Message, Nack, StoreMessage
from tests.mesh.wire.examples import ALICE, BOB, ENVIRONMENT, MESSAGES
from tests.mesh.wire.strategies import messages

DATAGRAM = Datagram(ENVIRONMENT, ALICE, 1, Nack(7))
SENDER_TAG = slice(12, 20)


class Locked:
    """A sealer with an authenticator of 16 bytes, for one pair."""

    def seal(self, peer: bytes | None, plain: bytes) -> bytes:
        """Appends the authenticator."""
        assert peer == BOB.controller
        return plain + digest(plain)[:16]

    def open(self, sender: bytes, sealed: bytes) -> bytes | None:
        """Checks the authenticator."""
        plain = sealed[:-16]
        if sender != tag(ALICE.controller) or sealed[-16:] != digest(plain)[:16]:
            return None
        return plain


@given(
    messages(),
    st.sampled_from([ENVIRONMENT, NO_ENVIRONMENT]),
    st.integers(min_value=0, max_value=COUNTER_MAX),
)
def test_every_datagram_survives(message: Message, environment: bytes, counter: int) -> None:
    """What one packs, another unpacks, or it is said beforehand that it does not fit."""
    datagram = Datagram(environment, ALICE, counter, message)
    try:
        payload = pack(datagram, PlainSealer(), None)
    except TooLarge:
        return
    assert len(payload) <= DATAGRAM_BYTES_MAX
    assert unpack(payload, PlainSealer()) == datagram


def test_the_header_is_clear_and_short() -> None:
    """Twenty bytes tell a stranger's datagram from one of ours: version, environment, sender."""
    payload = pack(DATAGRAM, PlainSealer(), None)
    assert payload[:20] == bytes((0, 0, 0, 1)) + tag(ENVIRONMENT) + tag(ALICE.controller)
    assert tag(NO_ENVIRONMENT) == bytes(8)


def test_a_message_that_does_not_fit_is_our_own_mistake() -> None:
    """The largest that fits goes whatever seals it; one byte more is refused before it is sent."""
    room = DATAGRAM_MESSAGE_BYTES_MAX - 5
    fits = Datagram(ENVIRONMENT, ALICE, 1, StoreMessage(bytes(room)))
    assert unpack(pack(fits, Locked(), BOB.controller), Locked()) == fits
    with pytest.raises(TooLarge, match="send it on a stream"):
        _ = pack(Datagram(ENVIRONMENT, ALICE, 1, StoreMessage(bytes(room + 1))), Locked(), None)


def test_a_sealed_datagram_cannot_be_changed() -> None:
    """Every flipped bit, inside or in the clear header, is noticed."""
    whole = pack(DATAGRAM, Locked(), BOB.controller)
    assert unpack(whole, Locked()) == DATAGRAM
    for at in range(len(whole)):
        for bit in range(8):
            raw = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
            assert isinstance(unpack(raw, Locked()), Rejected)


def test_a_clear_header_is_authenticated_inside() -> None:
    """A header that was exchanged outside does not fit the one inside."""
    whole = bytearray(pack(DATAGRAM, PlainSealer(), None))
    whole[SENDER_TAG] = tag(BOB.controller)
    assert unpack(bytes(whole), PlainSealer()) == Rejected("the header was changed")


def test_a_header_must_be_that_of_the_names_inside() -> None:
    """Both headers alike, but of another sender than the one inside: rejected."""
    whole = pack(DATAGRAM, PlainSealer(), None)
    forged = whole.replace(whole[SENDER_TAG], tag(BOB.controller))
    assert unpack(forged, PlainSealer()) == Rejected("the header was changed")


def test_another_version_is_rejected_by_name() -> None:
    """A newer program is told from noise."""
    whole = pack(DATAGRAM, PlainSealer(), None)
    assert unpack(bytes((0, 0, 0, 2)) + whole[4:], PlainSealer()) == Rejected("protocol version 2")


def test_no_damage_raises() -> None:
    """Truncated, lengthened or flipped, a datagram is read or rejected, never an exception."""
    random = Random(11)
    for name in sorted(MESSAGES):
        try:
            whole = pack(Datagram(ENVIRONMENT, ALICE, 1, MESSAGES[name]), PlainSealer(), None)
        except TooLarge:
            continue
        for length in range(len(whole)):
            assert isinstance(unpack(whole[:length], PlainSealer()), Rejected)
        for _ in range(200):
            raw = bytearray(whole)
            raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
            _ = unpack(bytes(raw), PlainSealer())


@given(st.binary(max_size=1_300))
def test_noise_is_rejected(payload: bytes) -> None:
    """Random bytes say nothing."""
    assert isinstance(unpack(payload, PlainSealer()), Rejected)


@pytest.mark.parametrize("at", [84, 100])
def test_numbers_beyond_63_bits_are_rejected(at: int) -> None:
    """Boot number and counter fit a signed column."""
    whole = bytearray(pack(DATAGRAM, PlainSealer(), None))
    whole[at] |= 0x80
    assert unpack(bytes(whole), PlainSealer()) == Rejected("a number beyond 63 bits")


def test_each_number_is_fresh_once() -> None:
    """In order or not, a number within the window is accepted once."""
    window = ReplayWindow()
    numbers = list(range(1, REPLAY_WINDOW + 1))
    Random(3).shuffle(numbers)
    assert all(window.accept(number) for number in numbers)
    assert not any(window.accept(number) for number in numbers)


@given(st.lists(st.integers(min_value=1, max_value=3 * REPLAY_WINDOW), max_size=60))
def test_the_window_agrees_with_memory(numbers: list[int]) -> None:
    """Fresh means: not seen, and not older than the window below the greatest."""
    window, seen = ReplayWindow(), {0}
    for number in numbers:
        fresh = number not in seen and number > max(seen) - REPLAY_WINDOW
        assert window.accept(number) == fresh
        seen.add(number)
