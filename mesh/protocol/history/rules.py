"""The rules of the fold: what one ChangeSet does to a state, whole or not at all.

In this order, the first that fits: rule 0, rights and consent in the state before it; rule 1, the
merge that counts; rule 2, the base; rule 3, refusals and the invariants of the whole. A pure
function of the ChangeSet, the state before it and the merge that names it.
"""

from dataclasses import dataclass

from mesh.environment.configuration import Configuration
from mesh.environment.consent import Backing, Case, Demands, lack, link_by, own_kind
from mesh.environment.draft import Draft, Refusal
from mesh.environment.entries import Entry, object_of, spell
from mesh.environment.faithful import misfilled
from mesh.environment.invariants import breach
from mesh.environment.rights import ALL, Grant, Level, Rights, is_of_right
from mesh.environment.workspace import Workspace
from mesh.protocol.history.outcomes import EFFECTIVE, Outcome, Standing, Why
from mesh.protocol.history.prepared import Prepared
from mesh.wire.requests import Key, Kind

Changes = tuple[tuple[Key, Entry], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a ChangeSet did."""

    outcome: Outcome
    before: Changes = ()
    """To assign this undoes it."""
    after: Changes = ()
    """To assign this does it again."""


def apply(workspace: Workspace, prepared: Prepared, merged_by: bytes | None) -> Verdict:
    """Fold ``prepared``, no merge: ``workspace`` has its changes afterwards, or is as it was.

    ``merged_by`` is the tx of the merge that counts for it, where that one sets it aside.
    """
    aside = (
        refusal_of_rights(prepared, workspace.roster, workspace.rights)
        or _stale_right(workspace, prepared)
        or _unagreed(workspace, prepared)
        or _stopped(prepared, merged_by)
        or _merged(merged_by)
        or conflict(workspace, prepared)
    )
    return Verdict(aside) if aside is not None else _commit(workspace, prepared)


def refusal_of_rights(
    prepared: Prepared, roster: tuple[bytes, ...], rights: Rights
) -> Outcome | None:
    """Rule 0: a right for every key that is written; a controller of the roster has a few."""
    if prepared.forgery is not None:
        return _aside(Why.REFUSED, prepared.forgery)
    if prepared.change_set.flaw is not None:
        return None  # whoever reads it judges that; here it stops the fold, or fails
    signer = prepared.change_set.request.signer
    if signer in roster and (prepared.unknown is not None or prepared.by_controllers):
        return None
    holder = rights.holder(signer)
    if holder is not None:
        missing = _missing(prepared, Backing.of(rights, holder, prepared.approvers))
        return None if missing is None else _aside(Why.REFUSED, rights.lacking(holder, missing))
    if signer in roster:
        return _aside(Why.REFUSED, "a controller may not sign these commands, only an operator")
    return _aside(Why.REFUSED, "its signer is neither an operator nor a token nor in the roster")


def _missing(prepared: Prepared, backing: Backing) -> Grant | None:
    """The right that somebody behind it would need, and nobody has.

    A merge and a checkpoint can set aside whatever there is, so they take every right. What is not
    understood stops the fold; whether it needs more is judged by a version that understands it.
    """
    if prepared.change_set.kind in (Kind.MERGE, Kind.CHECKPOINT):
        return None if any(ALL in each.grants for each in backing.all) else ALL
    if prepared.unknown is not None:
        return None if backing.signer.may_write else Grant(Level.APPLY, ())
    return backing.lacks(prepared.written)


def has_every_right(prepared: Prepared, rights: Rights) -> bool:
    """Whether somebody who may do everything has signed or approved it."""
    holders = map(rights.holder, (prepared.change_set.request.signer, *prepared.approvers))
    return any(holder is not None and ALL in holder.grants for holder in holders)


def _unagreed(workspace: Workspace, prepared: Prepared) -> Outcome | None:
    """Rule 0, too: what the environment demands of people's ChangeSets beside rights."""
    origin = prepared.change_set.request.origin
    if origin is None and Demands.of(workspace).is_nothing:
        return None
    case = case_of(workspace, prepared)
    if case is not None and origin is not None:
        wrong = _misplaced(prepared, case)
        if wrong:
            return _aside(Why.REFUSED, wrong)
    found = None if case is None else lack(workspace, case)
    return None if found is None else _aside(Why.REFUSED, str(found))


def _misplaced(prepared: Prepared, case: Case) -> str:
    """Why what another environment vouches for is not carried on here; empty: it may be."""
    if not case.came_by:
        return "it comes from an environment that is not linked to this one"
    own = own_kind(case.written)
    if own is not None:
        return f"what is of the kind {own} is an environment's own, and is not promoted"
    if prepared.change_set.request.overridden:
        return "what is promoted is not forced: others' data might have been filled in"
    return ""


def case_of(configuration: Configuration, prepared: Prepared) -> Case | None:
    """``prepared`` as far as consent is concerned; None: it is nobody's, or cannot be judged here.

    Merges bring in nothing, and what controllers sign by themselves proves another's will.
    """
    request = prepared.change_set.request
    signer = configuration.rights.holder(request.signer)
    if signer is None or not prepared.steps or prepared.change_set.kind is Kind.MERGE:
        return None
    if request.signer in configuration.roster and prepared.by_controllers:
        return None
    backing = Backing.of(configuration.rights, signer, prepared.approvers)
    origin = request.origin
    came_by = (
        "" if origin is None else link_by(configuration, origin.environment, origin.controller)
    )
    return Case(backing, tuple(prepared.written), came_by, request.override)


def _stale_right(workspace: Workspace, prepared: Prepared) -> Outcome | None:
    """Rule 0, too: a right that the base names was taken away since, or given anew.

    That is how a signature ends that somebody has kept, and force does not outlive it either.

    Were this a conflict, a merge could let a ChangeSet stand against the revocation of its right.
    """
    request = prepared.change_set.request
    named = [each for each in (*request.base, *request.overridden) if is_of_right(each.key)]
    written = dict.fromkeys(prepared.written) if named else {}
    for entry in named:
        if entry.key not in written and workspace.version(entry.key) != entry.version:
            text = f"the right {spell(entry.key)} that it was signed under is not what it was"
            return _aside(Why.REFUSED, text, entry.key, workspace.version(entry.key))
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


def conflict(workspace: Workspace, prepared: Prepared) -> Outcome | None:
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
    misfilled = _misfilled(workspace, prepared)
    if misfilled:
        return Verdict(_aside(Why.FAILED, misfilled))
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


def _misfilled(workspace: Workspace, prepared: Prepared) -> str:
    """Whether templates took something else than the data of here; empty: they did not.

    The base names that data, so it is what it was when the request was made. What is forced has no
    base, and is filled in from the data that its signer saw.
    """
    request = prepared.change_set.request
    if request.overridden:
        return ""
    for written, resolved in zip(request.written, request.resolved, strict=False):
        wrong = misfilled(workspace, written, resolved)
        if wrong:
            return f"{wrong} of {written.group} {written.verb} is not what the data here says"
    return ""


def _failed(workspace: Workspace, refusal: Refusal) -> Outcome:
    by = None if refusal.key is None else workspace.version(refusal.key)
    return _aside(Why.FAILED, refusal.text, refusal.key, by)


def _aside(why: Why, detail: str, key: Key | None = None, by: bytes | None = None) -> Outcome:
    return Outcome(Standing.SET_ASIDE, why, detail, key, by)
