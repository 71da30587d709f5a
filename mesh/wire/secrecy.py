"""Which secret an environment uses, without telling it: its hash, and a number for datagrams."""

from typing import Final

from mesh.wire.identity import digest

SECRET_BYTES: Final = 32

_COMMITMENT: Final = b"trellis environment secret\0"
_VERSIONS: Final = 2**31 - 2
_FOUNDERS: Final = 1
"""The version of the secret that an environment was founded with."""


def commitment_of(secret: bytes) -> bytes:
    """The hash that stands in the history; a secret is random, so nobody finds it by its hash."""
    return digest(_COMMITMENT + secret)


def version_of(commitment: bytes) -> int:
    """The number beside sums: it tells which secret, not which came first.

    So two sides of a partition that replace the secret have two versions, and no sums made with
    one are compared with sums made with the other.
    """
    return int.from_bytes(commitment[:8], "big") % _VERSIONS + _FOUNDERS + 1
