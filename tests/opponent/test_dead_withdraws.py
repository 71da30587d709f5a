"""What the proposed rule is about, and that nothing falls with it."""

from collections import Counter

from mesh.environment.policy import Policy
from mesh.protocol.barrier import predicates
from mesh.wire.facts import NoReason
from tests.mesh.protocol.barrier.stage import Actor, Proposal, Stage, reason
from tests.opponent.dead_withdraws import explore, proposed


def stuck() -> tuple[Actor, Proposal]:
    """Under majority 1 and 3 sealed with all, 2 with 3 alone; 2 and 3 have provably said all."""
    stage = Stage(3, policy=Policy.MAJORITY)
    change = stage.propose(1, quorum=2)
    m = stage.actor(1).hear_all()
    _ = m.act()
    _ = stage.seal(2, change, (2, 3))
    _ = stage.seal(3, change, (1, 2, 3))
    for closed in (2, 3):
        _ = stage.boot(closed, proven=True)
    return m.see(1).hear_all(), change


def test_what_is_dead_may_stay_open() -> None:
    """As the rules are: 1 sealed a set in which nobody is in Nay, and waits for good."""
    m, change = stuck()
    assert predicates.is_dead(m.at, m.number_of(change))
    assert predicates.open_ids(m.at) == m.ids(change)
    assert m.would_say(change) is None


def test_the_proposed_rule_closes_it() -> None:
    """Nobody will ever release it, so a No breaks no promise."""
    with proposed(Counter()):
        m, change = stuck()
        assert reason(m.would_say(change)) is NoReason.WITHDRAW


def test_nothing_falls_with_the_proposed_rule() -> None:
    """Schedules with many starts; so rare is the case that they may well not meet it."""
    assert explore(range(12))["released"] > 0
