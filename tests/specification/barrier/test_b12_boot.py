"""B12: every start is a new incarnation; what the old one said still binds."""

from mesh.environment.policy import Policy
from mesh.protocol.barrier import StartAnew, Timing, predicates
from mesh.protocol.barrier.stranded import stranded
from mesh.wire.facts import NoReason
from tests.mesh.protocol.barrier.stage import PATIENCE_NS, Actor, Proposal, Stage, reason, sealed


def test_a_new_life_votes_only_where_it_is_named() -> None:
    """B12: P names the old life: the new one has nothing to say."""
    stage = Stage(2)
    change = stage.propose(1)
    m = stage.actor(2).hear_all()
    m = m.restart(proven=True)
    assert m.act() == []
    named = stage.propose(1)
    _ = m.hear_all().act()
    assert m.said(change) == []
    assert m.said(named) == [sealed(m, named, 1, 2)]


def test_others_drop_older_lives_from_their_view() -> None:
    """B12: once a Boot is known, the old life is not sealed with any more."""
    stage = Stage(2)
    change = stage.propose(1)
    m = stage.actor(1).hear_all()
    _ = stage.refuse(2, stage.propose(2))
    _ = stage.boot(2, proven=False)
    assert m.hear_all().would_say(change) == sealed(m, change, 1)


def test_the_old_seals_still_bind() -> None:
    """B12: what the old life sealed and others release is mine, and applied in order."""
    stage = Stage(3)
    change = stage.propose(1)
    m = stage.actor(3).hear_all()
    _ = m.act()
    m = m.restart(proven=True)
    higher = stage.propose(2)
    stage.release(higher, (1, 2))
    _ = stage.seal(3, higher, (1, 2, 3))
    _ = m.hear_all().act()
    assert m.applied == []
    stage.release(change, (1, 2))
    assert predicates.is_mine(m.hear_all().at, m.number_of(change))
    _ = m.act()
    assert m.applied == [change.id, higher.id]


def test_the_disk_brings_h_and_facts_back() -> None:
    """B12: H after a start is all that any life of this controller said it applied."""
    stage = Stage(2)
    changes = [stage.propose(1), stage.propose(1)]
    for change in changes:
        stage.release(change, (1, 2))
    m = stage.actor(2).hear_all()
    _ = m.act()
    m = m.restart(proven=False).restart(proven=False)
    assert m.judge.ids == m.ids(*changes)
    assert m.act() == []


def test_h_after_a_start_is_closed_under_ancestors() -> None:
    """B12: of an earlier life whose disk was lost only a part may have come back: no gaps in H."""
    stage = Stage(2)
    low = stage.propose(1)
    high = stage.propose(2, low)
    stage.release(low, (1, 2))
    stage.release(high, (1, 2))
    m = stage.actor(2)
    for change in (low, high):
        stage.apply(2, change)
    _ = m.hear_chain(stage.lives[2], 10)
    assert m.barrier.remembered == 0
    _ = m.hear_all()
    assert m.barrier.remembered == m.ids(low, high)


def test_without_a_disk_everything_is_joined_anew() -> None:
    """B12: H is empty, and all is joined again, the own old facts being fetched from others."""
    stage = Stage(2)
    change = stage.propose(1)
    stage.release(change, (1, 2))
    m = stage.actor(2).hear_all()
    _ = m.act()
    m = m.restart(proven=True, disk=False)
    assert m.judge.ids == 0
    _ = m.hear_all().act()
    assert m.applied == [change.id]


def test_an_unproven_boot_closes_nothing() -> None:
    """B12: a Boot that says ``lost`` ends the old life, and leaves open what it may have sealed."""
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2))
    _ = stage.refuse(2, stage.propose(2))
    _ = stage.boot(2, proven=False)
    m = stage.actor(1).see(1).hear_all()
    assert m.at.knowledge.lives.ended(change.attempt.participants[1])
    assert predicates.nay(m.at, m.number_of(change)) == 0


def test_a_proof_that_names_too_little_closes_nothing_that_is_known_to_go_on() -> None:
    """B12: a rolled-back disk names an older number; who has seen more is not deceived."""
    stage = Stage(2)
    change = stage.propose(1)
    old = stage.lives[2]
    _ = stage.refuse(2, stage.propose(2))
    boot = stage.boot(2, proven=True)
    _ = stage.write(old, sealed(stage.actor(2).hear_all(), change, 1, 2))
    m = stage.actor(1).hear(change.fact, boot)
    _ = m.hear_chain(old, 2)
    assert predicates.nay(m.at, m.number_of(change)) == stage.mask(change, [2])
    _ = m.hear_chain(old, 3)
    assert predicates.nay(m.at, m.number_of(change)) == 0


def test_patience_begins_anew() -> None:
    """B12, B2i: after a start patience runs anew for what is still unanswered."""
    stage = Stage(3, policy=Policy.MAJORITY)
    m = stage.actor(2).see(2)
    m = m.restart(proven=True)
    change = stage.propose(1, quorum=2)
    stage.wait(PATIENCE_NS)
    _ = m.see(2).hear_all()
    assert m.act() == []
    stage.wait(PATIENCE_NS)
    _ = m.act()
    assert [reason(said) for said in m.said(change)] == [NoReason.PATIENCE]


def in_doubt() -> tuple[Stage, Actor, Proposal]:
    """Under majority 1 and 2 sealed with 3, without whom they are too few."""
    stage = Stage(5, policy=Policy.MAJORITY)
    change = stage.propose(1, among=(1, 2, 3), quorum=3)
    m = stage.actor(1).see(1, 2, 3).hear_all()
    _ = m.act()
    return stage, m, change


def test_a_life_that_waits_for_lives_that_ended_ends_itself() -> None:
    """B12-anew: nobody can complete a set any more, nor say No; only the next life is free."""
    stage, m, change = in_doubt()
    assert m.said(change) == [sealed(m, change, 1, 2, 3)]
    _ = stage.boot(3, proven=False)
    assert m.hear_all().act() == []
    assert stranded(m.at) == m.ids(change)
    stage.wait(Timing().renew_ns)
    assert m.act() == [StartAnew((m.number_of(change),))]
    m = m.restart(proven=True)
    assert stranded(m.at) == predicates.open_ids(m.at) == 0
    stage.wait(10 * Timing().renew_ns)
    assert m.act() == []


def test_a_life_that_others_can_still_answer_goes_on() -> None:
    """B12-anew: whoever only falls silent may come back, and a No or a release ends the wait."""
    stage, m, change = in_doubt()
    assert m.see(1).act() == []
    stage.wait(10 * Timing().renew_ns)
    assert m.act() == []
    for other in (2, 3):
        _ = stage.seal(other, change, (1, 2, 3))  # last words, which are still on their way
    _ = m.hear(stage.boot(3, proven=False))
    _ = m.act()
    assert stranded(m.at) == m.ids(change)
    stage.wait(Timing().renew_ns - 1)
    _ = m.hear_all().act()
    stage.wait(10 * Timing().renew_ns)
    assert m.act() == []
    assert m.applied == [change.id]


def test_who_is_stranded_ends_one_after_the_other() -> None:
    """B12-anew: each waits a step for every live one before it."""
    stage, _, change = in_doubt()
    last = stage.actor(2).see(1, 2, 3).hear_all()
    _ = last.act()
    _ = stage.boot(3, proven=False)
    _ = last.hear_all().act()
    stage.wait(Timing().renew_ns)
    assert last.act() == []
    stage.wait(Timing().renew_step_ns)
    assert last.act() == [StartAnew((last.number_of(change),))]
