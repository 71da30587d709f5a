"""How a request would fare that waits for people: what it lacks, and whether its base still holds.

The same rules as at the vote and in the fold, asked one by one, so that a person is shown all that
stands between a request and its effect, and not just the first of it.
"""

from dataclasses import dataclass

from mesh.environment.consent import Lack, lack
from mesh.environment.workspace import Workspace
from mesh.protocol.catalogue import ChangeSet
from mesh.protocol.history.prepared import Prepared, kind_of
from mesh.protocol.history.rules import case_of, conflict
from mesh.wire.facts import Propose
from mesh.wire.identity import Incarnation
from mesh.wire.requests import Approval, Attempt, SignedRequest, decode_request

_NOBODY = Incarnation(bytes(32), 0, bytes(8))


@dataclass(frozen=True, slots=True)
class Prospect:
    """One request, as of now."""

    fault: str
    """Why it will never have an effect; empty where it may."""
    lack: Lack | None
    """What people have still to give; None: nothing."""
    stale: str
    """What was written since it was made; empty: its base holds."""


def imagined(signed: SignedRequest, approvals: tuple[Approval, ...]) -> ChangeSet:
    """What an attempt of ``signed`` would be to the fold. Raises cbor.Undecodable."""
    request = decode_request(signed.raw)
    kind = kind_of(request.resolved)
    attempt = Attempt(0, signed.tx, _NOBODY, 0, kind, (), (_NOBODY,), 1, 0, approvals)
    return ChangeSet(signed.tx, attempt, request, Propose(b"", signed))


def prospect(workspace: Workspace, prepared: Prepared) -> Prospect:
    """How ``prepared`` would fare on ``workspace``."""
    fault = prepared.forgery or prepared.unknown or next(iter(prepared.faults), "")
    case = None if fault else case_of(workspace, prepared)
    missing = None if case is None else lack(workspace, case)
    stale = None if fault else conflict(workspace, prepared)
    return Prospect(fault, missing, "" if stale is None else stale.detail)
