"""Asking, helping, and judging silence."""

from itertools import pairwise

import pytest

from mesh.protocol.configuration import Profile
from mesh.protocol.membership import What
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.protocol.outgoing import Channel
from mesh.wire.messages import (
    Ack,
    Gossip,
    IndirectAck,
    Nack,
    Probe,
    ProbeRequest,
    Standing,
)
from tests.mesh.protocol.membership.lone import OURS, OWN, THEIRS, Lone, address, measure, says
from tests.mesh.protocol.membership.village import WALL_NS, incarnation


def test_one_member_is_asked_in_each_interval() -> None:
    """Four others in forty seconds: forty questions, ten to each, one second apart."""
    lone = Lone(5)
    _ = lone.until_probe()
    lone.pass_time(0.9, answering=range(1, 5))
    lone.sent.clear()
    lone.pass_time(40, answering=range(1, 5))
    asked = [to for to, _, _ in lone.messages(Probe)]
    assert [asked.count(incarnation(number)) for number in range(1, 5)] == [10] * 4
    times = [ns for ns, _, message, _ in lone.sent if isinstance(message, Probe)]
    assert {later - former for former, later in pairwise(times)} == {SECOND}


def test_a_question_names_the_life_that_is_meant() -> None:
    """By its random bytes, and carries our summary."""
    lone = Lone(3)
    number, probe = lone.until_probe()
    assert probe.target == incarnation(number).nonce
    assert probe.summary == OURS
    assert probe.suspected is None


def test_a_question_is_answered() -> None:
    """With its number, our wall clock and our summary; the asker's summary is handed on."""
    lone = Lone(3)
    lone.hear(1, Probe(42, OWN.nonce, None, None, THEIRS, ()))
    assert lone.messages(Ack) == [
        (incarnation(1), Ack(42, WALL_NS + lone.ns, OURS, ()), Channel.TRIAL)
    ]
    assert lone.summaries == [(incarnation(1), THEIRS)]


def test_an_equal_summary_is_not_repeated() -> None:
    """None in an answer means: equal to yours; both sides then know so."""
    lone = Lone(3)
    lone.hear(1, Probe(42, OWN.nonce, None, None, OURS, ()))
    assert lone.messages(Ack)[0][1].summary is None
    number, probe = lone.until_probe()
    lone.hear(number, Ack(probe.nonce, WALL_NS, None, ()))
    assert (incarnation(number), OURS) in lone.summaries


def test_a_question_is_answered_the_way_it_came() -> None:
    """A question over the stream is answered over the stream, where datagrams may not pass."""
    lone = Lone(3)
    lone.hear(1, Probe(42, OWN.nonce, None, None, None, ()), Channel.STREAM)
    assert lone.messages(Ack)[0][2] is Channel.STREAM


def test_a_question_to_another_life_is_answered_with_who_we_are() -> None:
    """So that whoever asks for our predecessor learns of us; it is no answer."""
    lone = Lone(3)
    lone.hear(1, Probe(42, b"former!!", None, None, None, ()))
    assert lone.messages(Ack) == []
    assert lone.messages(Gossip)[0][1].news[0].member == OWN


def test_a_knock_is_answered_by_anybody() -> None:
    """A question that names no life asks whoever is there."""
    lone = Lone(3)
    lone.hear(1, Probe(42, None, None, address(1), None, ()))
    assert len(lone.messages(Ack)) == 1


def test_without_an_answer_three_others_and_the_stream_are_tried() -> None:
    """After 400 ms, all at the same time."""
    lone = Lone(8)
    number, probe = lone.until_probe()
    start = lone.ns
    lone.pass_time(0.39)
    assert lone.messages(ProbeRequest) == []
    lone.pass_time(0.02)
    requests = lone.messages(ProbeRequest)
    assert len({to for to, _, _ in requests}) == 3
    assert all(to != incarnation(number) for to, _, _ in requests)
    assert all(request.target == incarnation(number) for _, request, _ in requests)
    by_stream = [
        (ns, message.nonce)
        for ns, to, message, channel in lone.sent
        if isinstance(message, Probe) and channel is Channel.STREAM
    ]
    assert by_stream == [(start + 400 * MILLISECOND, probe.nonce)]


