"""B12: every start is a new incarnation; what the old one said still binds."""

from mesh.environment.policy import Policy
from mesh.protocol.barrier import predicates
from mesh.wire.facts import NoReason
from tests.mesh.protocol.barrier.stage import PATIENCE_NS, Stage, reason, sealed


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
