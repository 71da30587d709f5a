"""Datagrams: who speaks, sealed, each number once."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.wire import codec
from mesh.wire.envelope import (
    BOX_BYTES,
    DATAGRAM_MESSAGE_BYTES_MAX,
    NO_ENVIRONMENT,
    REPLAY_WINDOW,
    Datagram,
    ReplayWindow,
    TooLarge,
    Unseal,
    pack,
    tag,
    unpack,
)
from mesh.wire.identity import digest
from mesh.wire.limits import COUNTER_MAX, DATAGRAM_BYTES_MAX
from mesh.wire.messages import Message, Nack, StoreMessage
from mesh.wire.rejected import Rejected
from tests.mesh.wire.examples import ALICE, BOB, ENVIRONMENT, MESSAGES
from tests.mesh.wire.strategies import messages

DATAGRAM = Datagram(ENVIRONMENT, ALICE, BOB.nonce, 1, Nack(7))
SENDER_TAG = slice(12, 20)


def find(sender: bytes) -> bytes | None:
    """The two members of these examples."""
    members = {tag(each.controller): each.controller for each in (ALICE, BOB)}
    return members.get(sender)


def plain(raw: bytes) -> bytes:
    """No box at all."""
    return raw


def unwrapped(sender: bytes, sealed: bytes) -> bytes:
    """What no box holds, whoever sent it."""
    del sender
    return sealed


def read(payload: bytes, unseal: Unseal = unwrapped) -> Datagram | Rejected:
    """What ``payload`` says to a member of the examples' environment."""
    return unpack(payload, ENVIRONMENT, find, unseal)


def lock(raw: bytes) -> bytes:
    """A box with an authenticator, as large as a real one."""
    return raw + digest(raw) + bytes(BOX_BYTES - 32)


def unlock(sender: bytes, sealed: bytes) -> bytes | None:
    """Checks who locked it, and that it is whole."""
    raw, authenticator = sealed[:-BOX_BYTES], sealed[-BOX_BYTES:]
    is_whole = authenticator == digest(raw) + bytes(BOX_BYTES - 32)
    return raw if is_whole and sender == ALICE.controller else None


@given(
    messages(),
    st.sampled_from([ENVIRONMENT, NO_ENVIRONMENT, digest(b"another environment")]),
    st.integers(min_value=0, max_value=COUNTER_MAX),
)
def test_every_datagram_survives(message: Message, environment: bytes, counter: int) -> None:
    """What one packs, another unpacks, or it is said beforehand that it does not fit."""
    datagram = Datagram(environment, ALICE, BOB.nonce, counter, message)
    try:
        payload = pack(datagram, plain)
    except TooLarge:
        return
    assert len(payload) <= DATAGRAM_BYTES_MAX
    assert unpack(payload, environment, find, unwrapped) == datagram


def test_the_header_is_clear_and_short() -> None:
    """Twenty bytes tell a stranger's datagram from one of ours: version, environment, sender."""
    payload = pack(DATAGRAM, plain)
    assert payload[:20] == bytes((0, 0, 0, 1)) + tag(ENVIRONMENT) + tag(ALICE.controller)
    assert tag(NO_ENVIRONMENT) == bytes(8)


def test_a_message_that_does_not_fit_is_our_own_mistake() -> None:
    """The largest that fits goes in its box; one byte more is refused before it is sent."""
    room = DATAGRAM_MESSAGE_BYTES_MAX - 5
    fits = Datagram(ENVIRONMENT, ALICE, BOB.nonce, 1, StoreMessage(bytes(room)))
    assert read(pack(fits, lock), unlock) == fits
    with pytest.raises(TooLarge, match="send it on a stream"):
        _ = pack(Datagram(ENVIRONMENT, ALICE, BOB.nonce, 1, StoreMessage(bytes(room + 1))), lock)


def test_a_sealed_datagram_cannot_be_changed() -> None:
    """Every flipped bit, inside or in the clear header, is noticed."""
    whole = pack(DATAGRAM, lock)
    assert read(whole, unlock) == DATAGRAM
    for at in range(len(whole)):
        for bit in range(8):
            raw = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
            assert isinstance(read(raw, unlock), Rejected)


def test_names_that_do_not_travel_are_authenticated() -> None:
    """Another sender, or another environment, outside than inside: rejected."""
    whole = bytearray(pack(DATAGRAM, plain))
    whole[SENDER_TAG] = tag(BOB.controller)
    assert read(bytes(whole)) == Rejected("other names inside than outside")
    other = digest(b"another environment")
    forged = tag(other).join(pack(DATAGRAM, plain).split(tag(ENVIRONMENT)))
    assert unpack(forged, other, find, unwrapped) == Rejected("other names inside than outside")


def test_who_has_an_equal_tag_is_not_the_sender() -> None:
    """A tag is a hint: a member that happens to have the same one is not taken for the sender."""
    payload = pack(DATAGRAM, plain)
    taken = unpack(payload, ENVIRONMENT, lambda _: BOB.controller, unwrapped)
    assert isinstance(taken, Rejected)


def test_what_is_not_for_us_is_rejected() -> None:
    """A datagram of another environment, and one whose sender nobody knows."""
    payload = pack(DATAGRAM, plain)
    other = unpack(payload, digest(b"another environment"), find, unwrapped)
    assert other == Rejected("a datagram of another environment")
    stranger = unpack(payload, ENVIRONMENT, lambda _: None, unwrapped)
    assert stranger == Rejected("nobody of ours has the sender's tag")


def test_the_envelope_is_small() -> None:
    """All around a message, its box included, is 100 bytes: a probe is hardly more."""
    around = len(pack(DATAGRAM, lock)) - len(codec.encode(DATAGRAM.message))
    assert around == 100
    assert DATAGRAM_BYTES_MAX - DATAGRAM_MESSAGE_BYTES_MAX == 100


def test_another_version_is_rejected_by_name() -> None:
    """A newer program is told from noise."""
    whole = pack(DATAGRAM, plain)
    assert read(bytes((0, 0, 0, 2)) + whole[4:]) == Rejected("protocol version 2")


def test_no_damage_raises() -> None:
    """Truncated, lengthened or flipped, a datagram is read or rejected, never an exception."""
    random = Random(11)
    for name in sorted(MESSAGES):
        try:
            whole = pack(Datagram(ENVIRONMENT, ALICE, BOB.nonce, 1, MESSAGES[name]), plain)
        except TooLarge:
            continue
        for length in range(len(whole)):
            assert isinstance(read(whole[:length]), Rejected)
        for _ in range(200):
            raw = bytearray(whole)
            raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
            _ = read(bytes(raw))


@given(st.binary(max_size=1_300))
def test_noise_is_rejected(payload: bytes) -> None:
    """Random bytes say nothing."""
    assert isinstance(read(payload), Rejected)


@pytest.mark.parametrize("at", [20, 36])
def test_numbers_beyond_63_bits_are_rejected(at: int) -> None:
    """Boot number and counter fit a signed column."""
    whole = bytearray(pack(DATAGRAM, plain))
    whole[at] |= 0x80
    assert read(bytes(whole)) == Rejected("a number beyond 63 bits")


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
