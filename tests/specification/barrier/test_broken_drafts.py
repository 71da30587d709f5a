"""Eleven drafts of the barrier that were wrong: the traces that broke them, and what happens now.

P = {1, 2, 3} throughout; controllers are led along the trace, then left to act.
"""

from mesh.protocol.barrier import WantMerge, predicates
from mesh.protocol.barrier.instant import instant_of
from mesh.wire.facts import NoReason
from simulations.checkers.barrier import BarrierChecker
from tests.mesh.protocol.barrier.stage import Actor, Proposal, Stage, reason, request


def checked(stage: Stage) -> None:
    """No invariant fell, whatever was written."""
    checker = BarrierChecker()
    checker.disturbed("the trace says so")
    chains = [fact for chain in stage.chains.values() for fact in chain]
    for fact in sorted(chains, key=lambda fact: (fact.content.lamport, fact.sequence)):
        for controller in stage.lives.values():
            checker.held(controller.controller, fact)
        checker.written(fact)
    assert checker.violations() == []


def votes(actor: Actor, proposal: Proposal) -> list[NoReason | int]:
    """What it said: sets as integers, refusals by reason."""
    said: list[NoReason | int] = []
    for vote in actor.said(proposal):
        why = reason(vote)
        said.append(int.from_bytes(getattr(vote, "members", b""), "little") if why is None else why)
    return said


def trio(stage: Stage) -> tuple[Actor, Actor, Actor]:
    """Three who act."""
    return stage.actor(1), stage.actor(2), stage.actor(3)


def test_draft_1_sets_that_only_shrink() -> None:
    """1 shrinks {123} to {13}, 3 refuses, all meet again: nobody is stuck, all have decided."""
    stage = Stage(3)
    one, two, three = trio(stage)
    change = stage.propose(1)
    _ = one.hear_all().act()
    _ = two.hear(change.fact).act()
    _ = one.see(1, 3).act()
    assert three.hear(change.fact).barrier.refuse(change.tx)
    _ = three.act()
    _ = one.see(1, 2, 3)
    stage.settle()
    assert votes(one, change) == [0b111, 0b101, NoReason.WITHDRAW]
    assert votes(two, change) == [0b111, NoReason.WITHDRAW]
    assert predicates.is_dead(two.at, two.number_of(change))
    checked(stage)


def test_draft_1_sets_grow_again() -> None:
    """1 shrank {123} to {12} in error: whoever it left out takes part again, and all agree."""
    stage = Stage(3)
    one, two, three = trio(stage)
    change = stage.propose(1)
    _ = one.see(1, 2).hear_all().act()
    _ = one.see(1, 2, 3)
    stage.settle()
    assert votes(one, change) == [0b011, 0b111]
    assert one.applied == two.applied == three.applied == [change.id]
    checked(stage)


def test_draft_2_a_no_judged_by_the_latest_set() -> None:
    """1 refuses; 2 sealed {23}, then {12}: 2 must not withdraw, {23} is clean, and 3 seals it."""
    stage = Stage(3)
    one, two, three = trio(stage)
    change = stage.propose(3)
    _ = two.see(2, 3).hear(change.fact).act()
    _ = two.see(1, 2).act()
    assert votes(two, change) == [0b110, 0b011]
    assert one.hear(change.fact).barrier.refuse(change.tx)
    _ = one.act()
    _ = two.see(1, 2, 3).hear_from(one)
    assert two.act() == []
    _ = three.see(2, 3).hear(change.fact).act()
    stage.settle((2, 3))
    assert two.applied == three.applied == [change.id]
    checked(stage)


def test_draft_3_a_first_answer_that_ignores_a_known_no() -> None:
    """3 refused, nobody was suspected: who knows that says No, and it is never released."""
    stage = Stage(3)
    one, two, three = trio(stage)
    change = stage.propose(1)
    assert three.hear(change.fact).barrier.refuse(change.tx)
    _ = three.act()
    stage.settle()
    assert votes(one, change) == votes(two, change) == [NoReason.NAY]
    assert not predicates.is_released(one.at, one.number_of(change))


