"""What a controller signs to replace its exchange key: which one by which, and where.

The old key is named, so that nobody can bring a controller back to a key that it has given up by
showing an old signature once more: keys never come back.
"""

from dataclasses import dataclass
from typing import Final

from mesh.wire import cbor

_ROTATION: Final = "trellis rotation: exchange key"


@dataclass(frozen=True, slots=True)
class Rotation:
    """One X25519 public key of a controller in place of another, 32 bytes each."""

    environment: bytes
    controller: bytes
    former: bytes
    following: bytes


def proof_of_rotation(rotation: Rotation) -> bytes:
    """The bytes that the controller's identity signs."""
    return cbor.encode(
        [
            _ROTATION,
            rotation.environment,
            rotation.controller,
            rotation.former,
            rotation.following,
        ]
    )
