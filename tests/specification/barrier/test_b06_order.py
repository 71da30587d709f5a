"""B6 and B9: what is applied, in which order, what blocks, and what is passed over."""

from unittest.mock import ANY

from mesh.environment.policy import Policy
from mesh.protocol.barrier import Apply, Say, Timing
from mesh.protocol.barrier.skip import read_skip, skip_record
from mesh.protocol.now import SECOND
from mesh.wire.facts import Record
from mesh.wire.requests import Kind
from tests.mesh.protocol.barrier.stage import (
    AT_ONCE,
    Actor,
    Proposal,
    Stage,
    remove,
    request,
)

SLOW = Timing(reseal_ns=0, skip_ns=5 * SECOND)


def applied_after(actor: Actor) -> list[bytes]:
    """What it has applied, once it has done all that it can."""
    _ = actor.act()
    return actor.applied


def test_released_is_applied_lowest_first() -> None:
    """B6: by timestamp, whatever the order of arrival; Applied is said for each."""
    stage = Stage(2)
    changes = [stage.propose(author) for author in (2, 1, 2)]
    for change in reversed(changes):
        stage.release(change, (1, 2))
    assert applied_after(stage.actor(1).hear_all()) == [change.id for change in changes]


def test_all_ancestors_must_be_released() -> None:
    """B6: not before everything below it is released."""
    stage = Stage(2)
    low = stage.propose(1)
    high = stage.propose(1, low)
    stage.release(high, (1, 2))
    m = stage.actor(2).hear_all()
    assert m.barrier.next_to_apply(stage.now) is None
    stage.release(low, (1, 2))
    assert applied_after(m.hear_all()) == [low.id, high.id]


def test_ancestors_come_with_it() -> None:
    """B6: applying adds the ancestors too, and they are said as well.

    Here one that would not be joined by itself: a removed controller released it alone.
    """
    stage = Stage(3)
    removal = stage.propose(1, among=(1, 2), kind=Kind.ROSTER, signed=request("r", remove(3)))
    stage.release(removal, (1, 2))
    m = stage.actor(1).has_applied(removal)
    outside = stage.propose(3, among=(3,))
    stage.release(outside, (3,))
    mine = stage.propose(2, removal, outside, among=(1, 2))
    stage.release(mine, (1, 2))
    _ = m.hear_all().act()
    assert m.applied == [outside.id, mine.id]
    expected = Apply((m.number_of(outside), m.number_of(mine)), m.number_of(mine), ANY)
    assert [each for each in m.actions if isinstance(each, Apply)] == [expected]


def test_a_known_unanswered_one_blocks() -> None:
    """B6: what is lower, known and unanswered is waited for."""
    stage = Stage(3, policy=Policy.MAJORITY)
    low = stage.propose(1, quorum=2)
    high = stage.propose(2, quorum=2)
    stage.release(high, (2, 3))
    _ = stage.seal(3, high, (2, 3))
    m = stage.actor(3).hear_all()
    assert m.barrier.next_to_apply(stage.now) is None
    stage.release(low, (1, 2))
    _ = m.hear_all()
    step = m.barrier.next_to_apply(stage.now)
    assert step is not None
    assert m.catalogue[step.number].id == low.id


def lower_and_higher(
    stage: Stage, *, among: tuple[int, ...] = (1, 2, 3), quorum: int = 1
) -> tuple[Proposal, Proposal]:
    """A lower one that is not released, and a higher one that 2 and 3 released."""
    low = stage.propose(1, among=among, quorum=quorum)
    high = stage.propose(2, quorum=quorum)
    stage.release(high, (2, 3))
    return low, high


def can_apply(actor: Actor) -> bool:
    """Whether something may be applied now."""
    return actor.barrier.next_to_apply(actor.stage.now) is not None


def test_settled_what_does_not_name_me() -> None:
    """B6: no incarnation of m in P: it is no affair of m's."""
    stage = Stage(3)
    _ = lower_and_higher(stage, among=(1, 2))
    assert can_apply(stage.actor(3).hear_all())


def test_settled_what_others_released_without_me() -> None:
    """B6: released and not mine: it will be joined late, and is not waited for."""
    stage = Stage(3)
    below = stage.propose(1, among=(1,))
    low, high = stage.propose(1, below), stage.propose(2)
    stage.release(high, (2, 3))
    m = stage.actor(3).hear_all()
    assert not can_apply(m)
    stage.release(low, (1,))
    assert applied_after(m.hear_all()) == [high.id]


def test_settled_what_i_refused() -> None:
    """B6: m's incarnations in P are all in Nay."""
    stage = Stage(3)
    low, _ = lower_and_higher(stage)
    _ = stage.refuse(3, low)
    assert can_apply(stage.actor(3).hear_all())


