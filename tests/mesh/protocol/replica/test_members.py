"""Who is there, as the replica sees it: removal, leaving, clones, sleep, and links without UDP."""

from functools import partial

from mesh.protocol.effects import Answer, Ended, MemberChanged, Noticed, Refusal
from mesh.protocol.inputs import (
    DatagramReceived,
    DialFailed,
    DialFailure,
    Leave,
    PersistFailed,
    Slept,
    SubmitCommands,
    Woke,
)
from mesh.protocol.now import SECOND
from mesh.protocol.outgoing import Channel
from mesh.protocol.replica import views
from mesh.protocol.replica.company import read_address
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.replays import LIVES_MAX, Replays
from mesh.protocol.replica.twins import QUARANTINED
from mesh.protocol.standing import Access, RosterView
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import Gossip, News, Standing, StoreMessage, Summary
from mesh.wire.requests import Command, Value
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_mesh import gather, is_complete, item, put, submit, value


def inside(host: Host) -> Participant:
    """The participant of ``host``."""
    assert host.replica.participant is not None
    return host.replica.participant


def submit_command(host: Host, command: Command) -> Answer | Refusal:
    """Submit one command."""
    return host.call(lambda call: SubmitCommands(call, command.verb, (command,), "", 60 * SECOND))


def remove(host: Host, other: Host) -> Answer | Refusal:
    """Remove ``other`` from the roster."""
    parameters: dict[str, Value] = {"controller": other.identity.public.hex()}
    return submit_command(host, Command("controller", "remove", parameters))


def noticed(host: Host, event: str) -> list[str]:
    """The lines of the log about ``event``."""
    told = (each for each in host.notifications if isinstance(each, Noticed))
    return [each.text for each in told if each.event == event]


def shows_swaps(host: Host, author: Host) -> bool:
    """Whether ``host`` holds what ``author`` says of itself."""
    return any(
        key[1] == author.identity.public.hex() for key, _ in inside(host).information.owned.items()
    )


def test_a_removed_controller_learns_of_it_and_is_left_alone() -> None:
    """It holds the facts that removed it; its streams close; what it said of itself is gone."""
    mesh = gather(3)
    first, second, third = mesh.hosts
    assert isinstance(submit(first, "colour", value="blue"), Answer)
    mesh.run(SECOND)
    assert shows_swaps(first, third)
    assert isinstance(remove(first, third), Answer)
    mesh.run(2 * SECOND)
    gone = third.identity.public
    for host in (first, second):
        assert inside(host).roster.removed == {gone}
        assert gone not in host.replica.desk.links.connected
        assert not shows_swaps(host, third)
        assert all(life.controller != gone for life in inside(host).members.view)
    assert inside(third).roster.removed == {gone}
    assert len(noticed(third, "removed")) == 1
    mesh.run(30 * SECOND)
    assert all(gone not in host.replica.desk.links.connected for host in (first, second))


def test_a_removed_controller_changes_nothing_any_more() -> None:
    """Neither the configuration nor the running information of the others."""
    mesh = gather(3)
    first, second, third = mesh.hosts
    assert isinstance(remove(first, third), Answer)
    mesh.run(2 * SECOND)
    outcome = submit(third, "colour", value="stolen")
    assert isinstance(outcome, Refusal)
    assert "no quorum" in outcome.errors[0]
    assert isinstance(put(third, "motd", "stolen"), Answer)
    mesh.run(10 * SECOND)
    assert [value(host, "motd") for host in (first, second)] == [None, None]


