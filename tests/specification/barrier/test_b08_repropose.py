"""B8: the same request again, by whom, when, and when not."""

import pytest

from mesh.protocol.barrier import Accepted, AlreadyKnown, Dropped, Refused, Timing, TooManyAttempts
from mesh.protocol.now import SECOND
from mesh.wire.facts import NoReason
from mesh.wire.requests import Base, Kind, decode_attempt
from tests.mesh.protocol.barrier.stage import (
    Actor,
    Stage,
    activate,
    item,
    latest,
    proposals,
    request,
)


def refused_author(why: NoReason, *, kind: Kind = Kind.NORMAL) -> tuple[Stage, Actor]:
    """An author whose ChangeSet controller 2 refused for a reason, before it did anything more."""
    stage = Stage(2)
    m = stage.actor(1)
    signed = request("r", activate(3)) if kind is Kind.ROSTER else request("r")
    _ = m.submit(signed, kind)
    _ = m.act()
    _ = stage.refuse(2, latest(m), why)
    return stage, m


@pytest.mark.parametrize(
    "why",
    [
        NoReason.BEHIND,
        NoReason.DIVERGED,
        NoReason.ROSTER,
        NoReason.BUSY,
        NoReason.PATIENCE,
    ],
)
def test_tried_again_after_what_time_heals(why: NoReason) -> None:
    """B8: a new attempt of the same tx: new id, time, parents, P and q."""
    stage, m = refused_author(why)
    _ = m.hear_all().act()
    stage.wait(SECOND)
    _ = m.act()
    first, second = proposals(m)
    assert first.request == second.request
    assert first.attempt_id != second.attempt_id
    assert decode_attempt(first.attempt).lamport < decode_attempt(second.attempt).lamport


@pytest.mark.parametrize(
    "why",
    [
        NoReason.INVALID,
        NoReason.VERSION,
        NoReason.DONE,
        NoReason.CONFLICT,
        NoReason.RIGHTS,
        NoReason.OPERATOR,
        NoReason.ENDED,
    ],
)
def test_not_tried_again_after_what_does_not_heal(why: NoReason) -> None:
    """B8: never for these; whatever else was said."""
    stage, m = refused_author(why)
    _ = m.hear_all().act()
    stage.wait(100 * SECOND)
    _ = m.act()
    assert len(proposals(m)) == 1


def test_roster_changes_are_tried_again() -> None:
    """B8: kinds normal and roster."""
    stage, m = refused_author(NoReason.BUSY, kind=Kind.ROSTER)
    _ = m.hear_all().act()
    stage.wait(SECOND)
    _ = m.act()
    assert len(proposals(m)) == 2


def test_merges_are_never_tried_again() -> None:
    """B8: a new merge is a new request; the refused one is not taken up again, ever."""
    stage = Stage(2)
    here, there = stage.propose(1, among=(1,)), stage.propose(2, among=(2,))
    stage.release(here, (1,))
    stage.release(there, (2,))
    m = stage.actor(1).has_applied(here)
    _ = m.act()
    first = latest(m)
    assert first.attempt.kind is Kind.MERGE
    _ = stage.refuse(2, first, NoReason.BEHIND)
    _ = m.hear_all().act()
    second = latest(m)
    _ = stage.seal(2, second, (1, 2))
    _ = m.hear_all().act()
    assert m.applied[-1] == second.id
    stage.wait(SECOND)
    _ = m.see(1).act()
    stage.wait(SECOND)
    _ = m.act()
    assert [each.request.tx for each in proposals(m)].count(first.tx) == 1


def test_only_once_the_author_is_in_nay() -> None:
    """B8: while a set with the author may still complete, there is no second attempt."""
    stage = Stage(3)
    m = stage.actor(1)
    _ = m.submit(request("r"))
    _ = m.act()
    _ = m.see(1, 2).act()
    _ = stage.refuse(3, latest(m), NoReason.BEHIND)
    _ = m.hear_all().act()
    stage.wait(SECOND)
    _ = m.act()
    assert len(proposals(m)) == 1


def test_not_while_something_is_left_to_apply_join_or_merge() -> None:
    """B8: m first takes in what was released meanwhile."""
    stage, m = refused_author(NoReason.BEHIND)
    below = stage.propose(2, among=(2,))
    other = stage.propose(2, below, among=(2,))
    stage.release(other, (2,))
    _ = m.hear_all().act()
    stage.wait(SECOND)
    _ = m.act()
    assert len(proposals(m)) == 1
    stage.release(below, (2,))
    _ = m.hear_all().act()
    stage.wait(SECOND)
    _ = m.act()
    assert len(proposals(m)) == 2


