"""Removed controllers: what they still see, what they are told, and what they cost."""

from mesh.protocol.effects import Answer
from mesh.protocol.inputs import SubmitCommands
from mesh.protocol.now import SECOND
from mesh.protocol.replica import views
from mesh.protocol.replica.outcasts import ANSWERS_AT_ONCE, ANSWERS_EVERY_NS, FACT_BYTES_AT_ONCE
from mesh.wire.facts import SignedFact
from mesh.wire.messages import Facts, FactVector
from mesh.wire.requests import Command
from tests.mesh.protocol.replica.mini_mesh import Host
from tests.mesh.protocol.replica.solo import Solo, hello
from tests.mesh.protocol.replica.test_members import inside, noticed, remove
from tests.mesh.protocol.replica.test_mesh import gather, put, value


def knows_of(host: Host) -> list[str]:
    """The names of all ChangeSets that ``host`` has heard of."""
    catalogue = inside(host).catalogue
    return sorted(catalogue[number].request.name for number in range(len(catalogue)))


def test_who_was_removed_while_away_reads_why() -> None:
    """It comes back, is given the history, and says by whom it was removed, where, and why."""
    mesh = gather(3)
    first, _, third = mesh.hosts
    third.crash()
    mesh.run(10 * SECOND)
    command = Command("controller", "remove", {"controller": third.identity.public.hex()})
    outcome = first.call(
        lambda call: SubmitCommands(call, "clear out", (command,), "sold", 60 * SECOND)
    )
    assert isinstance(outcome, Answer)
    mesh.run(5 * SECOND)
    third.start()
    mesh.run(30 * SECOND)
    assert third.identity.public in inside(third).roster.removed
    why = views.status(third.replica, mesh.now)["why_no_votes"]
    tx = str(outcome.result["tx"])
    assert why.endswith(f"in ChangeSet {tx[:8]} (sold)")
    assert "removed by operator 'founder'" in why
    assert "--new-identity" in noticed(third, "removed")[0]
    findings = views.doctor(third.replica, mesh.now)["findings"]
    assert any("--new-identity" in str(finding) for finding in findings)
    assert not [each for each in findings if each["about"] == "members"]
    assert views.status(third.replica, mesh.now)["text"] == "removed from its environment"
    assert views.status(first.replica, mesh.now)["text"] != "removed from its environment"


def test_the_removed_is_told_before_its_stream_ends() -> None:
    """The facts that removed it go out first, and the stream is closed behind them."""
    mesh = gather(3)
    first, _, third = mesh.hosts
    gone = {third.identity.public}
    assert isinstance(remove(first, third), Answer)
    assert mesh.run_until(lambda: inside(first).roster.removed == gone, 5 * SECOND)
    assert mesh.run_until(lambda: inside(third).roster.removed == gone, SECOND // 5)


def test_two_that_removed_each_other_see_it() -> None:
    """Neither hears the other as a member, and each learns what the other has done."""
    mesh = gather(2)
    first, second = mesh.hosts
    mesh.split((1,), (2,))
    mesh.run(15 * SECOND)
    assert isinstance(remove(first, second), Answer)
    assert isinstance(remove(second, first), Answer)
    mesh.run(5 * SECOND)
    before = knows_of(first)
    mesh.split()
    mesh.run(400 * SECOND)
    assert len(knows_of(first)) == len(before) + 1
    assert knows_of(first) == knows_of(second)
    for host, other in ((first, second), (second, first)):
        assert inside(host).roster.removed == {other.identity.public}
        assert other.identity.public not in host.replica.desk.links.connected


def test_a_removed_controller_is_told_nothing_else() -> None:
    """No running information goes to it, and none of its own comes in."""
    mesh = gather(3)
    first, second, third = mesh.hosts
    assert isinstance(remove(first, third), Answer)
    mesh.run(5 * SECOND)
    assert isinstance(put(first, "motd", "for us"), Answer)
    assert isinstance(put(third, "door", "open"), Answer)
    mesh.run(400 * SECOND)
    assert value(third, "motd") is None
    assert value(second, "door") is None


def test_its_questions_are_metered() -> None:
    """However often removed controllers ask, only so many answers go out."""
    mesh = gather(2)
    first, second = mesh.hosts
    outcasts = inside(first).outcasts
    empty = FactVector((), reply=False, height=0, after=None, until=None)
    stream = first.replica.desk.links.connected[second.identity.public].stream
    for _ in range(1_000):
        outcasts.asked(stream, empty, first.now)
    name = "questions of removed controllers not answered"
    assert first.replica.desk.counters[name] == 1_000 - ANSWERS_AT_ONCE
    mesh.run(ANSWERS_EVERY_NS)
    outcasts.asked(stream, empty, first.now)
    assert first.replica.desk.counters[name] == 1_000 - ANSWERS_AT_ONCE


def test_what_it_shows_is_metered() -> None:
    """Facts of removed controllers are taken up to a bound of bytes, for all of them together."""
    mesh = gather(2)
    first, second = mesh.hosts
    outcasts = inside(first).outcasts
    fact = SignedFact(bytes(100 * 1_024), bytes(64))
    shown = Facts((fact,) * 10, direct=False)
    for _ in range(20):
        outcasts.shown(second.replica.own, shown, first.now)
    refused = first.replica.desk.counters["facts of removed controllers not taken"]
    assert refused == (20 - FACT_BYTES_AT_ONCE // 1_001) * 10


def test_what_strangers_show_is_metered() -> None:
    """Facts of whoever says to be of our environment are taken up to a bound of bytes."""
    mesh = gather(2)
    first, second = mesh.hosts
    fact = SignedFact(bytes(100 * 1_024), bytes(64))
    shown = Facts((fact,) * 10, direct=False)
    for _ in range(20):
        inside(first).outcasts.claimed(second.replica.own, shown, first.now)
    refused = first.replica.desk.counters["facts of strangers not taken"]
    assert refused == (20 - FACT_BYTES_AT_ONCE // 1_001) * 10


def test_a_stranger_is_asked_once() -> None:
    """Whoever says to be of our environment is told how far we are: once, not for each Hello."""
    founder = Solo()
    founder.sync()
    own = founder.replica.admission.hello()
    founder.opened(1)
    for _ in range(50):
        founder.hears(1, hello(own))
    founder.sync()
    told = [type(each) for each in founder.said(1)]
    assert told.count(FactVector) == 1
    founder.hears(1, Facts((SignedFact(bytes(8), bytes(64)),), direct=False))
    assert founder.replica.desk.counters["facts refused: undecodable"] == 1
    for _ in range(20):
        founder.hears(1, Facts((SignedFact(bytes(390_000), bytes(64)),) * 2, direct=False))
    assert founder.replica.desk.counters["facts of strangers not taken"] > 0
