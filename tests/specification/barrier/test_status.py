"""The words in which people are told how a ChangeSet stands."""

from mesh.environment.policy import Policy
from mesh.protocol.barrier import Word
from mesh.wire.facts import NoReason
from tests.mesh.protocol.barrier.stage import Actor, Proposal, Stage, key


def word(actor: Actor, proposal: Proposal) -> Word:
    """The word for ``proposal``."""
    return actor.barrier.status(actor.number_of(proposal)).word


def test_pending_names_who_is_waited_for() -> None:
    """Word pending: who has sealed, who refused, who is waited for."""
    stage = Stage(4)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2, 3, 4))
    no = stage.refuse(3, change)
    m = stage.actor(2).hear_all()
    status = m.barrier.status(m.number_of(change))
    assert status.word is Word.PENDING
    assert status.sealed == (stage.lives[1],)
    assert status.refused == ((stage.lives[3], no.body),)
    assert status.waiting_for == (stage.lives[2], stage.lives[4])


def test_applied_names_who_applied() -> None:
    """Word applied: in H; by whom else is known."""
    stage = Stage(3)
    change = stage.propose(1)
    stage.release(change, (1, 2, 3))
    stage.apply(3, change)
    m = stage.actor(1).hear_all()
    assert word(m, change) is Word.PENDING
    _ = m.act()
    status = m.barrier.status(m.number_of(change))
    assert (status.word, status.waiting_for) == (Word.APPLIED, ())
    assert status.applied == (key(1), key(3))


def test_cancelled_here_and_cancelled() -> None:
    """Word cancelled here: my No, others may go on without me; cancelled: nobody ever will."""
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.refuse(2, change)
    m = stage.actor(2).hear_all()
    assert word(m, change) is Word.CANCELLED_HERE
    _ = stage.refuse(1, change, NoReason.NAY)
    assert word(m.hear_all(), change) is Word.CANCELLED


def test_in_doubt_under_majority() -> None:
    """Word in doubt: sealed, and too few are reachable."""
    stage = Stage(3, policy=Policy.MAJORITY)
    change = stage.propose(1, quorum=2)
    _ = stage.seal(2, change, (1, 2, 3))
    m = stage.actor(2).see(2).hear_all()
    assert word(m, change) is Word.IN_DOUBT
    assert word(m.see(1, 2), change) is Word.PENDING


def test_in_doubt_after_a_restart() -> None:
    """Word in doubt: sealed by an earlier life, which cannot do anything more about it."""
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.seal(2, change, (1, 2))
    _ = stage.boot(2, proven=True)
    m = stage.actor(2).hear_all()
    assert word(m, change) is Word.IN_DOUBT


def test_lost_when_no_life_is_left_that_could_decide() -> None:
    """Word lost: all who might still release it have ended, and one of them with its memory."""
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2))
    _ = stage.boot(2, proven=True)
    m = stage.actor(1).hear_all()
    assert word(m, change) is Word.PENDING
    _ = stage.boot(1, proven=False)
    assert word(stage.actor(1).hear_all(), change) is Word.LOST


def test_applied_elsewhere_unmerged() -> None:
    """Word applied elsewhere, unmerged: released on a history that has grown apart."""
    stage = Stage(2)
    here, there = stage.propose(1, among=(1,)), stage.propose(2, among=(2,))
    stage.release(here, (1,))
    m = stage.actor(1).has_applied(here)
    stage.release(there, (2,))
    assert word(m.hear_all(), there) is Word.UNMERGED
    assert m.barrier.unmerged == m.ids(there)


def test_pending_while_facts_are_missing() -> None:
    """Word pending: released, but what lies below it is still on its way."""
    stage = Stage(2)
    low = stage.propose(2)
    high = stage.propose(2, low)
    stage.release(high, (2,))
    assert word(stage.actor(1).hear(high.fact, *stage.chains[stage.lives[2]]), high) is Word.PENDING


def test_what_is_made_on_top_of_the_dead_is_not_waited_for() -> None:
    """Word applied elsewhere: what lies below it will never be released, so nothing is on its way.

    No honest author makes such a thing; a liar can, as often as it likes.
    """
    stage = Stage(3)
    low = stage.propose(1, among=(1, 2))
    for member in (1, 2):
        _ = stage.refuse(member, low, NoReason.NAY)
    high = stage.propose(3, low, among=(3,))
    higher = stage.propose(3, high, among=(3,))
    for each in (high, higher):
        stage.release(each, (3,))
    m = stage.actor(1).hear_all()
    assert word(m, low) is Word.CANCELLED
    assert [word(m, high), word(m, higher)] == [Word.UNMERGED] * 2
    assert m.barrier.unmerged == 0
