"""B2: the first answer to a ChangeSet: the first line that fits, from a to i, and B4 after it."""

import pytest

from mesh.environment.policy import Policy
from mesh.protocol.barrier import Word
from mesh.protocol.barrier.skip import skip_record
from mesh.wire.facts import NoReason
from mesh.wire.requests import Base, Command, Kind, SignedRequest
from tests.mesh.protocol.barrier.stage import (
    PATIENCE_NS,
    Stage,
    activate,
    item,
    reason,
    request,
    sealed,
)


def test_nobody_answers_who_does_not_take_part() -> None:
    """B2: m says something only if its current incarnation is in P."""
    stage = Stage(3)
    change = stage.propose(1, among=(1, 2))
    assert stage.actor(3).hear_all().would_say(change) is None


def test_a_known_naysayer_is_joined() -> None:
    """B2a: Nay is not empty: No(nay), whatever else may hold."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.refuse(2, change)
    assert reason(stage.actor(3).hear_all().would_say(change)) is NoReason.NAY


def test_a_request_that_went_through_is_done() -> None:
    """B2b: another attempt of the same tx is released: No(done)."""
    stage = Stage(2)
    signed = request("once")
    first = stage.propose(1, signed=signed)
    second = stage.propose(2, signed=signed)
    stage.release(first, (1,))
    assert reason(stage.actor(2).hear_all().would_say(second)) is NoReason.DONE


def test_a_naysayer_comes_before_done() -> None:
    """B2a, B2b: of several lines that fit the first one is said."""
    stage = Stage(3)
    signed = request("once")
    first, second = stage.propose(1, signed=signed), stage.propose(2, signed=signed)
    stage.release(first, (1,))
    _ = stage.refuse(1, second)
    assert reason(stage.actor(3).hear_all().would_say(second)) is NoReason.NAY


def test_a_roster_change_is_in_the_way() -> None:
    """B2c: what B11 says comes before the order: here No(roster), although it is also behind."""
    stage = Stage(2)
    old = stage.propose(1)
    roster = stage.propose(2, kind=Kind.ROSTER, signed=request("roster", activate(3)))
    stage.release(roster, (1, 2))
    m = stage.actor(2).has_applied(roster)
    assert reason(m.would_say(old)) is NoReason.ROSTER


def test_below_the_frontier_is_behind() -> None:
    """B2d: something with a higher timestamp is applied here: No(behind)."""
    stage = Stage(2)
    early, late = stage.propose(1), stage.propose(2)
    stage.release(late, (1, 2))
    m = stage.actor(2).has_applied(late)
    assert reason(m.would_say(early)) is NoReason.BEHIND


def test_an_author_that_lacks_some_of_my_base_is_behind() -> None:
    """B2e: something in m's base is not below it, and its author is not bound to that."""
    stage = Stage(3)
    mine = stage.propose(2, among=(2, 3))
    stage.release(mine, (2, 3))
    change = stage.propose(1)
    m = stage.actor(2).has_applied(mine)
    assert reason(m.would_say(change)) is NoReason.BEHIND
    stage.apply(1, mine)
    assert m.hear_all().would_say(change) == sealed(m, change, 1, 2, 3)


def test_what_lies_below_an_open_one_belongs_to_base() -> None:
    """B2e: base counts the ancestors of what m has sealed, before they are applied."""
    stage = Stage(3)
    low = stage.propose(2, among=(2, 3))
    high = stage.propose(2, low, among=(2, 3))
    stage.release(low, (2,))
    _ = stage.seal(3, high, (2, 3))
    change = stage.propose(1)
    assert reason(stage.actor(3).hear_all().would_say(change)) is NoReason.BEHIND


def test_unreleased_ancestors_are_waited_for() -> None:
    """B2f: an ancestor that is not released here: wait for facts."""
    stage = Stage(2)
    low = stage.propose(1)
    high = stage.propose(1, low)
    m = stage.actor(2).hear_all()
    assert m.would_say(high) is None
    stage.release(low, (1, 2))
    assert m.hear_all().would_say(high) == sealed(m, high, 1, 2)


def test_unknown_ancestors_are_waited_for() -> None:
    """B2f: an ancestor of which not even the proposal is held: wait for facts."""
    stage = Stage(2)
    low = stage.propose(2)
    high = stage.propose(1, low)
    m = stage.actor(2).hear(high.fact)
    assert m.would_say(high) is None


def test_ancestors_that_are_mine_do_not_hold_up() -> None:
    """B2f: an ancestor that is mine will be applied: seal at once."""
    stage = Stage(2)
    low = stage.propose(1)
    stage.release(low, (1, 2))
    high = stage.propose(1, low)
    m = stage.actor(2).hear_all()
    assert m.would_say(high) == sealed(m, high, 1, 2)


def test_ancestors_that_will_be_joined_are_waited_for() -> None:
    """B2f: an ancestor that is joinable is joined first."""
    stage = Stage(2)
    low = stage.propose(1, among=(1,))
    stage.release(low, (1,))
    high = stage.propose(1, low)
    m = stage.actor(2).hear_all()
    assert m.would_say(high) is None
    m = m.has_applied(low)
    assert m.would_say(high) == sealed(m, high, 1, 2)


