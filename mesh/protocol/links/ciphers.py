"""The two ciphers of one stream, renewed as they are used.

What was sealed long ago stays secret from whoever steals the keys of today: after so many frames or
bytes each direction goes on with a new key that follows from the old one and does not lead back.
Both ends count alike, so nothing has to be said for it.

Invariant: each direction has keys of its own; a frame is opened once, in the order of sealing, or
not at all.
"""

from typing import Final

from mesh.wire.noise import CipherState

REKEY_FRAMES: Final = 4_096
"""Frames under one key: minutes of a busy mesh, at a cost that nobody can measure."""

REKEY_BYTES: Final = 16 * 1_048_576
"""Bytes under one key: one answer to a comparison, and far from what one key could bear."""


class Direction:
    """One cipher, and how much it has done with its key."""

    __slots__ = ("_bytes", "_cipher", "_frames", "renewals")

    def __init__(self, cipher: CipherState) -> None:
        self._cipher = cipher
        self._frames = 0
        self._bytes = 0
        self.renewals = 0

    def seal(self, payload: bytes) -> bytes:
        """The next frame, ``TAG_BYTES`` longer."""
        sealed = self._cipher.encrypt(b"", payload)
        self._count(len(payload))
        return sealed

    def open(self, sealed: bytes) -> bytes | None:
        """The next frame; None where it is none that the other end sealed next."""
        payload = self._cipher.decrypt(b"", sealed)
        if payload is not None:
            self._count(len(payload))
        return payload

    def _count(self, done_bytes: int) -> None:
        self._frames += 1
        self._bytes += done_bytes
        if self._frames >= REKEY_FRAMES or self._bytes >= REKEY_BYTES:
            self._cipher.rekey()
            self._frames = self._bytes = 0
            self.renewals += 1
