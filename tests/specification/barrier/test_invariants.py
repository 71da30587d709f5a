"""The invariants: each with a history that breaks it, which the checker must see."""

from collections.abc import Callable

import pytest

from mesh.protocol.barrier.skip import skip_record
from mesh.wire.facts import Applied, Fact, Propose
from simulations.checkers.barrier import BarrierChecker, Rest
from tests.mesh.protocol.barrier.stage import Stage, key, request


def check(
    stage: Stage,
    *,
    disturbed: bool = True,
    majority: bool = False,
    held: Callable[[Fact], bool] = lambda _: True,
) -> list[str]:
    """The letters of the invariants that the facts on ``stage`` break."""
    checker = BarrierChecker(majority=majority)
    if disturbed:
        checker.disturbed("the test says so")
    for who in stage.lives.values():
        checker.saw(who, stage.lives.values())
    feed(checker, stage, held)
    return [violation.split(":")[0] for violation in checker.violations()]


def feed(checker: BarrierChecker, stage: Stage, held: Callable[[Fact], bool]) -> None:
    """Tell the checker what was written, in order."""
    chains = [fact for chain in stage.chains.values() for fact in chain]
    for fact in sorted(chains, key=lambda fact: fact.content.lamport):
        for who in stage.lives.values():
            if isinstance(fact.body, Propose) and held(fact):
                checker.held(who.controller, fact)
        checker.written(fact)


def test_a_calm_run_breaks_nothing() -> None:
    """W, NF, D, O, H, Q, M: three ChangeSets in a calm group."""
    stage = Stage(3)
    actors = [stage.actor(number) for number in stage.lives]
    for actor in actors:
        _ = actor.submit(request(f"by {actor.number}"))
    stage.settle()
    assert all(len(actor.applied) == 3 for actor in actors)
    assert check(stage, disturbed=False, majority=True) == []


@pytest.mark.parametrize("late", [True, False], ids=["No after", "No before"])
def test_w(*, late: bool) -> None:
    """W: who is in a complete set never says No to it, before or after."""
    stage = Stage(3)
    change = stage.propose(1)
    if not late:
        _ = stage.refuse(1, change)
    stage.release(change, (1, 2))
    if late:
        _ = stage.refuse(1, change)
    assert check(stage) == ["W"]


def test_nf() -> None:
    """NF: released without somebody who said No, although all of the set saw him."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.refuse(3, change)
    stage.release(change, (1, 2))
    assert check(stage) == ["NF"]


def test_nf_not_where_he_was_suspected() -> None:
    """NF: where one of the set did not see him when it sealed, the No was not there for it."""
    stage = Stage(3)
    change = stage.propose(1)
    stage.release(change, (1, 2))
    _ = stage.refuse(3, change)
    checker = BarrierChecker()
    checker.disturbed("a suspicion")
    checker.saw(stage.lives[1], [stage.lives[1], stage.lives[2]])
    checker.saw(stage.lives[2], stage.lives.values())
    feed(checker, stage, lambda _: True)
    assert checker.violations() == []


def test_nf_not_where_he_had_ended() -> None:
    """NF: a Boot says that he was gone, though he still looks alive."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.refuse(3, change)
    old = stage.lives[3]
    _ = stage.boot(3, proven=False)
    stage.release(change, (1, 2))
    checker = BarrierChecker()
    checker.disturbed("a restart")
    for number in (1, 2):
        checker.saw(stage.lives[number], [old, *stage.lives.values()])
    feed(checker, stage, lambda _: True)
    assert checker.violations() == []


def test_d() -> None:
    """D: a seal by who does not hold the proposal."""
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.seal(2, change, (1, 2))
    assert check(stage, held=lambda _: False) == ["D"]


def test_o() -> None:
    """O: the lower one applied after the higher one, by who is in the complete sets of both."""
    stage = Stage(2)
    low, high = stage.propose(1), stage.propose(2)
    for change in (low, high):
        stage.release(change, (1, 2))
    stage.apply(1, high, low)
    assert check(stage) == ["O"]


def test_o_not_where_it_was_skipped() -> None:
    """O: what was recorded as skipped may come late."""
    stage = Stage(2)
    low, high = stage.propose(1), stage.propose(2)
    stage.release(high, (1, 2))
    _ = stage.write(1, skip_record(low.id))
    stage.apply(1, high)
    stage.release(low, (1, 2))
    stage.apply(1, low)
    assert check(stage) == []