def test_ancestors_that_are_never_joined_are_refused() -> None:
    """B2f: an ancestor that is neither mine nor joinable: No(diverged)."""
    stage = Stage(3)
    mine = stage.propose(2, among=(2,))
    stage.release(mine, (2,))
    other = stage.propose(3, among=(3,))
    stage.release(other, (3,))
    stage.apply(1, mine)
    high = stage.propose(1, other)
    m = stage.actor(2).has_applied(mine)
    assert reason(m.would_say(high)) is NoReason.DIVERGED


def test_a_merge_may_have_anything_released_below_it() -> None:
    """B2f: for a merge it is enough that all below it is released."""
    stage = Stage(2)
    mine, other = stage.propose(2, among=(2,)), stage.propose(1, among=(1,))
    stage.release(mine, (2,))
    merge = stage.propose(1, mine, other, kind=Kind.MERGE)
    m = stage.actor(2).has_applied(mine)
    assert m.would_say(merge) is None
    stage.release(other, (1,))
    assert m.hear_all().would_say(merge) == sealed(m, merge, 1, 2)


@pytest.mark.parametrize(
    ("group", "why"), [("broken", NoReason.INVALID), ("future", NoReason.VERSION)]
)
def test_what_is_wrong_or_not_understood_is_refused(group: str, why: NoReason) -> None:
    """B2g: invalid, or of a version that m cannot fold."""
    stage = Stage(2)
    change = stage.propose(1, signed=request("bad", (Command(group, "", {}),)))
    assert reason(stage.actor(2).hear_all().would_say(change)) is why


UNREADABLE = [
    (b"\x8d\x01 of tomorrow", NoReason.VERSION),
    (b"a request in another language altogether", NoReason.VERSION),
    (b"\x8d\x00 of today, and damaged", NoReason.INVALID),
]


@pytest.mark.parametrize(("raw", "why"), UNREADABLE)
def test_a_request_that_cannot_be_read_is_answered(raw: bytes, why: NoReason) -> None:
    """B2g: the attempt says who takes part; so its author is told, and is not kept waiting."""
    stage = Stage(2)
    change = stage.propose(1, signed=SignedRequest(raw, bytes(64)))
    m = stage.actor(2).hear_all()
    _ = m.act()
    assert [reason(body) for body in m.said(change)] == [why]
    assert m.barrier.status(m.number_of(change)).word is Word.CANCELLED_HERE


def test_what_cannot_be_read_is_not_waited_for() -> None:
    """B2g before B2f: what is missing below it would not make it readable."""
    stage = Stage(3)
    below = stage.propose(1)
    change = stage.propose(1, below, signed=SignedRequest(UNREADABLE[0][0], bytes(64)))
    m = stage.actor(2).hear(change.fact)
    assert reason(m.would_say(change)) is NoReason.VERSION
    assert reason(m.see(2).would_say(change)) is NoReason.VERSION


def test_a_merge_that_cannot_be_read_has_no_operator_behind_it() -> None:
    """B10: it lets in nothing that only an operator may let in."""
    stage = Stage(2)
    merge = stage.propose(1, kind=Kind.MERGE, signed=SignedRequest(UNREADABLE[0][0], bytes(64)))
    m = stage.actor(2).hear_all()
    assert not m.judge.has_operator(m.catalogue[m.number_of(merge)])


def test_the_operator_refuses() -> None:
    """B2g: the operator says so; too late once m has sealed."""
    stage = Stage(2)
    change, late = stage.propose(1), stage.propose(1)
    _ = stage.seal(2, late, (1, 2))
    m = stage.actor(2).hear_all()
    assert m.barrier.refuse(change.tx)
    assert not m.barrier.refuse(late.tx)
    assert not m.barrier.refuse(bytes(32))
    assert reason(m.would_say(change)) is NoReason.OPERATOR
    assert m.would_say(late) is None


def test_an_author_that_ended_is_refused() -> None:
    """B2g: a Boot that ends the author's incarnation is known: No(ended)."""
    stage = Stage(2)
    change = stage.propose(1)
    _ = stage.boot(1, proven=False)
    assert reason(stage.actor(2).hear_all().would_say(change)) is NoReason.ENDED


def test_a_base_that_was_written_since_is_in_conflict() -> None:
    """B2g: No(conflict) names the key and the ChangeSet that changed it."""
    stage = Stage(2)
    first = stage.propose(1, signed=request("a", item("x"), (Base(("x",), None),)))
    second = stage.propose(2, first, signed=request("b", item("x"), (Base(("x",), None),)))
    stage.release(first, (1, 2))
    no = stage.actor(2).hear_all().would_say(second)
    assert reason(no) is NoReason.CONFLICT
    assert getattr(no, "key", None) == Base(("x",), first.tx)


