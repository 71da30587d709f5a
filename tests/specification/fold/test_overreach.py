"""What a controller may decide by a merge with nobody behind it: one test for each statement."""

import pytest

from mesh.environment.kinds import COMMANDS
from mesh.environment.resolve import Resolution
from mesh.environment.takings import TAKING, are_taken, takings
from mesh.protocol.catalogue import Ids
from mesh.protocol.history import Standing, Why
from mesh.protocol.terms import Terms
from mesh.wire.facts import NoReason
from mesh.wire.identity import Incarnation, digest
from mesh.wire.requests import Command, Kind
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    CAROL,
    OPERATOR,
    Side,
    World,
    activate,
    admit,
    command,
    item,
    remove,
    roster_of_three,
)

DAVE = Incarnation(b"D" * 32, 1, b"dave----")


def _parted(*before: Command) -> tuple[Side, Side]:
    """Two sides of a roster of three, where each of ``before`` was done."""
    base = roster_of_three(World())
    for each in before:
        _ = base.change(each)
    return base.fork(ALICE), base.fork(BOB)


def _person(name: str) -> Command:
    return command("operator", "create", name=name, key=digest(name.encode()).hex())


def _firing(name: str) -> Command:
    return command("operator", "remove", name=name)


def _revocable(verb: str) -> Command:
    return command("right", verb, name="ann", right="apply:/item")


def _say(verb: str, side: Side, *changes: int) -> tuple[Command, ...]:
    return tuple(command("merge", verb, tx=side.tx(number).hex()) for number in changes)


def _counts(
    side: Side, ids: Ids, said: tuple[Command, ...], approvers: tuple[bytes, ...] = ()
) -> bool:
    """Whether a merge that bob alone signed counts; a vote hears the same, and so does a fold."""
    world = side.world
    request = world.sign(Resolution(said, said, (), (), Kind.MERGE), signer=BOB.controller)
    number = world.attempt(request, Kind.MERGE, ids, BOB, approvers=approvers)
    objection = side.history.objection(world.catalogue[number], side.ids)
    after = world.side(ALICE, ids | 1 << number)
    counts = after.entry(number).outcome.standing is Standing.EFFECTIVE
    assert counts == (objection is None)
    assert objection is None or objection.why is NoReason.INVALID
    return counts


def test_a_controller_decides_what_is_in_dispute_and_no_more() -> None:
    """F11c: What does not stand against anything is not set aside, and no dispute is passed over.

    It says what stands, too, and all in the order in which the disputes are found.
    """
    left, right = _parted()
    ours, theirs = left.change(item("a", 1)), right.change(item("a", 2))
    also, alone = right.change(item("b", 1)), left.change(item("c", 1))
    _ = left.change(item("b", 2), lamport=90)
    other = left.history.ids.bit_length() - 1
    ids = left.ids | right.ids

    def verdict(*aside: int, keep: tuple[int, ...]) -> bool:
        return _counts(left, ids, _say("set-aside", left, *aside) + _say("keep", left, *keep))

    assert verdict(ours, also, keep=(theirs, other))
    assert verdict(theirs, other, keep=(ours, also))
    assert not verdict(other, theirs, keep=(ours, also))
    assert not verdict(ours, keep=(theirs,))
    assert not verdict(ours, also, alone, keep=(theirs, other))
    assert not verdict(ours, also, keep=(theirs, other, alone))
    assert not verdict(ours, also, keep=(theirs,))
    assert not verdict(keep=(ours, theirs, also, other))
    assert not verdict(keep=())


def test_a_removal_on_the_other_side_is_not_set_aside_by_pretending() -> None:
    """F11c: Who made a side of its own up to decide about the other side decides nothing."""
    left, right = _parted(_person("ann"))
    removal = left.change(remove(CAROL))
    firing = left.change(_firing("ann"))
    _ = right.change(item("a", 1))
    ids = left.ids | right.ids
    for number in (removal, firing):
        said = _say("set-aside", left, number)
        assert not _counts(left, ids, said)
        assert _counts(left, ids, said, approvers=(OPERATOR,))
    left.learn(right.ids)
    assert CAROL.controller not in left.history.state.roster


