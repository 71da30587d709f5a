"""Who speaks: a controller is its public key, and each of its lives has a name of its own.

An incarnation is one process life: (controller, boot number, 8 random bytes).
Whatever a controller says or writes carries the incarnation, so a restored, cloned or wiped disk
can never repeat a name that was used before; at worst there are two lives, which everybody can see.
"""

import hashlib
from typing import Annotated, Final, NamedTuple

import msgspec

from mesh.wire.limits import COUNTER_MAX

Hash32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Counter = Annotated[int, msgspec.Meta(ge=0, le=COUNTER_MAX)]

ControllerId = Hash32
"""An Ed25519 public key (RFC 8032), 32 bytes."""

NO_HASH: Final = bytes(32)
"""What the first fact of a chain names as its previous one."""


class Incarnation(NamedTuple):
    """One process life of a controller. Ordered by controller, boot number, random bytes."""

    controller: ControllerId
    boot: Counter
    nonce: Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]

    @property
    def replica_id(self) -> bytes:
        """The 8 bytes under which this life writes to the store of running information."""
        return self.nonce

    def __str__(self) -> str:
        return f"{fingerprint(self.controller)}/{self.boot}"


class Timestamp(NamedTuple):
    """The place of an attempt in the order: Lamport time, then the author's incarnation."""

    lamport: int
    incarnation: Incarnation


class Address(NamedTuple):
    """Where a controller listens, UDP and TCP alike: IP address (in seeds also a name) and port."""

    host: Annotated[str, msgspec.Meta(max_length=255)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)]

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def digest(raw: bytes) -> bytes:
    """BLAKE2b-256 (RFC 7693): the one hash for facts, requests, attempts and environments."""
    return hashlib.blake2b(raw, digest_size=32).digest()


_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


def fingerprint(key: bytes) -> str:
    """A key as people compare it: 80 bits of its hash in base 32, ``xxxx-xxxx-xxxx-xxxx``.

    The alphabet is Crockford's, which leaves out the letters that are mistaken for digits.
    """
    number = int.from_bytes(hashlib.blake2b(key, digest_size=10).digest(), "big")
    letters = "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))
