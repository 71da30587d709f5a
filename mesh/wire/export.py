"""A signed ChangeSet as a file: the very bytes that a person signed, and the signature.

A RISP stream of three beads, so that any reader of RISP can open it, and the commands within:

    0x0011  the version of the file, 1
    0xA012  the request, as it was signed; its hash (BLAKE2b-256) is the id of the ChangeSet
    0x8013  the signature (Ed25519, 64 bytes) by the key that the request names as its signer

Whatever follows is of a later version, and is passed over: the signature does not cover it.
"""

from typing import Final

from mesh.wire import cbor, risp
from mesh.wire.limits import REQUEST_BYTES_MAX
from mesh.wire.rejected import Rejected
from mesh.wire.requests import SignedRequest

VERSION: Final = 1
EXPORT_BYTES_MAX: Final = 2 * REQUEST_BYTES_MAX
"""A file: one request, its signature, and room for what a later version adds."""

_SIGNATURE_BYTES: Final = 64
_VERSION: Final = 0x0011
_REQUEST: Final = 0xA012
_SIGNATURE: Final = 0x8013
_BEADS: Final = (_VERSION, _REQUEST, _SIGNATURE)


def write_export(signed: SignedRequest) -> bytes:
    """The file of ``signed``."""
    return risp.encode(
        (
            risp.Command(_VERSION, VERSION),
            risp.Command(_REQUEST, signed.raw),
            risp.Command(_SIGNATURE, signed.signature),
        )
    )


def read_export(raw: bytes) -> SignedRequest:
    """What a file holds; nothing is verified. Raises cbor.Undecodable where it is no such file."""
    if len(raw) > EXPORT_BYTES_MAX:
        raise cbor.Undecodable(f"more than {EXPORT_BYTES_MAX} bytes")
    beads = risp.decode(raw, REQUEST_BYTES_MAX)
    if isinstance(beads, Rejected):
        raise cbor.Undecodable(beads.why)
    if len(beads) < len(_BEADS) or tuple(bead.id for bead in beads[: len(_BEADS)]) != _BEADS:
        raise cbor.Undecodable("not a signed ChangeSet: version, request and signature")
    version, request, signature = (bead.parameter for bead in beads[: len(_BEADS)])
    if version != VERSION:
        raise cbor.Undecodable(f"version {version!r}, this program reads version {VERSION}")
    assert isinstance(request, bytes), "its id says so"
    assert isinstance(signature, bytes), "its id says so"
    if len(signature) != _SIGNATURE_BYTES:
        raise cbor.Undecodable(f"a signature of {len(signature)} bytes")
    return SignedRequest(request, signature)
