"""Who is a member: the roster decides, and nothing else."""

import pytest

from mesh.protocol.membership import Membership, What
from mesh.protocol.membership.links import Link
from mesh.protocol.now import SECOND
from mesh.protocol.outgoing import Channel
from mesh.wire.messages import Ack, Gossip, Probe, ProbeRequest, Standing, Table, TableHash
from tests.mesh.protocol.membership.lone import OWN, Lone, address, says
from tests.mesh.protocol.membership.village import Village, incarnation


def test_a_controller_outside_the_roster_is_no_member() -> None:
    """Neither its own word nor the word of members about it makes a row."""
    lone = Lone(3)
    lone.gossip(1, says(7, Standing.ALIVE))
    lone.hear(1, Table(False, (says(7, Standing.ALIVE),)), Channel.STREAM)
    lone.take(lone.machine.announced(incarnation(7), address(7), lone.now))
    lone.hear(7, Gossip((says(7, Standing.ALIVE),)))
    assert not lone.sees(7)
    assert len(lone.machine.members(lone.now)) == 3


def test_the_word_of_an_outsider_is_not_taken() -> None:
    """What somebody outside the roster says about members changes nothing."""
    lone = Lone(3)
    lone.hear(7, Gossip((says(1, Standing.SUSPECT, by=2),)))
    assert lone.standing(1) is Standing.ALIVE
    assert lone.changes == []


def test_an_outsider_is_answered_and_no_more() -> None:
    """It may ask whether we are there; it learns no table, and nobody is asked on its behalf."""
    lone = Lone(3)
    lone.hear(7, Probe(1, OWN.nonce, None, None, None, ()))
    assert len(lone.messages(Ack)) == 1
    lone.sent.clear()
    lone.hear(7, TableHash(b"another!"), Channel.STREAM)
    lone.hear(7, Table(True, ()), Channel.STREAM)
    lone.hear(7, ProbeRequest(1, incarnation(1), address(1), ()))
    assert lone.sent == []


def test_an_accusation_names_an_accuser_from_the_roster() -> None:
    """An accusation by nobody or by a stranger is malformed and dropped."""
    lone = Lone(3)
    lone.gossip(2, says(1, Standing.SUSPECT), says(1, Standing.SUSPECT, by=7))
    lone.gossip(2, says(1, Standing.FAILED), says(1, Standing.LEFT, by=2))
    assert lone.standing(1) is Standing.ALIVE


def test_an_admitted_controller_is_a_member_once_it_lives() -> None:
    """Admission alone puts nobody in the view; being heard of alone does not either."""
    lone = Lone(4, known=2)
    assert not lone.sees(3)
    lone.take(lone.machine.announced(incarnation(3), address(3), lone.now))
    assert lone.sees(3)
    assert lone.happened(What.ALIVE) == [incarnation(3)]


def test_the_view_is_sorted_and_has_ourselves_in_it() -> None:
    """V: all lives taken for alive, suspects among them, the failed and those that left not."""
    lone = Lone(5)
    assert lone.machine.view == tuple(sorted(incarnation(number) for number in range(5)))
    lone.gossip(1, says(2, Standing.SUSPECT, by=1))
    assert lone.sees(2)
    lone.pass_time(1, answering=[1, 3, 4])
    lone.gossip(1, says(2, Standing.FAILED, by=1))
    lone.gossip(3, says(3, Standing.LEFT))
    assert lone.machine.view == tuple(sorted([OWN, incarnation(1), incarnation(4)]))


def test_a_removed_member_disappears() -> None:
    """From the view, from the list, and from what is told and asked."""
    lone = Lone(3)
    lone.gossip(1, says(2, Standing.SUSPECT, by=1))
    lone.take(lone.machine.admitted(lone.roster[:2], lone.now))
    assert lone.happened(What.REMOVED) == [incarnation(2)]
    assert not lone.sees(2)
    assert [row.controller for row in lone.machine.members(lone.now)] == sorted(lone.roster[:2])
    lone.sent.clear()
    lone.pass_time(30, answering=[1])
    assert all(to != incarnation(2) for to, _, _ in lone.messages(Probe))
    assert all(
        news.member != incarnation(2)
        for _, message, _ in lone.messages(Gossip)
        for news in message.news
    )


def test_a_removed_member_never_returns() -> None:
    """While it runs on and talks, and others still speak of it: nobody has it in view again."""
    village = Village(5)
    village.run(5)
    ghost = village.houses[4]
    village.admit(village.roster[:4])
    village.run(0.1)
    for house in village.houses[:4]:
        outcome = house.machine.receive(
            village.houses[1].own,
            Gossip((says(4, Standing.ALIVE, 9),)),
            Channel.DATAGRAM,
            village.now,
        )
        assert outcome.changes == ()
    for _ in range(600):
        village.run(0.1)
        assert all(ghost.own not in house.machine.view for house in village.houses[:4])


def test_a_failed_member_stays_listed() -> None:
    """Until it is removed from the roster, a person sees that it is missing."""
    village = Village(3)
    village.run(5)
    village.kill(village.houses[2])
    village.run(600)
    rows = village.houses[0].machine.members(village.now)
    standings = {row.controller: row.standing for row in rows}
    assert standings[village.houses[2].own.controller] is Standing.FAILED


def test_who_is_gone_is_not_shown_as_linked() -> None:
    """The last good probe says nothing of it; what is heard after the verdict is half a link."""
    lone = Lone(4)
    lone.pass_time(5, answering=[1, 2, 3])
    assert {row.link for row in lone.machine.members(lone.now)} == {Link.BOTH}
    lone.gossip(2, says(2, Standing.LEFT))
    for by in (2, 3):
        lone.take(lone.machine.refused(address(1), lone.now))
        lone.gossip(3, says(1, Standing.FAILED, by=by))
    assert (lone.standing(1), lone.standing(2)) == (Standing.FAILED, Standing.LEFT)
    assert link_to(lone, 1) is link_to(lone, 2) is Link.NONE
    assert link_to(lone, 3) is Link.BOTH
    lone.ns += SECOND
    lone.gossip(1)
    assert link_to(lone, 1) is Link.INBOUND


def link_to(lone: Lone, number: int) -> Link:
    """The link to a controller, as it is shown."""
    rows = {row.controller: row for row in lone.machine.members(lone.now)}
    return rows[incarnation(number).controller].link


def test_growth_hastens_the_comparison_of_tables() -> None:
    """After an admission somebody is asked for what it knows with the next probe."""
    lone = Lone(3)
    lone.pass_time(1.5, answering=[1, 2])
    lone.sent.clear()
    roster = [incarnation(number).controller for number in range(4)]
    lone.take(lone.machine.admitted(roster, lone.now))
    lone.pass_time(1.1, answering=[1, 2])
    assert len(lone.messages(TableHash)) == 1


@pytest.mark.parametrize("seed", range(3))
def test_equal_seeds_give_equal_runs(seed: int) -> None:
    """Luck comes from the generator that was passed in, and from nowhere else."""

    def story() -> list[object]:
        village = Village(6, seed=seed, loss=0.2)
        village.run(10)
        village.kill(village.houses[1])
        village.run(20)
        return [
            (house.changes, house.sent, house.sent_bytes, house.machine.health)
            for house in village.houses
        ]

    assert story() == story()


def test_alone_there_is_nothing_to_do() -> None:
    """A roster of one needs no timer at all."""
    lone = Lone(1)
    assert lone.machine.deadline_ns is None
    assert lone.machine.view == (OWN,)
    assert isinstance(lone.machine, Membership)
