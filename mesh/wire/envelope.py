"""Datagrams: one message, who says it to whom, and a number that is used once.

Outside stands a clear header of 20 bytes, just enough to throw away what is not for us and to
choose the key of the sender. Its tags are the beginnings of hashes: equal tags prove nothing,
unequal ones that this is not meant for us. Whoever receives knows the whole names already, its own
environment and its members, so they do not travel: inside stands a hash over them and the header,
and a box that authenticates what it holds leaves nothing outside to be changed unnoticed.

A letter is addressed to a life, not to a house: inside stand the random bytes of the receiver's
incarnation as the sender knows it. Keys and house are the same after a restart, and what was seen
before is forgotten; the address is what keeps letters to the former life from being taken for new
ones. Nothing a stranger sends makes this module raise.

    header   version 4 | environment tag 8 | sender tag 8
    inside   boot 8 | nonce 8 | counter 8 | receiver's nonce 8 | names 8 | message

Numbers are big-endian. ``names`` is the hash of header, environment and controller: a wrong name
would have to hit it and a tag of the header, 16 bytes in all.
"""

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from mesh.wire import codec
from mesh.wire.identity import ControllerId, Incarnation, digest
from mesh.wire.limits import COUNTER_MAX, DATAGRAM_BYTES_MAX
from mesh.wire.messages import PROTOCOL_VERSION, Message
from mesh.wire.rejected import Rejected

NO_ENVIRONMENT: Final = bytes(32)
"""Of a controller that belongs to none; no datagram is for it."""

NAMES_BYTES: Final = 8
"""Of the hash over the names: 56 bytes stay at home."""

_HEADER: Final = struct.Struct(">I8s8s")
_INSIDE: Final = struct.Struct(f">Q8sQ8s{NAMES_BYTES}s")

HEADER_BYTES: Final = _HEADER.size

BOX_BYTES: Final = 40
"""What a box adds: the nonce and the authenticator of XSalsa20-Poly1305."""

DATAGRAM_MESSAGE_BYTES_MAX: Final = DATAGRAM_BYTES_MAX - _HEADER.size - _INSIDE.size - BOX_BYTES
"""The room for one message in a datagram, boxed."""

REPLAY_WINDOW: Final = 1_024
"""Numbers below the greatest that may still come: later ones than any network reorders."""

LABELS_MAX: Final = 4_096
"""Pairs of environment and controller whose hashes are kept: more than the largest mesh has."""

Directory = Callable[[bytes], ControllerId | None]
"""Whom a tag of 8 bytes means, of those who may speak to us; None: nobody."""

Seal = Callable[[bytes], bytes]
"""Boxes what is for one peer; BOX_BYTES longer."""

Unseal = Callable[[ControllerId, bytes], bytes | None]
"""What that controller boxed for us; None where it did not, or nothing of it is opened now."""


class TooLarge(ValueError):
    """A message of our own that does not fit a datagram."""


class Datagram(msgspec.Struct, frozen=True):
    """What a datagram says."""

    environment: bytes
    """The environment id, 32 bytes."""
    sender: Incarnation
    receiver: bytes
    """The random bytes of the life that it is for, 8 of them."""
    counter: int
    """Rises with every datagram of this sender, to whomever it goes."""
    message: Message


def tag(name: bytes) -> bytes:
    """The 8 bytes by which a header names an environment or a controller; zeros stay zeros."""
    return digest(name)[:8] if any(name) else bytes(8)


def pack(datagram: Datagram, seal: Seal, encoded: bytes | None = None) -> bytes:
    """The payload of one UDP datagram, in the box of its receiver.

    ``encoded`` is its message in bytes, where they are at hand: the same one often goes to many.
    Raises TooLarge where the message has more than DATAGRAM_MESSAGE_BYTES_MAX bytes.
    """
    message = codec.encode(datagram.message) if encoded is None else encoded
    if len(message) > DATAGRAM_MESSAGE_BYTES_MAX:
        kind = type(datagram.message).__name__
        raise TooLarge(
            f"a {kind} of {len(message)} bytes, a datagram holds {DATAGRAM_MESSAGE_BYTES_MAX}:"
            " send it on a stream"
        )
    label = _label(datagram.environment, datagram.sender.controller)
    _, boot, nonce = datagram.sender
    inside = _INSIDE.pack(boot, nonce, datagram.counter, datagram.receiver, label.names)
    payload = label.header + seal(inside + message)
    assert len(payload) <= DATAGRAM_BYTES_MAX, "a box adds no more than BOX_BYTES"
    return payload


def unpack(
    payload: bytes, environment: bytes, directory: Directory, unseal: Unseal
) -> Datagram | Rejected:
    """What ``payload`` says to a member of ``environment``, or why it says nothing.

    What costs nothing is looked at first: who has no name here has nothing unsealed.
    """
    if not _HEADER.size <= len(payload) <= DATAGRAM_BYTES_MAX:
        return Rejected(f"a datagram of {len(payload)} bytes")
    version, _, sender_tag = _HEADER.unpack_from(payload)
    if version != PROTOCOL_VERSION:
        return Rejected(f"protocol version {version}")
    controller = directory(sender_tag)
    if controller is None:
        return Rejected("nobody of ours has the sender's tag")
    label = _label(environment, controller)
    if payload[: _HEADER.size] != label.header:
        return Rejected("a datagram of another environment")
    plain = unseal(controller, payload[_HEADER.size :])
    if plain is None or len(plain) < _INSIDE.size:
        return Rejected("not sealed for us by the sender that it names")
    boot, nonce, counter, receiver, names = _INSIDE.unpack_from(plain)
    if names != label.names:
        return Rejected("other names inside than outside")
    if boot > COUNTER_MAX or counter > COUNTER_MAX:
        return Rejected("a number beyond 63 bits")
    message = codec.decode(plain[_INSIDE.size :], DATAGRAM_MESSAGE_BYTES_MAX)
    if isinstance(message, Rejected):
        return message
    sender = Incarnation(controller, boot, nonce)
    return Datagram(environment, sender, receiver, counter, message)


class _Label(NamedTuple):
    """What is the same on each datagram of one controller in one environment."""

    header: bytes
    names: bytes


@lru_cache(maxsize=LABELS_MAX)
def _label(environment: bytes, controller: bytes) -> _Label:
    header = _HEADER.pack(PROTOCOL_VERSION, tag(environment), tag(controller))
    return _Label(header, digest(header + environment + controller)[:NAMES_BYTES])


class ReplayWindow:
    """Which numbers of one sender were seen: each is fresh once, and old ones never (RFC 6479)."""

    def __init__(self) -> None:
        self._greatest = 0
        self._seen = 0
        """Bit i stands for ``_greatest - i``."""

    def accept(self, counter: int) -> bool:
        """Whether ``counter`` is fresh; from now on it is not."""
        ahead = counter - self._greatest
        if ahead > 0:
            kept = self._seen << ahead if ahead < REPLAY_WINDOW else 0
            self._seen = (kept & (1 << REPLAY_WINDOW) - 1) | 1
            self._greatest = counter
            return True
        if -ahead >= REPLAY_WINDOW or self._seen >> -ahead & 1:
            return False
        self._seen |= 1 << -ahead
        return True
