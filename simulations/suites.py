"""Cryptography for a simulated mesh: quick and refusing every flipped bit, or the real one.

The quick suite is made of keyed MACs (BLAKE2b, RFC 7693) whose keys follow from the public keys
and a secret that the world holds. Nobody inside the world knows the secret, so nobody can forge;
outside of it this is no cryptography at all, and nothing is kept secret. Keys that real controllers
draw at random follow from a seed here, so that a run can be repeated.
"""

from hashlib import blake2b
from typing import Final, Protocol

from nacl.bindings import (
    crypto_aead_chacha20poly1305_ietf_decrypt,
    crypto_aead_chacha20poly1305_ietf_encrypt,
    crypto_scalarmult,
)
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.public import Box as NaclPair
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.signing import SigningKey, VerifyKey

from mesh.protocol.suite import Box, Exchange, Signer, Suite
from mesh.wire.noise import KEY_BYTES, TAG_BYTES
from simulations.tap import Tap

_BOX_NONCE_BYTES: Final = 24


class Keys(Suite, Protocol):
    """A suite that also makes keys, from their seeds, and tells what it sealed."""

    tap: Tap

    def signer(self, seed: bytes) -> Signer:
        """The private key that follows from ``seed``."""

    def exchange(self, seed: bytes) -> Exchange:
        """The key for streams and datagrams that follows from ``seed``."""


