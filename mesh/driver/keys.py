"""Keys in files, and libsodium behind the protocol's seam to cryptography.

A key file is one line, its kind and the 32-byte seed in hex, readable by its owner alone.
It is written beside its place and renamed into it, so that a crash leaves a whole key or none.
"""

import os
import stat
from pathlib import Path
from typing import Final

from nacl.bindings import (
    crypto_aead_chacha20poly1305_ietf_decrypt,
    crypto_aead_chacha20poly1305_ietf_encrypt,
    crypto_scalarmult,
)
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.exceptions import RuntimeError as NaClRuntimeError
from nacl.exceptions import ValueError as NaClValueError
from nacl.public import Box, PrivateKey, PublicKey, SealedBox
from nacl.signing import SigningKey, VerifyKey

from mesh.driver.errors import BadKeyFile, ExposedKeyFile
from mesh.wire.noise import TAG_BYTES

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


class NaClExchange:
    """One X25519 private key (RFC 7748)."""

    def __init__(self, seed: bytes) -> None:
        self._key = PrivateKey(seed)
        self._secret = bytes(self._key)
        self._public = bytes(self._key.public_key)

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._public

    def shared(self, public: bytes) -> bytes | None:
        """X25519; None where every private key would give the same, or ``public`` is no key."""
        if len(public) != _SEED_BYTES:
            return None  # libsodium reads on behind it
        try:
            return crypto_scalarmult(self._secret, public)
        except NaClRuntimeError:
            return None

    def box(self, public: bytes) -> "NaClBox | None":
        """The box shared with ``public``; None where that is no key."""
        try:
            return NaClBox(Box(self._key, PublicKey(public)))
        except (NaClRuntimeError, NaClValueError):
            return None

    def seal_to(self, public: bytes, plain: bytes) -> bytes | None:
        """``plain``, 48 bytes longer, for whoever has the private half; see ``seal``."""
        return seal(public, plain)

    def open_sealed(self, sealed: bytes) -> bytes | None:
        """What was sealed to this key; None where it is not whole, or sealed to another."""
        try:
            return SealedBox(self._key).decrypt(sealed)
        except (CryptoError, NaClValueError):
            return None

    def __repr__(self) -> str:
        return f"NaClExchange(public={self._public.hex()})"


def seal(public: bytes, plain: bytes) -> bytes | None:
    """``plain``, 48 bytes longer, for whoever has the private half; None where that is no key.

    libsodium's ``crypto_box_seal``: under a fresh key, so the sealer cannot open it either.
    """
    try:
        return bytes(SealedBox(PublicKey(public)).encrypt(plain))
    except (CryptoError, NaClRuntimeError, NaClValueError):
        return None


class NaClBox:
    """crypto_box: X25519, XSalsa20 and Poly1305, under random nonces."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def seal(self, plain: bytes) -> bytes:
        """``plain`` sealed, 40 bytes longer."""
        return bytes(self._box.encrypt(plain))

    def open(self, sealed: bytes) -> bytes | None:
        """What was sealed; None where it is not whole, or not of this pair."""
        try:
            return self._box.decrypt(sealed)
        except (CryptoError, NaClValueError):
            return None


class NaClSuite:
    """What libsodium does without a key of ours.

    Parsed keys are kept, since few keys sign nearly everything.
    """

    def __init__(self) -> None:
        self._verifiers: dict[bytes, VerifyKey] = {}

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` over ``message`` is by ``public``; False for malformed keys too."""
        try:
            _ = self._verifier(public).verify(message, signature)
        except (BadSignatureError, NaClValueError):
            return False
        return True

    def generate(self) -> NaClExchange:
        """A fresh X25519 key from the randomness of the operating system."""
        return NaClExchange(os.urandom(_SEED_BYTES))

    def encrypt(self, key: bytes, nonce: bytes, associated: bytes, plain: bytes) -> bytes:
        """ChaCha20-Poly1305 (RFC 8439)."""
        return crypto_aead_chacha20poly1305_ietf_encrypt(plain, associated, nonce, key)

    def decrypt(self, key: bytes, nonce: bytes, associated: bytes, sealed: bytes) -> bytes | None:
        """The inverse; None where anything differs by one bit, or is missing."""
        if len(sealed) < TAG_BYTES:
            return None  # the binding asks for memory of negative size
        try:
            return crypto_aead_chacha20poly1305_ietf_decrypt(sealed, associated, nonce, key)
        except CryptoError:
            return None

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


def check_key(path: Path) -> bytes:
    """The public half of the key in the file ``path``, of whichever kind. Raises as `read_key`."""
    with path.open("rb") as file:
        kind = file.read(len(_X25519)).decode("ascii", "replace")
    if kind == _X25519:
        return NaClExchange(_read_seed(path, _X25519)).public
    return read_key(path).public


def read_seed(path: Path) -> bytes:
    """The 32-byte seed of the signing key in the file ``path``; raises as ``read_key`` does."""
    return _read_seed(path, _ED25519)


def read_exchange_seed(path: Path) -> bytes:
    """The 32-byte seed of the X25519 key in the file ``path``; raises as ``read_key`` does."""
    return _read_seed(path, _X25519)


def read_or_make_key(path: Path) -> NaClSigner:
    """The signing key in the file ``path``, a new one where there is none. Raises BadKeyFile."""
    return NaClSigner(_read_or_make_seed(path, _ED25519))


def read_or_make_exchange(path: Path) -> NaClExchange:
    """The X25519 key in the file ``path``, a new one where there is none. Raises BadKeyFile."""
    return NaClExchange(_read_or_make_seed(path, _X25519))


def _read_seed(path: Path, kind: str) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        content = file.read(_KEY_FILE_BYTES_MAX)
    if mode & 0o077:
        raise ExposedKeyFile(
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
