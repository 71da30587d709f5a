"""B3: after sealing: withdraw, adopt, reseal. Safety never depends on how a set was chosen."""

from mesh.environment.policy import Policy
from mesh.protocol.barrier import Timing
from mesh.protocol.now import MILLISECOND
from mesh.wire.facts import NoReason
from tests.mesh.protocol.barrier.stage import Stage, reason, sealed


def test_withdraw_when_every_set_meets_nay() -> None:
    """B3a: all sets that m sealed contain somebody in Nay: No(withdraw)."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2, 3))
    _ = stage.refuse(3, change)
    assert reason(stage.actor(1).hear_all().would_say(change)) is NoReason.WITHDRAW


def test_no_withdrawal_while_one_set_is_clean() -> None:
    """B3a: the latest set meets Nay, an earlier one does not: m must not say No."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2))
    _ = stage.seal(1, change, (1, 2, 3))
    _ = stage.refuse(3, change)
    assert stage.actor(1).hear_all().would_say(change) is None


def test_an_uncertain_end_is_no_no() -> None:
    """B3a: a restarted member that does not prove its last number may have sealed: m waits."""
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2))
    _ = stage.refuse(2, stage.propose(2))
    _ = stage.boot(2, proven=False)
    m = stage.actor(1).hear_all().see(2)
    assert m.would_say(change) == sealed(m, change, 1)
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2))
    _ = stage.refuse(2, stage.propose(2))
    _ = stage.boot(2, proven=True)
    assert reason(stage.actor(1).hear_all().would_say(change)) is NoReason.WITHDRAW


def test_adopt_the_set_that_all_others_sealed() -> None:
    """B3b: all others of a clean set with m sealed exactly that set: m's seal completes it."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2, 3))
    _ = stage.seal(2, change, (1, 2))
    m = stage.actor(1).hear_all()
    assert m.would_say(change) == sealed(m, change, 1, 2)


def test_adopt_goes_before_a_reseal() -> None:
    """B3: the first that fits: adopting completes a set, so it comes before a set of m's own."""
    stage = Stage(4)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2, 3, 4))
    for who in (2, 3):
        _ = stage.seal(who, change, (1, 2, 3))
    m = stage.actor(1).see(1, 2).hear_all()
    _ = m.act()
    assert m.said(change) == [sealed(m, change, 1, 2, 3, 4), sealed(m, change, 1, 2, 3)]


def test_no_set_that_meets_nay_is_adopted() -> None:
    """B3b: a set with somebody in Nay is never adopted."""
    stage = Stage(4)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2))
    for who in (2, 3):
        _ = stage.seal(who, change, (1, 2, 3))
    _ = stage.refuse(3, change)
    assert stage.actor(1).see(1, 2).hear_all().would_say(change) is None


def test_no_set_below_q_is_adopted() -> None:
    """B3b: at least q."""
    stage = Stage(5, policy=Policy.MAJORITY)
    change = stage.propose(1, quorum=3)
    _ = stage.seal(1, change, (1, 2, 3))
    _ = stage.seal(2, change, (1, 2))
    assert stage.actor(1).see(1, 2, 3).hear_all().would_say(change) is None


def test_reseal_with_those_who_are_left() -> None:
    """B3c: somebody is gone: m seals the rest, too."""
    stage = Stage(3)
    change = stage.propose(1)
    m = stage.actor(1).hear_all()
    _ = m.act()
    _ = m.see(1, 2).act()
    assert m.said(change) == [sealed(m, change, 1, 2, 3), sealed(m, change, 1, 2)]


def test_a_set_may_grow_again() -> None:
    """B3c: who was suspected in error is taken back in."""
    stage = Stage(3)
    change = stage.propose(1)
    m = stage.actor(1).see(1, 2).hear_all()
    _ = m.act()
    _ = m.see(1, 2, 3).act()
    assert m.said(change) == [sealed(m, change, 1, 2), sealed(m, change, 1, 2, 3)]


