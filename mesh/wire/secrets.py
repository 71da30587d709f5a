"""What a sealed copy of a secret holds, and what binds it to the version that was signed.

    opening   key 32 | length 4 | value | zeros up to a multiple of 256
    commitment = BLAKE2b-256 under the key, over the version, the length of the name, the name and
    the value

The ChangeSet carries the commitment; the opening travels sealed to one reader at a time. Whoever
opens a copy checks it against the commitment, so a copy needs no other signature: that of the
ChangeSet says which value it must hold, whoever wrote it down. Without the key, which is random,
a commitment tells nothing about even the shortest value; the zeros keep its length to themselves.
(A keyed hash as a commitment: binding because the hash resists collisions, hiding because the key
is never known without the value.)
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final

PLACE: Final = "secrets"
"""Copies are running information: (PLACE, name, version, controller), the last two in hex."""

VALUE_BYTES_MAX: Final = 8_192
"""A certificate with its chain and key fits; what is larger is a file."""

KEY_BYTES: Final = 32
VERSION_BYTES: Final = 16
BLOCK_BYTES: Final = 256

_HEAD_BYTES: Final = KEY_BYTES + 4
_PERSON: Final = b"trellis secret"
"""Sets this hash apart from all others (BLAKE2 personalization, RFC 7693 section 2.8)."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one secret, as everybody may know it."""

    name: str
    version: bytes
    """16 random bytes."""
    commitment: bytes
    """32 bytes."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The value, and the key under which it was committed to. Shows neither."""

    key: bytes = field(repr=False)
    value: bytes = field(repr=False)

    def commit(self, name: str, version: bytes) -> Version:
        """What is published of this value as ``version`` of the secret ``name``."""
        hashed = hashlib.blake2b(digest_size=32, key=self.key, person=_PERSON)
        spelled = name.encode()
        hashed.update(version + len(spelled).to_bytes(4, "big") + spelled + self.value)
        return Version(name, version, hashed.digest())


def encode_opening(opening: Opening) -> bytes:
    """The bytes that are sealed."""
    assert len(opening.key) == KEY_BYTES
    assert len(opening.value) <= VALUE_BYTES_MAX, "whoever asks for it checks"
    plain = opening.key + len(opening.value).to_bytes(4, "big") + opening.value
    return plain + bytes(-len(plain) % BLOCK_BYTES)


def decode_opening(plain: bytes, published: Version) -> Opening | None:
    """What was sealed; None where it is not the value that ``published`` commits to."""
    length = int.from_bytes(plain[KEY_BYTES:_HEAD_BYTES], "big")
    if length > VALUE_BYTES_MAX or len(plain) < _HEAD_BYTES + length:
        return None
    opening = Opening(plain[:KEY_BYTES], plain[_HEAD_BYTES : _HEAD_BYTES + length])
    is_whole = encode_opening(opening) == plain
    is_it = opening.commit(published.name, published.version) == published
    return opening if is_whole and is_it else None
