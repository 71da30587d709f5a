"""B11: changes of the roster and of the policy."""

import pytest

from mesh.environment.policy import Policy
from mesh.wire.facts import NoReason
from mesh.wire.requests import Command, Kind
from tests.mesh.protocol.barrier.stage import (
    Actor,
    Proposal,
    Stage,
    activate,
    key,
    latest,
    reason,
    remove,
    request,
    sealed,
    set_policy,
)


def roster_change(
    stage: Stage,
    *below: Proposal,
    commands: tuple[Command, ...] = (),
    among: tuple[int, ...] | None = None,
    quorum: int = 1,
    author: int = 1,
) -> Proposal:
    """A roster change; that commands be none is enough for most rules."""
    signed = request(f"roster {stage.lamport}", commands)
    return stage.propose(
        author, *below, kind=Kind.ROSTER, signed=signed, among=among, quorum=quorum
    )


def with_roster_change_applied(stage: Stage) -> tuple[Actor, Proposal]:
    """Controller 2, after a roster change."""
    change = roster_change(stage)
    stage.release(change, (1, 2))
    stage.apply(1, change)
    return stage.actor(2).has_applied(change), change


@pytest.mark.parametrize("kind", [Kind.NORMAL, Kind.ROSTER])
def test_a_roster_change_that_the_author_had_not(kind: Kind) -> None:
    """B11i: a normal or roster C with a roster change in H but not below C: No(roster)."""
    stage = Stage(2)
    m, change = with_roster_change_applied(stage)
    other = stage.propose(1, kind=kind)
    assert reason(m.hear_all().would_say(other)) is NoReason.ROSTER
    on_top = stage.propose(1, change, kind=kind)
    assert m.hear_all().would_say(on_top) == sealed(m, on_top, 1, 2)


def test_merges_are_exempt() -> None:
    """B11i to iii: merges are not held up by roster changes."""
    stage = Stage(2)
    m, _ = with_roster_change_applied(stage)
    merge = stage.propose(1, kind=Kind.MERGE)
    assert m.hear_all().would_say(merge) == sealed(m, merge, 1, 2)


def test_one_below_the_attempt_is_a_matter_of_b2f() -> None:
    """B11i: a roster change below C and not in H here: fine if it is mine."""
    stage = Stage(2)
    change = roster_change(stage)
    stage.release(change, (1, 2))
    on_top = stage.propose(1, change)
    m = stage.actor(2).hear_all()
    assert m.would_say(on_top) == sealed(m, on_top, 1, 2)


def test_a_roster_change_goes_alone() -> None:
    """B11ii: something else is open: No(busy)."""
    stage = Stage(2)
    other = stage.propose(1)
    _ = stage.seal(2, other, (1, 2))
    change = roster_change(stage)
    assert reason(stage.actor(2).hear_all().would_say(change)) is NoReason.BUSY


def test_a_roster_change_waits_for_what_is_mine() -> None:
    """B11ii: something else is released and mine, and not yet applied: No(busy)."""
    stage = Stage(2)
    other = stage.propose(1)
    stage.release(other, (1, 2))
    change = roster_change(stage)
    assert reason(stage.actor(2).hear_all().would_say(change)) is NoReason.BUSY


def test_a_roster_change_is_made_on_top_of_all() -> None:
    """B11ii: H must lie below a roster change: No(busy)."""
    stage = Stage(2)
    other = stage.propose(1)
    stage.release(other, (1, 2))
    change = roster_change(stage)
    m = stage.actor(2).has_applied(other)
    assert reason(m.would_say(change)) is NoReason.BUSY
    on_top = roster_change(stage, other)
    assert m.hear_all().would_say(on_top) == sealed(m, on_top, 1, 2)


@pytest.mark.parametrize("kind", [Kind.NORMAL, Kind.ROSTER])
def test_nothing_else_while_one_is_open(kind: Kind) -> None:
    """B11iii: a roster change is open at m: everything else but merges: No(busy)."""
    stage = Stage(2)
    change = roster_change(stage)
    _ = stage.seal(2, change, (1, 2))
    other = stage.propose(1, kind=kind)
    merge = stage.propose(1, kind=Kind.MERGE)
    m = stage.actor(2).hear_all()
    assert reason(m.would_say(other)) is NoReason.BUSY
    assert m.would_say(merge) == sealed(m, merge, 1, 2)


def test_nothing_else_while_one_is_unapplied() -> None:
    """B11iii: a roster change is released and mine and not yet applied: No(busy)."""
    stage = Stage(2)
    change = roster_change(stage)
    stage.release(change, (1, 2))
    other = stage.propose(1)
    assert reason(stage.actor(2).hear_all().would_say(other)) is NoReason.BUSY


