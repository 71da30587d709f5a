"""The predicates of the barrier, each a function of the facts that one controller holds."""

from mesh.environment.policy import Policy
from mesh.protocol.barrier import predicates
from mesh.protocol.catalogue import Ids
from mesh.wire.facts import Boot, Seal
from tests.mesh.protocol.barrier.stage import Actor, Proposal, Stage, key


def controllers(actor: Actor, *members: int) -> int:
    """``members`` as a set of controllers."""
    return sum(actor.at.knowledge.controller(key(each)) for each in members)


def nay(actor: Actor, proposal: Proposal) -> int:
    """Nay, as ``actor`` knows it."""
    return predicates.nay(actor.at, actor.number_of(proposal))


def bit(actor: Actor, proposal: Proposal) -> Ids:
    """``proposal`` as a set."""
    return 1 << actor.number_of(proposal)


def test_at_most_one_no_and_nothing_after_it() -> None:
    """P-no: what an incarnation says about an attempt after its No counts for nothing."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.refuse(2, change)
    _ = stage.seal(2, change, (2, 3))
    _ = stage.seal(3, change, (2, 3))
    m = stage.actor(1).hear_all()
    assert m.at.knowledge.star(m.number_of(change)) == 0
    assert nay(m, change) == stage.mask(change, [2])


def test_closed_needs_a_proven_number() -> None:
    """P-closed: a Boot that names the last one with a proven number closes it; else it is open."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.seal(3, change, (1, 2, 3))
    _ = stage.boot(3, proven=True)
    _ = stage.seal(2, change, (1, 2, 3))
    _ = stage.boot(2, proven=False)
    m = stage.actor(1).hear_all()
    assert m.at.closed(m.number_of(change)) == stage.mask(change, [3])


def test_closed_needs_all_facts_up_to_the_last() -> None:
    """P-closed: as long as a fact up to the proven last one is missing here, it is not closed."""
    stage = Stage(2)
    change = stage.propose(1)
    last = stage.seal(2, change, (1, 2))
    boot = stage.boot(2, proven=True)
    m = stage.actor(1).hear(change.fact, boot)
    assert m.at.closed(m.number_of(change)) == 0
    _ = m.hear(last)
    assert m.at.closed(m.number_of(change)) == stage.mask(change, [2])


def test_a_fact_beyond_the_last_opens_it_again() -> None:
    """P-closed: a fact beyond the number that was proven shows that the proof was wrong."""
    stage = Stage(2)
    change = stage.propose(1)
    before = stage.lives[2]
    _ = stage.seal(2, change, (1, 2))
    _ = stage.boot(2, proven=True)
    _ = stage.write(before, stage.seal(1, change, (1,)).body)
    m = stage.actor(1).hear_all()
    assert m.at.closed(m.number_of(change)) == 0


def test_only_a_later_life_of_the_same_controller_closes() -> None:
    """P-closed: nobody closes the incarnation of another controller."""
    stage = Stage(2)
    change = stage.propose(1)
    victim = stage.lives[2]
    _ = stage.seal(2, change, (1, 2))
    _ = stage.write(1, Boot(bytes(32), 0, bytes(16), victim, 1, ()))
    m = stage.actor(1).hear_all()
    assert m.at.closed(m.number_of(change)) == 0


def test_who_said_no_is_in_nay() -> None:
    """P-nay: everyone in P who said No."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.refuse(3, change)
    m = stage.actor(1).hear_all()
    assert nay(m, change) == stage.mask(change, [3])


def test_closed_with_nothing_sealed_is_in_nay() -> None:
    """P-nay: a closed participant that sealed nothing will never seal anything."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.refuse(3, stage.propose(3))
    _ = stage.boot(3, proven=True)
    m = stage.actor(1).hear_all()
    assert nay(m, change) == stage.mask(change, [3])


def test_closed_whose_sets_all_meet_nay_is_in_nay() -> None:
    """P-nay: a closed participant all of whose sets meet Nay; with a clean set it is not."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.seal(3, change, (2, 3))
    _ = stage.boot(3, proven=True)
    _ = stage.refuse(2, change)
    m = stage.actor(1).hear_all()
    assert nay(m, change) == stage.mask(change, [2, 3])
    other = stage.propose(1, among=(1, 2))
    _ = stage.seal(2, other, (1, 2))
    _ = stage.seal(2, other, (2,))
    _ = stage.boot(2, proven=True)
    _ = stage.refuse(1, other)
    assert nay(m.hear_all(), other) == stage.mask(other, [1])


def test_nay_is_the_least_such_set() -> None:
    """P-nay: two closed ones that sealed only with each other are not in it by themselves."""
    stage = Stage(3)
    change = stage.propose(1)
    for who in (2, 3):
        _ = stage.seal(who, change, (1, 2, 3))
        _ = stage.boot(who, proven=True)
    m = stage.actor(1).hear_all()
    assert nay(m, change) == 0


def test_complete_needs_the_identical_set_of_each_member() -> None:
    """P-complete: seals for different sets do not add up."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.seal(1, change, (1, 2))
    _ = stage.seal(2, change, (1, 2, 3))
    m = stage.actor(3).hear_all()
    assert not predicates.is_released(m.at, m.number_of(change))
    _ = stage.seal(2, change, (1, 2))
    assert m.hear_all().at.ballot(m.number_of(change)).complete == (stage.mask(change, (1, 2)),)


