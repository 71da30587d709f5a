"""Tokens: one line that is a key, shown to a controller for as long as a request takes.

A token is a 32-byte Ed25519 seed. The configuration holds the public key that follows from it, so
to check a token is to compute its key and look who has it. Whoever shows a token lends the key:
the controller signs with it what the request asks for, so every other controller can check what a
token did as it checks any signature. It keeps the token no longer than the request.
"""

import base64
import binascii
from typing import Final

from mesh.api.access import Caller
from mesh.driver.keys import NaClSigner
from mesh.environment.configuration import Configuration
from mesh.environment.kinds import token

PREFIX: Final = "trellis_"
"""How a token begins: people, and programs that look for leaked secrets, know it at sight."""

TOLERANCE_NS: Final = 30_000_000_000
"""A token is honoured this long after its end: controllers' clocks need not agree to the second."""

_SEED_BYTES: Final = 32


def spell(seed: bytes) -> str:
    """The token, as it is shown once."""
    return PREFIX + base64.urlsafe_b64encode(seed).decode().rstrip("=")


def read(text: str) -> NaClSigner | None:
    """The key of a token; None where it is none."""
    encoded = text.removeprefix(PREFIX)
    try:
        seed = base64.b64decode(encoded + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(seed) != _SEED_BYTES or spell(seed) != text:
        return None
    return NaClSigner(seed)


def caller_with(text: str, state: Configuration, wall_ns: int) -> Caller | None:
    """Whoever shows the token ``text``; None where ``state`` knows none such, or it has ended."""
    signer = read(text)
    holder = None if signer is None else state.rights.holder(signer.public)
    if holder is None or holder.kind != token.NAME or is_over(state, holder.name, wall_ns):
        return None
    return Caller(str(holder), holder.grants, signer=signer)


def is_over(state: Configuration, name: str, wall_ns: int) -> bool:
    """Whether a token has ended, by this host's clock."""
    expires_ns = state.read((token.NAME, name, "expires_ns"))
    assert isinstance(expires_ns, int)
    return wall_ns > expires_ns + TOLERANCE_NS
