"""The worked examples: what a person is told to expect, all under all-active unless said."""

from mesh.environment.policy import Policy
from mesh.protocol.barrier import Word, predicates
from mesh.wire.facts import NoReason
from mesh.wire.requests import Kind, SignedRequest, decode_attempt
from tests.mesh.protocol.barrier.stage import (
    Actor,
    Proposal,
    Stage,
    latest,
    proposals,
    reason,
    request,
    sealed,
)


def acting(stage: Stage) -> list[Actor]:
    """Everybody acts."""
    return [stage.actor(number) for number in stage.lives]


def submit(actor: Actor, signed: SignedRequest) -> Proposal:
    """Submit ``signed`` there; the proposal that comes of it."""
    _ = actor.submit(signed)
    _ = actor.act()
    return latest(actor)


def test_commit() -> None:
    """One Propose, three Seals, three Applied; released with the third seal."""
    stage = Stage(3)
    actors = acting(stage)
    change = submit(actors[0], request("c"))
    stage.settle()
    said = [fact.body for chain in stage.chains.values() for fact in chain]
    assert [type(body).__name__ for body in said].count("Applied") == 3
    assert len(said) == 7
    assert all(actor.said(change) == [sealed(actor, change, 1, 2, 3)] for actor in actors)


def test_crash_before_sealing() -> None:
    """3 dies before it seals: 1 and 2 seal {12}, too; 3 returns and applies it."""
    stage = Stage(3)
    one, two, three = acting(stage)
    change = submit(one, request("c"))
    stage.settle((1, 2))
    assert one.applied == []
    _ = one.see(1, 2), two.see(1, 2)
    stage.settle((1, 2))
    assert one.applied == two.applied == [change.id]
    three = three.restart(proven=True)
    _ = one.see(1, 2, 3), two.see(1, 2, 3), three.see(1, 2, 3)
    stage.settle()
    assert three.applied == [change.id]
    assert len([p for actor in (one, two, three) for p in proposals(actor)]) == 1


def test_crash_after_sealing() -> None:
    """3 sealed {123} and its gossip was lost: both sets are complete in the end, once applied."""
    stage = Stage(3)
    one, two, three = acting(stage)
    change = submit(one, request("c"))
    _ = three.hear(change.fact).act()
    _ = one.see(1, 2), two.see(1, 2)
    stage.settle((1, 2))
    three = three.restart(proven=True)
    _ = one.see(1, 2, 3), two.see(1, 2, 3), three.see(1, 2, 3)
    stage.settle()
    assert predicates.is_mine(three.at, three.number_of(change))
    assert one.applied == two.applied == three.applied == [change.id]


def test_refusal() -> None:
    """3 says No: 1 and 2 withdraw, and it is cancelled for ever."""
    stage = Stage(3)
    one, two, three = acting(stage)
    change = submit(one, request("c"))
    _ = two.hear_all().act()
    assert three.hear_all().barrier.refuse(change.tx)
    stage.settle()
    assert [reason(actor.said(change)[-1]) for actor in (one, two, three)] == [
        NoReason.WITHDRAW,
        NoReason.WITHDRAW,
        NoReason.OPERATOR,
    ]
    assert one.barrier.status(one.number_of(change)).word is Word.CANCELLED


def test_refusal_after_a_false_suspicion() -> None:
    """1 had sealed {12}: it waits, until 2 said No, and then says No."""
    stage = Stage(3)
    one, two, three = acting(stage)
    change = stage.propose(1)
    _ = one.see(1, 2).hear(change.fact).act()
    assert three.hear(change.fact).barrier.refuse(change.tx)
    _ = three.act()
    _ = one.see(1, 2, 3).hear_from(three)
    assert one.act() == []
    stage.settle()
    assert reason(two.said(change)[-1]) is NoReason.NAY
    assert reason(one.said(change)[-1]) is NoReason.WITHDRAW


def test_refusal_after_an_adoption() -> None:
    """2 adopts {12} before it hears of the No: released by {12}, and 3 applies it late."""
    stage = Stage(3)
    one, two, three = acting(stage)
    change = stage.propose(1)
    _ = one.see(1, 2).hear(change.fact).act()
    _ = two.see(1, 2).hear(*stage.chains[one.me]).act()
    assert three.hear(change.fact).barrier.refuse(change.tx)
    _ = three.act()
    stage.settle()
    assert reason(three.said(change)[-1]) is NoReason.OPERATOR
    assert three.applied == one.applied == two.applied == [change.id]


