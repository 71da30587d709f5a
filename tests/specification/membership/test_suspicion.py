"""From suspicion to verdict, or to refutation."""

import pytest

from mesh.protocol.configuration import Profile
from mesh.protocol.membership import What
from mesh.protocol.membership.beliefs import REFUTATION_STEP_MAX
from mesh.protocol.membership.timing import SCALE_FROM_MEMBERS
from mesh.protocol.outgoing import Channel
from mesh.wire.limits import COUNTER_MAX
from mesh.wire.messages import Ack, Gossip, News, Probe, Standing, Table
from tests.mesh.protocol.membership.lone import HOME, OWN, Lone, address, measure, says
from tests.mesh.protocol.membership.village import Village, incarnation


def _stays_suspect(lone: Lone, number: int, seconds: float, others: list[int]) -> None:
    """The verdict on a member falls after so many seconds, not before."""
    lone.pass_time(seconds - 0.02, answering=others)
    assert lone.standing(number) is Standing.SUSPECT
    lone.pass_time(0.03, answering=others)
    assert lone.standing(number) is Standing.FAILED
    assert not lone.sees(number)


@pytest.mark.parametrize(("witnesses", "seconds"), [([], 6.0), ([1], 2.972), ([1, 2], 1.2)])
def test_each_witness_makes_the_wait_shorter(witnesses: list[int], seconds: float) -> None:
    """Alone we wait six seconds; two more witnesses leave the suspect 1.2."""
    lone = Lone(5)
    lone.take(lone.machine.refused(address(4), lone.now))
    for witness in witnesses:
        lone.gossip(witness, says(4, Standing.SUSPECT, by=witness))
    _stays_suspect(lone, 4, seconds, [1, 2, 3])


@pytest.mark.parametrize(("away_ms", "seconds"), [(20, 6.0), (120, 20.0)])
def test_under_auto_a_suspect_far_away_has_more_time(away_ms: int, seconds: float) -> None:
    """A line that is long is worse, too: what a LAN would have said by now may be on its way."""
    lone = Lone(5, profile=Profile.AUTO)
    measure(lone, 4, away_ms)
    lone.take(lone.machine.refused(address(4), lone.now))
    _stays_suspect(lone, 4, seconds, [1, 2, 3])


def test_one_witness_counts_once() -> None:
    """However often its word comes round, and by whomever."""
    lone = Lone(5)
    lone.take(lone.machine.refused(address(4), lone.now))
    for messenger in (1, 2, 3, 1):
        lone.gossip(messenger, says(4, Standing.SUSPECT, by=1))
    _stays_suspect(lone, 4, 2.972, [1, 2, 3])


def test_witnesses_are_expected_from_the_living_only() -> None:
    """Of five, two failed before: one bystander is left, and with its word the least wait holds."""
    lone = Lone(5)
    for number in (1, 2):
        lone.gossip(3, says(number, Standing.SUSPECT, by=3), says(number, Standing.FAILED, by=3))
    lone.take(lone.machine.refused(address(4), lone.now))
    lone.gossip(3, says(4, Standing.SUSPECT, by=3))
    _stays_suspect(lone, 4, 1.2, [3])


def test_a_sole_survivor_waits_for_nobody() -> None:
    """Nobody is left who could confirm, so the least wait holds for all."""
    lone = Lone(4)
    for number in (1, 2, 3):
        lone.take(lone.machine.refused(address(number), lone.now))
    lone.pass_time(1.19)
    assert lone.happened(What.FAILED) == []
    lone.pass_time(0.02)
    assert len(lone.happened(What.FAILED)) == 3


def test_a_bystander_that_fails_is_waited_for_no_longer() -> None:
    """The wait is judged by who is believed alive now, not when the suspicion began."""
    lone = Lone(3)
    lone.take(lone.machine.refused(address(1), lone.now))
    lone.pass_time(2.0, answering=[2])
    assert lone.standing(1) is Standing.SUSPECT
    lone.take(lone.machine.refused(address(2), lone.now))
    lone.pass_time(0.01)
    assert lone.standing(1) is Standing.FAILED


