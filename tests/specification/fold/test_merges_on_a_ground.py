"""Merges where the history has been summed up: what lies below is asked for in the ground."""

from dataclasses import replace

from mesh.protocol.catalogue import Catalogue
from mesh.protocol.ground import Fate, Ground
from mesh.protocol.history import Standing, Why
from mesh.protocol.terms import Terms
from mesh.wire.identity import Timestamp
from mesh.wire.requests import Base, Kind
from tests.mesh.protocol.history.world import ALICE, BOB, ENVIRONMENT, OPERATOR, Side, World, item

_LATER = 10
"""A Lamport time above the ground."""


def _summed_up(side: Side, fate: Fate) -> World:
    """A world that stands on what ``side`` has, of which the last came to ``fate``."""
    log = tuple(side.history.log())
    fates = [Fate.EFFECTIVE] * (len(log) - 1) + [fate]
    ground = Ground(
        environment=ENVIRONMENT,
        height=1,
        through=Timestamp(_LATER - 1, ALICE),
        attempts=b"".join(each.attempt_id for each in log),
        txs=b"".join(each.tx for each in log),
        fates=bytes(fates),
        state=side.history.state_hash,
        entries=tuple(side.history.state.entries()),
    )
    return World(Catalogue(ground))


def test_what_was_built_on_the_ground_is_disputed() -> None:
    """F13l: Two who changed what was last written below a checkpoint are a dispute like others."""
    below = World().side()
    _ = below.change(item("a", 0))
    left = _summed_up(below, Fate.EFFECTIVE).side()
    right = left.fork(BOB)
    one = left.change(item("a", 1), lamport=_LATER)
    two = right.change(item("a", 2), lamport=_LATER + 1)
    report = left.history.plan_merge(left.ids | right.ids, lambda _: 1).report
    assert [(each.earlier, each.later) for each in report] == [(left.tx(one), right.tx(two))]
    _ = left.merge(right, keep=(right.tx(two),))
    assert left.item("a") == 2


def test_what_fell_below_the_ground_carries_nothing() -> None:
    """F13l: What was built on something that the ground has set aside falls with it."""
    below = World().side()
    fallen = below.tx(below.change(item("a", 0)))
    left = _summed_up(below, Fate.SET_ASIDE).side()
    right = left.fork(BOB)
    _ = left.change(item("a", 1), lamport=_LATER, force=True)
    resolution = right.resolve(item("a", 2))
    built = replace(resolution, base=(Base(("item", "a"), fallen),))
    right.learn(1 << right.propose(built, lamport=_LATER + 1))
    assert left.history.plan_merge(left.ids | right.ids, lambda _: 1).report == ()


def test_what_a_checkpoint_closed_no_merge_decides() -> None:
    """G19: Also where a merge was there first, and those who judge it still hold what is below."""
    world = World()
    base = world.side()
    left, right = base.fork(ALICE), base.fork(BOB)
    one = left.change(item("a", 1), lamport=5)
    _ = right.change(item("a", 2), lamport=6)
    sides = left.ids | right.ids
    plan = left.history.plan_merge(sides, lambda _: 1, keep=(left.tx(one),))
    first = left.merge_with(plan.commands, sides, signer=OPERATOR)
    second = right.merge_with(plan.commands, sides, signer=OPERATOR)
    assert second > first
    left.learn(1 << second)
    assert left.entry(second).outcome.standing is Standing.EFFECTIVE
    through = world.catalogue[first].timestamp
    assert through < world.catalogue[second].timestamp
    terms = Terms(through, bytes(32), bytes(32), ()).command
    _ = left.merge_with((terms,), left.ids, kind=Kind.CHECKPOINT)
    assert left.entry(second).outcome.why is Why.FAILED
    assert left.entry(first).outcome.standing is Standing.EFFECTIVE
    assert left.item("a") == 1
