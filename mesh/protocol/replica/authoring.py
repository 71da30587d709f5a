"""From commands to a signed request.

The paper that goes to the barrier, and the cover that goes around it.
"""

from dataclasses import dataclass

from mesh.environment.resolve import Resolution
from mesh.protocol.suite import Signer
from mesh.wire import cbor
from mesh.wire.requests import (
    Origin,
    Request,
    SignedRequest,
    Unsigned,
    encode_request,
    read_request,
)


class Unreadable(ValueError):
    """A request that is too large, or has a field beyond its limit."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What people say about a ChangeSet, beside its commands."""

    name: str
    reason: str
    patience_ns: int
    origin: Origin | None = None
    override: bool = False


def author(
    environment: bytes, signer: Signer, resolution: Resolution, cover: Cover, nonce: bytes
) -> SignedRequest:
    """The request for what was resolved, signed; ``nonce`` is the one it was resolved with.

    Raises Unreadable where no controller would decode it: what people type has limits too, and
    they are checked before it can become a proposal.
    """
    return unsigned(environment, signer.public, resolution, cover, nonce).sign(signer.sign)


def unsigned(
    environment: bytes, signer: bytes, resolution: Resolution, cover: Cover, nonce: bytes
) -> Unsigned:
    """The same, for whoever holds the private key of ``signer``. Raises Unreadable."""
    request = Request(
        version=0,
        environment=environment,
        signer=signer,
        name=cover.name,
        written=resolution.written,
        resolved=resolution.resolved,
        base=resolution.base,
        overridden=resolution.overridden,
        patience_ns=cover.patience_ns,
        reason=cover.reason,
        nonce=nonce,
        origin=cover.origin,
        override=cover.override,
    )
    try:
        raw = encode_request(request)
        return Unsigned(raw, read_request(raw))
    except UnicodeEncodeError as error:
        raise Unreadable(f"{error.object!r} is not text") from error
    except cbor.Undecodable as error:
        raise Unreadable(str(error)) from error
