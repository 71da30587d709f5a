"""B10: who proposes a merge, over what, when not, and what only an operator lets in."""

import pytest

from mesh.environment.policy import Policy
from mesh.protocol.barrier import Accepted, Timing, WantMerge
from mesh.protocol.barrier.roster_rules import union_quorum
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.facts import NoReason
from mesh.wire.requests import Approval, Kind
from tests.mesh.protocol.barrier.judge import OPERATOR
from tests.mesh.protocol.barrier.stage import (
    AT_ONCE,
    Actor,
    Proposal,
    Stage,
    activate,
    key,
    latest,
    life,
    reason,
    remove,
    request,
    sealed,
    set_policy,
)

MAJORITY = set_policy(Policy.MAJORITY)


def parted(
    who: int = 1, members: int = 4, timing: Timing = AT_ONCE
) -> tuple[Stage, Actor, Proposal, Proposal]:
    """Two sides, {1, 2} and {3, 4}, each of which released one; ``who`` of the left knows both."""
    stage = Stage(members, timing=timing)
    left = stage.propose(1, among=(1, 2))
    right = stage.propose(3, among=(3, 4))
    stage.release(left, (1, 2))
    stage.release(right, (3, 4))
    return stage, stage.actor(who).has_applied(left), left, right


def test_a_merge_covers_all_that_is_released() -> None:
    """B10: something is released that is neither mine nor joinable: a merge over everything."""
    _, m, left, right = parted()
    _ = m.act()
    merge = latest(m)
    assert merge.attempt.kind is Kind.MERGE
    assert dict.fromkeys(merge.attempt.parents) == {left.id: None, right.id: None}
    assert WantMerge(m.ids(left, right)) in m.actions


def test_no_merge_where_all_is_joinable() -> None:
    """B10: what can be joined is joined, without a merge."""
    stage, m, left, right = parted()
    stage.apply(3, left)
    _ = m.hear_all().act()
    assert m.applied[-1:] == [right.id]
    assert not [action for action in m.actions if isinstance(action, WantMerge)]


def test_an_open_merge_that_covers_all_is_waited_for() -> None:
    """B10: an open merge over all that m knows as released; a refused one does not count."""
    stage, m, left, right = parted()
    merge = stage.propose(3, left, right, kind=Kind.MERGE)
    _ = m.hear_all().act()
    assert not [action for action in m.actions if isinstance(action, WantMerge)]
    _ = stage.refuse(4, merge, NoReason.BEHIND)
    _ = m.hear_all().act()
    assert [action for action in m.actions if isinstance(action, WantMerge)]


def test_members_wait_for_those_before_them() -> None:
    """B10: in the order of ids, of those alive; whoever is first does not wait."""
    step = 100 * MILLISECOND
    timing = Timing(merge_step_ns=step)
    _, first, *_ = parted(1, timing=timing)
    assert isinstance(first.act()[0], WantMerge)
    stage, second, *_ = parted(2, timing=timing)
    assert second.act() == []
    assert second.barrier.deadline_ns == step
    stage.wait(step)
    assert isinstance(second.act()[0], WantMerge)
    stage, second, *_ = parted(2, timing=timing)
    assert isinstance(second.see(2, 3, 4).act()[0], WantMerge)


def test_a_merge_that_did_not_come_is_asked_for_again() -> None:
    """B10: nothing was submitted: ask again after a while."""
    stage, m, *_ = parted(timing=Timing(merge_retry_ns=2 * SECOND))
    now, lamport = stage.now, m.next_lamport()
    assert isinstance(m.barrier.advance(now, lamport), WantMerge)
    assert m.barrier.advance(now, lamport) is None
    assert m.barrier.deadline_ns == 2 * SECOND
    stage.wait(2 * SECOND)
    assert isinstance(m.barrier.advance(stage.now, lamport), WantMerge)