def test_who_leaves_is_missed_by_nobody() -> None:
    """The others know at once: a ChangeSet does not wait for it."""
    mesh = gather(3)
    first, second, third = mesh.hosts
    third.handle(Leave())
    third.crash()
    mesh.run(SECOND // 2)
    for host in (first, second):
        assert all(life.controller != third.identity.public for life in inside(host).members.view)
    before_ns = mesh.time_ns
    assert isinstance(submit(first, "colour", value="blue"), Answer)
    assert mesh.run_until(lambda: item(second, "colour") == "blue", SECOND)
    assert mesh.time_ns - before_ns < SECOND // 2


def test_a_controller_whose_disk_failed_answers_no_probe_until_it_is_back() -> None:
    """It says so at once, stays away however often it is asked, and its next life takes part."""
    mesh = gather(3)
    first, second, third = mesh.hosts
    third.handle(PersistFailed("input/output error"))
    assert len(noticed(third, "disk failed")) == 1
    assert not views.status(third.replica, mesh.now)["votes"]
    mesh.run(SECOND // 2)
    told = noticed(third, "departed")
    assert [text.partition(": ")[2].partition(";")[0] for text in told] == ["you took leave"] * 2
    ended = third.replica.own
    for _ in range(60):
        mesh.run(SECOND)
        assert ended not in {*inside(first).members.view, *inside(second).members.view}
    row = views.members(first.replica, mesh.now)["members"][2]
    assert (row["standing"], row["why"]) == ("left", "it said goodbye")
    assert row["link"] == "not reached"
    third.crash()
    third.start()
    assert mesh.run_until(lambda: is_complete(mesh), 20 * SECOND)
    assert third.replica.own in inside(first).members.view


def test_everything_works_without_datagrams() -> None:
    """Where UDP is blocked all of it travels over streams, from the first acceptance on."""
    mesh = _gather_without_datagrams(3)
    assert isinstance(put(mesh.hosts[1], "motd", "hello"), Answer)
    assert isinstance(submit(mesh.hosts[0], "colour", value="blue"), Answer)
    mesh.run(5 * SECOND)
    assert {value(host, "motd") for host in mesh.hosts} == {"hello"}
    assert {item(host, "colour") for host in mesh.hosts} == {"blue"}


def _gather_without_datagrams(count: int) -> MiniMesh:
    class Blocked(MiniMesh):
        def __init__(self, count: int) -> None:
            super().__init__(count)
            self.datagrams_pass = False

    return gather(count, Blocked)


def test_members_that_were_connected_before_the_roster_named_them_are_met() -> None:
    """Who is admitted finds those in the view to whom its streams stood already."""
    mesh = _gather_without_datagrams(3)
    host, peer = mesh.hosts[:2]
    _ = inside(host).members.admitted([], mesh.now)
    inside(host).company.roster = RosterView()
    assert peer.replica.own not in inside(host).members.view
    assert inside(host).company.refresh_roster(mesh.now)
    assert peer.replica.own in inside(host).members.view


def clone(mesh: MiniMesh, original: Host) -> Host:
    """A host that is started with the disk and the key of another one."""
    twin = Host(mesh, 90 + original.number, original.configuration)
    address = Address("10.0.0.1", 7_900)
    twin.configuration = type(original.configuration)(
        name=original.configuration.name,
        site="office",
        addresses=(address,),
    )
    twin.identity = original.identity
    twin.disk.facts = dict(original.disk.facts)
    twin.disk.meta = dict(original.disk.meta)
    twin.disk.boot = original.disk.boot
    twin.disk.previous = original.disk.previous
    mesh.hosts_by_address[address] = twin
    mesh.hosts.append(twin)
    return twin


def test_a_quarantined_life_says_nothing_at_the_barrier() -> None:
    """It casts no votes, says why, and refuses to propose; it does not take a higher number."""
    mesh = gather(3)
    host = mesh.hosts[2]
    inside(host).twins.quarantine()
    inside(host).calm.stir()  # as the change of membership does of which it follows
    host.handle(Woke())
    assert inside(host).crank.stand_down == QUARANTINED
    assert not views.status(host.replica, mesh.now)["votes"]
    outcome = submit(host, "colour", value="blue")
    assert isinstance(outcome, Refusal)
    assert "casts no votes" in outcome.errors[0]
    other = Incarnation(host.identity.public, host.replica.own.boot + 1, b"the twin")
    inside(host).twins.meet(other, mesh.now)
    assert not host.replica.desk.ended


def test_a_life_that_is_cleared_takes_part_again() -> None:
    """What two of two others say in their own names silences a controller until they say no more.

    One of them alone is a warning.
    """
    mesh = gather(3)
    host = mesh.hosts[2]
    others = [other.replica.own for other in mesh.hosts[:2]]
    own = host.replica.own
    for number, other in enumerate(others):
        doubt = News(own, Standing.QUARANTINED, 0, mesh.hosts[0].address, other.controller)
        outcome = inside(host).members.receive(other, Gossip((doubt,)), Channel.STREAM, mesh.now)
        inside(host).company.outcome(outcome, mesh.now)
        inside(host).calm.stir()
        host.handle(Woke())
        assert inside(host).crank.stand_down == (QUARANTINED if number else None)
        assert len(noticed(host, "doubted")) == 1 + number
    assert mesh.run_until(lambda: inside(host).crank.stand_down is None, 10 * SECOND)
    assert len(noticed(host, "cleared")) == 1
    assert isinstance(submit(host, "colour", value="blue"), Answer)


def test_a_copied_disk_is_noticed_and_the_mesh_goes_on() -> None:
    """Of two lives with one key one ends or stands aside; the others agree all the while."""
    mesh = gather(3)
    twin = clone(mesh, mesh.hosts[2])
    twin.start()
    mesh.run(20 * SECOND)
    lives = [mesh.hosts[2], twin]
    ended = [any(isinstance(told, Ended) for told in host.notifications) for host in lives]
    aside = [inside(host).crank.stand_down is not None for host in lives]
    assert any(ended) or any(aside)
    assert isinstance(submit(mesh.hosts[0], "colour", value="blue"), Answer)
    assert mesh.run_until(lambda: item(mesh.hosts[1], "colour") == "blue", 30 * SECOND)


def test_a_newer_life_of_this_controller_ends_this_one() -> None:
    """The next one begins above the number that was met."""
    mesh = gather(2)
    host = mesh.hosts[1]
    other = Incarnation(host.identity.public, host.replica.own.boot + 4, b"the twin")
    inside(host).company.booted(other, mesh.now)
    host.handle(Woke())
    mesh.run(SECOND // 10)
    (ended,) = [told for told in host.notifications if isinstance(told, Ended)]
    assert ended.boot_floor == other.boot


def test_after_sleep_nobody_is_suspected_for_a_round() -> None:
    """The silence of others while this host was away proves nothing."""
    mesh = gather(3)
    host = mesh.hosts[0]
    mesh.run(SECOND)
    host.notifications.clear()
    # An hour in which this host heard nobody: the others look just as silent as if they were gone.
    mesh.time_ns += 3_600 * SECOND
    host.handle(Slept(3_600 * SECOND))
    host.handle(DialFailed(mesh.hosts[1].address, DialFailure.REFUSED))
    assert not [told for told in host.notifications if isinstance(told, MemberChanged)]
    assert len(inside(host).members.view) == 3
    mesh.run(2 * SECOND)
    host.handle(DialFailed(mesh.hosts[1].address, DialFailure.REFUSED))
    mesh.run(SECOND // 100)
    assert [told for told in host.notifications if isinstance(told, MemberChanged)]


def test_states_that_differ_over_one_history_are_an_alarm_now_and_then() -> None:
    """Equal histories must fold to equal states; said once a minute, counted each time."""
    mesh = gather(2)
    host = mesh.hosts[0]
    peer = mesh.hosts[1].replica.own
    history = inside(host).history
    ours = Summary(b"", bytes(8), history.history_hash[:8], history.state_hash[:8])
    theirs = Summary(b"", bytes(8), history.history_hash[:8], bytes(8))
    elsewhere = Summary(b"", bytes(8), bytes(8), bytes(8))
    for summary in (ours, elsewhere, theirs, theirs):
        inside(host).disagreement.compare(peer, summary, mesh.now)
    host.handle(Woke())
    assert len(noticed(host, "states differ")) == 1
    assert host.replica.desk.counters["states that differ over one history"] == 2
    mesh.run(61 * SECOND)
    inside(host).disagreement.compare(peer, theirs, mesh.now)
    host.handle(Woke())
    assert len(noticed(host, "states differ")) == 2


def test_a_datagram_counts_once_and_what_is_kept_for_that_is_bounded() -> None:
    """Whatever lives somebody claims under a member's name."""
    replays = Replays()
    member = Incarnation(b"m" * 32, 9, b"original")
    assert replays.accept(member, 1)
    assert not replays.accept(member, 1)
    for boot in range(100):
        assert replays.accept(Incarnation(b"m" * 32, boot, b"inventor"), 1)
    assert sum(map(len, replays._windows.values())) == LIVES_MAX
    replays.keep(frozenset())
    assert replays._windows == {}


def test_records_count_from_lives_that_are_known() -> None:
    """A life that nobody announced is not talked with, and nothing is kept for it."""
    mesh = gather(2)
    host = mesh.hosts[0]
    information = inside(host).information
    invented = Incarnation(mesh.hosts[1].identity.public, 1, b"inventor")
    known = dict(information._peers)
    heard = information.receive(invented, information.ping(), (), mesh.now)
    assert heard.rejected == 1
    assert heard.outgoing == ()
    assert information._peers == known


def test_an_address_where_nobody_can_listen_is_passed_over() -> None:
    """The roster holds what an operator typed."""
    assert read_address("10.0.0.1:7946") == Address("10.0.0.1", 7_946)
    assert read_address("[2001:db8::7]:7946") == Address("2001:db8::7", 7_946)
    for text in ("10.0.0.1:0", "10.0.0.1:99999", "[]:80", "10.0.0.1:", "nowhere", ""):
        assert read_address(text) is None


def test_an_impossible_address_does_not_get_into_the_roster() -> None:
    """Whoever types it is told, and the one that was there stands."""
    mesh = gather(2)
    second = mesh.hosts[1]
    parameters: dict[str, Value] = {
        "controller": second.identity.public.hex(),
        "addresses": ["10.0.0.9:99999", str(second.address), "10.0.0.9:0"],
    }
    refusal = submit_command(mesh.hosts[0], Command("controller", "modify", parameters))
    assert isinstance(refusal, Refusal)
    first, third = refusal.errors
    assert "10.0.0.9:99999" in first
    assert "10.0.0.9:0" in third
    assert inside(mesh.hosts[0]).company.addresses() == [second.address]


def test_a_stranger_is_not_answered_and_leaves_nothing_behind() -> None:
    """Bytes that are no datagram of a member are counted, and nothing else happens."""
    mesh = gather(2)
    host = mesh.hosts[0]
    before = host.replica.desk.counters["datagrams rejected"]
    effects = host.replica.handle(DatagramReceived(Address("10.9.9.9", 1), b"?" * 100), mesh.now)
    assert not effects.datagrams
    assert not effects.frames
    assert host.replica.desk.counters["datagrams rejected"] == before + 1


def test_a_slow_disk_takes_nothing_on() -> None:
    """What peers send is left for later, and no answer to it is kept."""
    mesh = gather(2)
    host, peer = mesh.hosts
    host.replica.desk.outbox._held_count = 65_536
    sender = peer.replica.own
    ping = inside(peer).information.ping()
    give = partial(inside(host).received, sender, Access.MEMBER)
    give(StoreMessage(ping), Channel.STREAM, None, mesh.now)
    assert host.replica.desk.counters["messages not taken for a slow disk"] == 1
