"""How news travel: rumours, tables, goodbyes."""

from mesh.protocol.membership import What
from mesh.protocol.now import MILLISECOND
from mesh.protocol.outgoing import Channel
from mesh.wire.identity import Address
from mesh.wire.messages import Ack, Gossip, Probe, Standing, Table, TableHash
from tests.mesh.protocol.membership.lone import OWN, Lone, address, says
from tests.mesh.protocol.membership.village import Village, incarnation


def _settled(size: int) -> Village:
    village = Village(size)
    village.run(45)
    return village


def test_news_are_told_at_once_then_in_intervals() -> None:
    """Three listeners in the same moment, three more each 200 ms, until enough were told."""
    lone = Lone(12)
    start = lone.ns
    lone.gossip(11, says(11, Standing.LEFT))
    lone.pass_time(5, answering=range(1, 11))
    times = [ns - start for ns, _, message, _ in lone.sent if isinstance(message, Gossip)]
    assert times[:6] == [0] * 3 + [200 * MILLISECOND] * 3
    assert len(times) <= 9


def test_at_rest_nothing_is_said() -> None:
    """Probes and answers are all that travels when nothing changes, and no news ride on them."""
    village = _settled(5)
    before = [len(house.changes) for house in village.houses]
    sent = [house.sent for house in village.houses]
    village.run(20)
    assert [len(house.changes) for house in village.houses] == before
    each = [(house.sent - count) / 20 for house, count in zip(village.houses, sent, strict=True)]
    assert all(1.5 <= count <= 2.6 for count in each)


def test_rumours_ride_on_probes_and_answers() -> None:
    """What is to be told is told to whoever is spoken to."""
    lone = Lone(3)
    lone.gossip(1, says(2, Standing.SUSPECT, by=1))
    probe = lone.messages(Probe)[0][1]
    assert probe.news[0] == says(2, Standing.SUSPECT, by=1)
    lone.hear(1, Probe(42, OWN.nonce, None, None, None, ()))
    assert lone.messages(Ack)[0][1].news[0] == says(2, Standing.SUSPECT, by=1)


def test_suspects_do_not_use_up_a_rumour() -> None:
    """What is told to the dead is told too seldom: only the living are counted as told."""
    lone = Lone(5)
    for number in (1, 2, 3):
        lone.take(lone.machine.refused(address(number), lone.now))
    lone.sent.clear()
    lone.pass_time(0.5, answering=[4])
    listeners = [to for to, _, _ in lone.messages(Gossip)]
    assert set(listeners) == {incarnation(4)}
    told = {
        news.member
        for _, to, message, _ in lone.sent
        if isinstance(message, Gossip | Probe) and to == incarnation(4)
        for news in message.news
    }
    assert {incarnation(2), incarnation(3)} <= told


def test_with_nobody_to_tell_rumours_end() -> None:
    """A sole survivor keeps no gossip for later: on contact, tables are compared."""
    lone = Lone(2)
    lone.take(lone.machine.refused(address(1), lone.now))
    lone.pass_time(10)
    assert not lone.machine._rumours
    lone.sent.clear()
    lone.pass_time(10)
    assert lone.messages(Gossip) == []


def test_tables_are_compared_by_hash() -> None:
    """In each twenty seconds with one living member; equal hashes end it."""
    lone = Lone(3)
    lone.pass_time(40, answering=[1, 2])
    hashes = lone.messages(TableHash)
    assert len(hashes) == 2
    assert all(channel is Channel.STREAM for _, _, channel in hashes)
    lone.sent.clear()
    lone.hear(1, hashes[-1][1], Channel.STREAM)
    assert lone.messages(Table) == []


def test_unequal_tables_are_exchanged() -> None:
    """Whoever has another hash answers with its table and asks for the other one, which comes."""
    lone = Lone(3)
    lone.hear(1, TableHash(b"another!"), Channel.STREAM)
    to, table, channel = lone.messages(Table)[0]
    assert (to, table.reply, channel) == (incarnation(1), True, Channel.STREAM)
    assert {news.member for news in table.news} == {incarnation(number) for number in range(3)}
    lone.sent.clear()
    lone.hear(1, table, Channel.STREAM)
    assert [message.reply for _, message, _ in lone.messages(Table)] == [False]


def test_tables_are_exchanged_with_one_member_at_a_time() -> None:
    """Many who greet at once would all tell the same: one is asked, the others again in time."""
    lone = Lone(4)
    for number in (1, 2, 3, 1):
        lone.hear(number, TableHash(b"another!"), Channel.STREAM)
    asked = [to for to, _, _ in lone.messages(Table)]
    assert asked == [incarnation(1), incarnation(1)]
    lone.sent.clear()
    lone.pass_time(1.1, answering=(1, 2, 3))
    assert lone.messages(TableHash)
    lone.hear(2, TableHash(b"another!"), Channel.STREAM)
    assert [to for to, _, _ in lone.messages(Table)] == [incarnation(2)]


def test_equal_beliefs_have_equal_hashes() -> None:
    """Everybody in a calm mesh has the same, although each leaves itself out of its rows."""
    village = _settled(6)
    prints = {house.machine._beliefs.fingerprint() for house in village.houses}
    assert len(prints) == 1


def test_what_gossip_missed_the_tables_bring() -> None:
    """A member that missed a goodbye learns of it from a table, when no rumour is left."""
    village = Village(5)
    village.run(5)
    leaver, deaf = village.houses[0], village.houses[4]
    _ = leaver.machine.leave(village.now)
    leaver.alive = False
    farewell = Gossip((leaver.machine._beliefs.own_news(),))
    for house in village.houses[1:4]:
        _ = house.machine.receive(leaver.own, farewell, Channel.STREAM, village.now)
        house.machine._rumours.clear()
    village.run(45)
    assert What.LEFT in [change.what for _, change in deaf.changes]


def test_who_leaves_says_goodbye() -> None:
    """To everybody, on every way; from then on it is silent, and nobody waits for a timeout."""
    village = Village(10)
    village.run(5)
    leaver = village.houses[3]
    village._do(leaver, leaver.machine.leave(village.now))
    assert leaver.machine.deadline_ns is None
    village.run(0.01)
    assert village.gone_everywhere(leaver)
    village.run(60)
    assert village.gone_everywhere(leaver)
    assert village.verdicts(What.SUSPECT) == []


def test_who_has_left_answers_nothing() -> None:
    """Not a probe, not a rumour about itself."""
    lone = Lone(3)
    lone.take(lone.machine.leave(lone.now))
    lone.sent.clear()
    lone.hear(1, Probe(42, OWN.nonce, 5, None, None, ()))
    lone.pass_time(60)
    assert lone.sent == []


def test_a_new_address_is_told() -> None:
    """Under a higher number of our own, so that the old address is replaced everywhere."""
    village = Village(5)
    village.run(5)
    roamer = village.houses[2]
    roamer.address = Address("198.51.100.7", 7_117)
    village._do(roamer, roamer.machine.moved(roamer.address, village.now))
    village.run(2)
    for house in village.houses:
        if house is not roamer:
            assert house.machine.address_of(roamer.own) == roamer.address
    village.run(30)
    assert village.verdicts(What.FAILED) == []


def test_a_member_that_is_met_again_compares_tables() -> None:
    """On a new stream, at once: partitions merge on contact."""
    lone = Lone(3)
    lone.take(lone.machine.announced(incarnation(1), address(1), lone.now))
    assert [to for to, _, _ in lone.messages(TableHash)] == [incarnation(1)]