def test_hearsay_of_death_makes_a_suspect() -> None:
    """A member held alive is never dead by one word; held suspect for a question's time, it is."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.FAILED, by=1))
    assert lone.standing(4) is Standing.SUSPECT
    lone.pass_time(0.79, answering=(1, 2, 3))
    lone.gossip(2, says(4, Standing.FAILED, by=2))
    assert lone.standing(4) is Standing.SUSPECT
    lone.pass_time(0.02, answering=(1, 2, 3))
    lone.gossip(2, says(4, Standing.FAILED, by=2))
    assert lone.standing(4) is Standing.FAILED


def test_a_doubt_and_a_verdict_that_come_together_kill_nobody() -> None:
    """Old rumours, held up on a bad line: the one who is meant answers, and nothing is left."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.SUSPECT, by=1), says(4, Standing.FAILED, by=1))
    assert lone.standing(4) is Standing.SUSPECT
    lone.gossip(4, says(4, Standing.ALIVE, refutation=1))
    assert lone.standing(4) is Standing.ALIVE
    assert lone.happened(What.FAILED) == []


def test_a_whole_table_imports_suspects_never_dead() -> None:
    """Also of a member that is suspect already: it counts as one more witness."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.SUSPECT, by=1))
    news = (says(3, Standing.FAILED, by=2), says(4, Standing.FAILED, by=2))
    lone.hear(2, Table(False, news), Channel.STREAM)
    assert lone.standing(3) is Standing.SUSPECT
    assert lone.standing(4) is Standing.SUSPECT
    rows = {row.controller: row for row in lone.machine.members(lone.now)}
    assert rows[incarnation(4).controller].accusers == (
        incarnation(1).controller,
        incarnation(2).controller,
    )


def test_a_number_that_we_never_gave_is_outdone() -> None:
    """Whoever believes that we moved, as if by a later word of ours, must hear one still later."""
    lone = Lone(3)
    lone.gossip(1, News(OWN, Standing.ALIVE, 0, address(9), None))
    assert lone.messages(Gossip) == []
    lone.gossip(1, News(OWN, Standing.ALIVE, 7, address(9), None))
    told = [piece for _, gossip, _ in lone.messages(Gossip) for piece in gossip.news]
    assert News(OWN, Standing.ALIVE, 8, HOME, None) in told


def test_a_farewell_by_hearsay_is_a_doubt() -> None:
    """Nobody says goodbye for another: it stays in view, and the teller is the one who doubts."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.LEFT, 6))
    assert lone.happened(What.LEFT) == []
    assert lone.standing(4) is Standing.SUSPECT
    rows = {row.controller: row for row in lone.machine.members(lone.now)}
    assert rows[incarnation(4).controller].accusers == (incarnation(1).controller,)
    lone.gossip(1, says(4, Standing.LEFT, 6))
    assert lone.sees(4)
    lone.gossip(4, says(4, Standing.ALIVE, refutation=7))
    assert lone.standing(4) is Standing.ALIVE
    lone.gossip(4, says(4, Standing.LEFT, 7))
    assert lone.happened(What.LEFT) == [incarnation(4)]


def test_who_is_gone_without_a_word_to_us_has_left_all_the_same() -> None:
    """Whoever missed the goodbye hears of it, gets no answer, and then knows."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.LEFT))
    lone.pass_time(0.81, answering=(1, 2, 3))
    assert lone.standing(4) is Standing.SUSPECT
    lone.gossip(2, says(4, Standing.LEFT))
    assert lone.standing(4) is Standing.LEFT


def test_a_whole_table_says_no_farewells() -> None:
    """Not of one held alive, nor of a suspect, however long it has been one."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.SUSPECT, by=1))
    lone.pass_time(0.81, answering=(1, 2, 3))
    lone.hear(2, Table(False, (says(3, Standing.LEFT), says(4, Standing.LEFT))), Channel.STREAM)
    assert lone.standing(3) is Standing.SUSPECT
    assert lone.standing(4) is Standing.SUSPECT


