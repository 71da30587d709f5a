"""How a request would fare that waits for people: what it lacks, and whether its base still holds.

The same rules as at the vote and in the fold, asked one by one, so that a person is shown all that
stands between a request and its effect, and not just the first of it.
"""

from dataclasses import dataclass

from mesh.environment.consent import Backing, Lack, lack
from mesh.environment.resolve import Unresolved, resolve
from mesh.environment.workspace import Workspace
from mesh.protocol.catalogue import ChangeSet
from mesh.protocol.history.prepared import Prepared, keys_written, kind_of
from mesh.protocol.history.rules import case_of, conflict
from mesh.protocol.suite import Verifier
from mesh.wire.facts import Propose
from mesh.wire.identity import Incarnation
from mesh.wire.requests import Approval, Attempt, Request, SignedRequest, read_request

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
    missing: tuple[str, ...] = ()
    """The environment data that it waits for."""


def imagined(signed: SignedRequest, approvals: tuple[Approval, ...]) -> ChangeSet:
    """What an attempt of ``signed`` would be to the fold. Raises cbor.Undecodable."""
    request = read_request(signed.raw)
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


def is_resolved(request: Request) -> bool:
    """Whether it can be brought to the barrier as it is, and not only be carried on."""
    return bool(request.resolved) or not request.written


def prospect_unresolved(workspace: Workspace, signed: SignedRequest, suite: Verifier) -> Prospect:
    """How a request would fare that waits for data: whoever carries it on signs it anew."""
    request = read_request(signed.raw)
    signer = workspace.rights.holder(request.signer)
    if signer is None or not suite.verify(request.signer, signed.raw, signed.signature):
        return Prospect("whoever proposed it is no operator here any more", None, "")
    keys = tuple(keys_written(request.written))
    people = workspace.rights.operators()
    who = tuple(each for each in people if Backing(each).lacks(keys) is None)
    outcome = resolve(workspace, request.written, bytes(16))
    errors = outcome.errors if isinstance(outcome, Unresolved) and not outcome.missing else ()
    missing = outcome.missing if isinstance(outcome, Unresolved) else ()
    rights = tuple(dict.fromkeys(Backing(signer).lacking(keys)))
    return Prospect("", Lack(rights, who=who), "; ".join(errors), missing)
