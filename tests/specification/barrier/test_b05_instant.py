"""B5: the instant, the same for all who know the same seals, and when it does not count."""

from mesh.protocol.barrier import Apply, Plan, SwapReason, is_late, plan
from mesh.protocol.barrier.instant import AHEAD_MAX_NS, Instant, instant_of
from mesh.wire.requests import Kind
from tests.mesh.protocol.barrier.stage import Stage, life, request

AT = Instant(wall_ns=1_000, guard_ns=100, members=(life(1),))


def test_the_instant_follows_the_last_seal_of_the_earliest_complete_set() -> None:
    """B5: T = min over complete S of max of the clocks of its seals, plus the guard."""
    stage = Stage(4)
    change = stage.propose(1)
    for who, members, clock_ns in (
        (1, (1, 2), 500),
        (2, (1, 2), 900),
        (3, (3, 4), 100),
        (4, (3, 4), 950),
        (3, (3,), 960),
        (1, (1, 2, 3), 10),
        (3, (1, 2), 5_000),
    ):
        _ = stage.seal(who, change, members, clock_ns)
    m = stage.actor(1).hear_all()
    instant = instant_of(m.at.ballot(m.number_of(change)))
    assert instant == Instant(900, 0, (life(1), life(2)))


def test_the_guard_is_named_by_the_author() -> None:
    """B5: the guard is part of the attempt, so all compute the same instant."""
    stage = Stage(1)
    m = stage.actor(1)
    _ = m.barrier.submit(request("x"), Kind.NORMAL, stage.now, guard_ns=77)
    applies = [action for action in m.act() if isinstance(action, Apply)]
    assert [each.instant for each in applies] == [Instant(77, 77, (life(1),))]


def test_nothing_complete_has_no_instant() -> None:
    """B5: what is applied without a complete set known here is shown at once."""
    stage = Stage(2)
    change = stage.propose(1)
    m = stage.actor(1).hear_all()
    assert instant_of(m.at.ballot(m.number_of(change))) is None
    assert plan(None, 0, clocks_close=True) == Plan(None, SwapReason.NEVER_SEALED)


def test_the_instant_counts_where_clocks_are_close() -> None:
    """B5: known to be close, T is kept; else the swap comes at once, with the reason."""
    assert plan(AT, 900, clocks_close=True) == Plan(1_000, SwapReason.INSTANT)
    assert plan(AT, 900, clocks_close=False) == Plan(None, SwapReason.CLOCKS)


def test_a_sealer_in_the_future_delays_nobody() -> None:
    """B5: T counts only up to own wall clock + guard + 1 s."""
    wall_ns = 1_000 - 100 - AHEAD_MAX_NS
    assert plan(AT, wall_ns, clocks_close=True) == Plan(1_000, SwapReason.INSTANT)
    assert plan(AT, wall_ns - 1, clocks_close=True) == Plan(None, SwapReason.AHEAD)


def test_a_swap_after_the_instant_is_late() -> None:
    """B5: later than T is late; T itself is not."""
    assert not is_late(AT, 1_000)
    assert is_late(AT, 1_001)


def test_h_and_applied_come_before_the_instant() -> None:
    """B5: what B6 allows is prepared at once: H and Applied do not wait for T."""
    stage = Stage(2)
    change = stage.propose(1)
    for who in (1, 2):
        _ = stage.seal(who, change, (1, 2), clock_ns=10**18)
    m = stage.actor(1).hear_all()
    _ = m.act()
    assert m.applied == [change.id]
    assert m.judge.ids == m.ids(change)