def test_complete_needs_q_members() -> None:
    """P-complete: a set of fewer than q is never complete."""
    stage = Stage(3, policy=Policy.MAJORITY)
    change = stage.propose(1, quorum=2)
    stage.release(change, (1,))
    m = stage.actor(1).hear_all()
    assert not predicates.is_released(m.at, m.number_of(change))


def test_complete_sets_are_subsets_of_p() -> None:
    """P-complete: a seal that names more than P counts for nothing."""
    stage = Stage(3)
    change = stage.propose(1, among=(1, 2))
    _ = stage.seal(1, change, (1, 2))
    _ = stage.write(1, Seal(change.id, b"\x05"))
    m = stage.actor(2).hear_all()
    ballot = m.at.ballot(m.number_of(change))
    assert list(ballot.votes) == [stage.mask(change, (1, 2))]


def test_released_needs_the_proposal() -> None:
    """P-released: seals that come before the proposal wait for it, and then count."""
    stage = Stage(2)
    change = stage.propose(1)
    early = [stage.seal(2, change, (2,))]
    m = stage.actor(2).hear(*early)
    assert m.catalogue.number(change.id) is None
    _ = m.hear(change.fact)
    assert predicates.is_released(m.at, m.number_of(change))


def test_star_is_the_controllers_of_all_complete_sets() -> None:
    """P-star: two disjoint complete sets of one attempt both count."""
    stage = Stage(4)
    change = stage.propose(1)
    stage.release(change, (1, 2))
    stage.release(change, (3,))
    m = stage.actor(4).hear_all()
    assert m.at.knowledge.star(m.number_of(change)) == controllers(m, 1, 2, 3)


def test_dead_when_too_few_can_still_seal() -> None:
    """P-dead: fewer than q are left outside Nay and closed, and no closed one left a way out."""
    stage = Stage(3)
    change = stage.propose(1)
    for who in (1, 2):
        _ = stage.refuse(who, change)
    m = stage.actor(1).hear_all()
    assert not predicates.is_dead(m.at, m.number_of(change))
    _ = stage.refuse(3, change)
    assert predicates.is_dead(m.hear_all().at, m.number_of(change))


def test_not_dead_while_a_closed_one_sealed_a_feasible_set() -> None:
    """P-dead: a set that a closed one sealed and that may still be completed keeps it alive."""
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.seal(2, change, (1, 2))
    _ = stage.boot(2, proven=True)
    _ = stage.seal(1, change, (1,))
    _ = stage.boot(1, proven=True)
    m = stage.actor(1).hear_all()
    number = m.number_of(change)
    assert predicates.is_released(m.at, number)
    assert not predicates.is_dead(m.at, number)


def test_dead_where_the_closed_disagree() -> None:
    """P-dead: closed ones that are not in Nay count for nobody, if their sets can never fit."""
    stage = Stage(5, policy=Policy.MAJORITY)
    change = stage.propose(1, quorum=3)
    for who, members in ((2, (2, 3, 4)), (3, (2, 3, 5)), (4, (2, 3, 4))):
        _ = stage.seal(who, change, members)
        _ = stage.boot(who, proven=True)
    m = stage.actor(1).hear_all()
    assert nay(m, change) == 0
    assert predicates.is_dead(m.at, m.number_of(change))


def test_feasible_needs_q_no_nay_and_agreement_of_the_closed() -> None:
    """P-feasible: at least q, clean, and every closed member sealed exactly that set."""
    stage = Stage(3)
    change = stage.propose(1, quorum=2)
    _ = stage.seal(3, change, (2, 3))
    _ = stage.boot(3, proven=True)
    _ = stage.refuse(1, change)
    m = stage.actor(2).hear_all()
    number = m.number_of(change)
    assert predicates.is_feasible(m.at, number, stage.mask(change, (2, 3)))
    assert not predicates.is_feasible(m.at, number, stage.mask(change, (2,)))
    assert not predicates.is_feasible(m.at, number, stage.mask(change, (1, 2)))
    assert not predicates.is_feasible(m.at, number, stage.mask(change, (1, 2, 3)))


def test_mine_is_what_a_complete_set_has_me_in() -> None:
    """P-mine: released with me, I am bound."""
    stage = Stage(3)
    change = stage.propose(1)
    stage.release(change, (1, 2))
    for who, expected in ((1, True), (2, True), (3, False)):
        m = stage.actor(who).hear_all()
        assert predicates.is_mine(m.at, m.number_of(change)) is expected


