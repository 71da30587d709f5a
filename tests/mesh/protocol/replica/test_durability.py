"""What leaves a replica before its disk has answered, and what after the disk has failed."""

import msgspec
import pytest

from mesh.protocol.admission import Enrolment
from mesh.protocol.effects import (
    Answer,
    ConfigurationSwapped,
    Ended,
    JournalWrite,
    Refusal,
    WriteFact,
    WriteMeta,
    WriteStore,
)
from mesh.protocol.inputs import (
    FoundEnvironment,
    Input,
    Leave,
    PersistFailed,
    SubmitCommands,
    Woke,
    Write,
    WriteInformation,
)
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.protocol.replica.remembered import REMEMBERED_KEY
from mesh.wire.facts import read_fact
from mesh.wire.identity import Address
from mesh.wire.messages import FactVector, Hello, Knock, Message, TableHash, Welcome
from mesh.wire.requests import Command
from tests.mesh.protocol.replica.solo import AWAY, STRANGER, Solo, hello
from tests.mesh.protocol.replica.test_mesh import gather


def put(call: int, key: str = "motd") -> WriteInformation:
    """Write one entry."""
    return WriteInformation(call, (Write(("info", key), "hello"),))


def change(call: int, name: str = "colour") -> SubmitCommands:
    """Set one item."""
    command = Command("item", "set", {"name": name, "value": "blue"})
    return SubmitCommands(call, f"set {name}", (command,), "", 60 * SECOND)


def answered(solo: Solo) -> list[int]:
    """The calls that have their answer."""
    return [told.call for told in solo.notifications if isinstance(told, Answer)]


def refused(solo: Solo) -> dict[int, tuple[str, ...]]:
    """The calls that were refused, and why."""
    return {told.call: told.errors for told in solo.notifications if isinstance(told, Refusal)}


def test_a_hello_names_no_environment_before_it_is_durable() -> None:
    """Others act upon it: who gave up its own for one that a crash undoes would have none."""
    solo = Solo()
    solo.opened(1)
    assert [told.environment for told in solo.hellos(1)] == [None]
    solo.sync()
    assert [told.environment for told in solo.hellos(1)] == [None, solo.replica.desk.environment]
    solo.opened(2)
    assert [told.environment for told in solo.hellos(2)] == [solo.replica.desk.environment]


def test_the_new_hello_leaves_before_what_only_members_say() -> None:
    """A peer that still takes us for a newcomer would drop it."""
    founder = Solo()
    newcomer = admitted(founder)
    assert _kinds(newcomer) == [Hello]
    newcomer.sync()
    assert _kinds(newcomer) == [Hello, Knock, Hello, FactVector]
    assert newcomer.hellos(1)[-1].environment == founder.replica.desk.environment


def test_a_life_that_yielded_before_its_hello_is_silent() -> None:
    """It found and gave up in a breath: that it had founded is on disk too late to be told."""
    solo = Solo(found=False)
    solo.opened(1)
    solo.time_ns = 4 * SECOND
    _ = solo.do(Woke())
    founded = solo.replica.admission.enrolment
    assert founded is not None
    other = msgspec.structs.replace(
        hello(sender=STRANGER), environment=bytes(32), generation=1, yields=True
    )
    solo.hears(1, other)
    solo.sync()
    assert Ended in map(type, solo.notifications)
    assert [told.environment for told in solo.hellos(1)] == [None]


def _kinds(newcomer: Solo) -> list[type[Message]]:
    """What was said, the small talk of the membership left aside."""
    return [type(told) for told in newcomer.said(1) if not isinstance(told, TableHash)]


def _welcome(place: Enrolment) -> Welcome:
    return Welcome(
        place.founding,
        place.generation,
        place.generation_nonce,
        place.secret,
        place.secret_version,
        None,
    )


def founder_hello(founder: Solo) -> Hello:
    """What ``founder`` says of itself."""
    told = founder.replica.admission.hello()
    return msgspec.structs.replace(told, stream=1)