def test_a_suspect_is_told_in_the_question() -> None:
    """Every question to a suspect names the number under which it is doubted."""
    lone = Lone(3)
    lone.gossip(1, says(2, Standing.SUSPECT, 7, by=1))
    _, probe = lone.until_probe(2)
    assert probe.suspected == 7


def test_a_doubted_member_refutes_in_its_answer() -> None:
    """The answer carries our row under a number above the one of the doubt."""
    lone = Lone(3)
    lone.hear(1, Probe(42, OWN.nonce, 7, None, None, ()))
    news = lone.messages(Ack)[0][1].news
    assert news[0].member == OWN
    assert (news[0].standing, news[0].refutation) == (Standing.ALIVE, 8)


def test_a_refutation_is_repeated_to_who_missed_it() -> None:
    """A doubt under an old number is answered with the number we have; it is not raised again."""
    lone = Lone(3)
    for _ in range(3):
        lone.hear(1, Probe(42, OWN.nonce, 7, None, None, ()))
    assert {message.news[0].refutation for _, message, _ in lone.messages(Ack)} == {8}


def test_a_rumour_against_us_is_refuted_at_once() -> None:
    """By rumour, without waiting to be asked; and it makes us doubt ourselves a little."""
    lone = Lone(3)
    lone.gossip(1, says(0, Standing.SUSPECT, 3, by=2))
    said = lone.messages(Gossip)[0][1].news
    assert [(news.member, news.standing, news.refutation) for news in said] == [
        (OWN, Standing.ALIVE, 4)
    ]
    assert lone.machine.health == 1


def test_a_suspect_that_refutes_in_time_is_alive_again() -> None:
    """With a higher number, whoever brings the word; and nothing is left of the suspicion."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.SUSPECT, by=1), says(4, Standing.SUSPECT, by=2))
    lone.gossip(3, says(4, Standing.ALIVE, 1))
    assert lone.standing(4) is Standing.ALIVE
    lone.pass_time(20, answering=[1, 2, 3, 4])
    assert lone.happened(What.FAILED) == []
    row = next(r for r in lone.machine.members(lone.now) if r.incarnation == incarnation(4))
    assert row.accusers == ()


def test_an_answer_alone_does_not_refute() -> None:
    """Only the owner raises its number: nobody else's word and no bare answer clears a suspect."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.SUSPECT, by=1))
    lone.gossip(2, says(4, Standing.ALIVE))
    _, probe = lone.until_probe(4)
    lone.answer(4, probe)
    assert lone.standing(4) is Standing.SUSPECT


def test_nobody_raises_the_number_of_another() -> None:
    """At no moment does anybody hold a number that its owner has not reached."""
    village = Village(6, loss=0.3, streams=False, seed=5)
    for _ in range(6_000):
        village.run(0.005)
        for house in village.houses:
            held = [other.machine._table.of(house.own) for other in village.houses]
            numbers = [member.refutation for member in held if member is not None]
            assert max(numbers) <= house.machine._beliefs.refutation
    assert village.verdicts(What.SUSPECT)


def test_a_refutation_cannot_overflow() -> None:
    """A doubt under the greatest number is a peer's mistake: dropped, not answered with more."""
    lone = Lone(3)
    lone.gossip(1, says(0, Standing.SUSPECT, COUNTER_MAX, by=2))
    assert lone.machine._beliefs.refutation == 0


