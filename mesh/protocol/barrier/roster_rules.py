"""B11: changes of the roster and of the policy, which change what the other rules count with.

A roster change is a bridge that is rebuilt: nobody else may be on it meanwhile, and whoever planned
his way over the old one must plan again. Merges are exempt, or two sides that each changed the
roster could never meet.
"""

from mesh.environment.policy import Policy, change_quorum, quorum
from mesh.protocol.barrier.predicates import foreign, open_ids
from mesh.protocol.barrier.standpoint import Case, Standpoint
from mesh.protocol.barrier.verdict import Deny
from mesh.protocol.catalogue import Ids, numbers
from mesh.wire.facts import NoReason
from mesh.wire.requests import Kind, Request


def roster_verdict(at: Standpoint, case: Case) -> Deny | None:
    """B2c: what B11 says to a first answer."""
    if case.change_set.kind is Kind.MERGE:
        return None
    return roster_moved(at, case) or roster_busy(at, case) or roster_in_the_way(at, case)


def roster_moved(at: Standpoint, case: Case) -> Deny | None:
    """B11i: a roster or policy change was applied here that the author had not."""
    if at.judge.ids & at.knowledge.roster_changes & ~case.ancestors:
        return Deny(NoReason.ROSTER, "the roster has changed since")
    return None


def roster_busy(at: Standpoint, case: Case) -> Deny | None:
    """B11ii: a roster change goes alone, and on top of all that is applied here."""
    if case.change_set.kind is not Kind.ROSTER:
        return None
    others = underway(at, case) | at.judge.ids & ~case.ancestors
    if others:
        first = at.change_set(next(numbers(others))).tx.hex()[:8]
        return Deny(NoReason.BUSY, f"a roster change goes alone, and {first} is under way")
    return None


def roster_in_the_way(at: Standpoint, case: Case) -> Deny | None:
    """B11iii: while a roster change is under way, nothing else is sealed."""
    others = underway(at, case) & at.knowledge.roster_changes
    if others:
        first = at.change_set(next(numbers(others))).tx.hex()[:8]
        return Deny(NoReason.BUSY, f"the roster change {first} is under way")
    return None


def underway(at: Standpoint, case: Case) -> Ids:
    """What else is open here, or released, mine, and not yet applied.

    What the author had applied is no obstacle: B2f sees to it.
    """
    mine = at.knowledge.released & ~at.judge.ids & ~foreign(at)
    return (open_ids(at) | (mine & ~case.ancestors)) & ~case.bit


def required_quorum(at: Standpoint, request: Request, kind: Kind, over: Ids) -> int:
    """The q of a proposal on top of ``over``: by the policy there, the old roster counted.

    B11vi: a request that makes the policy stricter needs all of the old roster.
    """
    policy = at.judge.policy(over)
    members = len(at.judge.roster(over))
    if kind is not Kind.ROSTER:
        return quorum(policy, members)
    return change_quorum(policy, at.judge.roster_effect(request).policy or policy, members)


def union_quorum(at: Standpoint, over: Ids) -> int:
    """The q of a merge: of the rosters at H and at ``over`` together, by the stricter policy."""
    members = {*at.judge.roster(at.judge.ids), *at.judge.roster(over)}
    return quorum(strictest_policy(at, over), len(members))


def strictest_policy(at: Standpoint, over: Ids) -> Policy:
    """The stricter one of the policies at H and at ``over``."""
    policies = (at.judge.policy(at.judge.ids), at.judge.policy(over))
    return Policy.MAJORITY if Policy.MAJORITY in policies else Policy.ALL_ACTIVE