def test_mine_is_what_a_life_of_mine_sealed_and_others_released() -> None:
    """P-mine: a seal of mine, or of an earlier life, binds me to what was released without me."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.seal(3, change, (1, 2, 3))
    stage.release(change, (1, 2))
    _ = stage.boot(3, proven=True)
    m = stage.actor(3).hear_all()
    assert predicates.is_mine(m.at, m.number_of(change))


def test_not_mine_once_my_life_is_in_nay() -> None:
    """P-mine: a life of mine all of whose sets can never complete does not bind me."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.seal(3, change, (1, 3))
    _ = stage.refuse(1, change)
    _ = stage.refuse(3, change)
    stage.release(change, (2,))
    m = stage.actor(3).hear_all()
    assert not predicates.is_mine(m.at, m.number_of(change))


def test_bound_counts_stars_stars_above_and_who_applied() -> None:
    """P-bound: S*(B), S* of all released on top of B, and all who said that they applied B."""
    stage = Stage(5)
    low = stage.propose(1)
    high = stage.propose(2, low)
    stage.release(low, (1,))
    stage.release(high, (2, 3))
    stage.apply(4, low)
    m = stage.actor(5).hear_all()
    assert predicates.bound(m.at, m.number_of(low)) == controllers(m, 1, 2, 3, 4)
    assert predicates.bound(m.at, m.number_of(high)) == controllers(m, 2, 3)


def test_bound_does_not_depend_on_the_order_of_arrival() -> None:
    """P-bound: what was released on top counts also where the lower proposal comes last."""
    stage = Stage(3)
    low = stage.propose(1)
    middle = stage.propose(2, low)
    high = stage.propose(3, middle)
    stage.release(high, (3,))
    m = stage.actor(1)
    for origin in sorted(stage.chains, reverse=True):
        _ = m.hear_chain(origin, len(stage.chains[origin]))
    assert predicates.bound(m.at, m.number_of(low)) == controllers(m, 3)


def test_open_is_what_this_life_sealed_and_nobody_released() -> None:
    """P-open: sealed by the current incarnation, no No of it, not released."""
    stage = Stage(2)
    first, second, third = (stage.propose(1) for _ in range(3))
    for change in (first, second, third):
        _ = stage.seal(2, change, (1, 2))
    _ = stage.refuse(2, second)
    _ = stage.seal(1, third, (1, 2))
    m = stage.actor(2).hear_all()
    assert predicates.open_ids(m.at) == bit(m, first)


def test_open_forgets_what_an_ended_life_sealed() -> None:
    """P-open: what an ended life sealed binds by mine and by settled, not here."""
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.seal(2, change, (1, 2))
    _ = stage.boot(2, proven=True)
    m = stage.actor(2).hear_all()
    assert predicates.open_ids(m.at) == 0


def test_base_is_h_and_what_lies_below_the_open() -> None:
    """P-base: H, and the ancestors of what is open, not the open itself."""
    stage = Stage(2)
    applied, low = stage.propose(1), stage.propose(1)
    high = stage.propose(1, low)
    stage.release(applied, (1, 2))
    m = stage.actor(2).has_applied(applied)
    _ = stage.seal(2, high, (1, 2))
    _ = m.hear_all()
    assert predicates.base(m.at) == bit(m, applied) | bit(m, low)


def test_joinable_where_somebody_has_both() -> None:
    """P-joinable: for each released member of base, some controller legitimately has both."""
    stage = Stage(3)
    here, there = stage.propose(1), stage.propose(2)
    stage.release(here, (1,))
    stage.release(there, (2,))
    m = stage.actor(1).has_applied(here)
    assert not predicates.is_joinable(m.at, m.number_of(there))
    stage.apply(3, here, there)
    assert predicates.is_joinable(m.hear_all().at, m.number_of(there))


def test_joinable_needs_all_ancestors_released() -> None:
    """P-joinable: not before everything below it is released here."""
    stage = Stage(2)
    low = stage.propose(2)
    high = stage.propose(2, low)
    stage.release(high, (2,))
    m = stage.actor(1).hear_all()
    assert not predicates.is_joinable(m.at, m.number_of(high))
    stage.release(low, (2,))
    assert predicates.is_joinable(m.hear_all().at, m.number_of(high))


def test_joinable_looks_at_what_lies_below_too() -> None:
    """P-joinable: one foreign ancestor that shares nobody with my base is enough to refuse."""
    stage = Stage(3)
    here, low = stage.propose(1), stage.propose(2)
    high = stage.propose(2, low)
    stage.release(here, (1,))
    stage.release(low, (2,))
    stage.release(high, (2,))
    stage.apply(3, here, high)
    m = stage.actor(1).has_applied(here)
    assert not predicates.is_joinable(m.at, m.number_of(high))
    stage.apply(3, low)
    assert predicates.is_joinable(m.hear_all().at, m.number_of(high))


def test_joinable_passes_over_what_is_mine() -> None:
    """P-joinable: what is mine below it needs nobody else to have it."""
    stage = Stage(3)
    here, low = stage.propose(1), stage.propose(2)
    high = stage.propose(2, low)
    stage.release(here, (1,))
    stage.release(low, (2,))
    stage.release(high, (2,))
    _ = stage.seal(1, low, (1, 2))
    stage.apply(3, here, high)
    m = stage.actor(1).has_applied(here)
    assert predicates.is_mine(m.at, m.number_of(low))
    assert predicates.is_joinable(m.at, m.number_of(high))
