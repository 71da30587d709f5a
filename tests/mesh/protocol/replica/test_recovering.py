"""A controller whose disk was empty: what it says of itself, and when others count on it again."""

from functools import partial

from mesh.environment.roster_effect import roster_effect
from mesh.protocol.barrier.recovery import RECOVERY, Recovery
from mesh.protocol.catalogue import numbers
from mesh.protocol.effects import Answer, Refusal
from mesh.protocol.inputs import Sighted
from mesh.protocol.now import SECOND
from mesh.protocol.replica import views
from mesh.protocol.replica.recovering import NOT_RECOVERED, RECOVERY_KEY
from mesh.wire.facts import Record
from mesh.wire.messages import FactVector, Held
from mesh.wire.requests import Command
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.solo import Solo
from tests.mesh.protocol.replica.test_members import inside, submit_command
from tests.mesh.protocol.replica.test_mesh import gather, is_complete, item, sees, submit


def majority(count: int) -> MiniMesh:
    """A mesh under the policy majority."""
    mesh = gather(count)
    command = Command("environment", "set", {"barrier": "majority"})
    assert isinstance(submit_command(mesh.hosts[0], command), Answer)
    mesh.run(SECOND)
    return mesh


def wipe(host: Host) -> None:
    """Lose the disk, and everything on it; the next number is above all that others have seen."""
    host.crash()
    host.disk = type(host.disk)(boot=host.disk.boot)


def come_back(host: Host, friend: Host) -> None:
    """Start again, with the address of ``friend`` configured, who hears of it at once."""
    host.start()
    host.handle(Sighted(friend.address, "seed"))
    friend.handle(Sighted(host.address, "mdns"))


def said(host: Host, about: Host) -> Recovery | None:
    """The latest that the current life of ``about`` said of its memory, as ``host`` knows it."""
    recoveries = inside(host).barrier.standpoint.knowledge.recoveries
    return recoveries.get(about.replica.own)


def activation_of(host: Host, witness: Host) -> int:
    """The Lamport time of the ChangeSet that made ``host`` active."""
    catalogue = inside(witness).catalogue
    return next(
        catalogue[number].timestamp.lamport
        for number in numbers(inside(witness).history.ids)
        if host.identity.public in roster_effect(catalogue[number].request.resolved).activated
    )


def votes(host: Host) -> bool:
    """Whether ``host`` says that it takes part at the barrier."""
    return views.status(host.replica, host.now)["votes"]


def test_half_a_list_proves_nothing() -> None:
    """How far a peer holds every chain is known with the last part, and from the first one on."""
    mesh = gather(2)
    host, peer = inside(mesh.hosts[0]), mesh.hosts[1].replica.own
    host.recovering._recovery = Recovery()
    begins = FactVector((Held(peer, 1),), reply=False, until=peer)
    ends = FactVector((), reply=False, after=peer)
    for part in (ends, begins):
        host.recovering.told(peer, part)
        assert host.recovering._told == {}
    host.recovering.told(peer, ends)
    assert host.recovering._told == {peer: {peer: 1}}
    host.recovering.told(peer, FactVector((), reply=False))
    assert host.recovering._told == {peer: {}}


def test_a_newcomer_has_recovered_when_it_takes_part() -> None:
    """It lost nothing; as a learner it has met enough of those before it."""
    mesh = gather(4)
    first, *others = mesh.hosts
    assert said(first, first) is None
    for host in others:
        recovery = said(first, host)
        assert recovery is not None
        assert recovery.is_over
        assert not inside(host).recovering.is_under_way
        last_word = max(
            fact.content.lamport
            for fact in inside(first).chains.chain(host.replica.own)
            if isinstance(fact.body, Record) and fact.body.kind == RECOVERY
        )
        assert last_word <= activation_of(host, first), "it knew of that when it said so"