def test_never_the_same_set_twice() -> None:
    """B3c: a set that m has sealed is not sealed again, whoever sees or believes what later."""
    stage = Stage(4, timing=Timing(reseal_ns=0))
    change = stage.propose(1)
    m = stage.actor(1).hear_all()
    for view in ((1, 2, 3), (1, 2, 3, 4), (1, 2, 3), (1, 2, 3, 4)):
        _ = m.see(*view).act()
    _ = stage.seal(2, change, (1, 2, 3))
    assert m.hear_all().act() == []
    stage.wait(Timing().stall_ns)
    assert m.act() == []
    assert len(m.said(change)) == 2


def test_never_a_set_that_meets_nay() -> None:
    """B3c: those in Nay are left out, though they are alive."""
    stage = Stage(3)
    change = stage.propose(1)
    m = stage.actor(1).see(1, 2).hear_all()
    _ = m.act()
    _ = stage.refuse(3, change)
    _ = m.see(1, 2, 3).hear_all().act()
    assert m.said(change) == [sealed(m, change, 1, 2)]


def test_reseal_needs_q() -> None:
    """B3c: fewer than q alive: m keeps what it has."""
    stage = Stage(3, policy=Policy.MAJORITY)
    _ = stage.propose(1, quorum=2)
    m = stage.actor(1).hear_all()
    _ = m.act()
    assert m.see(1).act() == []


def test_reseals_are_damped() -> None:
    """B3c: the next set must be stable for a while, which doubles with each reseal."""
    stage = Stage(3, timing=Timing(reseal_ns=10 * MILLISECOND))
    change = stage.propose(1)
    m = stage.actor(1).hear_all()
    _ = m.act()
    _ = m.see(1, 2)
    stage.wait(6 * MILLISECOND)
    _ = m.see(1, 3)
    stage.wait(6 * MILLISECOND)
    assert m.act() == []
    assert m.barrier.deadline_ns == 16 * MILLISECOND
    stage.wait(4 * MILLISECOND)
    _ = m.act()
    assert m.said(change)[-1] == sealed(m, change, 1, 3)
    _ = m.see(1)
    assert m.act() == []
    assert m.barrier.deadline_ns == 36 * MILLISECOND


def test_where_sight_is_not_transitive_the_sets_of_others_are_believed() -> None:
    """B3c: 1-2-3-4-1 without diagonals: after some reseals only whom all in T took last."""
    for reseals, expected in ((3, (1, 2, 4)), (4, (1,))):
        stage = Stage(4)
        change = stage.propose(1)
        for members in ((1, 2), (1, 3), (1, 4), (1, 2, 3), (1, 2, 3, 4))[-reseals - 1 :]:
            _ = stage.seal(1, change, members)
        _ = stage.seal(2, change, (1, 2, 3))
        _ = stage.seal(4, change, (1, 3, 4))
        m = stage.actor(1).see(4, 1, 2).hear_all()
        assert m.would_say(change) == sealed(m, change, *expected)


def test_where_all_wait_for_what_only_they_see_the_others_are_believed() -> None:
    """B3c-stall: 1 and 2 see 5, 3 and 4 see 6, nobody both: after a while all leave both out."""
    stage = Stage(6, timing=Timing(reseal_ns=0))
    change = stage.propose(1)
    for who in (1, 2):
        _ = stage.seal(who, change, (1, 2, 3, 4, 5))
    for who in (3, 4):
        _ = stage.seal(who, change, (1, 2, 3, 4, 6))
    m = stage.actor(1).see(1, 2, 3, 4, 5).hear_all()
    assert m.act() == []
    assert m.barrier.deadline_ns == Timing().stall_ns
    stage.wait(Timing().stall_ns)
    _ = m.act()
    assert m.said(change)[-1] == sealed(m, change, 1, 2, 3, 4)


def test_who_merely_waits_for_a_silent_one_goes_on_waiting() -> None:
    """B3c-stall: nobody leaves anybody out, so there is nothing to believe."""
    stage = Stage(3, timing=Timing(reseal_ns=0))
    change = stage.propose(1)
    _ = stage.seal(2, change, (1, 2, 3))
    m = stage.actor(1).see(1, 2, 3).hear_all()
    _ = m.act()
    stage.wait(10 * Timing().stall_ns)
    assert m.act() == []
    assert m.said(change) == [sealed(m, change, 1, 2, 3)]