def parted() -> tuple[Stage, list[Actor], list[Proposal]]:
    """{1, 2} and {3, 4}, each with a change of its own on top of a common one."""
    stage = Stage(4)
    actors = acting(stage)
    common = submit(actors[0], request("a"))
    stage.settle()
    for actor in actors:
        _ = actor.see(*((1, 2) if actor.number < 3 else (3, 4)))
    left, right = submit(actors[0], request("c")), submit(actors[2], request("d"))
    stage.settle((1, 2), (3, 4))
    return stage, actors, [common, left, right]


def heal(stage: Stage, actors: list[Actor]) -> None:
    """All see and tell each other again."""
    for actor in actors:
        _ = actor.see(*stage.lives)
    stage.settle()


def test_partition_and_merge() -> None:
    """Both sides go on; after the heal one merge more, all have everything, in one order of H."""
    stage, actors, changes = parted()
    _, left, right = changes
    assert actors[0].applied[-1] == left.id
    assert actors[2].applied[-1] == right.id
    heal(stage, actors)
    made = [p for actor in actors for p in proposals(actor)]
    assert Kind.MERGE in [decode_attempt(each.attempt).kind for each in made]
    ids = {actor.judge.ids.bit_count() for actor in actors}
    assert len(ids) == 1
    for actor in actors:
        assert actor.judge.ids & actor.ids(*changes) == actor.ids(*changes)
        assert actor.barrier.unmerged == 0


def test_two_merges_at_once() -> None:
    """2 and 4 both propose one: all seal both, and the second changes nothing."""
    stage, actors, changes = parted()
    for one, other in ((1, 3), (3, 1)):
        _ = actors[one].see(*stage.lives).hear_from(actors[other])
    first, second = (_act_and_latest(actors[at]) for at in (1, 3))
    assert {first.attempt.kind, second.attempt.kind} == {Kind.MERGE}
    heal(stage, actors)
    for actor in actors:
        assert actor.judge.ids == actor.ids(*changes, first, second)


def _act_and_latest(actor: Actor) -> Proposal:
    _ = actor.act()
    return latest(actor)


def test_a_partition_in_mid_merge() -> None:
    """Each side releases the merge with its own set; nothing is to be done again."""
    stage, actors, changes = parted()
    _ = actors[1].see(*stage.lives).hear_from(actors[3])
    merge = _act_and_latest(actors[1])
    for actor in actors:
        for other in actors:
            _ = actor.hear_from(other)
        _ = actor.see(*((1, 2) if actor.number < 3 else (3, 4)))
    stage.settle((1, 2), (3, 4))
    for actor in actors:
        assert actor.judge.ids == actor.ids(*changes, merge)
    heal(stage, actors)
    assert [len(proposals(actor)) for actor in actors] == [2, 1, 1, 0]


def test_behind_and_again() -> None:
    """1, suspected, proposes below what 2 and 3 applied: No(behind), then the same tx once more."""
    stage = Stage(3)
    one, two, three = acting(stage)
    _ = one.submit(request("e"))
    _ = two.see(2, 3), three.see(2, 3)
    stage.lamport += 10
    later = stage.propose(2, among=(2, 3))
    _ = two.hear(later.fact), three.hear(later.fact)
    stage.settle((2, 3))
    assert two.applied == three.applied == [later.id]
    _ = one.act()
    first = latest(one)
    _ = two.see(1, 2, 3), three.see(1, 2, 3)
    stage.settle()
    assert reason(two.said(first)[-1]) is NoReason.BEHIND
    stage.wait(10**9)
    stage.settle()
    again = latest(one)
    assert (again.tx, again.id == first.id) == (first.tx, False)
    assert [actor.applied for actor in (one, two, three)] == [[later.id, again.id]] * 3


def test_alone_it_is_released_and_merged() -> None:
    """1, alone, sealed {1}: it is released by {1}: a divergence, a merge, no second attempt."""
    stage = Stage(3)
    one, two, three = actors = acting(stage)
    _ = one.see(1), two.see(2, 3), three.see(2, 3)
    alone = submit(one, request("e"))
    together = submit(two, request("f"))
    stage.settle((1,), (2, 3))
    heal(stage, actors)
    assert [p.attempt.kind for p in (latest(one),)] == [Kind.MERGE]
    for actor in actors:
        assert not actor.ids(alone, together) & ~actor.judge.ids


def test_majority_in_doubt() -> None:
    """1 sealed {123}, then was cut off: in doubt; 2 and 3 release {23}; 1 applies it late."""
    stage = Stage(3, policy=Policy.MAJORITY)
    one, two, three = actors = acting(stage)
    change = submit(one, request("c"))
    _ = two.hear_all(), three.hear_all()
    _ = one.see(1), two.see(2, 3), three.see(2, 3)
    stage.settle((1,), (2, 3))
    assert one.barrier.status(one.number_of(change)).word is Word.IN_DOUBT
    assert two.applied == three.applied == [change.id]
    heal(stage, actors)
    assert one.applied == [change.id]
