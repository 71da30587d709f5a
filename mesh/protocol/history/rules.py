"""The rules of the fold: what one ChangeSet does to a state, whole or not at all.

In this order, the first that fits: rule 0, rights; rule 1, the merge that counts; rule 2, the
base; rule 3, refusals and the invariants of the whole. A pure function of the ChangeSet, the
state before it and the merge that names it.
"""

from dataclasses import dataclass

from mesh.environment.draft import Draft, Refusal
from mesh.environment.entries import Entry, object_of, spell
from mesh.environment.invariants import breach
from mesh.environment.workspace import Workspace
from mesh.protocol.history.outcomes import EFFECTIVE, Outcome, Standing, Why
from mesh.protocol.history.prepared import Prepared
from mesh.wire.requests import Key

Changes = tuple[tuple[Key, Entry], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a ChangeSet did."""

    outcome: Outcome
    before: Changes = ()
    """To assign this undoes it."""
    after: Changes = ()
    """To assign this does it again."""


def apply(
    workspace: Workspace, prepared: Prepared, operator: bytes, merged_by: bytes | None
) -> Verdict:
    """Fold ``prepared``, no merge: ``workspace`` has its changes afterwards, or is as it was.

    ``merged_by`` is the tx of the merge that counts for it, where that one sets it aside.
    """
    aside = (
        refusal_of_rights(prepared, operator, workspace.roster)
        or _stopped(prepared, merged_by)
        or _merged(merged_by)
        or _conflict(workspace, prepared)
    )
    return Verdict(aside) if aside is not None else _commit(workspace, prepared)


def refusal_of_rights(
    prepared: Prepared, operator: bytes, roster: tuple[bytes, ...]
) -> Outcome | None:
    """Rule 0: the operator may do everything; a controller of the roster merges and activates."""
    if prepared.forgery is not None:
        return _aside(Why.REFUSED, prepared.forgery)
    if prepared.change_set.flaw is not None:
        return None  # whoever reads it judges that; here it stops the fold, or fails
    signer = prepared.change_set.request.signer
    if signer == operator:
        return None
    if signer not in roster:
        return _aside(Why.REFUSED, "its signer is neither an operator nor in the roster")
    if prepared.unknown is None and not prepared.by_controllers:
        return _aside(Why.REFUSED, "a controller may not sign these commands, only an operator")
    return None


def _stopped(prepared: Prepared, merged_by: bytes | None) -> Outcome | None:
    """What is not understood stops the fold, unless a merge sets it aside anyway."""
    if prepared.unknown is None or merged_by is not None:
        return None
    return Outcome(Standing.UNFOLDED, detail=f"needs an upgrade: {prepared.unknown}")


def _merged(merged_by: bytes | None) -> Outcome | None:
    if merged_by is None:
        return None
    detail = f"set aside by the merge {merged_by.hex()}"
    return Outcome(Standing.SET_ASIDE, Why.MERGED, detail, by=merged_by)


def _conflict(workspace: Workspace, prepared: Prepared) -> Outcome | None:
    """Rule 2. A forced request has no base: it names what it overrides instead."""
    for key, expected in ((entry.key, entry.version) for entry in prepared.change_set.request.base):
        version = workspace.version(key)
        if version != expected:
            return _aside(Why.CONFLICT, _told(key, expected, version), key, version)
    return None


def _told(key: Key, expected: bytes | None, version: bytes | None) -> str:
    now = f"written by {version.hex()}" if version is not None else "as it was founded"
    then = f"by {expected.hex()}" if expected is not None else "by nobody"
    return f"{spell(key)} is {now}; this ChangeSet was made when it was last written {then}"


def _commit(workspace: Workspace, prepared: Prepared) -> Verdict:
    """Rule 3: all commands, then the invariants of the whole; or nothing."""
    if prepared.faults:
        return Verdict(_aside(Why.FAILED, prepared.faults[0]))
    draft = Draft(workspace)
    for step in prepared.steps:
        draft.begin(step.touched)
        refusal = step.declaration.run(draft, step.arguments)
        if refusal is not None:
            return Verdict(_failed(workspace, refusal))
    after = tuple(draft.changes(prepared.change_set.tx))
    before = tuple(workspace.assign(after))
    broken = breach(workspace, (object_of(key) for key, _ in after))
    if broken is None:
        return Verdict(EFFECTIVE, before, after)
    _ = workspace.assign(before)
    return Verdict(_failed(workspace, broken))


def _failed(workspace: Workspace, refusal: Refusal) -> Outcome:
    by = None if refusal.key is None else workspace.version(refusal.key)
    return _aside(Why.FAILED, refusal.text, refusal.key, by)


def _aside(why: Why, detail: str, key: Key | None = None, by: bytes | None = None) -> Outcome:
    return Outcome(Standing.SET_ASIDE, why, detail, key, by)
