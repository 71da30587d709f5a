"""Datagrams: one message, who says it, and a number that is used once.

Outside stands a clear header of 20 bytes, just enough to throw away what is not for us and to
choose the key of the sender. Inside stand the whole names and the header once more, so that
nothing outside can be changed unnoticed by a sealer that authenticates what it seals.
Nothing a stranger sends makes this module raise.

    header   version 4 | environment tag 8 | sender tag 8
    inside   environment 32 | controller 32 | boot 8 | nonce 8 | counter 8 | header 20 | message

Numbers are big-endian. A tag is the beginning of a hash: equal tags prove nothing, unequal ones
that this is not meant for us.
"""

import struct
from dataclasses import dataclass
from typing import Final, Protocol

from mesh.wire import codec
from mesh.wire.codec import Rejected
from mesh.wire.identity import ControllerId, Incarnation, digest
from mesh.wire.limits import COUNTER_MAX, DATAGRAM_BYTES_MAX
from mesh.wire.messages import PROTOCOL_VERSION, Message

NO_ENVIRONMENT: Final = bytes(32)
"""What a newcomer without an environment writes in its place."""

_HEADER: Final = struct.Struct(">I8s8s")
_INSIDE: Final = struct.Struct(f">32s32sQ8sQ{_HEADER.size}s")

SEALER_BYTES_MAX: Final = 40
"""What a sealer may add: the nonce and the authenticator of a NaCl box."""

DATAGRAM_MESSAGE_BYTES_MAX: Final = (
    DATAGRAM_BYTES_MAX - _HEADER.size - _INSIDE.size - SEALER_BYTES_MAX
)
"""The room for one message in a datagram, whatever seals it."""

REPLAY_WINDOW: Final = 1_024
"""Numbers below the greatest that may still come: later ones than any network reorders."""


class TooLarge(ValueError):
    """A message of our own that does not fit a datagram."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """What a datagram says."""

    environment: bytes
    """The environment id, 32 bytes; ``NO_ENVIRONMENT`` for a knock."""
    sender: Incarnation
    counter: int
    """Rises with every datagram of this sender, to whomever it goes."""
    message: Message


class Sealer(Protocol):
    """The seam to encryption: keys for peers, and what is done with them."""

    def seal(self, peer: ControllerId | None, plain: bytes) -> bytes:
        """``plain`` for ``peer``, at most SEALER_BYTES_MAX longer; None: it is not known who."""

    def open(self, sender: bytes, sealed: bytes) -> bytes | None:
        """What the peer with the 8-byte tag ``sender`` sealed for us; None if that is not so."""


class PlainSealer:
    """Seals nothing: names and counters are checked, secrecy and authenticity are not there."""

    def seal(self, peer: ControllerId | None, plain: bytes) -> bytes:  # noqa: ARG002  no key
        """``plain`` itself."""
        return plain

    def open(self, sender: bytes, sealed: bytes) -> bytes | None:  # noqa: ARG002  no key
        """``sealed`` itself."""
        return sealed


def tag(name: bytes) -> bytes:
    """The 8 bytes by which a header names an environment or a controller; zeros stay zeros."""
    return digest(name)[:8] if any(name) else bytes(8)


def pack(datagram: Datagram, sealer: Sealer, peer: ControllerId | None) -> bytes:
    """The payload of one UDP datagram for ``peer``.

    Raises TooLarge where the message has more than DATAGRAM_MESSAGE_BYTES_MAX bytes.
    """
    message = codec.encode(datagram.message)
    if len(message) > DATAGRAM_MESSAGE_BYTES_MAX:
        kind = type(datagram.message).__name__
        raise TooLarge(
            f"a {kind} of {len(message)} bytes, a datagram holds {DATAGRAM_MESSAGE_BYTES_MAX}:"
            " send it on a stream"
        )
    header = _header(datagram.environment, datagram.sender.controller)
    inside = _INSIDE.pack(datagram.environment, *datagram.sender, datagram.counter, header)
    payload = header + sealer.seal(peer, inside + message)
    assert len(payload) <= DATAGRAM_BYTES_MAX
    return payload


def unpack(payload: bytes, sealer: Sealer) -> Datagram | Rejected:
    """What ``payload`` says, or why it says nothing."""
    if not _HEADER.size <= len(payload) <= DATAGRAM_BYTES_MAX:
        return Rejected(f"a datagram of {len(payload)} bytes")
    header = payload[: _HEADER.size]
    version, _, sender_tag = _HEADER.unpack(header)
    if version != PROTOCOL_VERSION:
        return Rejected(f"protocol version {version}")
    plain = sealer.open(sender_tag, payload[_HEADER.size :])
    if plain is None or len(plain) < _INSIDE.size:
        return Rejected("not sealed for us by the sender that it names")
    environment, controller, boot, nonce, counter, inner = _INSIDE.unpack_from(plain)
    if inner != header or header != _header(environment, controller):
        return Rejected("the header was changed")
    if boot > COUNTER_MAX or counter > COUNTER_MAX:
        return Rejected("a number beyond 63 bits")
    message = codec.decode(plain[_INSIDE.size :], DATAGRAM_MESSAGE_BYTES_MAX)
    if isinstance(message, Rejected):
        return message
    return Datagram(environment, Incarnation(controller, boot, nonce), counter, message)


def _header(environment: bytes, controller: bytes) -> bytes:
    return _HEADER.pack(PROTOCOL_VERSION, tag(environment), tag(controller))


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