@pytest.mark.parametrize("policy", ["hold", "site:cloud", "site:office"])
def test_the_policy_below_the_merge_binds_it(policy: str) -> None:
    """F11c: Under hold a controller decides nothing, under site:NAME as that says; auto is free."""
    left, right = _parted(command("environment", "set", merge=policy))
    ours, theirs = left.change(item("a", 1)), right.change(item("a", 2))
    ids = left.ids | right.ids
    office = _say("set-aside", left, theirs) + _say("keep", left, ours)
    cloud = _say("set-aside", left, ours) + _say("keep", left, theirs)
    assert _counts(left, ids, office) is (policy == "site:office")
    assert _counts(left, ids, cloud) is (policy == "site:cloud")


def test_the_policy_is_that_of_all_that_is_merged() -> None:
    """F13k: Not that of the author: what one side has set binds a merge of both."""
    left, right = _parted()
    ours, theirs = left.change(item("a", 1)), right.change(item("a", 2))
    _ = right.change(command("environment", "set", merge="site:cloud"))
    ids = left.ids | right.ids
    for side in (left, right):
        plan = side.history.plan_merge(ids, lambda number: 1 + (number == ours))
        assert plan.commands == _say("set-aside", left, ours) + _say("keep", left, theirs)


@pytest.mark.parametrize("removal_at", [50, 90])
def test_what_takes_something_away_stands(removal_at: int) -> None:
    """F11d: Against what takes nothing, whichever came first and whoever released it."""
    left, right = _parted(admit(DAVE, "dave"))
    removal = left.propose(left.resolve(remove(DAVE)), lamport=removal_at)
    left.learn(1 << removal)
    step = right.propose(right.resolve(activate(DAVE)), lamport=70)
    right.learn(1 << step)
    ids = left.ids | right.ids
    plan = left.history.plan_merge(ids, lambda number: 1 + 9 * (number == step))
    assert plan.commands == _say("set-aside", left, step) + _say("keep", left, removal)
    assert _counts(left, ids, plan.commands)
    lets_in = _say("set-aside", left, removal) + _say("keep", left, step)
    assert not _counts(left, ids, lets_in)
    assert _counts(left, ids, lets_in, approvers=(OPERATOR,))


def test_of_two_that_take_the_one_that_takes_more_stands() -> None:
    """F11d: Where they take the same, the policy says which."""
    left, right = _parted(_person("ann"), _revocable("grant"))
    one, two = left.change(remove(CAROL)), right.change(remove(CAROL))
    less = left.change(_revocable("revoke"), lamport=70)
    more = right.change(_firing("ann"), lamport=60)
    ids = left.ids | right.ids
    plan = left.history.plan_merge(ids, lambda number: 1 + (number in (two, less)))
    assert plan.commands == _say("set-aside", left, one, less) + _say("keep", left, two, more)
    for same, other in ((one, two), (two, one)):
        said = _say("set-aside", left, same, less) + _say("keep", left, other, more)
        assert _counts(left, ids, said)
    lets_in = _say("set-aside", left, one, more) + _say("keep", left, two, less)
    assert not _counts(left, ids, lets_in)


def test_where_neither_takes_all_that_the_other_takes_a_person_decides() -> None:
    """F11d: Whichever was set aside, somebody would be let in again."""
    left, right = _parted(_person("ann"), _person("bea"), _person("cid"))
    ours = left.change(_firing("ann"), _firing("bea"))
    theirs = right.change(_firing("ann"), _firing("cid"))
    ids = left.ids | right.ids
    assert left.history.plan_merge(ids, lambda _: 1).held
    for aside, keep in ((ours, theirs), (theirs, ours)):
        said = _say("set-aside", left, aside) + _say("keep", left, keep)
        assert not _counts(left, ids, said)
        assert _counts(left, ids, said, approvers=(OPERATOR,))


def test_what_would_lose_its_ground_and_takes_something_waits_for_a_person() -> None:
    """F11d: A removal that was built on what is set aside would have no effect."""
    left, right = _parted(_person("ann"))
    ours = left.change(command("operator", "modify", name="ann", description="ours"))
    theirs = right.change(command("operator", "modify", name="ann", description="theirs"))
    firing = right.change(_firing("ann"))
    ids = left.ids | right.ids
    plan = left.history.plan_merge(ids, lambda number: 1 + (number == ours))
    assert plan.held
    assert left.tx(firing).hex() in plan.why
    assert not left.history.plan_merge(ids, lambda number: 1 + (number == theirs)).held
    assert not _counts(left, ids, _say("set-aside", left, theirs) + _say("keep", left, ours))
    kept = left.history.plan_merge(ids, lambda _: 1, keep=(left.tx(ours),))
    assert not kept.held
    _ = left.merge_with(kept.commands, ids, signer=OPERATOR)
    assert left.entry(firing).outcome.why is Why.CONFLICT


