"""The roster and the policy in the fold: one test for each statement."""

import pytest

from mesh.environment.founding import Founding, decode_founding, encode_founding
from mesh.environment.policy import Policy, change_quorum, quorum
from mesh.environment.roster_effect import roster_effect
from mesh.protocol.history import Standing, Why
from mesh.wire import cbor
from mesh.wire.requests import Kind
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    CAROL,
    FOUNDING,
    World,
    activate,
    admit,
    command,
    remove,
    roster_of_three,
)


def test_it_begins_with_the_founding_record() -> None:
    """F15: Before any ChangeSet the roster is the founder, and the policy what the record says."""
    history = World().side().history
    assert history.roster(0) == (ALICE.controller,)
    assert history.policy(0) is Policy.ALL_ACTIVE
    assert decode_founding(encode_founding(FOUNDING)) == FOUNDING


def test_nobody_founds_with_a_majority() -> None:
    """F15a: Majority needs three, so an environment of one does not begin with it."""
    founding = Founding(bytes(16), bytes(32), bytes(32), "a", "b", bytes(32), Policy.MAJORITY)
    with pytest.raises(cbor.Undecodable, match="three"):
        _ = decode_founding(encode_founding(founding))


def test_the_steps_of_a_controller() -> None:
    """F15b: Admitted it learns, activated it takes part, removed it is remembered for ever."""
    side = World().side()
    key = BOB.controller.hex()
    states = []
    for step in (admit(BOB, "bob"), activate(BOB), remove(BOB)):
        number = side.change(step)
        states.append(side.history.state.read(("controller", key, "state")))
        kind = side.world.catalogue[number].kind
        assert kind is (Kind.NORMAL if step.verb == "admit" else Kind.ROSTER)
    assert states == ["learner", "active", "removed"]
    assert "remembered for ever" in side.refused(admit(BOB, "bob"))[0]
    assert "not learner" in side.refused(activate(BOB))[0]


def test_the_roster_of_any_set() -> None:
    """F15c: roster(ids) is the fold of just those, also of sets that are no prefix of H."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    gone = left.change(remove(CAROL))
    _ = right.change(remove(ALICE), participants=(BOB,))
    both = left.ids | right.ids
    assert left.history.roster(left.ids) == (ALICE.controller, BOB.controller)
    assert left.history.roster(right.ids) == (BOB.controller, CAROL.controller)
    assert left.history.roster(both) == (BOB.controller,)
    assert left.history.roster(left.ids & ~(1 << gone)) == base.history.roster(base.ids)


def test_admissions_on_both_sides_do_not_meet() -> None:
    """F15d: Each controller is an object of its own: admissions on two sides both take effect."""
    base = World().side()
    left, right = base.fork(ALICE), base.fork(BOB)
    one, two = left.change(admit(BOB, "bob")), right.change(admit(CAROL, "carol"))
    left.learn(right.ids)
    assert left.entry(one).outcome.standing is Standing.EFFECTIVE
    assert left.entry(two).outcome.standing is Standing.EFFECTIVE


def test_no_two_controllers_share_a_name() -> None:
    """F15i: Two controllers admitted under one name on two sides: the later is set aside."""
    base = World().side()
    left, right = base.fork(ALICE), base.fork(BOB)
    _, two = left.change(admit(BOB, "bob")), right.change(admit(CAROL, "bob"))
    left.learn(right.ids)
    assert left.entry(two).outcome.why is Why.FAILED
    _ = left.change(remove(BOB))
    assert left.refused(admit(CAROL, "alice"))
    _ = left.change(admit(CAROL, "bob"))


def test_the_roster_is_never_empty() -> None:
    """F15e: Two sides that remove each other's last controller: the later removal is set aside."""
    base = World().side()
    _ = base.change(admit(BOB, "bob"))
    _ = base.change(activate(BOB))
    left, right = base.fork(ALICE), base.fork(BOB)
    _ = left.change(remove(BOB))
    last = right.change(remove(ALICE))
    left.learn(right.ids)
    assert left.entry(last).outcome.why is Why.FAILED
    assert left.history.state.roster == (ALICE.controller,)


def test_majority_needs_three() -> None:
    """F15f: The barrier by majority is refused below three active controllers."""
    side = World().side()
    assert "needs 3" in side.refused(command("environment", "set", barrier="majority"))[0]
    three = roster_of_three(World())
    number = three.change(command("environment", "set", barrier="majority"))
    assert three.world.catalogue[number].kind is Kind.ROSTER
    assert three.history.policy(three.ids) is Policy.MAJORITY


def test_a_removal_that_leaves_two_ends_the_majority() -> None:
    """F15g: It sets all-active in the same ChangeSet; without that it would be set aside."""
    three = roster_of_three(World())
    _ = three.change(command("environment", "set", barrier="majority"))
    resolution = three.resolve(remove(CAROL))
    assert resolution.resolved[1] == command("environment", "set", barrier="all-active")
    effect = roster_effect(resolution.resolved)
    assert (effect.removed, effect.policy) == ((CAROL.controller,), Policy.ALL_ACTIVE)
    three.learn(1 << three.propose(resolution))
    assert three.history.policy(three.ids) is Policy.ALL_ACTIVE
    assert len(three.history.roster(three.ids)) == 2


def test_how_many_must_seal() -> None:
    """F15h: One under all-active, more than half under majority, all for the step between them."""
    assert [quorum(Policy.ALL_ACTIVE, size) for size in (1, 3, 5)] == [1, 1, 1]
    assert [quorum(Policy.MAJORITY, size) for size in (3, 4, 5)] == [2, 3, 3]
    assert change_quorum(Policy.ALL_ACTIVE, Policy.MAJORITY, 5) == 5
    assert change_quorum(Policy.MAJORITY, Policy.ALL_ACTIVE, 5) == 3