def test_under_hold_nobody_proposes() -> None:
    """B10: the policy ``hold``: only an operator merges."""
    _, m, left, right = parted()
    m.barrier.merges_by_itself = False
    assert m.act() == []
    over = m.barrier.mergeable
    assert over == m.ids(left, right)
    signed = request("operator's")
    answer = m.barrier.submit(signed, Kind.MERGE, m.stage.now, guard_ns=0, over=over)
    assert isinstance(answer, Accepted)
    _ = m.act()
    assert latest(m).attempt.kind is Kind.MERGE


def test_who_is_outside_the_roster_only_joins() -> None:
    """B11iv: no merge by a controller that is not in the roster."""
    stage = Stage(3, roster=(1, 2))
    left, right = stage.propose(1, among=(1,)), stage.propose(2, among=(2,))
    stage.release(left, (1,))
    stage.release(right, (2,))
    m = stage.actor(3).has_applied(left)
    assert m.act() == []


@pytest.mark.parametrize(
    "why", [NoReason.INVALID, NoReason.RIGHTS, NoReason.CONFLICT, NoReason.OPERATOR]
)
def test_no_second_merge_over_the_same(why: NoReason) -> None:
    """B10: after such a No there is no merge until something new is released."""
    stage, m, left, right = parted()
    merge = stage.propose(3, left, right, kind=Kind.MERGE)
    _ = stage.refuse(4, merge, why)
    _ = m.hear_all().act()
    assert not [action for action in m.actions if isinstance(action, WantMerge)]
    more = stage.propose(3, right, among=(3, 4))
    stage.release(more, (3, 4))
    _ = m.hear_all().act()
    assert [action for action in m.actions if isinstance(action, WantMerge)]


def test_the_quorum_of_a_merge_comes_from_the_union() -> None:
    """B11vi: P and q of a merge: both rosters, and the stricter policy."""
    stage = Stage(3, roster=(1, 2, 3))
    left = stage.propose(1, among=(1,), kind=Kind.ROSTER, signed=request("l", activate(4)))
    right = stage.propose(2, among=(2, 3), kind=Kind.ROSTER, signed=request("r", remove(3)))
    stage.lives[4] = life(4)
    stage.release(left, (1,))
    stage.release(right, (2,))
    m = stage.actor(1).has_applied(left)
    _ = m.act()
    members = [who.controller for who in latest(m).attempt.participants]
    assert members == [key(1), key(2), key(3), key(4)]
    assert latest(m).attempt.quorum == 1
    strict = stage.propose(1, left, kind=Kind.ROSTER, signed=request("p", MAJORITY))
    _ = m.has_applied(strict)
    assert union_quorum(m.at, m.ids(left, right)) == 3


def stolen(timing: Timing = AT_ONCE) -> tuple[Stage, Actor, Proposal, Proposal]:
    """Controller 3 was removed, and then released something backdated, alone."""
    stage = Stage(3, timing=timing)
    removal = stage.propose(1, among=(1, 2), kind=Kind.ROSTER, signed=request("remove", remove(3)))
    stage.release(removal, (1, 2))
    m = stage.actor(1).has_applied(removal)
    backdated = stage.propose(3, among=(3,), lamport=removal.attempt.lamport - 1)
    stage.release(backdated, (3,))
    return stage, m.hear_all(), removal, backdated


def test_what_only_removed_controllers_released_stays_outside() -> None:
    """B10: neither joined nor merged by itself."""
    _, m, _, backdated = stolen()
    assert m.act() == []
    assert m.barrier.unmerged == 0
    assert not m.barrier.mergeable & m.ids(backdated)


def test_even_where_it_could_be_joined() -> None:
    """B10: never joined: not even where somebody has both."""
    stage, m, _, backdated = stolen()
    stage.apply(2, backdated)
    _ = m.hear_all()
    assert m.act() == []


def test_and_what_builds_on_it_has_diverged() -> None:
    """B10, B2f: something on top of it is not waited for."""
    stage, m, removal, backdated = stolen()
    stage.apply(2, backdated, removal)
    on_top = stage.propose(2, removal, backdated, among=(1, 2))
    assert reason(m.hear_all().would_say(on_top)) is NoReason.DIVERGED


