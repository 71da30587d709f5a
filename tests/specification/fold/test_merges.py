"""What a merge decides, and how: one test for each statement."""

from mesh.protocol.catalogue import Ids
from mesh.protocol.history import MergePlan, Standing, Why
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    CAROL,
    OPERATOR,
    Side,
    World,
    command,
    item,
    new_history,
    remove,
    roster_of_three,
)


def _parted() -> tuple[Side, Side]:
    base = roster_of_three(World())
    return base.fork(ALICE), base.fork(BOB)


def _plan(side: Side, ids: Ids, **weights: int) -> MergePlan:
    return side.history.plan_merge(ids, lambda number: weights.get(f"n{number}", 1))


def test_the_report_is_the_same_for_everybody() -> None:
    """F13: The conflict report names the pairs of different sides that do not go together."""
    left, right = _parted()
    one, two = left.change(item("a", 1)), right.change(item("a", 2))
    _, _ = left.change(item("b", 1)), right.change(item("c", 1))
    ids = left.ids | right.ids
    reports = [
        side.conflict_report(ids)
        for side in (left.history, right.history, new_history(left.world.catalogue))
    ]
    assert reports[0] == reports[1] == reports[2]
    (dispute,) = reports[0]
    assert (dispute.earlier, dispute.later) == (left.tx(one), left.tx(two))
    assert (dispute.key, dispute.set_aside) == (("item", "a"), left.tx(two))


def test_auto_keeps_what_more_controllers_released() -> None:
    """F13a: Under auto the one released by more controllers stands, then the lower timestamp."""
    left, right = _parted()
    one, two = left.change(item("a", 1)), right.change(item("a", 2))
    ids = left.ids | right.ids
    fewer = _plan(left, ids, **{f"n{one}": 1, f"n{two}": 2})
    assert fewer.commands[0] == command("merge", "set-aside", tx=left.tx(one).hex())
    assert fewer.commands[1] == command("merge", "keep", tx=left.tx(two).hex())
    equal = _plan(left, ids)
    assert equal.commands[0] == command("merge", "set-aside", tx=left.tx(two).hex())


def test_a_site_can_be_preferred() -> None:
    """F13b: Under site:NAME what was proposed at that site stands."""
    base = roster_of_three(World())
    _ = base.change(command("environment", "set", merge="site:cloud"))
    left, right = base.fork(ALICE), base.fork(BOB)
    _ = left.change(item("a", 1))
    _ = right.change(item("a", 2))
    _ = left.merge(right)
    assert left.item("a") == 2


def test_under_hold_a_person_decides() -> None:
    """F13c: Under hold a merge with an undecided dispute waits, and names both; keep decides it."""
    base = roster_of_three(World())
    _ = base.change(command("environment", "set", merge="hold"))
    left, right = base.fork(ALICE), base.fork(BOB)
    one, two = left.change(item("a", 1)), right.change(item("a", 2))
    plan = _plan(left, left.ids | right.ids)
    assert plan.held
    assert left.tx(one).hex() in plan.why
    assert left.tx(two).hex() in plan.why
    _ = left.merge(right, keep=(left.tx(two),))
    assert left.item("a") == 2


def test_what_a_person_keeps_stands_or_is_refused() -> None:
    """F13c: Both of two rivals, what was built on the loser, or what is not there: nothing is done.

    All of it is told at once. What stands anyway may be named.
    """
    base = roster_of_three(World())
    left, right = base.fork(ALICE), base.fork(BOB)
    numbers = [left.change(item("a", 1)), left.change(item("b", 1))]
    numbers += [right.change(item("a", 2)), right.change(item("a", 3))]
    one, alone, two, upon = map(left.tx, numbers)
    nobody = bytes(32)
    ids = left.ids | right.ids
    refused = {
        (one, two): [two],
        (one, upon): [upon],
        (nobody, alone): [nobody],
        (one, two, upon, nobody): [two, upon, nobody],
        (two, upon): [],
        (alone,): [],
    }
    for wish, wrong in refused.items():
        plan = left.history.plan_merge(ids, lambda _: 1, keep=wish)
        assert plan.held is bool(wrong)
        assert bool(plan.commands) is not plan.held
        assert [tx for tx in wish if f"{tx.hex()} cannot be kept" in plan.why] == wrong
    _ = left.merge(right, keep=(two, upon))
    assert (left.item("a"), left.item("b")) == (3, 1)


