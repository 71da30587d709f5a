"""The handshake XX and the ciphers that follow from it: as published, and nothing forged passes."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from noise.connection import (  # type: ignore[import-untyped]  # it has no annotations
    Keypair,
    NoiseConnection,
)

from mesh.driver.keys import NaClExchange
from mesh.wire.noise import (
    NONCE_MAX,
    TAG_BYTES,
    CipherState,
    Exhausted,
    HandshakeState,
    SymmetricState,
)
from tests.mesh.wire.noise_ends import (
    NAME,
    PROLOGUE,
    Fixed,
    conversation,
    end,
    ends,
    written,
)

VECTORS: Final = json.loads((Path(__file__).parent / "vectors" / "noise_xx.json").read_text())
WORDS: Final = (b"", b"both names and a signature", b"the same of the other side")


def _of_vector(vector: dict[str, Any], role: str) -> HandshakeState:
    static, ephemeral, prologue = (
        bytes.fromhex(vector[f"{role}_{what}"]) for what in ("static", "ephemeral", "prologue")
    )
    return HandshakeState(
        vector["protocol_name"],
        Fixed(ephemeral),
        NaClExchange(static),
        prologue,
        initiates=role == "init",
    )


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda each: each["protocol_name"])
def test_published_vectors(vector: dict[str, Any]) -> None:
    """Every byte of the cacophony vectors, handshake and conversation, with each hash function."""
    writer, reader = _of_vector(vector, "init"), _of_vector(vector, "resp")
    messages = [
        {name: bytes.fromhex(text) for name, text in message.items()}
        for message in vector["messages"]
    ]
    for message in messages[:3]:
        assert writer.write(message["payload"]) == message["ciphertext"]
        assert reader.read(message["ciphertext"]) == message["payload"]
        writer, reader = reader, writer
    assert writer.hash == reader.hash == bytes.fromhex(vector["handshake_hash"])
    (mine, theirs), (yours, hers) = writer.split(), reader.split()
    sealers, openers = [mine, yours], [hers, theirs]
    for number, message in enumerate(messages[3:]):
        assert sealers[number % 2].encrypt(b"", message["payload"]) == message["ciphertext"]
        assert openers[number % 2].decrypt(b"", message["ciphertext"]) == message["payload"]
    assert len(messages) == 6


def _opponent(*, initiates: bool) -> NoiseConnection:
    connection = NoiseConnection.from_name(NAME.encode())
    (connection.set_as_initiator if initiates else connection.set_as_responder)()
    connection.set_prologue(PROLOGUE)
    connection.set_keypair_from_private_bytes(Keypair.STATIC, bytes([9]) * 32)
    connection.start_handshake()
    return connection


@pytest.mark.parametrize("initiates", [True, False])
def test_another_implementation_understands_us(*, initiates: bool) -> None:
    """Handshake and conversation with the package noiseprotocol, we in either role."""
    ours, theirs = end(1, initiates=initiates), _opponent(initiates=not initiates)
    for turn, word in enumerate(WORDS):
        if (turn % 2 == 0) is initiates:
            assert theirs.read_message(written(ours, word)) == word
        else:
            assert ours.read(bytes(theirs.write_message(word))) == word
    assert ours.hash == theirs.get_handshake_hash()
    assert ours.remote_static == NaClExchange(bytes([9]) * 32).public
    send, receive = ours.split()
    for number in range(3):
        assert theirs.decrypt(send.encrypt(b"", b"%d" % number)) == b"%d" % number
        assert receive.decrypt(b"", bytes(theirs.encrypt(b"%d" % number))) == b"%d" % number
    send.rekey()
    theirs.rekey_inbound_cipher()
    assert theirs.decrypt(send.encrypt(b"", b"renewed")) == b"renewed"
    receive.rekey()
    theirs.rekey_outbound_cipher()
    assert receive.decrypt(b"", bytes(theirs.encrypt(b"renewed"))) == b"renewed"


def test_each_learns_the_other_key_and_both_have_one_hash() -> None:
    """After three messages both ends know whom they talk with, and name the talk alike."""
    one, other = ends()
    for word in WORDS:
        writer, reader = (one, other) if word != WORDS[1] else (other, one)
        assert reader.read(written(writer, word)) == word
    assert one.is_complete
    assert other.is_complete
    assert one.hash == other.hash
    assert one.remote_static == NaClExchange(bytes([2]) * 32).public
    assert other.remote_static == NaClExchange(bytes([1]) * 32).public


def _completes(number: int, change: bytes | None, *, at: int = 0) -> bool:
    """Whether a handshake completes where message ``number`` is another one on its way."""
    one, other = ends()
    for turn, word in enumerate(WORDS):
        writer, reader = (one, other) if turn % 2 == 0 else (other, one)
        message = writer.write(word)
        if message is None:
            return False
        if turn == number:
            message = _flipped(message, at) if change is None else change
        if reader.read(message) != word:
            return False
    return one.hash == other.hash


def _flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)


def _sizes_bits() -> list[int]:
    one, other = ends()
    first = written(one, WORDS[0])
    _ = other.read(first)
    second = written(other, WORDS[1])
    _ = one.read(second)
    return [8 * len(each) for each in (first, second, written(one, WORDS[2]))]


@pytest.mark.parametrize("number", range(3))
def test_no_bit_of_a_handshake_can_be_flipped(number: int) -> None:
    """Whichever bit of whichever message differs, the two ends do not get to the end together."""
    assert _completes(-1, None)
    survived = [at for at in range(_sizes_bits()[number]) if _completes(number, None, at=at)]
    assert survived == []


@pytest.mark.parametrize("number", range(3))
def test_no_part_of_a_handshake_can_be_missing(number: int) -> None:
    """A message cut off anywhere, or with something added, is refused without an exception."""
    size = _sizes_bits()[number] // 8
    for length in (*range(size), size + 1, 65_535):
        assert not _completes(number, bytes(length))


@pytest.mark.parametrize("number", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18])
def test_a_key_that_is_no_key_is_refused(number: int) -> None:
    """Points of small order would give a secret that everybody knows (RFC 7748, section 6.1)."""
    point = number.to_bytes(32, "little")
    one, other = ends()
    assert other.read(point) is not None
    assert other.write() is None
    _ = written(one)
    assert one.read(point + bytes(200)) is None


def test_an_empty_payload_is_sealed_too() -> None:
    """Nothing to say is said under a tag, and a changed tag is noticed."""
    one, other = ends()
    assert other.read(written(one)) is not None
    message = written(other)
    assert one.read(_flipped(message, 8 * len(message) - 1)) is None


def test_another_prologue_is_noticed() -> None:
    """What both ends think they know is authenticated."""
    one, other = end(1, initiates=True, prologue=b"alpha"), end(2, initiates=False)
    assert other.read(written(one)) is not None
    assert one.read(written(other)) is None


def test_handshake_messages_of_another_talk_are_refused() -> None:
    """A recorded message fits only the handshake in which it was written."""
    one, other = ends()
    assert other.read(written(one)) is not None
    assert one.read(written(other)) is not None
    recorded = written(one)
    again = end(2, initiates=False)
    fresh = HandshakeState(
        NAME, Fixed(bytes([55]) * 32), NaClExchange(bytes([2]) * 32), PROLOGUE, initiates=False
    )
    first = written(end(1, initiates=True))
    for responder, accepts in ((again, True), (fresh, False)):
        assert responder.read(first) is not None
        assert responder.write() is not None
        assert (responder.read(recorded) is not None) is accepts


def test_no_bit_of_a_message_can_be_flipped() -> None:
    """A changed message is refused, and the one that was meant is still accepted after it."""
    send, receive = conversation()
    sealed = send.encrypt(b"", b"what was said")
    for bit in range(8 * len(sealed)):
        assert receive.decrypt(b"", _flipped(sealed, bit)) is None
    for length in range(len(sealed)):
        assert receive.decrypt(b"", sealed[:length]) is None
    assert receive.decrypt(b"", sealed) == b"what was said"
    assert len(sealed) == len(b"what was said") + TAG_BYTES


def test_messages_pass_in_their_order_and_once() -> None:
    """A message that comes early, late or again is refused."""
    send, receive = conversation()
    first, second, third = (send.encrypt(b"", bytes([number])) for number in range(3))
    assert receive.decrypt(b"", second) is None
    assert receive.decrypt(b"", first) == b"\0"
    assert receive.decrypt(b"", first) is None
    assert receive.decrypt(b"", third) is None
    assert receive.decrypt(b"", second) == b"\1"


def test_the_two_directions_have_keys_of_their_own() -> None:
    """What one end sealed is not taken for the other end's."""
    one, other = ends()
    assert other.read(written(one)) is not None
    assert one.read(written(other)) is not None
    assert other.read(written(one)) is not None
    send, receive = one.split()
    assert receive.decrypt(b"", send.encrypt(b"", b"an echo")) is None


