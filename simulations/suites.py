"""Signatures for a simulated mesh: quick ones that still refuse every flipped bit, or real ones.

The quick suite is a keyed MAC (BLAKE2b, RFC 7693) whose key follows from the public key and a
secret that the world holds. Nobody inside the world knows the secret, so nobody can forge; outside
of it this is no signature at all.
"""

from hashlib import blake2b
from typing import Protocol

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from mesh.protocol.suite import Signer, Suite


class Keys(Suite, Protocol):
    """A suite that also makes keys, from their seeds."""

    def signer(self, seed: bytes) -> Signer:
        """The private key that follows from ``seed``."""


class MacKeys:
    """The quick suite of one world."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret[:64]

    def signer(self, seed: bytes) -> Signer:
        """The private key that follows from ``seed``."""
        public = blake2b(seed, key=self._secret, person=b"public", digest_size=32).digest()
        return _MacSigner(public, self._key(public))

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` over ``message`` was made by the signer called ``public``."""
        return blake2b(message, key=self._key(public)).digest() == signature

    def _key(self, public: bytes) -> bytes:
        return blake2b(public, key=self._secret, person=b"private", digest_size=32).digest()


class _MacSigner:
    def __init__(self, public: bytes, key: bytes) -> None:
        self.public = public
        self._key = key

    def sign(self, message: bytes) -> bytes:
        return blake2b(message, key=self._key).digest()


class NaclKeys:
    """Ed25519, as real controllers use it."""

    def signer(self, seed: bytes) -> Signer:
        """The private key that follows from ``seed``."""
        return _NaclSigner(SigningKey(blake2b(seed, digest_size=32).digest()))

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` over ``message`` is by the key ``public``."""
        try:
            _ = VerifyKey(public).verify(message, signature)
        except (BadSignatureError, ValueError):
            return False
        return True


class _NaclSigner:
    def __init__(self, key: SigningKey) -> None:
        self.public = bytes(key.verify_key)
        self._key = key

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message).signature
