"""Who speaks: an identity vouches for the key that a stream was agreed on with.

The handshake proves that the other end holds an exchange key. The identity, which is the name of a
controller, signs once that this key is its own, together with everything that must not be mixed up:
the environment, its generation, the version of the protocol and the role. A signature that was made
for one of them says nothing for another.

    identity 32 | environment 32 | generation 8 | generation nonce 16 | signature 64
"""

import struct
from dataclasses import dataclass
from typing import Final

from mesh.protocol.suite import Keyring, Verifier
from mesh.wire.identity import ControllerId
from mesh.wire.messages import PROTOCOL_VERSION, Hello

NO_ENVIRONMENT: Final = bytes(32)
"""In place of the id of an environment, of a newcomer that has none."""

_CONTEXT: Final = b"trellis stream: this exchange key is mine\0"
_CLAIM: Final = struct.Struct(">32s32sQ16s")
_SIGNATURE_BYTES: Final = 64
CREDENTIALS_BYTES: Final = _CLAIM.size + _SIGNATURE_BYTES


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a controller says of itself in a handshake."""

    identity: ControllerId
    environment: bytes
    """Its id; zeros where there is none."""
    generation: int
    generation_nonce: bytes


@dataclass(frozen=True, slots=True)
class Papers:
    """What a controller shows in handshakes, signed once."""

    environment: bytes
    dialling: bytes
    """Credentials of whoever dials."""
    dialled: bytes
    """Credentials of whoever was dialled."""


def papers(hello: Hello, keyring: Keyring) -> Papers:
    """What ``hello`` says of its sender, as far as handshakes say it, signed with ``keyring``."""
    environment = hello.environment or NO_ENVIRONMENT
    claim = _CLAIM.pack(
        hello.sender.controller, environment, hello.generation, hello.generation_nonce
    )
    key = keyring.exchange.public
    dialling, dialled = (
        claim + keyring.identity.sign(_signed(claim, key, dials=dials)) for dials in (True, False)
    )
    return Papers(environment, dialling, dialled)


def check(
    raw: bytes, exchange_key: bytes, verifier: Verifier, *, dials: bool
) -> Credentials | None:
    """What a peer with the proven ``exchange_key`` says; None where its identity does not."""
    if len(raw) != CREDENTIALS_BYTES:
        return None
    claim, signature = raw[: _CLAIM.size], raw[_CLAIM.size :]
    credentials = Credentials(*_CLAIM.unpack(claim))
    signed = _signed(claim, exchange_key, dials=dials)
    if not verifier.verify(credentials.identity, signed, signature):
        return None
    return credentials


def _signed(claim: bytes, exchange_key: bytes, *, dials: bool) -> bytes:
    role = b"dials" if dials else b"hears"
    return _CONTEXT + PROTOCOL_VERSION.to_bytes(4, "big") + role + exchange_key + claim