def test_what_one_side_settled_is_not_reopened() -> None:
    """F13d: Two that some side had both are no dispute: that side decided, and people saw it."""
    left, right = _parted()
    both = left.resolve(item("a", 1)), left.resolve(item("a", 2))
    lost = left.propose(both[1], lamport=60)
    left.learn(1 << left.propose(both[0]))
    left.learn(1 << lost)
    _ = left.change(item("x", 1))
    _ = right.change(item("b", 1))
    assert left.entry(lost).outcome.why is Why.CONFLICT
    assert left.history.conflict_report(left.ids | right.ids) == ()


def test_a_chain_is_kept_or_set_aside_as_one() -> None:
    """F13e: What was built on a set-aside ChangeSet is not disputed again: it falls with it."""
    left, right = _parted()
    winner = left.change(item("a", 1))
    first = right.change(item("a", 2))
    second = right.change(item("a", 3))
    ids = left.ids | right.ids
    plan = _plan(left, ids, **{f"n{winner}": 1, f"n{first}": 1, f"n{second}": 3})
    assert [dispute.later for dispute in plan.report] == [left.tx(first)]
    _ = left.merge_with(plan.commands, ids)
    assert left.item("a") == 1
    assert left.entry(second).outcome.why is Why.CONFLICT


def test_one_that_was_kept_once_is_kept_again() -> None:
    """F13f: In a dispute with the same opponent's next change, what was kept before stays kept."""
    left, right = _parted()
    first = right.change(item("a", 2))
    second = right.change(item("a", 3))
    late = left.propose(left.resolve(item("a", 1)), lamport=90)
    left.learn(1 << late)
    ids = left.ids | right.ids
    plan = _plan(left, ids, **{f"n{late}": 2, f"n{first}": 9, f"n{second}": 1})
    _ = left.merge_with(plan.commands, ids)
    assert left.item("a") == 1
    assert left.entry(late).outcome.standing is Standing.EFFECTIVE


def test_what_breaks_an_invariant_together_is_a_dispute() -> None:
    """F13g: Two that cannot both hold, such as one address for two paths, are a dispute."""
    world = World()
    base = roster_of_three(world)
    _ = base.change(command("service", "create", name="web", role="web"))
    left, right = base.fork(ALICE), base.fork(BOB)
    _ = left.change(command("path", "create", name="one", host="x", services={"web": 1}))
    two = right.change(command("path", "create", name="two", host="x", services={"web": 1}))
    _ = left.merge(right, released_by={two: 5})
    assert not left.history.state.exists(("path", "one"))
    assert left.history.state.exists(("path", "two"))


def test_sides_that_remove_each_other_are_always_held() -> None:
    """F13h: Removals by which two sides remove each other wait for a person under every policy."""
    left, right = _parted()
    one = left.change(remove(BOB), participants=(ALICE,))
    two = right.change(remove(ALICE), participants=(BOB, CAROL))
    plan = _plan(left, left.ids | right.ids)
    assert plan.held
    assert plan.report[0].key is None
    _ = left.merge(right, keep=(left.tx(two),), signer=OPERATOR)
    assert left.entry(one).outcome.why is Why.MERGED
    assert left.history.state.roster == (BOB.controller, CAROL.controller)


def test_two_merges_at_once_agree() -> None:
    """F13i: Two merges of the same sides at once: both apply, and the second changes nothing."""
    left, right = _parted()
    _, two = left.change(item("a", 1)), right.change(item("a", 2))
    apart = left.ids | right.ids
    other = right.world.side(BOB, right.ids)
    otherwise = _plan(other, apart, **{f"n{two}": 2}).commands
    first = left.merge(right)
    before = left.history.state_hash
    second = other.merge_with(otherwise, apart)
    left.learn(1 << second)
    assert [left.entry(number).outcome.standing for number in (first, second)] == [
        Standing.EFFECTIVE,
        Standing.EFFECTIVE,
    ]
    assert left.world.catalogue[first].timestamp < left.world.catalogue[second].timestamp
    assert left.history.state_hash == before
    assert left.item("a") == 1


def test_whole_sides_survive_a_merge_whole() -> None:
    """F13j: A ChangeSet of three commands of which one conflicts is set aside with all three."""
    left, right = _parted()
    _ = left.change(item("a", 1))
    torn = right.change(item("x", 1), item("a", 2), item("y", 1))
    _ = left.merge(right)
    assert left.entry(torn).outcome.standing is Standing.SET_ASIDE
    assert (left.item("x"), left.item("y"), left.item("a")) == (None, None, 1)