def test_settled_what_is_dead() -> None:
    """B6: Dead: nobody will ever release it, although m sealed it."""
    stage = Stage(3, policy=Policy.MAJORITY)
    low, _ = lower_and_higher(stage, quorum=2)
    _ = stage.seal(3, low, (1, 2, 3))
    m = stage.actor(3).hear_all()
    assert not can_apply(m)
    for who in (1, 2):
        _ = stage.refuse(who, low)
    assert can_apply(m.hear_all())


def test_what_is_mine_and_released_comes_first() -> None:
    """B6: released and mine but not applicable yet: what is higher waits for it."""
    stage = Stage(3)
    lowest = stage.propose(1)
    low = stage.propose(1, lowest)
    high = stage.propose(2)
    stage.release(low, (1, 2, 3))
    stage.release(high, (1, 2, 3))
    _ = stage.refuse(3, lowest)
    m = stage.actor(3).hear_all()
    assert not can_apply(m)
    stage.release(lowest, (1, 2))
    assert applied_after(m.hear_all()) == [lowest.id, low.id, high.id]


def test_passed_over_when_too_few_are_reachable_for_long() -> None:
    """B6 SKIP: fewer than q reachable for ``skip_ns``: recorded, and then passed over."""
    stage = Stage(3, policy=Policy.MAJORITY, timing=SLOW)
    low, high = lower_and_higher(stage, quorum=2)
    _ = stage.seal(3, low, (1, 2, 3))
    m = stage.actor(3).see(3).hear_all()
    assert m.act() == []
    assert m.barrier.deadline_ns == 5 * SECOND
    stage.wait(5 * SECOND)
    _ = m.act()
    assert Say(skip_record(low.id)) in m.actions
    assert m.applied == [high.id]


def test_not_passed_over_when_enough_come_back_in_time() -> None:
    """B6 SKIP: the time starts anew when enough were reachable in between."""
    stage = Stage(3, policy=Policy.MAJORITY, timing=SLOW)
    low, _ = lower_and_higher(stage, quorum=2)
    _ = stage.seal(3, low, (1, 2, 3))
    m = stage.actor(3).see(3).hear_all()
    _ = m.act()
    stage.wait(4 * SECOND)
    _ = m.see(2, 3)
    _ = m.see(3)
    stage.wait(4 * SECOND)
    assert m.act() == []


def test_a_skip_is_on_record_for_ever() -> None:
    """B6 SKIP, B12: a skip survives a restart, whatever the order in which facts are read."""
    stage = Stage(3, policy=Policy.MAJORITY)
    low, high = lower_and_higher(stage, quorum=2)
    _ = stage.seal(3, low, (1, 2, 3))
    _ = stage.write(3, skip_record(low.id))
    _ = stage.boot(3, proven=True)
    m = stage.actor(3).see(1, 2, 3)
    for origin in sorted(stage.chains, reverse=True):
        _ = m.hear_chain(origin, len(stage.chains[origin]))
    assert applied_after(m) == [high.id]


def test_a_skip_of_another_is_his_own() -> None:
    """B6 SKIP: what another passed over still blocks here."""
    stage = Stage(3, policy=Policy.MAJORITY)
    low, _ = lower_and_higher(stage, quorum=2)
    _ = stage.seal(3, low, (1, 2, 3))
    _ = stage.write(2, skip_record(low.id))
    assert not can_apply(stage.actor(3).hear_all())


def test_other_records_are_none_of_the_barriers_affair() -> None:
    """B6 SKIP: a Record of another kind, or one that does not decode, passes nothing over."""
    assert read_skip(skip_record(b"x" * 32)) == b"x" * 32
    assert read_skip(Record("run", skip_record(b"x" * 32).content)) is None
    assert read_skip(Record("skip", b"\xff")) is None
    assert read_skip(Record("skip", b"\x80")) is None


def test_join_what_others_released() -> None:
    """B9: released without m, and joinable: applied without any barrier."""
    stage = Stage(3)
    change = stage.propose(1)
    stage.release(change, (1, 2))
    m = stage.actor(3).hear_all()
    assert applied_after(m) == [change.id]
    assert m.said(change) == []


def test_join_needs_somebody_who_has_both() -> None:
    """B9: what has diverged is not joined."""
    stage = Stage(3)
    here, there = stage.propose(1, among=(1,)), stage.propose(2, among=(2,))
    stage.release(here, (1,))
    stage.release(there, (2,))
    m = stage.actor(1).has_applied(here)
    assert not can_apply(m)


def test_a_newcomer_joins_all_that_was() -> None:
    """B9, B11iv: outside the roster, and with an empty history, a controller joins everything."""
    stage = Stage(4, roster=(1, 2, 3), timing=AT_ONCE)
    changes: list[Proposal] = []
    for _ in range(5):
        changes.append(stage.propose(1, *changes[-1:]))
        stage.release(changes[-1], (1, 2, 3))
        stage.apply(1, changes[-1])
    newcomer = stage.actor(4).hear_all()
    assert applied_after(newcomer) == [change.id for change in changes]
