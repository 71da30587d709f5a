"""B1 and B8: making an attempt, and making another one when the first met trouble that time heals.

An attempt says "on top of this history, together with these". When the history or the company was
wrong, the same request goes out again on today's; when the request itself was refused, it does not.
Its tx stays the same, so that of two attempts that both go through the fold lets one take effect.
"""

from dataclasses import dataclass

from mesh.environment.policy import Policy
from mesh.protocol.barrier.actions import NoQuorum
from mesh.protocol.barrier.order import left_over
from mesh.protocol.barrier.predicates import nay
from mesh.protocol.barrier.roster_rules import required_quorum, strictest_policy, union_quorum
from mesh.protocol.barrier.standpoint import Case, Standpoint
from mesh.protocol.barrier.unbacked import went_through
from mesh.protocol.catalogue import ChangeSet, Ids, numbers
from mesh.wire.facts import NoReason, Propose
from mesh.wire.identity import Incarnation
from mesh.wire.requests import (
    Approval,
    Attempt,
    Kind,
    Request,
    SignedRequest,
    encode_attempt,
)

HEALED_BY_TIME = (
    NoReason.BEHIND,
    NoReason.DIVERGED,
    NoReason.ROSTER,
    NoReason.BUSY,
    NoReason.PATIENCE,
)
"""B8: reasons that another attempt may not meet again."""

CONSEQUENCES = (NoReason.NAY, NoReason.WITHDRAW)
"""Reasons that are another's No at second hand."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A request that m wants to get through the barrier."""

    request: SignedRequest
    content: Request
    """What ``request`` says."""
    kind: Kind
    approvals: tuple[Approval, ...]
    guard_ns: int
    over: Ids | None
    """What a merge covers; None for all else, which goes on top of H."""


def draft(at: Standpoint, intent: Intent, lamport: int) -> Case | NoQuorum:
    """B1: the attempt that m would propose now, at time ``lamport``; NoQuorum: it may not."""
    over = at.judge.ids if intent.over is None else intent.over
    if intent.kind is Kind.MERGE:
        needed = union_quorum(at, over)
    else:
        needed = required_quorum(at, intent.content, intent.kind, over)
    participants = those_who_take_part(at, intent, over)
    if intent.kind is Kind.CHECKPOINT:
        needed = max(len(participants), len(at.judge.roster(over)) // 2 + 1)
    if at.me not in participants or len(participants) < needed:
        return NoQuorum(intent.request.tx, participants, needed)
    catalogue = at.knowledge.catalogue
    attempt = Attempt(
        version=0,
        tx=intent.request.tx,
        author=at.me,
        lamport=lamport,
        kind=intent.kind,
        parents=tuple(catalogue[number].id for number in catalogue.heads(over)),
        participants=participants,
        quorum=needed,
        guard_ns=intent.guard_ns,
        approvals=intent.approvals,
    )
    propose = Propose(encode_attempt(attempt), intent.request)
    return Case(ChangeSet(propose.attempt_id, attempt, intent.content, propose), over, 0)


def those_who_take_part(at: Standpoint, intent: Intent, over: Ids) -> tuple[Incarnation, ...]:
    """P: current incarnations, seen alive, of the roster at ``over``; for a merge at H, too.

    B11v: a roster change leaves out those that it removes. B12: and who has lost its memory is
    left out.
    """
    roster = dict.fromkeys(at.judge.roster(over))
    if intent.kind is Kind.MERGE:
        roster |= dict.fromkeys(at.judge.roster(at.judge.ids))
    if intent.kind is Kind.ROSTER:
        for key in at.judge.roster_effect(intent.content).removed:
            _ = roster.pop(key, None)
    current = {who.controller: who for who in at.live if who.controller in roster}
    policy = strictest_policy(at, over) if intent.kind is Kind.MERGE else at.judge.policy(over)
    return tuple(sorted(who for who in current.values() if remembers(at, who, policy)))


def remembers(at: Standpoint, who: Incarnation, policy: Policy) -> bool:
    """B12: whether ``who`` may be in P: it kept its memory, or has recovered it.

    Without the policy majority it is enough that m itself, to propose, has synced from somebody.
    """
    recovery = at.knowledge.recoveries.get(who)
    if recovery is None or recovery.is_over:
        return True
    if policy is Policy.MAJORITY:
        return False
    return who != at.me or bool(recovery.synced_from)


def may_repropose(at: Standpoint, number: int) -> bool:
    """B8: whether m may propose the request of its own attempt ``number`` again."""
    change_set = at.change_set(number)
    attempts = at.knowledge.attempts(change_set.tx)
    return (
        change_set.attempt.author == at.me
        and author_is_free(at, number)
        and not is_hopeless(at, number)
        and not went_through(at, change_set.tx)
        and all(at.change_set(n).timestamp <= change_set.timestamp for n in numbers(attempts))
        and not left_over(at)
    )


def is_hopeless(at: Standpoint, number: int) -> bool:
    """B8: another attempt would meet the same No, or is none that can be made.

    A new merge is a new request.
    """
    if at.change_set(number).kind not in (Kind.NORMAL, Kind.ROSTER):
        return bool(nay(at, number))
    nos = at.ballot(number).nos.values()
    return any(no.why not in HEALED_BY_TIME + CONSEQUENCES for no in nos)


def author_is_free(at: Standpoint, number: int) -> bool:
    """B8: the author's incarnation is in Nay: no set with it will ever release this attempt."""
    seat = at.ballot(number).seat(at.change_set(number).attempt.author)
    return seat is not None and bool(nay(at, number) >> seat & 1)


def is_abandoned(at: Standpoint, number: int) -> bool:
    """B8: nobody will propose its request again by himself.

    Its author has ended, or it met a No that time does not heal, or m itself has given it up.
    """
    author = at.change_set(number).attempt.author
    if at.knowledge.lives.ended(author):
        return True
    return author_is_free(at, number) and (author == at.me or is_hopeless(at, number))