def test_nobody_is_talked_to_the_end_of_the_numbers() -> None:
    """A doubt under a number far above the known one is dropped, by all and by whom it is about.

    Else one word would do: after the greatest number comes none with which it could be refuted.
    """
    lone = Lone(4)
    for number in (COUNTER_MAX, COUNTER_MAX - 1, REFUTATION_STEP_MAX + 1):
        lone.gossip(1, says(2, Standing.SUSPECT, number, by=1), says(3, Standing.ALIVE, number))
        lone.gossip(1, says(0, Standing.SUSPECT, number, by=1))
    assert lone.standing(2) is Standing.ALIVE
    assert lone.machine._beliefs.refutation == 0
    lone.gossip(1, says(3, Standing.SUSPECT, 1, by=1), says(2, Standing.SUSPECT, 2**32, by=1))
    assert lone.standing(3) is Standing.SUSPECT, "what it never said itself does not stand above"
    assert lone.standing(2) is Standing.SUSPECT, "and what is within a step counts"


def test_its_own_word_about_its_number_is_believed() -> None:
    """Whoever was talked up in steps that we missed is not held dead for it."""
    lone = Lone(4)
    lone.gossip(1, says(2, Standing.SUSPECT, 1, by=1))
    lone.gossip(1, says(2, Standing.ALIVE, 3 * REFUTATION_STEP_MAX))
    assert lone.standing(2) is Standing.SUSPECT, "by hearsay it is a leap"
    lone.gossip(2, says(2, Standing.ALIVE, 3 * REFUTATION_STEP_MAX))
    assert lone.standing(2) is Standing.ALIVE


def test_who_hears_of_a_suspicion_goes_and_sees() -> None:
    """At once, and its silence is one more witness; in a small mesh everybody does."""
    lone = Lone(5)
    lone.gossip(1, says(4, Standing.SUSPECT, by=1))
    assert [to for to, _, _ in lone.messages(Probe)] == [incarnation(4)]
    lone.pass_time(0.81, answering=[1, 2, 3])
    rows = {row.controller: row for row in lone.machine.members(lone.now)}
    assert OWN.controller in rows[incarnation(4).controller].accusers


def test_in_a_large_mesh_a_few_go_and_see() -> None:
    """About eight of a hundred, so that a slow member is not overrun; but hardly ever nobody."""
    village = Village(100, acquainted=False)
    for house in village.houses[1:]:
        for other in village.houses:
            if other is not house:
                house.machine.announced(other.own, other.address, village.now)
    suspicion = Gossip((says(0, Standing.SUSPECT, by=1),))
    askers = 0
    for house in village.houses[2:]:
        outcome = house.machine.receive(
            village.houses[1].own, suspicion, Channel.DATAGRAM, village.now
        )
        askers += any(
            isinstance(outgoing.message, Probe) and outgoing.to == incarnation(0)
            for outgoing in outcome.outgoing
        )
    assert 2 <= askers <= 20


def test_the_reason_is_shown() -> None:
    """Why somebody is suspect, and who says so."""
    lone = Lone(5)
    lone.take(lone.machine.refused(address(2), lone.now))
    lone.gossip(1, says(3, Standing.SUSPECT, by=4))
    rows = {row.controller: row for row in lone.machine.members(lone.now)}
    refusing, told = (rows[incarnation(number).controller] for number in (2, 3))
    assert refusing.why == "its address refuses connections"
    assert refusing.accusers == (OWN.controller,)
    assert told.why == "others say so"
    assert told.accusers == (incarnation(4).controller,)
    assert told.since_ns == lone.ns


def test_the_own_row_says_who_is_slow() -> None:
    """People see whether this controller itself is the one that should not be trusted."""
    lone = Lone(3)
    lone.take(lone.machine.slept(lone.now))
    own = next(row for row in lone.machine.members(lone.now) if row.own)
    assert (own.incarnation, own.address, own.slow) == (OWN, HOME, 1)


def test_the_least_wait_grows_with_the_mesh() -> None:
    """In a mesh of thirty, rumours need more rounds, so a suspect has more time to refute."""
    size = 3 * SCALE_FROM_MEMBERS
    lone = Lone(size)
    lone.take(lone.machine.refused(address(4), lone.now))
    for witness in (1, 2):
        lone.gossip(witness, says(4, Standing.SUSPECT, by=witness))
    lone.pass_time(1.3)
    assert lone.standing(4) is Standing.SUSPECT