def test_silence_on_every_way_makes_a_suspect() -> None:
    """800 ms after the question, not before; it stays in the view and is told at once."""
    lone = Lone(5)
    number, _ = lone.until_probe()
    lone.pass_time(0.79)
    assert lone.standing(number) is Standing.ALIVE
    lone.sent.clear()
    lone.pass_time(0.02)
    assert lone.standing(number) is Standing.SUSPECT
    assert lone.sees(number)
    assert lone.happened(What.SUSPECT) == [incarnation(number)]
    told = [message for to, message, _ in lone.messages(Probe) if to == incarnation(number)]
    assert told[0].suspected == 0


def test_the_answer_of_the_stream_counts() -> None:
    """A member whose datagrams are blocked is alive."""
    lone = Lone(5)
    number, probe = lone.until_probe()
    lone.pass_time(0.5)
    lone.hear(number, Ack(probe.nonce, WALL_NS + lone.ns, None, ()), Channel.STREAM)
    lone.pass_time(0.4)
    assert lone.standing(number) is Standing.ALIVE


def test_the_word_of_a_helper_counts() -> None:
    """A member that another one reaches is alive; the word of one who was not asked is none."""
    for helps in (True, False):
        lone = Lone(6)
        number, probe = lone.until_probe()
        lone.pass_time(0.5)
        helpers = [to for to, _, _ in lone.messages(ProbeRequest)]
        others = [incarnation(other) for other in range(1, 6) if other != number]
        idle = next(other for other in others if other not in helpers)
        speaker = helpers[0] if helps else idle
        assert not isinstance(speaker, str)
        lone.take(
            lone.machine.receive(
                incarnation(next(n for n in range(6) if incarnation(n) == speaker)),
                IndirectAck(probe.nonce, incarnation(number)),
                Channel.DATAGRAM,
                lone.now,
            )
        )
        lone.pass_time(0.4)
        assert (lone.standing(number) is Standing.ALIVE) is helps


def test_the_answer_of_somebody_else_does_not_count() -> None:
    """Nor does the right number from the wrong member."""
    lone = Lone(5)
    number, probe = lone.until_probe()
    other = 1 if number != 1 else 2
    lone.hear(other, Ack(probe.nonce, WALL_NS, None, ()))
    lone.pass_time(0.81)
    assert lone.standing(number) is Standing.SUSPECT


def test_a_helper_asks_and_passes_the_answer_on() -> None:
    """For somebody who cannot reach the target."""
    lone = Lone(4)
    lone.hear(1, ProbeRequest(77, incarnation(2), address(2), ()))
    to, probe, _ = lone.messages(Probe)[0]
    assert to == incarnation(2)
    lone.answer(2, probe)
    assert lone.messages(IndirectAck) == [
        (incarnation(1), IndirectAck(77, incarnation(2)), Channel.DATAGRAM)
    ]


def test_a_helper_says_no_in_time() -> None:
    """At 80 % of the timeout, before whoever asked gives up; and suspects nobody for it."""
    lone = Lone(4)
    lone.hear(1, ProbeRequest(77, incarnation(2), address(2), ()))
    lone.pass_time(0.31, answering=[1, 3])
    assert lone.messages(Nack) == []
    lone.pass_time(0.02, answering=[1, 3])
    assert lone.messages(Nack) == [(incarnation(1), Nack(77), Channel.DATAGRAM)]
    assert lone.standing(2) is Standing.ALIVE


def test_a_helper_says_no_at_once_where_it_knows_no_such_member() -> None:
    """It asks nobody outside the roster on behalf of others."""
    lone = Lone(4)
    lone.hear(1, ProbeRequest(77, incarnation(9), address(9), ()))
    assert lone.messages(Probe) == []
    assert len(lone.messages(Nack)) == 1


