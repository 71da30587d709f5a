"""Keys in files, and Ed25519 behind the protocol's seam to cryptography.

A key file is one line, its kind and the 32-byte seed in hex, readable by its owner alone.
It is written beside its place and renamed into it, so that a crash leaves a whole key or none.
"""

import os
import stat
from pathlib import Path
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.exceptions import ValueError as NaClValueError
from nacl.public import PrivateKey
from nacl.signing import SigningKey, VerifyKey

from mesh.driver.errors import BadKeyFile

_ED25519: Final = "ed25519"
_X25519: Final = "x25519"
_SEED_BYTES: Final = 32
_KEY_FILE_BYTES_MAX: Final = 256
_VERIFIERS_MAX: Final = 4_096
"""Parsed public keys kept at once: four times the largest roster."""


class NaClSigner:
    """One Ed25519 private key (RFC 8032), held in memory unlocked."""

    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self._public = bytes(self._key.verify_key)

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """The signature over ``message``, 64 bytes."""
        return self._key.sign(message).signature

    def __repr__(self) -> str:
        return f"NaClSigner(public={self._public.hex()})"


class NaClSuite:
    """Verification by libsodium; parsed keys are kept, since few keys sign nearly everything."""

    def __init__(self) -> None:
        self._verifiers: dict[bytes, VerifyKey] = {}

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` over ``message`` is by ``public``; False for malformed keys too."""
        try:
            _ = self._verifier(public).verify(message, signature)
        except (BadSignatureError, NaClValueError):
            return False
        return True

    def _verifier(self, public: bytes) -> VerifyKey:
        found = self._verifiers.get(public)
        if found is None:
            found = VerifyKey(public)
            if len(self._verifiers) >= _VERIFIERS_MAX:
                self._verifiers.clear()
            self._verifiers[public] = found
        return found


def read_key(path: Path) -> NaClSigner:
    """The signing key in the file ``path``.

    Raises BadKeyFile where others may read the file or it holds no key; FileNotFoundError where
    there is none.
    """
    return NaClSigner(_read_seed(path, _ED25519))


def read_or_make_key(path: Path) -> NaClSigner:
    """The signing key in the file ``path``, a new one where there is none. Raises BadKeyFile."""
    return NaClSigner(_read_or_make_seed(path, _ED25519))


def exchange_public(path: Path) -> bytes:
    """The public half, 32 bytes, of the X25519 key (RFC 7748) in the file ``path``.

    A new key is made where there is none. Raises BadKeyFile.
    """
    return bytes(PrivateKey(_read_or_make_seed(path, _X25519)).public_key)


def _read_seed(path: Path, kind: str) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        content = file.read(_KEY_FILE_BYTES_MAX)
    if mode & 0o077:
        raise BadKeyFile(
            f"{path} can be read by others (mode {mode:04o}): make a new key if they may have,"
            f" or run: chmod 600 {path}"
        )
    try:
        seed = bytes.fromhex(content.decode("ascii").removeprefix(f"{kind} "))
    except ValueError:
        seed = b""
    if len(seed) != _SEED_BYTES:
        raise BadKeyFile(f"{path} holds no {kind} key: restore it from a backup, or move it away")
    return seed


def _read_or_make_seed(path: Path, kind: str) -> bytes:
    """The seed in the file ``path``; a new random one, durable before it is returned."""
    try:
        return _read_seed(path, kind)
    except FileNotFoundError:
        seed = os.urandom(_SEED_BYTES)
        write_durably(path, f"{kind} {seed.hex()}\n".encode("ascii"))
        return seed


def write_durably(path: Path, content: bytes) -> None:
    """Make ``path`` a file (mode 0600) of exactly ``content``: old or new, never a mixture."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        _ = file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _ = beside.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