def test_under_majority_nobody_counts_on_a_wiped_controller_before_it_has_met_enough() -> None:
    """Of three it needs both others: one is down, so the two that are there change nothing."""
    mesh = majority(3)
    first, second, third = mesh.hosts
    assert isinstance(submit(first, "colour", value="blue"), Answer)
    mesh.run(SECOND)
    wipe(third)
    first.crash()
    mesh.run(15 * SECOND)
    come_back(third, second)
    assert mesh.run_until(lambda: sees(second) == 2, 60 * SECOND)
    assert mesh.run_until(lambda: item(third, "colour") == "blue", 60 * SECOND)
    mesh.run(10 * SECOND)
    recovery = said(second, third)
    assert recovery == Recovery((second.identity.public,))
    assert views.status(third.replica, third.now)["why_no_votes"] == NOT_RECOVERED
    for host in (second, third):
        refusal = submit(host, "colour", value="red")
        assert isinstance(refusal, Refusal)
        assert "no quorum" in refusal.errors[0]
    first.start()
    assert mesh.run_until(lambda: is_complete(mesh) and votes(third), 60 * SECOND)
    assert isinstance(submit(third, "colour", value="red"), Answer)
    assert mesh.run_until(lambda: item(second, "colour") == "red", 5 * SECOND)


def test_a_restart_on_the_new_disk_brings_nothing_back() -> None:
    """What was lost before is still lost: the next life says so again, and goes on from there."""
    mesh = majority(3)
    first, second, third = mesh.hosts
    wipe(third)
    first.crash()
    mesh.run(15 * SECOND)
    come_back(third, second)
    assert mesh.run_until(lambda: votes(second) and sees(second) == 2, 60 * SECOND)
    mesh.run(10 * SECOND)
    third.crash()
    mesh.run(SECOND)
    third.start()
    mesh.run(20 * SECOND)
    assert said(second, third) == Recovery((second.identity.public,))
    assert not votes(third)


def test_two_who_lost_their_disks_do_not_vouch_for_each_other() -> None:
    """Of five: the two that remember are one too few, until the fifth is met."""
    mesh = majority(5)
    first, second, third, fourth, fifth = mesh.hosts
    fifth.crash()
    for host in (third, fourth):
        wipe(host)
    mesh.run(20 * SECOND)
    for host in (third, fourth):
        come_back(host, first)
    assert mesh.run_until(lambda: sees(first) == sees(second) == 4, 90 * SECOND)
    mesh.run(20 * SECOND)
    assert [votes(host) for host in (first, second, third, fourth)] == [True, True, False, False]
    fifth.start()
    assert mesh.run_until(lambda: is_complete(mesh) and all(map(votes, mesh.hosts)), 90 * SECOND)


def test_where_all_others_were_met_nobody_is_left_who_could_know_more() -> None:
    """Two of three lost their disks: what they alone knew is gone, and the mesh goes on."""
    mesh = majority(3)
    first, second, third = mesh.hosts
    for host in (second, third):
        wipe(host)
    mesh.run(20 * SECOND)
    for host in (second, third):
        come_back(host, first)
    assert mesh.run_until(lambda: is_complete(mesh) and all(map(votes, mesh.hosts)), 90 * SECOND)
    mesh.run(SECOND)
    assert isinstance(submit(first, "colour", value="blue"), Answer)
    assert mesh.run_until(partial(_all_have, mesh, "blue"), 5 * SECOND)


def _all_have(mesh: MiniMesh, colour: str) -> bool:
    return all(item(host, "colour") == colour for host in mesh.hosts)


def test_a_founder_that_lost_its_disk_proposes_nothing_on_nothing() -> None:
    """By the founding record it is the whole roster: it would go on alone from the beginning."""
    mesh = gather(3)
    first, second, third = mesh.hosts
    assert isinstance(submit(second, "colour", value="blue"), Answer)
    mesh.run(SECOND)
    wipe(first)
    mesh.run(20 * SECOND)
    come_back(first, second)
    assert mesh.run_until(lambda: first.replica.participant is not None, 60 * SECOND)
    own = submit(first, "colour", value="red")
    assert isinstance(own, Refusal)
    assert mesh.run_until(lambda: is_complete(mesh), 90 * SECOND)
    assert item(first, "colour") == item(third, "colour") == "blue"
    mesh.run(5 * SECOND)
    assert isinstance(submit(first, "colour", value="red"), Answer)


def test_a_founder_whose_facts_are_lost_and_whose_name_is_not_has_lost_its_memory() -> None:
    """That it founded says nothing any more: a life has written here before."""
    solo = Solo()
    solo.sync()
    assert RECOVERY_KEY not in solo.disk.meta
    solo.disk.facts.clear()
    again = Solo(solo.disk)
    assert again.replica.participant is not None
    assert again.replica.participant.recovering.is_under_way
