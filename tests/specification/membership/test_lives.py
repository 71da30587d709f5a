"""Restarts, clones, and what a person decides."""

from mesh.protocol.membership import What
from mesh.protocol.now import SECOND
from mesh.protocol.outgoing import Channel
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import Ack, Gossip, News, Probe, Standing
from tests.mesh.protocol.membership.lone import HOME, OWN, Lone, address, says
from tests.mesh.protocol.membership.village import WALL_NS, House, Village, incarnation

ELSEWHERE = Address("198.51.100.9", 7_117)


def _cloned(size: int = 5) -> tuple[Village, House, House]:
    """A mesh, a member of it, and its clone at another address, which was started later."""
    village = Village(size)
    village.run(5)
    clone = village.build(2, 2, address=ELSEWHERE)
    village.introduce(clone, [house for house in village.houses if house.number != 2])
    return village, village.houses[2], clone


def test_a_newer_life_replaces_the_older_one() -> None:
    """In the view, at once, also if the older one was not missed yet."""
    lone = Lone(4)
    lone.take(lone.machine.announced(incarnation(2, 2), address(2), lone.now))
    assert incarnation(2, 2) in lone.machine.view
    assert not lone.sees(2)
    assert lone.happened(What.REPLACED) == [incarnation(2)]
    assert lone.happened(What.ALIVE) == [incarnation(2, 2)]


def test_news_of_a_newer_life_replace_the_older_one() -> None:
    """Hearsay is enough to learn of a restart that its controller has signed."""
    lone = Lone(4)
    lone.gossip(1, says(2, Standing.ALIVE, boot=2))
    assert incarnation(2, 2) in lone.machine.view
    assert not lone.sees(2)


def test_a_life_that_its_controller_has_not_signed_is_no_rumour() -> None:
    """Nobody is talked out of the view, nor we out of our life, by lives that somebody made up."""
    lone = Lone(4)
    lone.unsigned += [incarnation(2, 250), incarnation(0, 250)]
    view = lone.machine.view
    lone.gossip(1, says(2, Standing.ALIVE, boot=250), says(2, Standing.FAILED, 9, 1, 250))
    lone.gossip(1, says(0, Standing.ALIVE, boot=250))
    assert lone.machine.view == view
    assert not lone.changes
    lone.unsigned.clear()
    lone.gossip(1, says(2, Standing.ALIVE, boot=250), says(0, Standing.ALIVE, boot=250))
    assert incarnation(2, 250) in lone.machine.view
    assert lone.happened(What.TWIN) == [incarnation(0, 250)]


def test_news_of_an_ended_life_are_ignored() -> None:
    """Whatever their number: a life never comes back by rumour."""
    lone = Lone(4)
    lone.take(lone.machine.announced(incarnation(2, 2), address(2), lone.now))
    lone.gossip(1, says(2, Standing.ALIVE, 99), says(2, Standing.FAILED, 99, by=1))
    assert lone.machine.view == tuple(
        sorted([OWN, incarnation(1), incarnation(2, 2), incarnation(3)])
    )


def test_a_boot_ends_older_lives() -> None:
    """The fact that a newer life began takes the older one out; the newer is seen when heard."""
    lone = Lone(4)
    lone.take(lone.machine.booted(incarnation(2, 2), lone.now))
    assert not lone.sees(2)
    assert incarnation(2, 2) not in lone.machine.view
    lone.gossip(1, says(2, Standing.ALIVE))
    assert not lone.sees(2)
    lone.hear(incarnation(2, 2), Probe(1, OWN.nonce, None, None, None, ()))
    assert incarnation(2, 2) in lone.machine.view


def test_an_old_boot_changes_nothing() -> None:
    """Facts of former lives arrive with every history."""
    lone = Lone(4)
    lone.take(lone.machine.announced(incarnation(2, 3), address(2), lone.now))
    lone.hush()
    lone.take(lone.machine.booted(incarnation(2, 2), lone.now))
    assert lone.changes == []
    assert incarnation(2, 3) in lone.machine.view


def test_a_restart_is_no_fork() -> None:
    """Killed and started again at once: one replacement, no quarantine, and all see all."""
    village = Village(5)
    village.run(5)
    village.kill(village.houses[2])
    village.run(0.3)
    _ = village.restart(2)
    village.run(0.5)
    assert village.complete()
    village.run(30)
    assert village.complete()
    assert village.verdicts(What.FORKED) == []