def test_a_refused_connection_is_a_failed_probe_at_once() -> None:
    """The host's own word that nobody listens: no timeout, no helpers, suspect now."""
    lone = Lone(5)
    lone.take(lone.machine.refused(address(3), lone.now))
    assert lone.standing(3) is Standing.SUSPECT
    assert [lone.standing(number) for number in (1, 2, 4)] == [Standing.ALIVE] * 3
    assert lone.messages(Gossip)[0][1].news[0] == says(3, Standing.SUSPECT, by=0)


def test_a_refused_connection_elsewhere_says_nothing() -> None:
    """Only the member's own address speaks for it."""
    lone = Lone(5)
    lone.take(lone.machine.refused(address(9), lone.now))
    assert lone.changes == []


def test_a_refusal_is_not_our_own_fault() -> None:
    """It does not make this controller doubt itself."""
    lone = Lone(5)
    lone.take(lone.machine.refused(address(3), lone.now))
    assert lone.machine.health == 0


def test_a_broken_stream_asks_at_once() -> None:
    """Without waiting for the member's turn; silence then counts as ever."""
    lone = Lone(5)
    lone.take(lone.machine.stream_lost(incarnation(3), lone.now))
    assert [to for to, _, _ in lone.messages(Probe)] == [incarnation(3)]
    lone.pass_time(0.81, answering=[1, 2, 4])
    assert lone.standing(3) is Standing.SUSPECT


def test_missing_nacks_make_us_doubt_ourselves() -> None:
    """Three helpers believed alive say nothing: three steps; each that says no takes one away."""
    for nacks, score in ((0, 3), (2, 1), (3, 0)):
        lone = Lone(8)
        _, probe = lone.until_probe()
        lone.pass_time(0.5)
        helpers = [to for to, _, _ in lone.messages(ProbeRequest)]
        numbers = [n for n in range(8) if incarnation(n) in helpers]
        before = lone.machine.health
        for number in numbers[:nacks]:
            lone.hear(number, Nack(probe.nonce))
        lone.pass_time(0.31)
        assert lone.machine.health - before == score


def test_helpers_that_say_nothing_are_asked_themselves() -> None:
    """Who does not even say no may be gone too: several crashes are found together."""
    lone = Lone(4)
    number, _ = lone.until_probe()
    lone.pass_time(0.5)
    helpers = {to for to, _, _ in lone.messages(ProbeRequest)}
    lone.sent.clear()
    lone.pass_time(0.31)
    asked = {to for to, _, _ in lone.messages(Probe)}
    assert helpers == {incarnation(n) for n in range(1, 4) if n != number}
    assert helpers <= asked


def test_who_is_slow_asks_and_judges_slowly() -> None:
    """All waits grow with the score: at the most, nine times."""
    lone = Lone(8)
    for _ in range(8):
        lone.take(lone.machine.slept(lone.now))
    assert lone.machine.health == 8
    _ = lone.until_probe()
    lone.sent.clear()
    lone.pass_time(3.5)
    assert lone.messages(ProbeRequest) == []
    lone.pass_time(0.2)
    assert len(lone.messages(ProbeRequest)) == 3
    lone.sent.clear()
    lone.pass_time(3.4)
    assert lone.messages(Probe) == []


def test_answers_in_time_restore_confidence() -> None:
    """One step for each."""
    lone = Lone(8)
    _ = lone.until_probe()
    lone.pass_time(0.81)
    assert lone.machine.health > 0
    lone.pass_time(60, answering=range(1, 8))
    assert lone.machine.health == 0


@pytest.mark.parametrize(
    ("away_ms", "wait_ms"), [(1, 400), (50, 400), (52, 1_500), (300, 1_500), (None, 1_500)]
)
def test_under_auto_a_member_is_waited_for_by_its_distance(
    away_ms: int | None, wait_ms: int
) -> None:
    """Near ones as on a LAN, others, and those that were never measured, as on a WAN."""
    lone = Lone(4, profile=Profile.AUTO)
    if away_ms is not None:
        measure(lone, 2, away_ms)
    _ = lone.until_probe(2)
    asked_ns = lone.ns
    lone.pass_time(3, answering=(1, 3))
    helped = [ns for ns, _, message, _ in lone.sent if isinstance(message, ProbeRequest)]
    assert helped[0] - asked_ns == wait_ms * MILLISECOND
