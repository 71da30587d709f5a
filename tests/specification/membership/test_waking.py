"""Time in which nobody listened is nobody's silence."""

from mesh.protocol.membership import What
from mesh.protocol.now import SECOND
from mesh.wire.messages import Ack, Probe, Standing
from tests.mesh.protocol.membership.lone import Lone, address, says
from tests.mesh.protocol.membership.village import WALL_NS, Village, incarnation


def test_after_sleep_nobody_is_suspected_for_one_round() -> None:
    """Questions that were out do not count, and a refusal that waited in a queue neither."""
    lone = Lone(5)
    _ = lone.until_probe()
    lone.ns += 30 * SECOND
    lone.take(lone.machine.slept(lone.now))
    lone.take(lone.machine.refused(address(3), lone.now))
    lone.pass_time(0.99)
    assert lone.happened(What.SUSPECT) == []
    lone.pass_time(3)
    assert lone.happened(What.SUSPECT) != []


def test_after_sleep_suspects_have_their_whole_time() -> None:
    """To refute what they may have refuted while we slept."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.SUSPECT, by=1), says(4, Standing.SUSPECT, by=2))
    lone.gossip(3, says(4, Standing.SUSPECT, by=3))
    lone.ns += 30 * SECOND
    lone.take(lone.machine.slept(lone.now))
    lone.pass_time(2.1, answering=[1, 2, 3])
    assert lone.standing(4) is Standing.SUSPECT
    lone.pass_time(0.2, answering=[1, 2, 3])
    assert lone.standing(4) is Standing.FAILED


def test_a_late_alarm_extends_all_waits() -> None:
    """Woken a second late, we may have an unread answer: the member gets that second back."""
    lone = Lone(5)
    lone.take(lone.machine.stream_lost(incarnation(1), lone.now))
    lone.pass_time(0.1, answering=[3, 4])
    lone.take(lone.machine.stream_lost(incarnation(2), lone.now))
    lone.pass_time(0.5, answering=[3, 4])
    (probe,) = {message.nonce for to, message, _ in lone.messages(Probe) if to == incarnation(2)}
    lone.ns += SECOND
    lone.take(lone.machine.wake(lone.now))
    assert lone.standing(2) is Standing.ALIVE
    lone.hear(2, Ack(probe, WALL_NS, None, ()))
    lone.pass_time(3, answering=range(1, 5))
    assert incarnation(2) not in lone.happened(What.SUSPECT)


def test_a_late_alarm_condemns_no_suspect() -> None:
    """Its refutation may be waiting in our own socket."""
    lone = Lone(5)
    for by in (1, 2, 3):
        lone.gossip(by, says(4, Standing.SUSPECT, by=by))
    lone.pass_time(0.3, answering=range(1, 5))
    lone.ns += 1_900 * SECOND // 1_000
    lone.take(lone.machine.wake(lone.now))
    assert lone.standing(4) is Standing.SUSPECT
    lone.gossip(1, says(4, Standing.ALIVE, 1))
    assert lone.standing(4) is Standing.ALIVE
    assert lone.happened(What.FAILED) == []


def until_deadline_is(lone: Lone, deadline_ns: int) -> None:
    """Let time pass until nothing comes before ``deadline_ns``; the others answer."""
    while lone.machine.deadline_ns != deadline_ns:
        assert lone.ns < deadline_ns
        lone.pass_time(0.01, answering=[1, 3])


def test_a_question_whose_own_deadline_was_missed_is_not_judged_at_once() -> None:
    """The answer may have come in time: it is read after the wake-up, and counts."""
    lone = Lone(5)
    lone.take(lone.machine.stream_lost(incarnation(2), lone.now))
    lone.pass_time(0.5, answering=[1, 3])
    (probe,) = {message.nonce for to, message, _ in lone.messages(Probe) if to == incarnation(2)}
    deadline = lone.machine._probing.deadline_ns
    assert deadline is not None
    until_deadline_is(lone, deadline)
    lone.ns = deadline + SECOND
    lone.take(lone.machine.wake(lone.now))
    assert lone.happened(What.SUSPECT) == []
    lone.hear(2, Ack(probe, WALL_NS, None, ()))
    lone.pass_time(3, answering=range(1, 5))
    assert lone.happened(What.SUSPECT) == []


def test_a_word_that_is_heard_before_the_late_alarm_does_not_hide_it() -> None:
    """Sockets and timers are served in any order after a pause."""
    lone = Lone(5)
    lone.take(lone.machine.stream_lost(incarnation(2), lone.now))
    lone.pass_time(0.5, answering=[1, 3])
    deadline = lone.machine._probing.deadline_ns
    assert deadline is not None
    until_deadline_is(lone, deadline)
    lone.ns = deadline + SECOND
    lone.gossip(1)
    lone.take(lone.machine.wake(lone.now))
    assert lone.happened(What.SUSPECT) == []


def test_a_verdict_whose_own_deadline_was_missed_is_not_passed_at_once() -> None:
    """A refutation that came in time is read after the wake-up, and counts."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.SUSPECT, by=1))
    (suspect,) = lone.machine._table.suspects.values()
    lone.pass_time(1, answering=range(1, 4))  # its own silence has added our word by then
    deadline = lone.machine._table.verdict_ns(suspect)
    until_deadline_is(lone, deadline)
    lone.ns = deadline + SECOND
    lone.take(lone.machine.wake(lone.now))
    assert lone.standing(4) is Standing.SUSPECT
    lone.gossip(1, says(4, Standing.ALIVE, 1))
    assert lone.happened(What.FAILED) == []


def test_a_late_alarm_makes_us_doubt_ourselves() -> None:
    """It is the best sign that we are the slow one."""
    lone = Lone(5)
    deadline = lone.machine.deadline_ns
    assert deadline is not None
    lone.ns = deadline + SECOND
    lone.take(lone.machine.wake(lone.now))
    assert lone.machine.health == 1


def test_waking_early_does_nothing() -> None:
    """The replica may wake its machines at any time."""
    lone = Lone(5)
    deadline = lone.machine.deadline_ns
    assert deadline is not None
    for _ in range(5):
        lone.ns += (deadline - lone.ns) // 2
        lone.take(lone.machine.wake(lone.now))
    assert lone.sent == []
    assert lone.machine.deadline_ns == deadline


def test_a_host_that_stutters_condemns_nobody() -> None:
    """Frozen for 1.5 s again and again: it calls nobody dead, and nobody calls it so."""
    village = Village(10)
    village.run(5)
    stuttering = village.houses[0]
    for _ in range(20):
        stuttering.frozen = True
        village.run(1.5)
        village.thaw(stuttering)
        village.run(3)
    assert village.verdicts(What.FAILED) == []


def test_a_deadline_is_never_missed_twice() -> None:
    """After a wake-up at the deadline, the next one lies in the future: the driver never spins."""
    lone = Lone(6)
    lone.gossip(1, says(4, Standing.SUSPECT, by=1))
    for _ in range(500):
        deadline = lone.machine.deadline_ns
        assert deadline is not None
        lone.ns = max(lone.ns, deadline)
        lone.take(lone.machine.wake(lone.now))
        following = lone.machine.deadline_ns
        assert following is not None
        assert following > lone.ns
    assert lone.messages(Probe)