def test_a_late_message_of_an_ended_life_is_no_fork() -> None:
    """It proves that the life was there once; only an answer to a question put now proves more."""
    lone = Lone(4)
    lone.take(lone.machine.announced(incarnation(2, 2), address(2), lone.now))
    lone.hear(incarnation(2), Gossip(()))
    asked = [message for to, message, _ in lone.messages(Probe) if to == incarnation(2)]
    assert [message.target for message in asked] == [incarnation(2).nonce]
    lone.pass_time(5, answering=[1, 3])
    assert lone.happened(What.FORKED) == []
    assert incarnation(2, 2) in lone.machine.view


def test_an_answer_from_before_the_newer_life_was_known_is_no_fork() -> None:
    """Asked while one life counted, answered, and ended before the next one: no two lives spoke."""
    lone = Lone(4)
    first, second, third = (incarnation(2, boot) for boot in (1, 2, 3))
    lone.take(lone.machine.booted(second, lone.now))
    lone.hush()
    lone.hear(first, Gossip(()))
    (_, question, _), *_ = lone.messages(Probe)
    lone.ns += SECOND // 100
    lone.take(lone.machine.announced(third, address(2), lone.now))
    lone.hear(first, Ack(question.nonce, WALL_NS + lone.ns, None, ()))
    assert lone.happened(What.FORKED) == []
    assert third in lone.machine.view


def test_a_question_to_a_former_life_proves_nothing() -> None:
    """It may be old, and come from somebody who kept it: it is answered, and that is all."""
    lone = Lone(4)
    view = lone.machine.view
    kept = Probe(42, b"former!!", None, None, None, (says(1, Standing.FAILED, by=2),))
    lone.hear(incarnation(2, 2), kept)
    assert lone.machine.view == view
    ((to, answer, _),) = lone.messages(Gossip)
    assert to == incarnation(2, 2)
    assert answer.news[0].member == OWN
    lone.hear(3, kept)
    assert lone.machine.view == view
    assert lone.sees(1)


def test_two_lives_that_answer_are_a_fork() -> None:
    """The elder goes on, the newer one is in nobody's view, everywhere alike and soon."""
    village, elder, clone = _cloned()
    village.run(10)
    for house in village.houses:
        if house.number != 2:
            assert elder.own in house.machine.view
            assert clone.own not in house.machine.view
    assert {member for _, member in village.verdicts(What.FORKED)} == {clone.own}


def test_a_quarantined_life_stays_out() -> None:
    """By its own word, by rumour, and by its boot."""
    village, elder, clone = _cloned()
    village.run(10)
    house = village.houses[0]
    _ = house.machine.announced(clone.own, clone.address, village.now)
    _ = house.machine.booted(clone.own, village.now)
    rumour = News(clone.own, Standing.ALIVE, 9, clone.address, None)
    _ = house.machine.receive(
        village.houses[1].own, Gossip((rumour,)), Channel.DATAGRAM, village.now
    )
    village.run(60)
    assert clone.own not in house.machine.view
    assert elder.own in house.machine.view
    row = next(r for r in house.machine.members(village.now) if r.incarnation == elder.own)
    assert row.rivals == (clone.own,)


def test_both_lives_are_told() -> None:
    """The newer one by each of the others, until it stands aside; the elder, of its newer twin."""
    village, elder, clone = _cloned()
    village.run(20)
    told = {change.by for _, change in clone.changes if change.what is What.DOUBTED}
    assert told == {house.own.controller for house in village.houses if house.number != 2}
    assert [change.what for _, change in clone.changes].count(What.QUARANTINED) == 1
    twins = {change.member for _, change in elder.changes if change.what is What.TWIN}
    assert twins == {clone.own}


def test_quarantine_is_believed_from_nobody() -> None:
    """Each controller needs its own proof: no member can shut out another by saying so."""
    lone = Lone(4)
    lone.gossip(1, News(incarnation(2), Standing.QUARANTINED, 0, address(2), OWN.controller))
    assert lone.sees(2)


def _doubt(by: int) -> News:
    """What ``by`` says to a life of ours that it keeps out."""
    return News(OWN, Standing.QUARANTINED, 0, HOME, incarnation(by).controller)


def _next_question(lone: Lone, to: int) -> Probe:
    """What ``to`` is asked, just now."""
    while True:
        lone.sent.clear()
        lone.pass_time(0.01)
        for whom, question, _ in lone.messages(Probe):
            if whom == incarnation(to):
                return question


