"""What must hold of the whole configuration after every ChangeSet, and what breaks it.

A base finds two who wrote the same key. It does not find a path that leads to a service which the
other side deleted, a port taken twice, or two sides that emptied the roster together; these do.
Only the objects that a ChangeSet touched are looked at: all others held before and are the same.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from mesh.environment.circles import circles
from mesh.environment.consent import unchangeable
from mesh.environment.draft import Refusal
from mesh.environment.entries import ObjectId
from mesh.environment.kinds import controller, environment, link, operator
from mesh.environment.policy import MAJORITY_ROSTER_MIN, Policy
from mesh.environment.rights import ALL
from mesh.environment.workspace import Workspace
from mesh.wire.identity import fingerprint

GONE: Final = "; whichever is gone for good has to be removed first: trellis members remove NAME"


def breach(configuration: Workspace, touched: Iterable[ObjectId]) -> Refusal | None:
    """The first invariant that does not hold, if only ``touched`` have changed since all held."""
    return next(breaches(configuration, touched), None)


def breaches(configuration: Workspace, touched: Iterable[ObjectId]) -> Iterator[Refusal]:
    """Every invariant that does not hold, if only ``touched`` have changed since all held."""
    owners = sorted(dict.fromkeys(touched))
    present = [owner for owner in owners if configuration.exists(owner)]
    for owner in owners:
        if configuration.exists(owner):
            yield from _breaches_of_present(configuration, owner)
        else:
            yield from _breach_of_absent(configuration, owner)
    yield from _circles(configuration, present)
    if any(kind in (controller.NAME, environment.NAME) for kind, _ in owners):
        yield from _breach_of_roster(configuration)
    if any(kind == operator.NAME for kind, _ in owners) and not configuration.rights.admins():
        yield Refusal(f"nobody would be left with the right {ALL}: grant it to another first")
    if any(kind in (operator.NAME, environment.NAME) for kind, _ in owners):
        why = unchangeable(configuration)
        if why is not None:
            yield Refusal(why, (environment.NAME, "approvals"))
    if any(kind in (link.NAME, environment.NAME) for kind, _ in owners):
        yield from _breach_of_promotion(configuration)


def _breach_of_promotion(configuration: Workspace) -> Iterator[Refusal]:
    key = (environment.NAME, "promotion")
    demanded = str(configuration.read(key) or "")
    if demanded and not configuration.exists((link.NAME, demanded)):
        text = f"changes would have to come by the link '{demanded}', which is not there"
        yield Refusal(text, key)


def _breaches_of_present(configuration: Workspace, owner: ObjectId) -> Iterator[Refusal]:
    footprint = configuration.index.footprint(owner)
    for target in footprint.references:
        if not configuration.exists(target):
            text = f"{_named(owner, configuration)} refers to {_named(target, configuration)}"
            yield Refusal(f"{text}, which is not there", target)
    for claim in footprint.claims:
        rival = configuration.index.rival(owner, claim)
        if rival is not None:
            both = f"{_named(owner, configuration)} and by {_named(rival, configuration)}"
            remedy = GONE if rival[0] == controller.NAME else ""
            yield Refusal(f"{' '.join(claim.what)}: claimed by {both}{remedy}", rival)


def _circles(configuration: Workspace, owners: Iterable[ObjectId]) -> Iterator[Refusal]:
    """Objects that wait for each other: every new circle leads through what was touched."""
    for circle in circles(owners, configuration.following):
        round_ = " after ".join(name for _, name in (*circle, circle[0]))
        yield Refusal(f"{circle[0][0]}s in a circle: {round_}", circle[0])


def _breach_of_absent(configuration: Workspace, owner: ObjectId) -> Iterator[Refusal]:
    referrer = configuration.index.referrer(owner)
    if referrer is not None:
        text = f"{_named(owner, configuration)} is gone"
        yield Refusal(f"{text}, but {_named(referrer, configuration)} refers to it", referrer)


def _breach_of_roster(configuration: Workspace) -> Iterator[Refusal]:
    active = len(configuration.roster)
    if active == 0:
        yield Refusal("the roster would be empty")
    elif configuration.policy is Policy.MAJORITY and active < MAJORITY_ROSTER_MIN:
        yield Refusal(
            f"the barrier by majority needs {MAJORITY_ROSTER_MIN} active controllers,"
            f" there would be {active}",
            (environment.NAME, "barrier"),
        )


def _named(owner: ObjectId, configuration: Workspace) -> str:
    """As people call it: a controller by its name and fingerprint, for its id is a key."""
    kind, name = owner
    called = configuration.read((kind, name, "name"))
    if kind != controller.NAME or called is None:
        return f"{kind} '{name}'"
    return f"{kind} '{called}' ({fingerprint(bytes.fromhex(name))})"
