"""What must hold of the whole configuration after every ChangeSet, and what breaks it.

A base finds two who wrote the same key. It does not find a path that leads to a service which the
other side deleted, a port taken twice, or two sides that emptied the roster together; these do.
Only the objects that a ChangeSet touched are looked at: all others held before and are the same.
"""

from collections.abc import Iterable

from mesh.environment.consent import unchangeable
from mesh.environment.draft import Refusal
from mesh.environment.entries import ObjectId
from mesh.environment.kinds import controller, environment, operator
from mesh.environment.policy import MAJORITY_ROSTER_MIN, Policy
from mesh.environment.rights import ALL
from mesh.environment.workspace import Workspace


def breach(configuration: Workspace, touched: Iterable[ObjectId]) -> Refusal | None:
    """The first invariant that does not hold, if only ``touched`` have changed since all held."""
    owners = sorted(dict.fromkeys(touched))
    for owner in owners:
        found = (
            _breach_of_present(configuration, owner)
            if configuration.exists(owner)
            else _breach_of_absent(configuration, owner)
        )
        if found is not None:
            return found
    if any(kind in (controller.NAME, environment.NAME) for kind, _ in owners):
        found = _breach_of_roster(configuration)
        if found is not None:
            return found
    if any(kind == operator.NAME for kind, _ in owners) and not configuration.rights.admins():
        return Refusal(f"nobody would be left with the right {ALL}: grant it to another first")
    if any(kind in (operator.NAME, environment.NAME) for kind, _ in owners):
        why = unchangeable(configuration)
        return None if why is None else Refusal(why, (environment.NAME, "approvals"))
    return None


def _breach_of_present(configuration: Workspace, owner: ObjectId) -> Refusal | None:
    footprint = configuration.index.footprint(owner)
    for target in footprint.references:
        if not configuration.exists(target):
            return Refusal(
                f"{_named(owner)} refers to {_named(target)}, which is not there", target
            )
    for claim in footprint.claims:
        rival = configuration.index.rival(owner, claim)
        if rival is not None:
            return Refusal(
                f"{' '.join(claim.what)}: claimed by {_named(owner)} and by {_named(rival)}", rival
            )
    return None


def _breach_of_absent(configuration: Workspace, owner: ObjectId) -> Refusal | None:
    referrer = configuration.index.referrer(owner)
    if referrer is None:
        return None
    return Refusal(f"{_named(owner)} is gone, but {_named(referrer)} refers to it", referrer)


def _breach_of_roster(configuration: Workspace) -> Refusal | None:
    active = len(configuration.roster)
    if active == 0:
        return Refusal("the roster would be empty")
    if configuration.policy is Policy.MAJORITY and active < MAJORITY_ROSTER_MIN:
        return Refusal(
            f"the barrier by majority needs {MAJORITY_ROSTER_MIN} active controllers,"
            f" there would be {active}",
            (environment.NAME, "barrier"),
        )
    return None


def _named(owner: ObjectId) -> str:
    return f"{owner[0]} '{owner[1]}'"
