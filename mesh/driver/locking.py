"""A key locked by a passphrase.

Argon2id (RFC 9106) makes a key of the passphrase, and that key closes a box (XSalsa20 and Poly1305)
around the seed. The locked key may lie where others can read it, so all that keeps them out is what
a guess costs: 256 MiB of memory and three passes, a good second of one core. The costs are written
beside the box; what is read is bounded, so that nobody's file makes a login take all memory.
"""

import base64
import binascii
import unicodedata
from typing import Annotated, Final, Literal

import msgspec
from nacl import exceptions, pwhash, secret, utils

from mesh.wire import cbor

PASSPHRASE_CHARACTERS_MIN: Final = 12
"""Of a new one: four words, or what a password manager makes."""
PASSPHRASE_CHARACTERS_MAX: Final = 1_024

PASSES: Final = pwhash.argon2id.OPSLIMIT_MODERATE
MEMORY_BYTES: Final = pwhash.argon2id.MEMLIMIT_MODERATE
PASSES_MIN: Final = pwhash.argon2id.OPSLIMIT_INTERACTIVE
PASSES_MAX: Final = 16
MEMORY_BYTES_MIN: Final = pwhash.argon2id.MEMLIMIT_INTERACTIVE
MEMORY_BYTES_MAX: Final = 1_073_741_824
"""1 GiB: a stronger lock than ours is opened as well, if the machine can."""

_SEED_BYTES: Final = 32
_SALT_BYTES: Final = pwhash.argon2id.SALTBYTES
_BOX_BYTES: Final = secret.SecretBox.NONCE_SIZE + secret.SecretBox.MACBYTES + _SEED_BYTES
_BYTES_MAX: Final = 256


class NotUnlocked(Exception):
    """The passphrase is wrong, or what should be a locked key is none."""


class _Locked(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: Literal[0]
    passes: Annotated[int, msgspec.Meta(ge=PASSES_MIN, le=PASSES_MAX)]
    memory_bytes: Annotated[int, msgspec.Meta(ge=MEMORY_BYTES_MIN, le=MEMORY_BYTES_MAX)]
    salt: Annotated[bytes, msgspec.Meta(min_length=_SALT_BYTES, max_length=_SALT_BYTES)]
    box: Annotated[bytes, msgspec.Meta(min_length=_BOX_BYTES, max_length=_BOX_BYTES)]


def lock(
    seed: bytes, passphrase: str, passes: int = PASSES, memory_bytes: int = MEMORY_BYTES
) -> str:
    """``seed`` locked, as text that fits the configuration."""
    salt = utils.random(_SALT_BYTES)
    box = secret.SecretBox(_stretched(passphrase, salt, passes, memory_bytes)).encrypt(seed)
    raw = cbor.write(_Locked(0, passes, memory_bytes, salt, bytes(box)))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unlock(locked: str, passphrase: str) -> bytes:
    """The seed in ``locked``. Raises NotUnlocked."""
    try:
        raw = base64.b64decode(locked + "=" * (-len(locked) % 4), altchars=b"-_", validate=True)
        found = cbor.read(raw, _Locked, _BYTES_MAX)
    except (binascii.Error, ValueError) as error:
        raise NotUnlocked(f"this is no locked key of this version: {error}") from error
    key = _stretched(passphrase, found.salt, found.passes, found.memory_bytes)
    try:
        return secret.SecretBox(key).decrypt(found.box)
    except exceptions.CryptoError:
        raise NotUnlocked("the passphrase is wrong, or the locked key is damaged") from None


def passphrase_errors(passphrase: str) -> tuple[str, ...]:
    """Why this is no passphrase to lock a key with."""
    length = len(_normal(passphrase))
    if length < PASSPHRASE_CHARACTERS_MIN:
        return (f"a passphrase has {PASSPHRASE_CHARACTERS_MIN} characters at least: four words do",)
    if length > PASSPHRASE_CHARACTERS_MAX:
        return (f"a passphrase has {PASSPHRASE_CHARACTERS_MAX} characters at most",)
    return ()


def _stretched(passphrase: str, salt: bytes, passes: int, memory_bytes: int) -> bytes:
    try:
        return pwhash.argon2id.kdf(
            secret.SecretBox.KEY_SIZE, _normal(passphrase).encode(), salt, passes, memory_bytes
        )
    except exceptions.RuntimeError as error:
        mib = memory_bytes // 1_048_576
        raise NotUnlocked(f"{mib} MiB of memory are needed for a moment: {error}") from error


def _normal(passphrase: str) -> str:
    """One spelling of what keyboards spell in several (NFC, as RFC 8265 wants it)."""
    return unicodedata.normalize("NFC", passphrase)