class _Fresh:
    """Seeds that were never used before."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._count = 0

    def draw(self) -> bytes:
        """The next one, 32 bytes."""
        self._count += 1
        number = self._count.to_bytes(8, "big")
        return blake2b(number, key=self._seed, person=b"fresh", digest_size=32).digest()


class MacKeys:
    """The quick suite of one world, of which ``secret`` has at most 64 bytes that count."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret[:64]
        self._fresh = _Fresh(self._secret)
        self.tap = Tap()

    def signer(self, seed: bytes) -> Signer:
        """The private key that follows from ``seed``."""
        public = blake2b(seed, key=self._secret, person=b"public", digest_size=32).digest()
        return _MacSigner(public, self._key(public))

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` over ``message`` was made by the signer called ``public``."""
        return blake2b(message, key=self._key(public)).digest() == signature

    def exchange(self, seed: bytes) -> Exchange:
        """The key that follows from ``seed``."""
        return _MacExchange(seed, self._secret, self.tap)

    def generate(self) -> Exchange:
        """A key that was not used before."""
        return self.exchange(self._fresh.draw())

    def encrypt(self, key: bytes, nonce: bytes, associated: bytes, plain: bytes) -> bytes:
        """A MAC, then ``plain``: renewing a key as Noise does it gives a MAC for a key."""
        return self.tap.note(_mac(key, nonce, associated, plain) + plain, plain)

    def decrypt(self, key: bytes, nonce: bytes, associated: bytes, sealed: bytes) -> bytes | None:
        """What was sealed; None where anything differs by one bit."""
        plain = sealed[TAG_BYTES:]
        whole = sealed[:TAG_BYTES] == _mac(key, nonce, associated, plain)
        return plain if whole else None

    def _key(self, public: bytes) -> bytes:
        return blake2b(public, key=self._secret, person=b"private", digest_size=32).digest()


def _mac(key: bytes, nonce: bytes, associated: bytes, plain: bytes) -> bytes:
    """``nonce`` and ``associated`` are of one length wherever a key is used."""
    return blake2b(nonce + associated + plain, key=key, digest_size=TAG_BYTES).digest()


class _MacSigner:
    def __init__(self, public: bytes, key: bytes) -> None:
        self.public = public
        self._key = key

    def sign(self, message: bytes) -> bytes:
        return blake2b(message, key=self._key).digest()


class _MacExchange:
    def __init__(self, seed: bytes, secret: bytes, tap: Tap) -> None:
        self._secret = secret
        self._tap = tap
        self.public = blake2b(seed, key=secret, person=b"exchange", digest_size=32).digest()

    def shared(self, public: bytes) -> bytes | None:
        if len(public) != KEY_BYTES:
            return None
        both = b"".join(sorted((self.public, public)))
        return blake2b(both, key=self._secret, person=b"shared", digest_size=32).digest()

    def box(self, public: bytes) -> Box | None:
        key = self.shared(public)
        return None if key is None else _MacBox(key, self.public, self._tap)

    def seal_to(self, public: bytes, plain: bytes) -> bytes | None:
        if len(public) != KEY_BYTES:
            return None
        return _mac(self._sealing(public), b"", b"", plain) + plain

    def open_sealed(self, sealed: bytes) -> bytes | None:
        plain = sealed[TAG_BYTES:]
        whole = sealed[:TAG_BYTES] == _mac(self._sealing(self.public), b"", b"", plain)
        return plain if whole else None

    def _sealing(self, public: bytes) -> bytes:
        return blake2b(public, key=self._secret, person=b"sealing", digest_size=32).digest()


class _MacBox:
    def __init__(self, key: bytes, public: bytes, tap: Tap) -> None:
        self._key = key
        self._tap = tap
        self._fresh = _Fresh(public)

    def seal(self, plain: bytes) -> bytes:
        nonce = self._fresh.draw()[:_BOX_NONCE_BYTES]
        return self._tap.note(nonce + _mac(self._key, nonce, b"", plain) + plain, plain)

    def open(self, sealed: bytes) -> bytes | None:
        nonce, sealed = sealed[:_BOX_NONCE_BYTES], sealed[_BOX_NONCE_BYTES:]
        plain = sealed[TAG_BYTES:]
        whole = sealed[:TAG_BYTES] == _mac(self._key, nonce, b"", plain)
        return plain if whole else None


class NaclKeys:
    """Ed25519, X25519 and ChaCha20-Poly1305, as real controllers use them."""

    def __init__(self, secret: bytes) -> None:
        self._fresh = _Fresh(secret[:64])
        self.tap = Tap()

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

    def exchange(self, seed: bytes) -> Exchange:
        """The private key that follows from ``seed``."""
        return _NaclExchange(PrivateKey(blake2b(seed, digest_size=32).digest()), self.tap)

    def generate(self) -> Exchange:
        """A key that was not used before."""
        return self.exchange(self._fresh.draw())

    def encrypt(self, key: bytes, nonce: bytes, associated: bytes, plain: bytes) -> bytes:
        """ChaCha20-Poly1305 (RFC 8439)."""
        sealed = crypto_aead_chacha20poly1305_ietf_encrypt(plain, associated, nonce, key)
        return self.tap.note(sealed, plain)

    def decrypt(self, key: bytes, nonce: bytes, associated: bytes, sealed: bytes) -> bytes | None:
        """The inverse; None where anything differs by one bit, or is missing."""
        if len(sealed) < TAG_BYTES:
            return None
        try:
            return crypto_aead_chacha20poly1305_ietf_decrypt(sealed, associated, nonce, key)
        except CryptoError:
            return None


class _NaclSigner:
    def __init__(self, key: SigningKey) -> None:
        self.public = bytes(key.verify_key)
        self._key = key

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message).signature


class _NaclExchange:
    def __init__(self, key: PrivateKey, tap: Tap) -> None:
        self._key = key
        self._tap = tap
        self.public = bytes(key.public_key)

    def shared(self, public: bytes) -> bytes | None:
        if len(public) != KEY_BYTES:
            return None
        try:
            return crypto_scalarmult(bytes(self._key), public)
        except CryptoError:
            return None

    def box(self, public: bytes) -> Box | None:
        if self.shared(public) is None:
            return None
        return _NaclBox(NaclPair(self._key, PublicKey(public)), self.public, self._tap)

    def seal_to(self, public: bytes, plain: bytes) -> bytes | None:
        # As libsodium's crypto_box_seal, with a key that depends on the seed of the world alone.
        once = PrivateKey(blake2b(self.public + public + plain, digest_size=32).digest())
        if self.shared(public) is None:
            return None
        nonce = blake2b(bytes(once.public_key) + public, digest_size=NaclPair.NONCE_SIZE).digest()
        pair = NaclPair(once, PublicKey(public))
        return bytes(once.public_key) + pair.encrypt(plain, nonce).ciphertext

    def open_sealed(self, sealed: bytes) -> bytes | None:
        try:
            return SealedBox(self._key).decrypt(sealed)
        except (CryptoError, ValueError):
            return None


class _NaclBox:
    def __init__(self, pair: NaclPair, public: bytes, tap: Tap) -> None:
        self._pair = pair
        self._tap = tap
        self._fresh = _Fresh(public)

    def seal(self, plain: bytes) -> bytes:
        nonce = self._fresh.draw()[:_BOX_NONCE_BYTES]
        return self._tap.note(bytes(self._pair.encrypt(plain, nonce)), plain)

    def open(self, sealed: bytes) -> bytes | None:
        try:
            return self._pair.decrypt(sealed)
        except (CryptoError, ValueError):
            return None