def test_the_last_nonce_is_never_used() -> None:
    """Before a number would repeat, or be the one that renews keys, nothing is sealed any more."""
    send, receive = conversation()
    send.nonce = receive.nonce = NONCE_MAX - 1
    assert receive.decrypt(b"", send.encrypt(b"", b"the last")) == b"the last"
    with pytest.raises(Exhausted):
        _ = send.encrypt(b"", b"one more")
    with pytest.raises(Exhausted):
        _ = receive.decrypt(b"", b"one more" + bytes(TAG_BYTES))


def test_renewed_keys_fit_each_other_and_not_the_old_ones() -> None:
    """Both ends renew at the same place, or they no longer understand each other."""
    send, receive = conversation()
    old = send.encrypt(b"", b"before")
    send.rekey()
    new = send.encrypt(b"", b"after")
    assert receive.decrypt(b"", old) == b"before"
    assert receive.decrypt(b"", new) is None
    receive.rekey()
    assert receive.decrypt(b"", new) == b"after"


def test_without_a_key_nothing_is_sealed() -> None:
    """Before the first secret there is nothing to seal with; nobody mistakes that for sealing."""
    state = CipherState(Fixed(bytes(32)))
    assert not state.has_key
    assert state.decrypt(b"", state.encrypt(b"", b"clear")) == b"clear"
    assert SymmetricState(NAME, Fixed(bytes(32))).added_bytes == 0
