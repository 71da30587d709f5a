"""B2: the first answer to a ChangeSet, and whether there can be one yet.

Like a clerk who goes down a list and stops at the first line that applies: reasons never to sign,
reasons to wait, and at the end the signature. A first answer is free: before it nothing binds, so
any No is safe, and only then.
"""

from mesh.protocol.barrier.checkpoints import checkpoint_verdict
from mesh.protocol.barrier.predicates import base, bound, is_joinable, is_mine, nay, open_ids
from mesh.protocol.barrier.removed import is_kept_out, kept_out
from mesh.protocol.barrier.roster_rules import roster_verdict
from mesh.protocol.barrier.shape import fault
from mesh.protocol.barrier.standpoint import Case, Standpoint
from mesh.protocol.barrier.unbacked import went_through
from mesh.protocol.barrier.verdict import Bind, Deny, Verdict, Waiting
from mesh.protocol.catalogue import Ids, numbers
from mesh.wire.facts import NoReason
from mesh.wire.requests import Kind


def first_answer(at: Standpoint, number: int, now_ns: int) -> Verdict:
    """What m, in P and silent so far, says to an attempt that is not released.

    The first of a to h that fits.
    """
    verdict = undelayed_answer(at, number)
    flaw = at.change_set(number).flaw
    if isinstance(verdict, Waiting) and flaw is not None:
        return Deny.of(flaw)  # whatever it waits for, it would not understand it then either
    if isinstance(verdict, Waiting) and is_out_of_patience(at, number, now_ns):
        return Deny(NoReason.PATIENCE, f"waited in vain for {verdict.value}")
    return verdict


def undelayed_answer(at: Standpoint, number: int) -> Verdict:
    """The first answer as it is before patience ends."""
    refusal = known_naysayer(at, number) or already_done(at, number)
    if refusal is not None:
        return refusal
    ancestors = at.ancestors(number)
    if ancestors is None:
        return Waiting.FACTS
    case = Case(at.change_set(number), ancestors, 1 << number)
    return (
        place_in_history(at, case)
        or unacceptable(at, case)
        or checkpoint_verdict(at, case)
        or seal_with_the_living(at, number)
    )


def place_in_history(at: Standpoint, case: Case) -> Deny | Waiting | None:
    """B2c to B2f: whether the history here and the author's fit together.

    B1 asks the same before proposing.
    """
    return (
        roster_verdict(at, case)
        or below_frontier(at, case)
        or author_lacks_some(at, case)
        or ancestors_lacking(at, case)
    )


def known_naysayer(at: Standpoint, number: int) -> Deny | None:
    """B2a: a participant is known that will never seal."""
    naysayers = nay(at, number)
    if naysayers:
        first = at.ballot(number).incarnations(naysayers)[0]
        return Deny(NoReason.NAY, f"{first} said no")
    return None


def already_done(at: Standpoint, number: int) -> Deny | None:
    """B2b: another attempt of the same request is released."""
    if went_through(at, at.change_set(number).tx) & ~(1 << number):
        return Deny(NoReason.DONE, "another attempt of this request went through")
    return None


def below_frontier(at: Standpoint, case: Case) -> Deny | None:
    """B2d: something with a higher timestamp is applied here already."""
    frontier = at.judge.frontier
    if frontier is not None and case.change_set.timestamp <= frontier:
        return Deny(NoReason.BEHIND, "something later is already applied here")
    return None


def author_lacks_some(at: Standpoint, case: Case) -> Deny | None:
    """B2e: something in m's base is not below the attempt, and its author is not bound to it."""
    author = at.knowledge.controller(case.author.controller)
    for number in numbers(base(at) & ~case.ancestors):
        if not bound(at, number) & author:
            return Deny(NoReason.BEHIND, "its author has not seen all that is applied here")
    return None


def ancestors_lacking(at: Standpoint, case: Case) -> Deny | Waiting | None:
    """B2f: what lies below the attempt and is not applied here: fine, to come, or never to come."""
    lacking = case.ancestors & ~at.judge.ids
    if lacking & ~at.knowledge.released:
        return Waiting.FACTS
    if case.change_set.kind is Kind.MERGE:
        return None
    waiting: Waiting | None = None
    for number in numbers(lacking):
        if is_mine(at, number):
            continue
        if not is_joinable(at, number) or is_kept_out(at, number):
            return Deny(NoReason.DIVERGED, "it builds on what was changed elsewhere meanwhile")
        waiting = Waiting.JOIN
    return waiting


def unacceptable(at: Standpoint, case: Case) -> Deny | None:
    """B2g: invalid, of an unknown version, refused by the operator, orphaned, or in conflict."""
    objection = case.change_set.flaw or at.objection(case, base_for_conflicts(at, case))
    if objection is not None and objection.why is not NoReason.CONFLICT:
        return Deny.of(objection)
    return (
        faulty(at, case)
        or refused_by_operator(at, case)
        or author_ended(at, case)
        or (None if objection is None else Deny.of(objection))
    )


def base_for_conflicts(at: Standpoint, case: Case) -> Ids:
    """B2g: base(m), open(m) and anc(C) together; the judge counts what is lower than C.

    So of two in conflict that come at once, at most the later one falls.
    """
    return (base(at) | open_ids(at) | case.ancestors) & ~case.bit


def faulty(at: Standpoint, case: Case) -> Deny | None:
    """B2g: the envelope is wrong, or a merge lets in what only an operator may let in."""
    why = fault(at, case)
    return lets_in_unapproved(at, case) if why is None else Deny(NoReason.INVALID, why)


def lets_in_unapproved(at: Standpoint, case: Case) -> Deny | None:
    """B10: a merge, no operator behind it, over what is kept out."""
    merge = case.change_set
    lets_in = merge.kind is Kind.MERGE and kept_out(at, case.ancestors)
    if not lets_in or at.judge.has_operator(merge):
        return None
    why = "it lets in what removed controllers, or too few, released: an operator must approve that"
    return Deny(NoReason.INVALID, why)


def refused_by_operator(at: Standpoint, case: Case) -> Deny | None:
    """B2g: the operator says so."""
    if case.change_set.tx in at.refused:
        return Deny(NoReason.OPERATOR, "refused by the operator")
    return None


def author_ended(at: Standpoint, case: Case) -> Deny | None:
    """B2g: a later incarnation of the author has booted; nobody is left who would try again."""
    if at.knowledge.lives.ended(case.author):
        return Deny(NoReason.ENDED, "its author has restarted since")
    return None


def seal_with_the_living(at: Standpoint, number: int) -> Bind | Waiting:
    """B2h: seal with exactly those participants that are seen alive, if m is one of at least q."""
    ballot = at.ballot(number)
    living = at.alive(number)
    seat = ballot.seat(at.me)
    assert seat is not None, "only a participant answers"
    if living >> seat & 1 and living.bit_count() >= ballot.quorum:
        return Bind(living)
    return Waiting.VIEW


def is_out_of_patience(at: Standpoint, number: int, now_ns: int) -> bool:
    """B2i: m has held the proposal for as long as its request allows."""
    return now_ns >= patience_ends_ns(at, number)


def patience_ends_ns(at: Standpoint, number: int) -> int:
    """B2i: when, on m's own monotonic clock."""
    return at.held_since_ns[number] + at.change_set(number).request.patience_ns