@pytest.mark.parametrize("call", [put(7), change(7), FoundEnvironment(7)])
def test_nobody_is_answered_before_it_is_durable(call: Input) -> None:
    """Whoever was told "done" finds it after a power cut."""
    solo = Solo()
    _ = solo.do(call)
    assert solo.writes()
    assert answered(solo) == []
    solo.sync()
    assert answered(solo) == [7]


def test_no_fact_leaves_before_it_is_durable() -> None:
    """The Boot of this life, too: a peer that asks is answered when it is on disk."""
    founder = Solo()
    newcomer = admitted(founder)
    newcomer.hears(1, FactVector((), reply=True))
    assert any(isinstance(write, WriteFact) for write in newcomer.writes())
    assert newcomer.facts_told() == 0
    newcomer.sync()
    assert newcomer.facts_told() >= 1


def admitted(founder: Solo) -> Solo:
    """A newcomer that ``founder`` has just welcomed, on stream 1; nothing of it is durable."""
    place = founder.replica.admission.enrolment
    assert place is not None
    newcomer = Solo(found=False, letter=b"\2")
    newcomer.opened(1, founder.replica.own)
    newcomer.hears(1, founder_hello(founder))
    newcomer.hears(1, _welcome(place))
    return newcomer


def test_what_others_say_is_written_with_the_first_word_that_rests_on_it() -> None:
    """A vote that decides nothing here costs no write of its own; nobody is told of it before."""
    mesh = gather(3)
    mesh.run(2 * SECOND)
    before = [len(host.disk.transactions) for host in mesh.hosts]
    assert isinstance(mesh.hosts[0].call(change), Answer)
    mesh.run(SECOND)
    for host, first in zip(mesh.hosts, before, strict=True):
        written = [_words(writes) for writes in host.disk.transactions[first:]]
        words = [each for each in written if each]
        assert words[:2] == [["Propose", "Seal"], ["Seal", "Seal", "Applied"]]
        assert sorted(word for each in words[2:] for word in each) == ["Applied", "Applied"]


def test_what_is_shown_is_told_at_once_whatever_is_being_written() -> None:
    """All that it follows from is durable; the words of others that came since are not awaited."""
    mesh = gather(3)
    mesh.run(2 * SECOND)
    assert isinstance(mesh.hosts[0].call(change), Answer)
    for host in mesh.hosts:
        host.notifications.clear()
    told_ns: dict[int, int] = {}

    def all_told() -> bool:
        for host in mesh.hosts:
            if any(isinstance(told, ConfigurationSwapped) for told in host.notifications):
                _ = told_ns.setdefault(host.number, mesh.now.wall_ns)
        return len(told_ns) == len(mesh.hosts)

    assert mesh.run_until(all_told, SECOND)
    for host in mesh.hosts:
        shown = [told for told in host.notifications if isinstance(told, ConfigurationSwapped)]
        assert [told.swapped_wall_ns for told in shown] == [told_ns[host.number]]


def _words(writes: tuple[JournalWrite, ...]) -> list[str]:
    """What kinds of facts are in one transaction."""
    facts = (read_fact(write.signed) for write in writes if isinstance(write, WriteFact))
    return [type(fact.body).__name__ for fact in facts]


def test_what_others_say_is_on_the_disk_soon_without_a_reason() -> None:
    """Whoever says nothing more after the last word of the others has it all the same."""
    mesh = gather(3)
    mesh.run(2 * SECOND)
    assert isinstance(mesh.hosts[0].call(change), Answer)
    mesh.run(SECOND)
    for host in mesh.hosts:
        assert host.replica.participant is not None
        assert host.replica.desk.outbox.is_settled
        chains = host.replica.participant.chains
        for peer in mesh.hosts:
            held = [place for place in host.disk.facts if place[0] == peer.replica.own]
            assert len(held) == chains.last(peer.replica.own)


def test_records_and_what_quotes_them_go_to_disk_together() -> None:
    """The vector is in the same transaction as the record that it covers."""
    solo = Solo()
    solo.sync()
    effects = solo.do(put(1))
    stores = [write for write in effects.writes if isinstance(write, WriteStore)]
    assert len(stores) == 1
    assert stores[0].records
    assert stores[0].metadata


