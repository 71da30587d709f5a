"""What must be right about any attempt: who takes part, how many, on top of what.

The judge looks at the request; this looks at the envelope. All of it depends on the attempt and on
the fold of its ancestors alone, so all who hold those find the same faults.
"""

from mesh.environment.policy import Policy, quorum
from mesh.protocol.barrier.roster_rules import required_quorum
from mesh.protocol.barrier.standpoint import Case, Standpoint
from mesh.wire.identity import digest
from mesh.wire.requests import Kind


def fault(at: Standpoint, case: Case) -> str | None:
    """What is wrong with the attempt of ``case``, for people; None where nothing is."""
    return (
        _wrong_request(case)
        or _wrong_order(at, case)
        or _wrong_participants(case)
        or wrong_backing(at, case)
        or _too_many(at, case)
        or _wrong_change_of_roster(at, case)
    )


def _wrong_request(case: Case) -> str | None:
    if digest(case.change_set.propose.request.raw) != case.change_set.tx:
        return "the request is not the one that the attempt names"
    return None


def _wrong_order(at: Standpoint, case: Case) -> str | None:
    for number in at.knowledge.catalogue.parents(case.change_set):
        assert number is not None, "an attempt is judged only when its ancestors are known"
        if at.change_set(number).timestamp >= case.change_set.timestamp:
            return "it is not later than what it was made on top of"
    return None


def _wrong_participants(case: Case) -> str | None:
    attempt = case.change_set.attempt
    controllers = {who.controller for who in attempt.participants}
    if list(attempt.participants) != sorted(attempt.participants):
        return "the participants are not in order"
    if len(controllers) != len(attempt.participants):
        return "a controller takes part twice"
    if attempt.author not in attempt.participants:
        return "its author does not take part"
    if not 1 <= attempt.quorum <= len(attempt.participants):
        return "fewer take part than must"
    return None


def wrong_backing(at: Standpoint, case: Case) -> str | None:
    """Why too few, or the wrong ones, would stand behind it, though it were released."""
    attempt = case.change_set.attempt
    if case.change_set.kind is Kind.MERGE:
        return _wrong_roster_of_merge(at, case)
    roster = at.judge.roster(case.ancestors)
    if any(who.controller not in roster for who in attempt.participants):
        return "somebody takes part who is not in the roster"
    if case.change_set.kind is Kind.CHECKPOINT:
        return None  # the judge says what that takes
    return "it asks for fewer than the policy does" if attempt.quorum < _needed(at, case) else None


def _too_many(at: Standpoint, case: Case) -> str | None:
    """Nobody can wait for more than there are."""
    if case.change_set.kind in (Kind.MERGE, Kind.CHECKPOINT):
        return None
    more = case.change_set.attempt.quorum > _needed(at, case)
    return "it asks for more than the policy does" if more else None


def _needed(at: Standpoint, case: Case) -> int:
    return required_quorum(at, case.change_set.request, case.change_set.kind, case.ancestors)


def _wrong_roster_of_merge(at: Standpoint, case: Case) -> str | None:
    """B11vi: the author's own roster counts too, but which of anc it had applied is not known here.

    So P may hold whoever anything in anc made ACTIVE, and q is at least that of anc.
    """
    attempt = case.change_set.attempt
    ever = dict.fromkeys((*at.judge.roster(0), *at.knowledge.catalogue.ground.removed))
    for effect in at.effects(case.ancestors):
        ever |= dict.fromkeys(effect.activated)
    if any(who.controller not in ever for who in attempt.participants):
        return "somebody takes part who was never in the roster"
    needed = quorum(at.judge.policy(case.ancestors), len(at.judge.roster(case.ancestors)))
    return "it asks for fewer than the policy does" if attempt.quorum < needed else None


def _wrong_change_of_roster(at: Standpoint, case: Case) -> str | None:
    """B11iv and B11v."""
    if case.change_set.kind is not Kind.ROSTER:
        return None
    effect = at.judge.roster_effect(case.change_set.request)
    if any(who.controller in effect.removed for who in case.change_set.attempt.participants):
        return "a controller takes part in its own removal"
    several = len(effect.removed) + len(effect.activated) > 1
    if several and at.judge.policy(case.ancestors) is Policy.MAJORITY:
        return "under majority the roster changes by one controller at a time"
    return None
