"""B10: what too few stand behind stays outside, whoever says that it is released."""

import pytest

from mesh.environment.policy import Policy
from mesh.protocol.barrier import WantMerge
from mesh.wire.facts import NoReason
from mesh.wire.requests import Approval, Kind
from tests.mesh.protocol.barrier.judge import OPERATOR
from tests.mesh.protocol.barrier.stage import (
    Actor,
    Proposal,
    Stage,
    key,
    reason,
    remove,
    request,
    sealed,
    set_policy,
)

MAJORITY = request("majority", set_policy(Policy.MAJORITY))


def _alone(
    kind: Kind = Kind.NORMAL, *, everywhere: bool = False
) -> tuple[Stage, Actor, Proposal, Proposal]:
    """Under majority 1 and 2 have changed something; then 3 asks for one seal, its own."""
    stage = Stage(3, policy=Policy.MAJORITY)
    before = stage.propose(1, quorum=2)
    stage.release(before, (1, 2, 3))
    stage.apply(2, before)
    stage.apply(3, before)
    m = stage.actor(1).has_applied(before)
    alone = stage.propose(3, before, among=(3,), quorum=1, kind=kind)
    stage.release(alone, (3,))
    if everywhere:
        stage.apply(2, alone)
    return stage, m.hear_all(), before, alone


@pytest.mark.parametrize("kind", [Kind.NORMAL, Kind.ROSTER, Kind.MERGE])
def test_a_quorum_that_the_policy_does_not_allow_releases_nothing(kind: Kind) -> None:
    """B10-backing: one controller that asks only itself gets it in nowhere, by no rule."""
    _, m, _, alone = _alone(kind, everywhere=True)
    assert m.act() == []
    assert not m.judge.ids & m.ids(alone)
    assert m.barrier.unmerged == 0
    assert not m.barrier.mergeable & m.ids(alone)


def test_nobody_waits_for_it() -> None:
    """B10-backing: what comes after it is sealed, released and applied as ever."""
    stage, m, before, alone = _alone()
    after = stage.propose(2, before, quorum=2)
    assert after.attempt.lamport > alone.attempt.lamport
    assert m.hear_all().would_say(after) == sealed(m, after, 1, 2, 3)
    stage.release(after, (1, 2))
    _ = m.hear_all().act()
    assert m.applied[-1:] == [after.id]
    assert not [action for action in m.actions if isinstance(action, WantMerge)]


def test_it_keeps_nobody_from_trying_the_same_request() -> None:
    """B10-backing, B2b: another attempt of it is no second one."""
    stage, m, before, alone = _alone()
    again = stage.propose(2, before, quorum=2, signed=alone.propose.request)
    assert m.hear_all().would_say(again) == sealed(m, again, 1, 2, 3)


def test_what_builds_on_it_has_diverged_too() -> None:
    """B10-backing, B2f: something on top of it is not waited for, and stays outside as well."""
    stage, m, _, alone = _alone(everywhere=True)
    on_top = stage.propose(2, alone, quorum=2)
    assert reason(m.hear_all().would_say(on_top)) is NoReason.DIVERGED
    stage.release(on_top, (2, 3))
    assert m.hear_all().said(on_top) == []
    _ = m.act()
    assert not m.judge.ids & m.ids(alone, on_top)


def test_those_outside_the_roster_make_no_majority() -> None:
    """B10-backing: who is named beside the roster counts for nothing."""
    stage = Stage(5, policy=Policy.MAJORITY, roster=(1, 2, 3))
    stuffed = stage.propose(3, among=(3, 4, 5), quorum=2)
    stage.release(stuffed, (3, 4, 5))
    m = stage.actor(1).hear_all()
    assert m.act() == []
    assert not m.judge.ids


def test_who_makes_the_policy_stricter_asks_everybody() -> None:
    """B10-backing, B11vi: a step to majority that one controller sealed alone is none."""
    stage = Stage(3)
    step = stage.propose(3, among=(3,), kind=Kind.ROSTER, signed=MAJORITY)
    stage.release(step, (3,))
    m = stage.actor(1).hear_all()
    assert m.act() == []
    assert not m.judge.ids


@pytest.mark.parametrize("approved", [True, False], ids=["approved", "alone"])
def test_an_operator_lets_it_in_all_the_same(*, approved: bool) -> None:
    """B10-backing, B10-operator: a merge with an operator behind it covers what it wants."""
    stage, m, before, alone = _alone()
    approvals = (Approval(OPERATOR, bytes(64)),) if approved else ()
    merge = stage.propose(
        2,
        alone,
        quorum=2,
        kind=Kind.MERGE,
        signed=request("merge", signer=key(2)),
        approvals=approvals,
    )
    said = m.hear_all().would_say(merge)
    assert (said == sealed(m, merge, 1, 2, 3)) is approved
    assert approved or reason(said) is NoReason.INVALID
    stage.release(merge, (2, 3))
    _ = m.hear_all().act()
    assert bool(m.judge.ids & m.ids(alone)) is approved
    assert m.judge.ids & m.ids(before)


def _since_majority() -> tuple[Stage, Proposal]:
    """All three agreed to the majority."""
    stage = Stage(3)
    stage.lamport = 5
    step = stage.propose(1, kind=Kind.ROSTER, quorum=3, signed=MAJORITY)
    for who in (2, 3):
        _ = stage.seal(who, step, (1, 2, 3))
    return stage, step


def test_nobody_goes_by_a_history_from_before_the_majority() -> None:
    """B10-backing: to have forgotten the step to majority, which it sealed, helps nobody."""
    stage, step = _since_majority()
    m = stage.actor(1).hear_all()
    _ = m.act()
    assert m.applied == [step.id]
    for lamport in (step.attempt.lamport - 1, stage.lamport + 1):
        forked = stage.propose(3, among=(3,), lamport=lamport)
        stage.release(forked, (3,))
        stage.apply(3, step, forked)
        assert m.hear_all().act() == []
        assert m.barrier.unmerged == 0


def test_not_while_it_is_decided_either() -> None:
    """B10-backing: who has sealed the step takes nothing in beside it."""
    stage, step = _since_majority()
    m = stage.actor(1).hear(step.fact)
    _ = m.act()
    assert m.said(step) == [sealed(m, step, 1, 2, 3)]
    forked = stage.propose(3, among=(3,), lamport=step.attempt.lamport - 1)
    stage.release(forked, (3,))
    _ = m.hear(*stage.chains[stage.lives[3]]).act()
    assert forked.id not in m.applied
    _ = m.hear_all().act()
    assert m.applied == [step.id]


def test_under_all_active_one_is_enough() -> None:
    """B10-backing: where the policy asks for no more, who is alone goes on alone, as ever.

    What lies below the step to majority, or above it, is no matter of it.
    """
    stage = Stage(3)
    alone = stage.propose(3, among=(3,))
    stage.release(alone, (3,))
    m = stage.actor(1).hear_all()
    _ = m.act()
    assert m.applied == [alone.id]
    step = stage.propose(3, alone, kind=Kind.ROSTER, quorum=3, signed=MAJORITY)
    stage.release(step, (1, 2, 3))
    removal = stage.propose(
        2, step, quorum=2, among=(1, 2), kind=Kind.ROSTER, signed=request("x", remove(3))
    )
    stage.release(removal, (1, 2))
    _ = m.hear_all().act()
    assert m.applied == [alone.id, step.id, removal.id]