def test_a_probe_claims_only_what_is_durable() -> None:
    """Its summary is the one of the last moment at which nothing was unwritten."""
    solo = Solo()
    assert solo.replica.participant is not None
    assert solo.replica.participant.summary() is None
    solo.sync()
    before = solo.replica.participant.summary()
    assert before is not None
    _ = solo.do(put(1))
    assert solo.replica.participant.summary() == before
    solo.sync()
    assert solo.replica.participant.summary() != before


def test_after_a_failed_write_nothing_is_promised_any_more() -> None:
    """No answer to what waited, a refusal for what comes, no write, no summary of what is lost."""
    solo = Solo()
    solo.sync()
    participant = solo.replica.participant
    assert participant is not None
    before = participant.summary()
    _ = solo.do(put(1))
    _ = solo.do(PersistFailed("full"))
    effects = [solo.do(put(2)), solo.do(change(3)), solo.do(FoundEnvironment(4))]
    assert all(each.token is None and not each.writes for each in effects)
    assert answered(solo) == []
    assert sorted(refused(solo)) == [2, 3, 4]
    assert participant.summary() == before


def test_after_a_failed_write_a_probe_claims_nothing_new() -> None:
    """Memory goes on, for whoever asks; none of it will ever be durable."""
    solo = Solo()
    solo.sync()
    participant = solo.replica.participant
    assert participant is not None
    before = participant.summary()
    _ = solo.do(PersistFailed("full"))
    _ = participant.entries.write([Write(("info", "motd"), "hello")], solo.now)
    _ = solo.do(Woke())
    assert participant.summary() == before


def test_who_cannot_vote_does_not_wake_for_votes() -> None:
    """A deadline of the barrier that nobody will act upon would be in the past for ever."""
    solo = Solo()
    solo.sync()
    participant = solo.replica.participant
    assert participant is not None
    participant.barrier._deadline_ns = solo.time_ns + MILLISECOND
    deadlines = [participant.crank.deadline_ns]
    participant.crank.stand_down = "told so"
    deadlines.append(participant.crank.deadline_ns)
    participant.crank.stand_down = None
    _ = solo.do(PersistFailed("full"))
    deadlines.append(participant.crank.deadline_ns)
    assert deadlines == [solo.time_ns + MILLISECOND, None, None]


def test_a_failed_disk_does_not_keep_the_replica_awake() -> None:
    """It is woken for the others' sake only, and never for the same moment twice."""
    solo = Solo()
    _ = solo.do(change(1))
    _ = solo.do(PersistFailed("full"))
    for _ in range(100):
        if solo.wake_at_ns is None:
            break
        assert solo.wake_at_ns > solo.time_ns
        solo.time_ns = solo.wake_at_ns
        _ = solo.do(Woke())


def test_what_is_over_does_nothing_more() -> None:
    """After the leave-taking only the disk is listened to, for what still waits for it."""
    solo = Solo()
    _ = solo.do(put(1))
    _ = solo.do(Leave())
    assert solo.wake_at_ns is None
    effects = solo.do(put(2))
    assert not effects.writes
    solo.sync()
    assert answered(solo) == [1]


def test_a_damaged_memory_of_addresses_is_no_obstacle() -> None:
    """It is only where to knock first."""
    solo = Solo()
    solo.sync()
    solo.disk.meta[REMEMBERED_KEY] = b'[["nowhere", 99999]]'
    again = Solo(solo.disk)
    assert again.replica.participant is not None


def test_members_are_remembered_where_they_were_reached() -> None:
    """For a start without seeds and without multicast; each change of that is written once."""
    solo = Solo()
    solo.sync()
    _ = solo.replica.desk.links.believed_alive(STRANGER.controller, (AWAY,), solo.now)
    solo.replica._remembered.renew()
    solo.replica._remembered.renew()
    _ = solo.do(Woke())
    remembered = [write for write in solo.writes() if isinstance(write, WriteMeta)]
    assert len(remembered) == 1
    assert Address(*AWAY).host.encode() in remembered[0].value