def test_not_when_the_request_went_through_elsewhere() -> None:
    """B8: an attempt of another is released: done."""
    stage, m = refused_author(NoReason.BEHIND)
    signed = proposals(m)[0].request
    again = stage.propose(2, signed=signed)
    stage.release(again, (2,))
    _ = m.hear_all().act()
    stage.wait(SECOND)
    _ = m.act()
    assert len(proposals(m)) == 1


def test_not_when_a_newer_attempt_exists() -> None:
    """B8: whoever made the newer one carries it through."""
    stage, m = refused_author(NoReason.BEHIND)
    _ = stage.propose(2, signed=proposals(m)[0].request)
    _ = m.hear_all().act()
    stage.wait(SECOND)
    _ = m.act()
    assert len(proposals(m)) == 1


def test_attempts_are_bounded() -> None:
    """B8: after so many the request is given up, and the user hears it."""
    stage = Stage(2, timing=Timing(repropose_ns=1, attempts_max=3))
    m = stage.actor(1)
    signed = request("r")
    _ = m.submit(signed)
    for _ in range(5):
        _ = m.act()
        _ = stage.refuse(2, latest(m), NoReason.BEHIND)
        _ = m.hear_all().act()
        stage.wait(SECOND)
    assert len(proposals(m)) == 3
    assert Dropped(signed.tx, TooManyAttempts(signed.tx, 3)) in m.actions


def test_the_back_off_is_random_and_doubles() -> None:
    """B8: between half and one and a half times the mean, which doubles with each attempt."""
    delays: list[list[int]] = []
    for seed in range(20):
        stage = Stage(2, timing=Timing(repropose_ns=1_000))
        m = stage.actor(1, seed)
        _ = m.submit(request("r"))
        found: list[int] = []
        for _ in range(3):
            _ = m.act()
            _ = stage.refuse(2, latest(m), NoReason.BEHIND)
            _ = m.hear_all().act()
            due_ns = m.barrier.deadline_ns
            assert due_ns is not None
            found.append(due_ns - stage.now.monotonic_ns)
            stage.wait(found[-1])
        delays.append(found)
    for attempt in range(3):
        mean = 1_000 << attempt
        seen = [found[attempt] for found in delays]
        assert all(mean // 2 <= delay < mean // 2 + mean for delay in seen)
        assert len(dict.fromkeys(seen)) > 10


def test_a_conflict_that_came_up_meanwhile_ends_it() -> None:
    """B8, B1: what m would refuse on today's history is not proposed again; the user hears why."""
    stage = Stage(2)
    m = stage.actor(1)
    signed = request("r", item("x"), (Base(("x",), None),))
    _ = m.submit(signed)
    _ = m.act()
    _ = stage.refuse(2, latest(m), NoReason.BEHIND)
    other = stage.propose(2, signed=request("o", item("x"), (Base(("x",), None),)))
    stage.release(other, (1, 2))
    _ = m.hear_all().act()
    stage.wait(SECOND)
    _ = m.act()
    dropped = [action for action in m.actions if isinstance(action, Dropped)]
    assert [type(each.why) for each in dropped] == [Refused]
    assert len(proposals(m)) == 1


def test_after_the_end_of_the_author_anybody_at_the_users_request() -> None:
    """B8: the author's incarnation has ended: another proposes the same tx when asked."""
    stage = Stage(2)
    change = stage.propose(2)
    m = stage.actor(1).hear_all()
    signed = change.propose.request
    assert m.submit(signed) == AlreadyKnown(signed.tx, m.number_of(change))
    _ = stage.boot(2, proven=True)
    _ = m.hear_all().see(1, 2)
    assert isinstance(m.submit(signed), Accepted)
    _ = m.act()
    assert proposals(m)[-1].request == signed


def test_nobody_else_does_it_by_itself() -> None:
    """B8: nobody but the author proposes again unasked."""
    stage = Stage(2)
    change = stage.propose(2)
    _ = stage.refuse(2, change, NoReason.BEHIND)
    m = stage.actor(1).hear_all()
    _ = m.act()
    stage.wait(100 * SECOND)
    _ = m.act()
    assert proposals(m) == []
