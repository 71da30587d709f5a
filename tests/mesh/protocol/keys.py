"""Keys for tests that are about something else: anybody can forge with them, but not by mistake."""

import hashlib
import hmac
import itertools
from dataclasses import dataclass
from typing import Final

from mesh.protocol.suite import Box, Exchange, Keyring
from mesh.wire.identity import digest
from mesh.wire.noise import TAG_BYTES

_FRESH: Final = itertools.count(1)
_NONCE_BYTES: Final = 24


@dataclass(frozen=True)
class Key:
    """A signer whose signatures any holder of the public key can check, and forge: enough here."""

    public: bytes

    def sign(self, message: bytes) -> bytes:
        """64 bytes that depend on all of ``message``."""
        return hmac.new(self.public, message, hashlib.sha512).digest()


@dataclass(frozen=True)
class ExchangeKey:
    """What two of these share follows from their public halves."""

    public: bytes

    def shared(self, public: bytes) -> bytes | None:
        """A digest of both."""
        return digest(b"".join(sorted((self.public, public)))) if len(public) == 32 else None

    def box(self, public: bytes) -> Box | None:
        """See `CheapBox`."""
        key = self.shared(public)
        return None if key is None else CheapBox(key)

    def seal_to(self, public: bytes, plain: bytes) -> bytes | None:
        """See `CheapBox`; the key follows from ``public`` alone."""
        return CheapBox(digest(public)).seal(plain) if len(public) == 32 else None

    def open_sealed(self, sealed: bytes) -> bytes | None:
        """What was sealed to this key."""
        return CheapBox(digest(self.public)).open(sealed)


@dataclass(frozen=True)
class CheapBox:
    """A nonce, a MAC and the plain bytes."""

    key: bytes

    def seal(self, plain: bytes) -> bytes:
        """40 bytes longer."""
        nonce = next(_FRESH).to_bytes(_NONCE_BYTES, "big")
        return nonce + _mac(self.key, nonce, b"", plain) + plain

    def open(self, sealed: bytes) -> bytes | None:
        """None where a bit differs."""
        nonce, plain = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES + TAG_BYTES :]
        mac = sealed[_NONCE_BYTES : _NONCE_BYTES + TAG_BYTES]
        return plain if mac == _mac(self.key, nonce, b"", plain) else None


class KeySuite:
    """Checks what ``Key`` signs, and seals with a MAC."""

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is what ``Key(public)`` makes of ``message``."""
        return hmac.compare_digest(Key(public).sign(message), signature)

    def generate(self) -> Exchange:
        """A key that no test has used before."""
        return ExchangeKey(digest(b"fresh %d" % next(_FRESH)))

    def encrypt(self, key: bytes, nonce: bytes, associated: bytes, plain: bytes) -> bytes:
        """The MAC stands in front."""
        return _mac(key, nonce, associated, plain) + plain

    def decrypt(self, key: bytes, nonce: bytes, associated: bytes, sealed: bytes) -> bytes | None:
        """None where a bit differs."""
        plain = sealed[TAG_BYTES:]
        return plain if sealed[:TAG_BYTES] == _mac(key, nonce, associated, plain) else None


def _mac(key: bytes, nonce: bytes, associated: bytes, plain: bytes) -> bytes:
    raw = nonce + associated + plain
    return hashlib.blake2b(raw, key=key, digest_size=TAG_BYTES).digest()


def keyring(controller: bytes) -> Keyring:
    """All keys of the controller with this id."""
    return Keyring(Key(controller), ExchangeKey(digest(b"exchange " + controller)), KeySuite())
