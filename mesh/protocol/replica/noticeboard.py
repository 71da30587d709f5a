"""Requests that wait for people, on a board that every controller has: running information.

A request that lacks a right, approvals or data is signed and done; what it waits for is others. So
it hangs where all can see it, with the approvals that were given so far, and whoever's approval
completes it takes it from the board to the barrier.

The board is worth nothing by itself: the id under which a request hangs is the hash of its bytes,
and every signature is checked by whoever reads it. Who writes nonsense onto it is not heard, nor
whoever holds no right here, so a controller that lies cannot crowd out what people wait for; who
takes a request down has only made somebody hang it up again.

    /pending/TX                      how many pieces, the signature, since when
    /pending/TX/request/NUMBER       the signed bytes, in pieces
    /pending/TX/approvals/OPERATOR   that operator's signature over the approval
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from crdt import Value, Writable
from mesh.environment.rights import Rights
from mesh.protocol.history.prospects import is_resolved
from mesh.protocol.history.recent import Recent
from mesh.protocol.information import Information
from mesh.protocol.inputs import Path, Write
from mesh.protocol.suite import Verifier
from mesh.wire import cbor
from mesh.wire.consent import approval_of
from mesh.wire.limits import APPROVALS_MAX, REQUEST_BYTES_MAX
from mesh.wire.requests import Approval, Request, SignedRequest, read_request

PLACE: Final = "pending"
"""Whatever hangs on the board stands below this; only controllers write there."""

PUBLISHED: Final = "published"
"""``/published/TX``: that people let linked environments have a ChangeSet."""

PENDING_MAX: Final = 64
"""Requests on the board: more than people keep in mind, and 16 MiB at the very most."""

PENDING_OF_ONE_MAX: Final = 16
"""Of one signer, so that nobody fills the board for all others."""

HEADS_READ_MAX: Final = 1_024
"""Heads that are looked at: nonsense beyond that costs nobody any time."""

_PIECE_BYTES: Final = 32_768
"""Half of what one value may have: the largest request makes eight of them."""

_PIECES_MAX: Final = REQUEST_BYTES_MAX // _PIECE_BYTES
_DIGITS: Final = 4
_ID_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Posted:
    """One request on the board."""

    signed: SignedRequest
    request: Request
    approvals: tuple[Approval, ...]
    """Those whose signatures are right, by operator."""
    since_ns: int
    """When it was hung up, by the wall clock of the controller that did."""

    @property
    def tx(self) -> bytes:
        """Its id."""
        return self.signed.tx

    @property
    def is_resolved(self) -> bool:
        """Whether it can be brought to the barrier as it is, and not only be carried on."""
        return is_resolved(self.request)


def posting(signed: SignedRequest, now_ns: int) -> tuple[Write, ...]:
    """What hangs ``signed`` on the board."""
    place = (PLACE, signed.tx.hex())
    pieces = [
        signed.raw[start : start + _PIECE_BYTES]
        for start in range(0, len(signed.raw), _PIECE_BYTES)
    ]
    head: dict[str, Writable] = {
        "pieces": len(pieces),
        "signature": signed.signature,
        "since_ns": now_ns,
    }
    return (
        *(Write((*place, "request", f"{at:0{_DIGITS}}"), piece) for at, piece in enumerate(pieces)),
        Write(place, head),
    )


def approving(tx: bytes, approval: Approval) -> Write:
    """What adds an approval."""
    path = (PLACE, tx.hex(), "approvals", approval.operator.hex())
    return Write(path, approval.signature)


def place_of(tx: bytes) -> Path:
    """Where a request hangs, with all that belongs to it."""
    return (PLACE, tx.hex())


class Board:
    """Reads the board of one environment; what was verified once is not verified again."""

    def __init__(
        self,
        information: Information,
        environment: bytes,
        suite: Verifier,
        rights: Callable[[], Rights],
    ) -> None:
        self._information = information
        self._environment = environment
        self._suite = suite
        self._rights = rights
        self._signers: Recent[bytes, bytes] = Recent(HEADS_READ_MAX)
        """By tx: who is said to have signed it, so that a stranger's request is read once."""
        self._forged: Recent[tuple[bytes, bytes], bool] = Recent(HEADS_READ_MAX)
        """By tx and signature: what somebody named in it has not signed is read once, too."""
        self._read: Recent[bytes, tuple[SignedRequest, Request]] = Recent(2 * PENDING_MAX)
        self._approved: Recent[tuple[bytes, bytes], bytes] = Recent(16 * PENDING_MAX)

    def all(self) -> list[Posted]:
        """Everything on it that is what it says, the one that hangs longest first."""
        ids = (
            path[1]
            for path, _ in self._information.items((PLACE,))
            if len(path) == 2  # noqa: PLR2004  the head of one request
        )
        heads = islice(ids, HEADS_READ_MAX)
        found = [each for tx in heads if (each := self._posted(_hex(tx, _ID_BYTES))) is not None]
        return sorted(found, key=lambda each: (each.since_ns, each.tx))

    def get(self, tx: bytes) -> Posted | None:
        """The request with that id; None where it does not hang there."""
        return self._posted(tx)

    def _posted(self, tx: bytes) -> Posted | None:
        if not tx:
            return None
        for value in self._values(place_of(tx)):
            match value:
                case {"pieces": int(pieces), "signature": bytes(signature), "since_ns": int(since)}:
                    known = self._signed(tx, pieces, signature)
                    if known is not None:
                        return Posted(*known, self._approvals(tx), since)
                case _:
                    pass  # another program's nonsense: the next value may be the right one
        return None

    def _signed(
        self, tx: bytes, pieces: int, signature: bytes
    ) -> tuple[SignedRequest, Request] | None:
        signer = self._signers.get(tx)
        if signer is not None and not self._is_heard(signer):
            return None
        if self._forged.get((tx, signature)):
            return None
        known = self._read.get(tx)
        if known is not None and known[0].signature == signature:
            return known
        raw = b"".join(self._piece(tx, at) for at in range(min(pieces, _PIECES_MAX)))
        signed = SignedRequest(raw, signature)
        if signed.tx != tx:
            return None
        try:
            request = read_request(raw)
        except cbor.Undecodable:
            return None
        if self._signers.get(tx) is None:
            _ = self._signers.put(tx, request.signer)
        if request.environment != self._environment or not self._is_heard(request.signer):
            return None
        if not self._suite.verify(request.signer, raw, signature):
            _ = self._forged.put((tx, signature), True)  # noqa: FBT003  it is forged
            return None
        return self._read.put(tx, (signed, request))

    def _is_heard(self, key: bytes) -> bool:
        """Whether that key is anybody's here."""
        return self._rights().holder(key) is not None

    def _piece(self, tx: bytes, at: int) -> bytes:
        path = (*place_of(tx), "request", f"{at:0{_DIGITS}}")
        return next((each for each in self._values(path) if isinstance(each, bytes)), b"")

    def _approvals(self, tx: bytes) -> tuple[Approval, ...]:
        place = (*place_of(tx), "approvals")
        found: dict[bytes, Approval] = {}
        for path, reading in self._information.items(place):
            operator = _hex(path[-1], _ID_BYTES)
            if not operator or not self._is_heard(operator):
                continue
            for value in (reading.value, *reading.conflicts):
                if isinstance(value, bytes) and self.is_by(operator, tx, value):
                    found[operator] = Approval(operator, value)
        return tuple(found[operator] for operator in sorted(found)[:APPROVALS_MAX])

    def is_by(self, operator: bytes, tx: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is that operator's approval of ``tx``."""
        if self._approved.get((tx, operator)) == signature:
            return True
        signed = approval_of(self._environment, tx)
        if len(signature) != _SIGNATURE_BYTES:
            return False
        if not self._suite.verify(operator, signed, signature):
            return False
        _ = self._approved.put((tx, operator), signature)
        return True

    def _values(self, path: Path) -> Iterator[Value]:
        reading = self._information.read(path)
        if reading is not None:
            yield reading.value
            yield from reading.conflicts


def is_reserved(path: Path) -> bool:
    """Whether only controllers write at ``path``."""
    return path[:1] in ((PLACE,), (PUBLISHED,))


def _hex(text: str, length: int) -> bytes:
    """The bytes that ``text`` spells; none where it does not spell so many."""
    try:
        spelled = bytes.fromhex(text)
    except ValueError:
        return b""
    return spelled if len(spelled) == length and spelled.hex() == text else b""
