"""Sealed boxes: what anybody can seal to an exchange key, and only its private half opens.

libsodium's ``crypto_box_seal``: a fresh key pair for each, so the sealer could not open it either.
"""

from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.exceptions import RuntimeError as NaClRuntimeError
from nacl.exceptions import ValueError as NaClValueError
from nacl.public import PrivateKey, PublicKey, SealedBox

from mesh.driver.directory import EXCHANGE, FOLLOWING
from mesh.driver.keys import read_exchange_seed

_KEY_FILES: Final = (EXCHANGE, FOLLOWING)
"""The key in use, and one that is to follow it."""


class SealingKey:
    """The private half of one exchange key."""

    def __init__(self, seed: bytes) -> None:
        self._key = PrivateKey(seed)
        self._box = SealedBox(self._key)

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return bytes(self._key.public_key)

    def open(self, sealed: bytes) -> bytes | None:
        """What was sealed to this key; None where it is not whole, or sealed to another."""
        try:
            return self._box.decrypt(sealed)
        except (CryptoError, NaClValueError):
            return None

    def __repr__(self) -> str:
        return f"SealingKey(public={self.public.hex()})"


def seal(public: bytes, plain: bytes) -> bytes | None:
    """``plain``, 48 bytes longer, for whoever has the private half; None where that is no key."""
    try:
        return bytes(SealedBox(PublicKey(public)).encrypt(plain))
    except (CryptoError, NaClRuntimeError, NaClValueError):
        return None


def sealing_keys(data_dir: Path) -> tuple[SealingKey, ...]:
    """The exchange keys of the controller whose data directory this is.

    Raises FileNotFoundError where there is none, PermissionError where they are another user's,
    BadKeyFile where they are no keys.
    """
    files = [data_dir / name for name in _KEY_FILES]
    present = [file for file in files if file.exists()] or files[:1]
    return tuple(SealingKey(read_exchange_seed(file)) for file in present)