def test_of_two_conflicting_at_once_the_later_one_falls() -> None:
    """B2g: only what is lower counts, the open included: so at most one of two falls."""
    stage = Stage(2)
    first = stage.propose(1, signed=request("a", item("x"), (Base(("x",), None),)))
    second = stage.propose(2, signed=request("b", item("x"), (Base(("x",), None),)))
    _ = stage.seal(1, second, (1, 2))
    _ = stage.seal(2, first, (1, 2))
    high_open, low_open = stage.actor(1).hear_all(), stage.actor(2).hear_all()
    assert high_open.would_say(first) == sealed(high_open, first, 1, 2)
    assert reason(low_open.would_say(second)) is NoReason.CONFLICT


@pytest.mark.parametrize(
    ("quorum", "participants", "parents"),
    [(2, (1, 2), 0), (0, (1, 2), 0), (1, (2, 3), 0), (1, (1, 2, 4), 0), (1, (1, 2), 1)],
    ids=["q too high", "q of none", "author left out", "not in the roster", "before its parent"],
)
def test_a_wrong_envelope_is_invalid(
    quorum: int, participants: tuple[int, ...], parents: int
) -> None:
    """B2g: q, P, author and parents must be right, as the roster below the attempt has it."""
    stage = Stage(4, roster=(1, 2, 3))
    below = [stage.propose(1, lamport=1_000) for _ in range(parents)]
    for parent in below:
        stage.release(parent, (1, 2, 3))
    change = stage.propose(
        1, *below, among=participants, quorum=quorum, lamport=900 if parents else None
    )
    m = stage.actor(2).hear_all()
    assert reason(m.would_say(change)) is NoReason.INVALID


def test_seal_with_exactly_those_seen_alive() -> None:
    """B2h: T = V and P, current incarnations only."""
    stage = Stage(4)
    change = stage.propose(1, among=(1, 2, 3))
    m = stage.actor(1).hear_all().see(1, 2, 4)
    assert m.would_say(change) == sealed(m, change, 1, 2)


def test_ended_lives_are_not_alive() -> None:
    """B2h: a life that a later Boot ended is not in T, although the detector still shows it."""
    stage = Stage(3)
    change = stage.propose(1)
    m = stage.actor(1).see(1, 2, 3)
    _ = stage.write(3, skip_record(change.id))
    _ = stage.boot(3, proven=False)
    assert m.hear_all().would_say(change) == sealed(m, change, 1, 2)


def test_fewer_than_q_alive_is_waited_for() -> None:
    """B2h: fewer than q: wait, and seal when enough are there."""
    stage = Stage(3, policy=Policy.MAJORITY)
    change = stage.propose(1, quorum=2)
    m = stage.actor(1).hear_all().see(1)
    assert m.would_say(change) is None
    assert m.see(1, 3).would_say(change) == sealed(m, change, 1, 3)


def test_patience_ends_the_waiting() -> None:
    """B2i: patience runs on m's own clock from when it first held the proposal."""
    stage = Stage(3, policy=Policy.MAJORITY)
    stage.wait(5_000)
    change = stage.propose(1, quorum=2)
    m = stage.actor(1).see(1).hear_all()
    assert m.act() == []
    assert m.barrier.deadline_ns == 5_000 + PATIENCE_NS
    stage.wait(PATIENCE_NS - 1)
    assert m.act() == []
    stage.wait(1)
    _ = m.act()
    assert reason(m.said(change)[-1]) is NoReason.PATIENCE


def test_patience_over_does_not_forbid_a_seal() -> None:
    """B2i: patience ends waiting and nothing else: who may seal seals."""
    stage = Stage(2)
    change = stage.propose(1)
    m = stage.actor(2).hear_all()
    stage.wait(2 * PATIENCE_NS)
    assert m.would_say(change) == sealed(m, change, 1, 2)


def test_patience_has_no_effect_after_sealing() -> None:
    """B2i: who has sealed waits for ever."""
    stage = Stage(2)
    change = stage.propose(1)
    m = stage.actor(2).hear_all()
    _ = m.act()
    assert m.said(change) == [sealed(m, change, 1, 2)]
    stage.wait(10 * PATIENCE_NS)
    assert m.act() == []
    assert m.would_say(change) is None


def test_nothing_is_said_after_no() -> None:
    """B4: after No nothing more about it, whatever arrives."""
    stage = Stage(3)
    change = stage.propose(1)
    _ = stage.refuse(2, change)
    m = stage.actor(3).hear_all()
    _ = m.act()
    assert [reason(said) for said in m.said(change)] == [NoReason.NAY]
    _ = stage.seal(1, change, (1, 3))
    assert m.hear_all().see(1, 3).act() == []


def test_nothing_but_applied_after_the_release() -> None:
    """B4: after the release only Applied."""
    stage = Stage(3)
    change = stage.propose(1)
    stage.release(change, (1, 2))
    m = stage.actor(3).hear_all()
    _ = m.act()
    assert m.said(change) == []
    assert m.applied == [change.id]
