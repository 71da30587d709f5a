"""The seam to cryptography: what the protocol asks of it, and nothing more.

The driver passes real Ed25519, X25519 and ChaCha20-Poly1305, a simulated mesh keyed MACs that are
quicker and still refuse every flipped bit. The protocol cannot tell which one it has.
"""

from dataclasses import dataclass
from typing import Protocol

from mesh.wire.noise import KeyPair, Primitives


class Signer(Protocol):
    """One private key: a controller's or an operator's."""

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes: the id of whoever holds this signer."""

    def sign(self, message: bytes) -> bytes:
        """The signature over ``message``, 64 bytes."""


class Box(Protocol):
    """What two exchange keys have in common: each end opens what the other one sealed."""

    def seal(self, plain: bytes) -> bytes:
        """``plain`` under a nonce of its own, 40 bytes longer."""

    def open(self, sealed: bytes) -> bytes | None:
        """What was sealed; None where it is not whole, or not of this pair."""


class Exchange(KeyPair, Protocol):
    """The private X25519 key of a controller: streams are agreed on with it, datagrams boxed."""

    def box(self, public: bytes) -> Box | None:
        """The box shared with the key ``public``, to be kept; None where that is no key."""

    def seal_to(self, public: bytes, plain: bytes) -> bytes | None:
        """``plain`` for whoever has the private half of ``public``, which need not know from whom.

        48 bytes longer. None where that is no key.
        """

    def open_sealed(self, sealed: bytes) -> bytes | None:
        """What was sealed to this key; None where it is not whole, or sealed to another."""


class Verifier(Protocol):
    """Checks who signed."""

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` over ``message`` is by the key ``public``.

        False for malformed keys too.
        """


class Suite(Verifier, Primitives, Protocol):
    """What needs no private key of ours."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one controller, and the suite that they belong to."""

    identity: Signer
    exchange: Exchange
    suite: Suite
