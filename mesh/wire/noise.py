"""The Noise handshake XX: two strangers agree on keys, and each learns the other's key in secret.

Each side has a lasting key and makes a fresh one for this conversation. Three messages carry the
four public halves across; whatever they can compute together is stirred into one chaining key and
one hash of all that was said, so that both ends have the same keys exactly if they have seen the
same bytes. Lasting keys travel encrypted: who listens learns neither, and who dials without an
answer from a real key learns only the responder's.

    -> e
    <- e, ee, s, es
    -> s, se

Nothing here knows a curve or a cipher: they come in as ``Primitives``. Whatever a peer sends is
accepted or answered by None, never by an exception; after the first None a state is worth nothing.

Source: Trevor Perrin, "The Noise Protocol Framework", revision 34 (2018); the names of the states
and of their operations are the ones of that text.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, Protocol

XX: Final = (("e",), ("e", "ee", "s", "es"), ("s", "se"))
"""The messages in turn, the initiator's first: which public keys each carries, and which secrets
are stirred in. The first letter of a secret is the initiator's key, the second the responder's."""

KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
"""What sealing adds."""

NONCE_MAX: Final = 2**64 - 1
"""Reserved: the nonce with which keys are renewed; no message has it."""


class KeyPair(Protocol):
    """A private key for Diffie-Hellman."""

    @property
    def public(self) -> bytes:
        """The public half, 32 bytes."""

    def shared(self, public: bytes) -> bytes | None:
        """The secret shared with the key ``public``, 32 bytes; None where that is no key."""


class Primitives(Protocol):
    """The functions of one cipher suite."""

    def generate(self) -> KeyPair:
        """A fresh key pair that nobody can guess."""

    def encrypt(self, key: bytes, nonce: bytes, associated: bytes, plain: bytes) -> bytes:
        """``plain`` sealed under ``key`` and the 12 bytes ``nonce``, TAG_BYTES longer."""

    def decrypt(self, key: bytes, nonce: bytes, associated: bytes, sealed: bytes) -> bytes | None:
        """What was sealed like that; None where anything differs by one bit, or is missing."""


class Exhausted(Exception):
    """A cipher has used every nonce that it has; the stream has to be opened anew."""


class CipherState:
    """A key and the number of the next message under it."""

    __slots__ = ("_key", "_primitives", "nonce")

    def __init__(self, primitives: Primitives, key: bytes | None = None) -> None:
        self._primitives = primitives
        self._key = key
        self.nonce = 0

    @property
    def has_key(self) -> bool:
        """Whether it seals."""
        return self._key is not None

    def encrypt(self, associated: bytes, plain: bytes) -> bytes:
        """The next message, sealed; as it is where there is no key yet. Raises Exhausted."""
        if self._key is None:
            return plain
        sealed = self._primitives.encrypt(self._key, self._number(), associated, plain)
        self.nonce += 1
        return sealed

    def decrypt(self, associated: bytes, sealed: bytes) -> bytes | None:
        """The next message, opened; None where it is forged, and the number stays. See above."""
        if self._key is None:
            return sealed
        plain = self._primitives.decrypt(self._key, self._number(), associated, sealed)
        self.nonce += plain is not None
        return plain

    def rekey(self) -> None:
        """Go on with a new key, from which nobody finds the old one."""
        assert self._key is not None, "there is no key yet"
        renewed = self._primitives.encrypt(self._key, _spell(NONCE_MAX), b"", bytes(KEY_BYTES))
        self._key = renewed[:KEY_BYTES]

    def _number(self) -> bytes:
        if self.nonce >= NONCE_MAX:
            raise Exhausted("2^64 - 1 messages under one cipher: open another stream")
        return _spell(self.nonce)


def _spell(nonce: int) -> bytes:
    """``nonce`` as ChaChaPoly takes it: four zeros, then eight bytes, the least first."""
    return bytes(4) + nonce.to_bytes(8, "little")


class SymmetricState:
    """The chaining key, the hash of all that was said, and the cipher in use at this point.

    ``protocol`` is the full name, such as ``Noise_XX_25519_ChaChaPoly_BLAKE2b``; its last word is
    the hash function.
    """

    def __init__(self, protocol: str, primitives: Primitives) -> None:
        name = protocol.encode("ascii")
        self._function = protocol.rpartition("_")[2].lower()
        size = hashlib.new(self._function).digest_size
        self.hash = name.ljust(size, b"\0") if len(name) <= size else self._digest(name)
        self._chaining_key = self.hash
        self._primitives = primitives
        self._cipher = CipherState(primitives)

    def mix_key(self, material: bytes) -> None:
        """Stir a shared secret into the keys."""
        self._chaining_key, key = self._derive(material)
        self._cipher = CipherState(self._primitives, key[:KEY_BYTES])

    def mix_hash(self, said: bytes) -> None:
        """Let the hash cover ``said``."""
        self.hash = self._digest(self.hash + said)

    def encrypt_and_hash(self, plain: bytes) -> bytes:
        """``plain`` under the cipher of this point, bound to all that was said before."""
        sealed = self._cipher.encrypt(self.hash, plain)
        self.mix_hash(sealed)
        return sealed

    def decrypt_and_hash(self, sealed: bytes) -> bytes | None:
        """What the peer sealed at this point; None where it is forged."""
        plain = self._cipher.decrypt(self.hash, sealed)
        self.mix_hash(sealed)
        return plain

    @property
    def added_bytes(self) -> int:
        """How much longer what is said now is than its plain form."""
        return TAG_BYTES if self._cipher.has_key else 0

    def split(self) -> tuple[CipherState, CipherState]:
        """The ciphers of the conversation: from the initiator, and from the responder."""
        first, second = self._derive(b"")
        return (
            CipherState(self._primitives, first[:KEY_BYTES]),
            CipherState(self._primitives, second[:KEY_BYTES]),
        )

    def _digest(self, raw: bytes) -> bytes:
        return hashlib.new(self._function, raw).digest()

    def _derive(self, material: bytes) -> tuple[bytes, bytes]:
        """HKDF (RFC 5869) as Noise uses it, for two outputs."""
        secret = hmac.digest(self._chaining_key, material, self._function)
        first = hmac.digest(secret, b"\1", self._function)
        return first, hmac.digest(secret, first + b"\2", self._function)


class HandshakeState:
    """One side of a handshake: it writes and reads the messages of ``pattern`` in turn.

    ``static`` is the lasting key of this side, ``prologue`` what both sides know and have not
    authenticated yet.
    """

    def __init__(
        self,
        protocol: str,
        primitives: Primitives,
        static: KeyPair,
        prologue: bytes,
        *,
        initiates: bool,
        pattern: Sequence[Sequence[str]] = XX,
    ) -> None:
        self._symmetric = SymmetricState(protocol, primitives)
        self._symmetric.mix_hash(prologue)
        self._primitives = primitives
        self._initiates = initiates
        self._messages = list(pattern)
        self._writes = initiates
        self._own = {"s": static}
        self._remote: dict[str, bytes] = {}

    @property
    def is_complete(self) -> bool:
        """Whether all messages were written and read: `split` may follow."""
        return not self._messages

    @property
    def remote_static(self) -> bytes:
        """The lasting key of the peer, once it has said it."""
        return self._remote["s"]

    @property
    def hash(self) -> bytes:
        """Stands for every byte of the handshake, alike at both ends."""
        return self._symmetric.hash

    def write(self, payload: bytes = b"") -> bytes | None:
        """The next message, with ``payload``; None where the peer's key is none."""
        assert self._writes, "it is the peer's turn"
        parts = []
        for word in self._next():
            if word == "e":
                self._own["e"] = self._primitives.generate()
                parts.append(self._own["e"].public)
                self._symmetric.mix_hash(parts[-1])
            elif word == "s":
                parts.append(self._symmetric.encrypt_and_hash(self._own["s"].public))
            elif not self._agree(word):
                return None
        parts.append(self._symmetric.encrypt_and_hash(payload))
        return b"".join(parts)

    def read(self, message: bytes) -> bytes | None:
        """The payload of the peer's next message; None where it is forged, short, or not next."""
        assert not self._writes, "it is our turn"
        for word in self._next():
            if word in {"e", "s"}:
                taken = KEY_BYTES + (self._symmetric.added_bytes if word == "s" else 0)
                if not self._learn(word, message[:taken]):
                    return None
                message = message[taken:]
            elif not self._agree(word):
                return None
        return self._symmetric.decrypt_and_hash(message)

    def split(self) -> tuple[CipherState, CipherState]:
        """The ciphers of the conversation: what this side sends, and what it receives."""
        assert self.is_complete, "split before the handshake was complete"
        first, second = self._symmetric.split()
        return (first, second) if self._initiates else (second, first)

    def _next(self) -> Sequence[str]:
        self._writes = not self._writes
        return self._messages.pop(0)

    def _learn(self, word: str, spelled: bytes) -> bool:
        if word == "e":
            self._symmetric.mix_hash(spelled)
            key: bytes | None = spelled
        else:
            key = self._symmetric.decrypt_and_hash(spelled)
        if key is None or len(key) != KEY_BYTES:
            return False
        self._remote[word] = key
        return True

    def _agree(self, word: str) -> bool:
        initiators, responders = word[0], word[1]
        if self._initiates:
            secret = self._own[initiators].shared(self._remote[responders])
        else:
            secret = self._own[responders].shared(self._remote[initiators])
        if secret is not None:
            self._symmetric.mix_key(secret)
        return secret is not None