def test_draft_4_two_disjoint_releases_of_one() -> None:
    """{1} and {23} both release it: mine for all, applied before what is higher, and no merge."""
    stage = Stage(3)
    change = stage.propose(1)
    stage.release(change, (1,))
    stage.release(change, (2, 3))
    higher = stage.propose(2)
    stage.release(higher, (1, 2, 3))
    for actor in trio(stage):
        _ = actor.hear_all().act()
        assert actor.applied == [change.id, higher.id]
        assert WantMerge not in map(type, actor.actions)
    checked(stage)


def test_draft_5_not_waiting_and_not_behind() -> None:
    """Two at once in a calm group: all apply them in one order, whichever is released first."""
    stage = Stage(3)
    actors = trio(stage)
    low, high = stage.propose(1), stage.propose(2)
    for actor in actors:
        _ = actor.hear(high.fact).act()
    stage.settle()
    _ = [actor.hear(low.fact) for actor in actors]
    stage.settle()
    assert len(dict.fromkeys(tuple(actor.applied) for actor in actors)) == 1
    checked(stage)


def test_draft_6_released_without_its_proposal() -> None:
    """Seals arrive first: not released before the proposal is here, and then at once."""
    stage = Stage(3)
    change = stage.propose(1)
    stage.release(change, (2, 3))
    m = stage.actor(2)
    for who in (2, 3):
        _ = m.hear_chain(stage.lives[who], 9)
    assert m.act() == []
    assert m.barrier.released == 0
    _ = m.hear_all().act()
    assert m.applied == [change.id]


def test_draft_7_a_controller_outside_the_roster_needs_no_merge() -> None:
    """What it applied counts as bound to it: it follows both sides and proposes nothing."""
    stage = Stage(4, roster=(1, 2, 3))
    first = stage.propose(1)
    stage.release(first, (1, 2, 3))
    outside = stage.actor(4).hear_all()
    _ = outside.act()
    second = stage.propose(2, first)
    stage.release(second, (2, 3))
    stage.apply(2, first)
    _ = outside.hear_all().act()
    assert outside.applied == [first.id, second.id]


def test_draft_8_amnesia() -> None:
    """A lost life may have sealed more than its successor knows: lives take part, not hosts."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.seal(3, change, (2, 3))
    three = stage.actor(3).restart(proven=True, disk=False)
    _ = three.hear(change.fact).act()
    assert three.said(change) == []
    two = stage.actor(2).see(2, 3).hear_all()
    _ = stage.seal(2, change, (2, 3))
    _ = two.hear_all().act()
    assert two.applied == [change.id]
    _ = three.hear_all().act()
    assert three.applied == [change.id]


def test_draft_9_two_reproposers() -> None:
    """Two attempts of one request have one tx: the second is refused once the first is known."""
    stage = Stage(3)
    signed = request("once")
    first = stage.propose(1, signed=signed)
    second = stage.propose(2, signed=signed)
    stage.release(first, (1, 3))
    m = stage.actor(3).hear_all()
    _ = m.act()
    assert votes(m, second) == [NoReason.DONE]
    assert first.tx == second.tx


def test_draft_10_several_complete_sets() -> None:
    """The instant is the least over all complete sets, whichever is known first."""
    stage = Stage(3)
    change = stage.propose(1)
    for members, clock_ns in (((1, 2, 3), 700), ((1, 2), 300)):
        for who in members:
            _ = stage.seal(who, change, members, clock_ns)
    one, other = stage.actor(1), stage.actor(2)
    _ = one.hear_all()
    for origin in sorted(stage.chains, reverse=True):
        _ = other.hear_chain(origin, 9)
    for actor in (one, other):
        instant = instant_of(actor.at.ballot(actor.number_of(change)))
        assert instant is not None
        assert instant.wall_ns == 300


def test_draft_11_votes_counted_against_the_live_set() -> None:
    """Who is seen now has no say in what is complete: votes count against the sets they name."""
    stage = Stage(3)
    change = stage.propose(1)
    for who in (1, 2):
        _ = stage.seal(who, change, (1, 2, 3))
    m = stage.actor(1).see(1, 2).hear_all()
    assert not predicates.is_released(m.at, m.number_of(change))
    _ = m.act()
    assert votes(m, change)[-1] == 0b011
    assert m.applied == []