def test_one_member_alone_silences_nobody() -> None:
    """It is reported, once, and this life takes part; for more than half it stands aside."""
    lone = Lone(5)
    for _ in range(3):
        lone.gossip(1, _doubt(1))
    lone.gossip(2, _doubt(2))
    assert lone.happened(What.DOUBTED) == [OWN, OWN]
    assert lone.happened(What.QUARANTINED) == []
    lone.gossip(3, _doubt(3))
    assert lone.happened(What.QUARANTINED) == [OWN]


def test_each_speaks_for_itself_alone() -> None:
    """One member that brings the doubts of all others brings none but its own."""
    lone = Lone(4)
    lone.gossip(1, _doubt(1), _doubt(2), _doubt(3))
    assert lone.happened(What.DOUBTED) == [OWN]
    assert lone.happened(What.QUARANTINED) == []


def test_an_answer_without_the_doubt_takes_it_back() -> None:
    """Who keeps a life out says so in each answer; this one takes part again."""
    lone = Lone(3)
    lone.gossip(1, _doubt(1))
    lone.gossip(2, _doubt(2))
    assert lone.happened(What.QUARANTINED) == [OWN]
    assert lone.happened(What.CLEARED) == []
    for news, cleared in (((_doubt(1),), []), ((), [OWN])):
        question = _next_question(lone, 1)
        lone.hear(1, Ack(question.nonce, WALL_NS + lone.ns, None, news))
        assert lone.happened(What.CLEARED) == cleared


def test_those_who_are_seen_alive_count() -> None:
    """Of two that say so one failed and an honest one came: half of them are not enough."""
    lone = Lone(4, known=2)
    lone.gossip(1, _doubt(1))
    lone.gossip(2, _doubt(2))
    assert lone.happened(What.QUARANTINED) == [OWN]
    lone.take(lone.machine.announced(incarnation(3), address(3), lone.now))
    assert lone.happened(What.CLEARED) == []
    lone.hear(1, Gossip((News(incarnation(1), Standing.LEFT, 0, address(1), None),)))
    assert lone.happened(What.CLEARED) == [OWN]


def test_who_is_alone_stays_as_it_was() -> None:
    """A copy that loses sight of those who keep it out is a copy all the same."""
    lone = Lone(2)
    lone.gossip(1, _doubt(1))
    assert lone.happened(What.QUARANTINED) == [OWN]
    lone.hear(1, Gossip((News(incarnation(1), Standing.LEFT, 0, address(1), None),)))
    assert lone.machine.view == (OWN,)
    assert lone.happened(What.CLEARED) == []


def _rivals(village: Village, number: int) -> tuple[Incarnation, ...]:
    """The further lives of house ``number`` that the first house tells of."""
    controller = village.houses[number].own.controller
    rows = village.houses[0].machine.members(village.now)
    return next(row.rivals for row in rows if row.controller == controller)


def test_a_person_decides_a_fork_by_a_start() -> None:
    """The host that is wanted is started again: that life counts, and both others are past."""
    village, elder, clone = _cloned()
    village.run(10)
    elder.alive = clone.alive = False
    again = village.build(2, 3, address=ELSEWHERE)
    village.introduce(again, [house for house in village.houses if house.number != 2])
    village.run(30)
    assert again.own in village.houses[0].machine.view
    assert _rivals(village, 2) == ()


def test_a_copy_that_was_stopped_is_told_of_no_longer() -> None:
    """That two hosts use one key is said for a minute after the second one was heard."""
    village, _, clone = _cloned()
    village.run(90)
    assert _rivals(village, 2) == (clone.own,)
    clone.alive = False
    village.run(90)
    assert _rivals(village, 2) == ()
    village.introduce(clone, village.houses[:1])
    assert _rivals(village, 2) == (clone.own,)


def test_a_newer_life_of_our_own_controller_is_reported_once() -> None:
    """Whether it speaks itself or others speak of it: our life must end."""
    lone = Lone(4)
    newer = incarnation(0, 2)
    lone.hear(newer, Gossip(()))
    lone.take(lone.machine.announced(newer, ELSEWHERE, lone.now))
    lone.take(lone.machine.booted(newer, lone.now))
    lone.gossip(1, News(newer, Standing.ALIVE, 0, HOME, None))
    assert lone.happened(What.TWIN) == [newer]


def test_our_own_past_is_no_twin() -> None:
    """News of former lives of ours are old, and need no answer."""
    lone = Lone(4)
    past = incarnation(0, 0)
    lone.gossip(1, News(past, Standing.FAILED, 5, HOME, incarnation(1).controller))
    lone.take(lone.machine.booted(past, lone.now))
    assert lone.changes == []
    assert lone.sent == []
