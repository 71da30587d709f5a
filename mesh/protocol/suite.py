"""The seam to cryptography: what the protocol asks of it, and nothing more.

The driver passes real Ed25519, a simulated mesh a keyed MAC that is quicker and still refuses every
flipped bit. The protocol cannot tell which one it has.
"""

from typing import Protocol


class Signer(Protocol):
    """One private key: a controller's or an operator's."""

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes: the id of whoever holds this signer."""

    def sign(self, message: bytes) -> bytes:
        """The signature over ``message``, 64 bytes."""


class Suite(Protocol):
    """What needs no private key."""

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` over ``message`` is by the key ``public``.

        False for malformed keys too.
        """
