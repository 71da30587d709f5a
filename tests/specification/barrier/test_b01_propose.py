"""B1: what may be proposed, what waits in the queue, and what is refused on the spot."""

from mesh.environment.policy import Policy
from mesh.protocol.barrier import Accepted, AlreadyKnown, Dropped, NoQuorum, OutOfPatience, Refused
from mesh.wire.facts import NoReason
from mesh.wire.requests import Base, Command, Kind, decode_attempt
from tests.mesh.protocol.barrier.stage import (
    PATIENCE_NS,
    Stage,
    activate,
    item,
    life,
    proposals,
    request,
)


def test_an_attempt_names_h_p_and_q() -> None:
    """B1: parents are the heads of H, P the current lives of roster and view, q by the policy."""
    stage = Stage(4, policy=Policy.MAJORITY)
    below = stage.propose(1, quorum=3)
    stage.release(below, (1, 2, 3, 4))
    m = stage.actor(1).has_applied(below).see(1, 2, 4)
    assert isinstance(m.submit(request("new")), Accepted)
    _ = m.act()
    attempt = decode_attempt(proposals(m)[-1].attempt)
    assert attempt.parents == (below.id,)
    assert attempt.participants == (life(1), life(2), life(4))
    assert attempt.quorum == 3
    assert attempt.lamport > below.attempt.lamport


def test_no_quorum_is_answered_at_once_and_without_a_fact() -> None:
    """B1: fewer than q participants: the user hears so at once, nothing is written."""
    stage = Stage(3, policy=Policy.MAJORITY)
    m = stage.actor(1).see(1)
    answer = m.submit(request("new"))
    assert isinstance(answer, NoQuorum)
    assert (answer.live, answer.needed) == ((life(1),), 2)
    assert m.act() == []


def test_an_author_outside_the_roster_has_no_quorum() -> None:
    """B1: only who is in P proposes."""
    stage = Stage(3, roster=(1, 2))
    m = stage.actor(3)
    assert isinstance(m.submit(request("new")), NoQuorum)
    assert m.act() == []


def test_what_the_author_would_refuse_for_its_place_waits() -> None:
    """B1: what m itself would answer with No under B2c to B2f is queued, and proposed later."""
    stage = Stage(2)
    roster = stage.propose(2, kind=Kind.ROSTER, signed=request("roster", activate(3)))
    m = stage.actor(1).hear_all()
    _ = m.act()
    signed = request("new")
    assert isinstance(m.submit(signed), Accepted)
    _ = m.act()
    assert list(m.barrier.queued) == [signed.tx]
    stage.release(roster, (2,))
    _ = stage.seal(2, roster, (1, 2))
    _ = m.hear_all().act()
    assert list(m.barrier.queued) == []
    assert proposals(m)[-1].request == signed


def test_what_waits_makes_those_behind_it_wait() -> None:
    """B1: a roster change finds its quiet moment although others are submitted after it."""
    stage = Stage(2)
    m = stage.actor(1)
    _ = m.submit(request("first"))
    _ = m.act()
    roster, later = request("roster", activate(3)), request("later")
    assert isinstance(m.submit(roster, Kind.ROSTER), Accepted)
    assert isinstance(m.submit(later), Accepted)
    _ = m.act()
    assert m.barrier.queued == (roster.tx, later.tx)


def test_what_waits_too_long_is_given_up() -> None:
    """B1: a request waits in the queue no longer than its patience."""
    stage = Stage(2)
    _ = stage.propose(
        2, kind=Kind.ROSTER, signed=request("roster", activate(3), patience_ns=10**15)
    )
    m = stage.actor(1).hear_all()
    _ = m.act()
    signed = request("new")
    _ = m.submit(signed)
    _ = m.act()
    assert m.barrier.deadline_ns == PATIENCE_NS
    stage.wait(PATIENCE_NS)
    assert Dropped(signed.tx, OutOfPatience(signed.tx)) in m.act()


def test_what_the_author_finds_wrong_is_refused_at_submit() -> None:
    """B1: under B2g nothing is proposed, and the user hears why."""
    stage = Stage(2)
    m = stage.actor(1)
    answer = m.submit(request("bad", (Command("broken", "", {}),)))
    assert isinstance(answer, Refused)
    assert answer.objection.why is NoReason.INVALID
    stale = request("stale", item("x"), (Base(("x",), b"\x07" * 32),))
    answer = m.submit(stale)
    assert isinstance(answer, Refused)
    assert answer.objection.why is NoReason.CONFLICT
    assert m.act() == []


def test_a_tx_that_is_on_its_way_is_not_proposed_twice() -> None:
    """B1, B8: the same request again, an attempt being pending or through: nothing is done."""
    stage = Stage(2)
    m = stage.actor(1)
    signed = request("new")
    _ = m.submit(signed)
    assert m.submit(signed) == AlreadyKnown(signed.tx, None)
    _ = m.act()
    assert m.submit(signed) == AlreadyKnown(signed.tx, 0)
    _ = stage.actor(2)
    stage.settle()
    assert m.submit(signed) == AlreadyKnown(signed.tx, 0)
    assert len(proposals(m)) == 1