def test_under_majority_one_controller_at_a_time() -> None:
    """B11iv: a change of two controllers is invalid under majority, and fine under all-active."""
    for policy, quorum, expected in (
        (Policy.MAJORITY, 2, NoReason.INVALID),
        (Policy.ALL_ACTIVE, 1, None),
    ):
        stage = Stage(3, policy=policy)
        change = roster_change(stage, commands=activate(4, 5), quorum=quorum)
        assert reason(stage.actor(2).hear_all().would_say(change)) is expected


def test_the_quorum_of_a_roster_change_counts_the_old_roster() -> None:
    """B11iv, B11v: q is the majority of the old roster, those who leave included."""
    stage = Stage(4, policy=Policy.MAJORITY)
    m = stage.actor(1)
    _ = m.submit(request("remove", remove(4)), Kind.ROSTER)
    _ = m.act()
    assert latest(m).attempt.quorum == 3
    stage = Stage(4, policy=Policy.MAJORITY)
    change = roster_change(stage, commands=remove(4), among=(1, 2, 3), quorum=2)
    assert reason(stage.actor(2).hear_all().would_say(change)) is NoReason.INVALID


def test_the_new_one_is_not_in_p_of_its_own_step() -> None:
    """B11iv: who becomes ACTIVE joins what made it so."""
    stage = Stage(3, roster=(1, 2))
    m = stage.actor(1)
    _ = m.submit(request("activate", activate(3)), Kind.ROSTER)
    _ = m.act()
    assert [who.controller for who in latest(m).attempt.participants] == [key(1), key(2)]


def test_who_is_removed_has_no_part_in_it() -> None:
    """B11v: P leaves out those whom the change removes; with them in P it is invalid."""
    stage = Stage(3)
    m = stage.actor(1)
    _ = m.submit(request("remove", remove(3)), Kind.ROSTER)
    _ = m.act()
    assert [who.controller for who in latest(m).attempt.participants] == [key(1), key(2)]
    stage = Stage(3)
    change = roster_change(stage, commands=remove(3), among=(1, 2, 3))
    assert reason(stage.actor(2).hear_all().would_say(change)) is NoReason.INVALID


def test_who_leaves_has_another_propose_it() -> None:
    """B11v: the one who is removed cannot be the author."""
    stage = Stage(3)
    m = stage.actor(3)
    _ = m.submit(request("remove", remove(3)), Kind.ROSTER)
    assert m.act() == []


def test_a_stricter_policy_needs_everybody() -> None:
    """B11vi: to majority q is the whole old roster; back to all-active the majority is enough."""
    stage = Stage(3)
    m = stage.actor(1)
    _ = m.submit(request("strict", set_policy(Policy.MAJORITY)), Kind.ROSTER)
    _ = m.act()
    assert latest(m).attempt.quorum == 3
    stage = Stage(3, policy=Policy.MAJORITY)
    m = stage.actor(1)
    _ = m.submit(request("loose", set_policy(Policy.ALL_ACTIVE)), Kind.ROSTER)
    _ = m.act()
    assert latest(m).attempt.quorum == 2


def test_a_stricter_policy_with_fewer_is_invalid() -> None:
    """B11vi: voters check it, too."""
    stage = Stage(3)
    change = roster_change(stage, commands=set_policy(Policy.MAJORITY), quorum=2)
    assert reason(stage.actor(2).hear_all().would_say(change)) is NoReason.INVALID


def test_the_policy_is_part_of_the_roster() -> None:
    """B11vi: after the change q follows the new policy, for those who have it below them."""
    stage = Stage(3)
    change = roster_change(stage, commands=set_policy(Policy.MAJORITY), quorum=3)
    stage.release(change, (1, 2, 3))
    m = stage.actor(1).has_applied(change)
    _ = m.submit(request("next"))
    _ = m.act()
    assert latest(m).attempt.quorum == 2


def test_only_who_was_ever_active_takes_part_in_a_merge() -> None:
    """B11vi: P of a merge: whoever anything below it made ACTIVE, and nobody else."""
    stage = Stage(4, roster=(1, 2))
    left = roster_change(stage, commands=activate(3))
    stage.release(left, (1, 2))
    m = stage.actor(2).hear_all()
    for member, expected in ((3, None), (4, NoReason.INVALID)):
        merge = stage.propose(1, left, kind=Kind.MERGE, among=(1, 2, member))
        assert reason(m.hear_all().would_say(merge)) is expected


def test_a_merge_may_not_ask_for_less_than_its_ancestors_do() -> None:
    """B11vi: for merges q comes from the union, so at least from the roster below it."""
    stage = Stage(3, policy=Policy.MAJORITY)
    less = stage.propose(1, kind=Kind.MERGE, quorum=1)
    more = stage.propose(1, kind=Kind.MERGE, quorum=3)
    m = stage.actor(2).hear_all()
    assert reason(m.would_say(less)) is NoReason.INVALID
    assert m.would_say(more) == sealed(m, more, 1, 2, 3)