def test_o_not_where_it_is_joined_late() -> None:
    """O: what others released without m is joined whenever it becomes known."""
    stage = Stage(2)
    low, high = stage.propose(1), stage.propose(2)
    stage.release(high, (1, 2))
    stage.release(low, (1,))
    stage.apply(2, high, low)
    assert check(stage) == []


def test_h_released() -> None:
    """H: what is applied is released."""
    stage = Stage(2)
    change = stage.propose(1)
    stage.apply(1, change)
    assert check(stage) == ["H"]
    _ = stage.write(2, Applied(bytes(32)))
    assert check(stage) == ["H", "H"]


def test_h_closed() -> None:
    """H: what is below is applied, too."""
    stage = Stage(2)
    low = stage.propose(1)
    high = stage.propose(1, low)
    for change in (low, high):
        stage.release(change, (1, 2))
    stage.apply(1, high)
    assert check(stage) == ["H"]


def test_q_no() -> None:
    """Q: where nothing was disturbed, nobody says No."""
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.refuse(2, change)
    assert check(stage, disturbed=False) == ["Q"]


def test_q_order() -> None:
    """Q: where nothing was disturbed, nothing is applied late, and all apply in one order."""
    stage = Stage(3)
    low, high = stage.propose(1), stage.propose(2)
    for change in (low, high):
        stage.release(change, (1, 2))
    stage.apply(1, low, high)
    stage.apply(3, high, low)
    assert "Q" in check(stage, disturbed=False)
    assert check(stage) == []


def test_m() -> None:
    """M: under majority two unrelated ones are released by sets that meet."""
    stage = Stage(4)
    left, right = stage.propose(1, quorum=2), stage.propose(3, quorum=2)
    stage.release(left, (1, 2))
    stage.release(right, (3, 4))
    assert check(stage, majority=True) == ["M"]
    assert check(stage) == []


def test_m_not_where_one_is_below_the_other() -> None:
    """M: an ancestor may have been released by others."""
    stage = Stage(4)
    low = stage.propose(1, quorum=2)
    high = stage.propose(3, low, quorum=2)
    stage.release(low, (1, 2))
    stage.release(high, (3, 4))
    assert check(stage, majority=True) == []


def test_rest() -> None:
    """At rest: equal H with all that is released, all decided, each tx once, one state."""
    stage = Stage(2)
    released, open_one = stage.propose(1), stage.propose(1)
    stage.release(released, (1, 2))
    for who in (1, 2):
        stage.apply(who, released)
    checker = BarrierChecker()
    feed(checker, stage, lambda _: True)
    _ = checker.violations()

    def rest(who: int, **changes: object) -> Rest:
        known = frozenset({released.id})
        values = {
            "me": stage.lives[who],
            "history": known,
            "released": known,
            "excused": frozenset({open_one.id}),
            "effective": (released.tx,),
            "state": b"s",
        }
        return Rest(**{**values, **changes})  # type: ignore[arg-type]  # its own fields

    assert checker.at_rest([rest(1), rest(2)]) == []
    wrongs: tuple[dict[str, object], ...] = (
        {"history": frozenset(), "state": b""},
        {"excused": frozenset()},
        {"effective": (released.tx, released.tx)},
        {"state": b"t"},
    )
    for wrong in wrongs:
        assert checker.at_rest([rest(1), rest(2, **wrong)]) != []


def test_rest_knows_what_was_never_said() -> None:
    """At rest: what a running life has in H it has said; a restart begins anew."""
    stage = Stage(1)
    checker = BarrierChecker()
    checker.applied(key(1), [b"x" * 32])
    rest = Rest(stage.lives[1], frozenset(), frozenset(), frozenset(), (), b"")
    assert len(checker.at_rest([rest])) == 1
    checker.written(stage.boot(1, proven=True))
    assert checker.at_rest([rest]) == []


def test_a_lost_disk_excuses_the_order() -> None:
    """O: who lost his disk applies everything anew."""
    stage = Stage(2)
    low, high = stage.propose(1), stage.propose(2)
    for change in (low, high):
        stage.release(change, (1, 2))
    stage.apply(1, low, high)
    checker = BarrierChecker()
    checker.disturbed("a lost disk")
    feed(checker, stage, lambda _: True)
    checker.wiped(key(1))
    for change in (high, low):
        checker.written(stage.write(1, Applied(change.id)))
    assert checker.violations() == []
