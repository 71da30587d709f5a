"""Messages to bytes and back, whatever the peer sends."""

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.wire import cbor, codec
from mesh.wire.limits import (
    FACTS_PER_MESSAGE_MAX,
    MESSAGE_BYTES_MAX,
    NEWS_PER_DATAGRAM_MAX,
    TEXT_CHARACTERS_MAX,
)
from mesh.wire.messages import Facts, Goodbye, Gossip, Message, Welcome
from mesh.wire.rejected import Rejected
from tests.mesh.wire.examples import MESSAGES, NEWS, chain
from tests.mesh.wire.strategies import messages

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(MESSAGES)


@given(messages())
def test_every_message_survives_the_wire(message: Message) -> None:
    """What is encoded is read back equal."""
    assert codec.decode(codec.encode(message)) == message


@given(messages())
def test_one_message_one_spelling(message: Message) -> None:
    """What was read, written again, gives the bytes that were read."""
    raw = codec.encode(message)
    again = codec.decode(raw)
    assert not isinstance(again, Rejected)
    assert codec.encode(again) == raw


@given(st.binary(max_size=200))
def test_noise_never_raises(raw: bytes) -> None:
    """Bytes of a stranger become a message or a reason."""
    _ = codec.decode(raw)


@pytest.mark.parametrize("name", NAMES)
def test_damage_never_raises(name: str) -> None:
    """A message with flipped, missing, added or repeated bytes becomes a message or a reason.

    Where it is read as a message after all, that message has these very bytes.
    """
    whole = codec.encode(MESSAGES[name])
    random = Random(name)
    for _ in range(400):
        raw = _damaged(whole, random)
        message = codec.decode(raw)
        assert isinstance(message, Rejected) or codec.encode(message) == raw


def _damaged(raw: bytes, random: Random) -> bytes:
    at = random.randrange(len(raw))
    match random.randrange(5):
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + random.randbytes(1 + random.randrange(3)) + raw[at:]
        case 2:
            return raw[:at] + raw[at + 1 :]
        case 3:
            return raw[at:] + raw[:at]
        case _:
            return raw[:at] + bytes([raw[at] ^ 1 << random.randrange(8)]) + raw[at + 1 :]


@pytest.mark.parametrize("name", NAMES)
def test_truncated_messages_are_rejected(name: str) -> None:
    """No beginning of a message is a message."""
    whole = codec.encode(MESSAGES[name])
    for length in range(len(whole)):
        assert isinstance(codec.decode(whole[:length]), Rejected)


@pytest.mark.parametrize(
    ("why", "value"),
    [
        ("no array", {"type": 4, "nonce": 1}),
        ("no tag", []),
        ("an unknown tag", [99, 1]),
        ("a tag that is text", ["4", 1]),
        ("a field too few", [4]),
        ("a field too many", [4, 1, 1]),
        ("a negative counter", [4, -1]),
        ("a counter beyond 63 bits", [4, 2**63]),
        ("a fraction", [4, 1.0]),
        ("a truth value for a number", [4, True]),
        ("bytes for text", [14, b"why"]),
        ("text for bytes", [8, "payload"]),
        ("a short hash", [12, bytes(31)]),
        ("a long hash", [12, bytes(33)]),
    ],
)
def test_the_wrong_shape_is_rejected(why: str, value: object) -> None:
    """Every field is there once, of its type, within its limits."""
    assert isinstance(codec.decode(cbor.encode(value)), Rejected), why


@pytest.mark.parametrize("name", NAMES)
def test_no_field_is_left_off(name: str) -> None:
    """Not even one at the end that has a value of its own where nothing else is said."""
    value = cbor.decode(codec.encode(MESSAGES[name]), MESSAGE_BYTES_MAX)
    assert isinstance(value, list)
    for count in range(len(value)):
        assert isinstance(codec.decode(cbor.encode(value[:count])), Rejected)


@pytest.mark.parametrize(
    ("fits", "too_much"),
    [
        (Gossip(NEWS[:1] * NEWS_PER_DATAGRAM_MAX), Gossip(NEWS[:1] * (NEWS_PER_DATAGRAM_MAX + 1))),
        (Goodbye("x" * TEXT_CHARACTERS_MAX), Goodbye("x" * (TEXT_CHARACTERS_MAX + 1))),
        (
            Facts((chain()[0].signed,) * FACTS_PER_MESSAGE_MAX, direct=False),
            Facts((chain()[0].signed,) * (FACTS_PER_MESSAGE_MAX + 1), direct=False),
        ),
        (
            Welcome(bytes(4_096), 1, bytes(16), bytes(32), 1, None),
            Welcome(bytes(4_097), 1, bytes(16), bytes(32), 1, None),
        ),
    ],
)
def test_limits_hold_to_the_last_one(fits: Message, too_much: Message) -> None:
    """What is exactly as large as allowed is read; one more is not."""
    assert codec.decode(codec.encode(fits)) == fits
    assert isinstance(codec.decode(codec.encode(too_much)), Rejected)


def test_a_message_too_long_is_rejected_unread() -> None:
    """The bound on bytes holds before anything is looked at."""
    rejected = codec.decode(bytes(MESSAGE_BYTES_MAX + 1))
    assert rejected == Rejected(
        f"{MESSAGE_BYTES_MAX + 1} bytes, at most {MESSAGE_BYTES_MAX} are read"
    )


@pytest.mark.parametrize("name", NAMES)
def test_golden_bytes(name: str) -> None:
    """The bytes of a message never change within one protocol version.

    ``TRELLIS_REWRITE_GOLDEN=1`` writes them anew, for a change that is meant.
    """
    file = GOLDEN / f"{name}.hex"
    if os.environ.get("TRELLIS_REWRITE_GOLDEN"):
        _ = file.write_text(codec.encode(MESSAGES[name]).hex("\n", 40) + "\n")
    raw = bytes.fromhex(file.read_text())
    assert codec.encode(MESSAGES[name]) == raw
    assert codec.decode(raw) == MESSAGES[name]


def test_each_message_has_a_number_of_its_own() -> None:
    """Tags are part of the protocol: one for each message, none used twice."""
    tags = [type(message).__struct_config__.tag for message in MESSAGES.values()]
    assert sorted(tag for tag in tags if isinstance(tag, int)) == list(range(1, len(MESSAGES) + 1))