def test_a_merge_of_a_controller_that_lets_it_in_is_invalid() -> None:
    """B10: nobody but an operator lets it in."""
    stage, m, removal, backdated = stolen()
    signed = request("merge", signer=key(2))
    merge = stage.propose(2, removal, backdated, kind=Kind.MERGE, among=(1, 2), signed=signed)
    assert reason(m.hear_all().would_say(merge)) is NoReason.INVALID


@pytest.mark.parametrize("approved", [True, False], ids=["approved", "signed"])
def test_who_is_no_operator_lets_nothing_in(*, approved: bool) -> None:
    """B10: the removed one signs a merge with another key, or names an approval: all in vain."""
    stage, m, _, backdated = stolen()
    signed = request("merge", signer=key(3) if approved else key(9))
    approvals = (Approval(key(9), bytes(64)),) if approved else ()
    merge = stage.propose(
        3, backdated, kind=Kind.MERGE, among=(3,), signed=signed, approvals=approvals
    )
    stage.release(merge, (3,))
    assert m.hear_all().act() == []
    assert m.barrier.unmerged == 0
    assert not m.barrier.mergeable & m.ids(backdated, merge)


@pytest.mark.parametrize("approved", [True, False], ids=["approved", "signed"])
def test_an_operator_lets_it_in(*, approved: bool) -> None:
    """B10: a merge that an operator signed or approved brings it in."""
    stage, m, removal, backdated = stolen()
    signed = request("merge", signer=key(2)) if approved else request("merge")
    approvals = (Approval(OPERATOR, bytes(64)),) if approved else ()
    merge = stage.propose(
        2,
        removal,
        backdated,
        kind=Kind.MERGE,
        among=(1, 2),
        signed=signed,
        approvals=approvals,
    )
    assert m.hear_all().would_say(merge) == sealed(m, merge, 1, 2)
    stage.release(merge, (2,))
    _ = m.hear_all().act()
    assert m.applied[-2:] == [backdated.id, merge.id]


def test_an_operator_may_ask_for_it_here() -> None:
    """B10: what a merge with an operator's signature may cover."""
    _, m, removal, backdated = stolen()
    over = m.barrier.mergeable_with_approval
    assert over == m.ids(removal, backdated)
    _ = m.barrier.submit(request("merge"), Kind.MERGE, m.stage.now, guard_ns=0, over=over)
    _ = m.act()
    assert m.said(latest(m)) == [sealed(m, latest(m), 1, 2)]


def test_what_others_sealed_too_is_not_stolen() -> None:
    """B10: one controller that was not removed in a complete set is enough."""
    stage, m, _, backdated = stolen()
    stage.release(backdated, (3,))
    other = stage.propose(3, among=(2, 3), lamport=1)
    stage.release(other, (2, 3))
    _ = m.hear_all()
    assert m.barrier.unmerged == 0
    assert m.barrier.mergeable & m.ids(other)


def test_a_trusted_controller_that_joined_it_first_does_not_bring_it_in() -> None:
    """B10: 2 had joined it before it heard that 3 was removed; an operator decides all the same.

    Otherwise whoever holds a stolen key would only have to find one controller that lags.
    """
    stage = Stage(3)
    late = stage.propose(3, among=(3,))
    stage.release(late, (3,))
    second = stage.actor(2).hear_all().see(2, 3)
    _ = second.act()
    assert second.applied == [late.id]
    removal = stage.propose(1, among=(1,), kind=Kind.ROSTER, signed=request("remove", remove(3)))
    stage.release(removal, (1,))
    first = stage.actor(1).has_applied(removal).see(1, 2)
    _ = second.see(1, 2)
    stage.settle()
    assert late.id not in first.applied
    assert removal.id not in second.applied
    over = first.barrier.mergeable_with_approval
    assert over == first.ids(late, removal)
    _ = first.barrier.submit(request("merge"), Kind.MERGE, stage.now, guard_ns=0, over=over)
    stage.settle()
    assert late.id in first.applied
    assert removal.id in second.applied