@pytest.mark.parametrize("approved", [True, False], ids=["approved", "signed"])
def test_a_persons_word_counts_before_that_of_a_controller(*, approved: bool) -> None:
    """F10a: Of two merges at once the one that a person stands behind, whichever came first."""
    left, right = _parted()
    ours, theirs = left.change(item("a", 1)), right.change(item("a", 2))
    ids, world = left.ids | right.ids, left.world
    _ = right.merge_with(_say("set-aside", left, theirs) + _say("keep", left, ours), ids)
    said = _say("set-aside", left, ours) + _say("keep", left, theirs)
    signer, approvers = (ALICE.controller, (OPERATOR,)) if approved else (OPERATOR, ())
    request = world.sign(Resolution(said, said, (), (), Kind.MERGE), signer=signer)
    merge = world.attempt(request, Kind.MERGE, ids, ALICE, lamport=99, approvers=approvers)
    left.learn(right.ids)
    assert left.item("a") == 1
    left.learn(1 << merge)
    assert left.item("a") == 2


def test_no_controller_decides_between_sides_that_removed_each_other() -> None:
    """F13h: A merge that only a controller signed counts for nothing there, either way."""
    left, right = _parted()
    one = left.change(remove(BOB), participants=(ALICE,))
    two = right.change(remove(ALICE), participants=(BOB, CAROL))
    ids = left.ids | right.ids
    world = left.world
    for aside, keep in ((one, two), (two, one)):
        said = _say("set-aside", left, aside) + _say("keep", left, keep)
        request = world.sign(Resolution(said, said, (), (), Kind.MERGE), signer=CAROL.controller)
        number = world.attempt(request, Kind.MERGE, ids, CAROL)
        assert left.history.objection(world.catalogue[number], left.ids) is not None


def test_what_was_taken_covers_what_lies_below() -> None:
    """F11d: Who was removed has lost every right; a right that is revoked is one right only."""
    side = World().side()
    for each in (_person("ann"), _revocable("grant")):
        _ = side.change(each)
    revoked = takings(side.resolve(_revocable("revoke")).resolved)
    removed = takings(side.resolve(_firing("ann")).resolved)
    assert revoked == (("operator", "ann", "rights", "apply:/item"),)
    assert removed == (("operator", "ann"),)
    assert are_taken(revoked, removed)
    assert not are_taken(removed, revoked)
    assert are_taken((), ())
    assert takings([item("a", 1), command("wormhole", "close", name="x")]) == ()


def test_what_a_checkpoint_closed_is_in_no_dispute() -> None:
    """F11c: It stands, for those who still hold it as for those who have dropped it."""
    world = World()
    base = world.side()
    left, right = base.fork(ALICE), base.fork(BOB)
    closed = left.change(item("a", 1), lamport=5)
    _ = left.change(item("b", 1), lamport=9)
    through = world.catalogue[closed].timestamp
    terms = Terms(through, bytes(32), bytes(32), ()).command
    _ = left.merge_with((terms,), left.ids, kind=Kind.CHECKPOINT)
    theirs = right.change(item("a", 2), lamport=20)
    ids = left.ids | right.ids
    plan = left.history.plan_merge(ids, lambda number: 1 + (number == theirs))
    assert (plan.commands, plan.report) == ((), ())
    merge = left.merge_with(plan.commands, ids)
    assert left.entry(merge).outcome.standing is Standing.EFFECTIVE
    assert left.item("a") == 1
    assert left.entry(theirs).outcome.why is Why.CONFLICT


def test_whatever_takes_something_away_is_a_command() -> None:
    """F11d: The table names commands that there are, by parameters that they take."""
    for words, touch in TAKING.items():
        parameters = [parameter.name for parameter in COMMANDS[words].parameters]
        named = [part[1:-1] for part in touch.pattern if part.startswith("{")]
        assert set(named) <= set(parameters)
        assert touch.given in ("", *parameters)
