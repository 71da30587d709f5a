"""Lives and keys that nobody may count on: copies, stores put back, two stories."""

import copy
from dataclasses import replace

import pytest

from mesh.protocol.effects import Answer, Ended, Image, WriteMeta
from mesh.protocol.forks import Fork
from mesh.protocol.inputs import Sighted
from mesh.protocol.now import SECOND
from mesh.protocol.outgoing import Channel
from mesh.protocol.replica import views
from mesh.protocol.replica.bereft import BEREFT_KEY, may_found
from mesh.protocol.replica.equivocations import ACCUSED, PROOF_KEY
from mesh.protocol.replica.twins import CONTESTED, MEETINGS_MAX, QUARANTINED, TWINS_KEY
from mesh.protocol.standing import Access
from mesh.wire import cbor
from mesh.wire.facts import Applied, Boot
from mesh.wire.identity import Incarnation
from mesh.wire.messages import Facts
from tests.mesh.protocol.replica.mini_mesh import Disk, Host, MiniMesh
from tests.mesh.protocol.replica.solo import Solo
from tests.mesh.protocol.replica.test_members import clone, inside, noticed
from tests.mesh.protocol.replica.test_mesh import gather, is_complete, item, submit
from tests.mesh.protocol.test_chains import forge


def endings(host: Host) -> list[Ended]:
    """How the lives of ``host`` ended by themselves."""
    return [told for told in host.notifications if isinstance(told, Ended)]


def live(mesh: MiniMesh, hosts: list[Host], seconds: int) -> int:
    """Let time pass, and begin the next life of each of ``hosts`` whose last one has ended."""
    begun = 0
    for _ in range(seconds * 10):
        mesh.run(SECOND // 10)
        for host in hosts:
            if host.replica.desk.ended:
                ending = endings(host)[-1]
                host.crash()
                host.disk.boot = max(host.disk.boot, ending.boot_floor)
                host.disk.unbroken = not ending.in_doubt
                host.start()
                begun += 1
                meet(hosts)
    return begun


def meet(hosts: list[Host]) -> None:
    """Let each of ``hosts`` hear where the others are."""
    for host in hosts:
        for other in hosts:
            if other is not host and not host.replica.desk.ended:
                host.handle(Sighted(other.address, "seed"))


# --- copies -------------------------------------------------------------------------------------


def test_two_who_outbid_each_other_stop() -> None:
    """Two hosts with one disk and nobody else there: both stop, soon, and say so."""
    mesh = gather(1)
    original = mesh.hosts[0]
    twin = clone(mesh, original)
    twin.start()
    meet([original, twin])
    begun = live(mesh, [original, twin], 60)
    assert 0 < begun <= 2 * MEETINGS_MAX
    assert live(mesh, [original, twin], 60) == 0
    stopped = [host for host in (original, twin) if inside(host).crank.stand_down == CONTESTED]
    assert stopped
    assert noticed(stopped[0], "contested")


def test_who_finds_out_that_it_is_a_copy_lets_nobody_wait() -> None:
    """What was submitted there before goes no further: it says so, and where to look."""
    mesh = gather(2)
    host, other = mesh.hosts
    other.crash()
    assert isinstance(submit(host, "colour", value="blue"), Answer)
    before = views.change(host.replica, "set colour", mesh.now)
    assert before is not None
    assert (before["word"], before["final"]) == ("pending", False)
    inside(host).twins.quarantine()
    after = views.change(host.replica, "set colour", mesh.now)
    assert after is not None
    assert (after["word"], after["final"]) == ("pending", True)
    assert QUARANTINED in after["text"]
    assert "see another controller" in after["text"]
    inside(host).twins.clear()
    assert views.change(host.replica, "set colour", mesh.now) == before


def test_meetings_long_ago_do_not_count() -> None:
    """Whoever met a few twins an hour ago takes a higher number as ever."""
    solo = Solo()
    assert solo.replica.participant is not None
    twins = solo.replica.participant.twins
    own = solo.replica.own
    for number in range(2 * MEETINGS_MAX):
        solo.time_ns += 3_600 * SECOND
        other = Incarnation(own.controller, own.boot + number, bytes([number]) * 8)
        twins.meet(other, solo.now, is_alive=True)
    assert twins.why is None
    assert solo.replica.desk.ended


def test_lives_that_are_told_of_do_not_count() -> None:
    """A store from a backup is told of all the lives that came after it, and outbids them."""
    solo = Solo()
    assert solo.replica.participant is not None
    twins = solo.replica.participant.twins
    own = solo.replica.own
    for number in range(2 * MEETINGS_MAX):
        other = Incarnation(own.controller, own.boot + number, bytes([number]) * 8)
        twins.meet(other, solo.now)
    assert twins.why is None
    assert solo.replica.desk.ended


def test_a_life_that_is_told_of_is_outbid_after_many_meetings() -> None:
    """The copy that was met so often has been stopped: its last life is past, and is outbid."""
    disk = Disk()
    disk.meta[TWINS_KEY] = cbor.encode([Solo().now.wall_ns] * MEETINGS_MAX)
    solo = Solo(disk)
    assert solo.replica.participant is not None
    twins = solo.replica.participant.twins
    twins.meet(Incarnation(solo.replica.own.controller, 99, b"the last"), solo.now)
    assert twins.why is None
    assert solo.replica.desk.ended


def test_what_stands_on_disk_about_twins_may_be_anything() -> None:
    """A note of another shape is no reason to stop."""
    disk = Disk()
    disk.meta[TWINS_KEY] = b"\xff not a note"
    solo = Solo(disk)
    assert solo.replica.participant is not None
    assert solo.replica.participant.twins.why is None


# --- stores that were put back ------------------------------------------------------------------


def test_a_store_that_was_rolled_back_is_found_out() -> None:
    """It claims an end that was none; the first fact after that end makes it begin anew, lost."""
    mesh = gather(3)
    host = mesh.hosts[2]
    older = copy.deepcopy(host.disk)
    assert isinstance(submit(host, "colour", value="blue"), Answer)
    mesh.run(3 * SECOND)
    host.crash()
    mesh.run(SECOND)
    host.disk = older
    host.notifications.clear()
    host.start()
    _ = live(mesh, [host], 20)
    (ending,) = [each for each in endings(host) if each.in_doubt]
    assert "older copy" in ending.why
    boot = inside(host).chains.chain(host.replica.own)[0].body
    assert isinstance(boot, Boot)
    assert boot.proven is None
    assert mesh.run_until(lambda: is_complete(mesh), 30 * SECOND)
    assert item(host, "colour") == "blue"


def test_a_life_that_claimed_nothing_is_not_doubted_again() -> None:
    """Whoever says that it lost its end expects to be told of it."""
    mesh = gather(3)
    host = mesh.hosts[2]
    older = copy.deepcopy(host.disk)
    assert isinstance(submit(host, "colour", value="blue"), Answer)
    mesh.run(3 * SECOND)
    host.crash()
    mesh.run(SECOND)
    host.disk = older
    host.disk.unbroken = False
    host.disk.boot += 10
    host.notifications.clear()
    host.start()
    _ = live(mesh, [host], 20)
    assert not endings(host)
    assert item(host, "colour") == "blue"


def test_a_founder_without_its_memory_founds_nothing() -> None:
    """Told to found, with a key that others know and an empty disk, it waits and is taken in."""
    mesh = gather(3)
    founder = mesh.hosts[0]
    environment = founder.replica.desk.environment
    founder.crash()
    mesh.run(SECOND)
    founder.disk = Disk()
    founder.configuration = replace(founder.configuration, found=True, memory_lost=True)
    founder.notifications.clear()
    founder.start()
    mesh.run(SECOND // 100)
    assert founder.replica.participant is None
    assert noticed(founder, "memory lost")
    _ = live(mesh, [founder], 30)
    assert founder.replica.desk.environment == environment
    assert mesh.run_until(lambda: is_complete(mesh), 30 * SECOND)


def test_a_key_to_found_with_is_made_for_who_may_found_only() -> None:
    """Beside a member, or one that forgot whose it is, it would be a key that opens nothing."""
    fresh = Image(boot=1, previous=None, unbroken=False)
    configuration = replace(MiniMesh(1).hosts[0].configuration, joins_only=False)
    assert may_found(configuration, fresh)
    assert not may_found(replace(configuration, joins_only=True), fresh)
    assert not may_found(replace(configuration, memory_lost=True), fresh)
    assert not may_found(configuration, replace(fresh, findings=("3 rows were damaged",)))
    assert not may_found(configuration, replace(fresh, meta=dict(gather(1).hosts[0].disk.meta)))


@pytest.mark.parametrize("damaged", [True, False])
def test_who_lost_its_memory_still_knows_that_a_life_later(damaged: bool) -> None:  # noqa: FBT001  the parameter
    """The note is on disk; and a damaged journal without an environment is as good as none."""
    disk = Disk()
    if damaged:
        disk.findings = ("3 rows were damaged",)
    else:
        disk.meta[BEREFT_KEY] = b""
    solo = Solo(disk)
    assert solo.replica.participant is None
    assert BEREFT_KEY in {
        write.key
        for _, effects in solo.unsynced
        for write in effects.writes
        if isinstance(write, WriteMeta)
    }


@pytest.mark.parametrize("is_newborn", [True, False])
def test_who_has_just_been_born_is_not_told_that_it_lost_its_memory(is_newborn: bool) -> None:  # noqa: FBT001  the parameter
    """An empty store is worth a warning only where the key is older than this start."""
    mesh = gather(3)
    host = mesh.hosts[2]
    host.crash()
    mesh.run(SECOND)
    host.disk = Disk()
    host.configuration = replace(host.configuration, is_newborn=is_newborn)
    host.notifications.clear()
    host.start()
    assert mesh.run_until(lambda: host.replica.participant is not None, 30 * SECOND)
    assert bool(noticed(host, "memory lost")) == (not is_newborn)


# --- two stories --------------------------------------------------------------------------------


def tell_another_story(liar: Host, listener: Host) -> Fork:
    """``listener`` is sent a second fact under a number that it holds one of ``liar`` for."""
    own = inside(liar).chains.chain(liar.replica.own)[-1]
    other = forge_by(liar, own.sequence)
    inside(listener).received(
        liar.replica.own, Access.MEMBER, other, Channel.STREAM, None, listener.mesh.now
    )
    listener.carry_out(listener.replica._effects(listener.mesh.now))
    return inside(listener).equivocations.proofs[liar.replica.own.controller]


def forge_by(liar: Host, sequence: int) -> Facts:
    """Another fact of ``liar`` under ``sequence``, signed by it."""
    fact = inside(liar).chains.chain(liar.replica.own)[sequence - 1]
    return Facts((forge(fact, body=Applied(b"o" * 32)),), direct=True)


def test_a_proof_reaches_everybody_and_nobody_waits_for_the_accused() -> None:
    """All hold it, the accused one too, which stops; the others go on without it."""
    mesh = gather(3)
    liar = mesh.hosts[2]
    _ = tell_another_story(liar, mesh.hosts[0])
    mesh.run(SECOND)
    accused = liar.replica.own.controller
    assert all(accused in inside(host).equivocations.proofs for host in mesh.hosts)
    assert inside(liar).crank.stand_down == ACCUSED
    assert not views.status(liar.replica, mesh.now)["votes"]
    assert isinstance(submit(mesh.hosts[0], "colour", value="blue"), Answer)
    assert mesh.run_until(lambda: item(mesh.hosts[1], "colour") == "blue", 5 * SECOND)


def test_a_proof_survives_a_restart_and_is_shown() -> None:
    """It is on disk, judged anew at the start, and the doctor names it."""
    mesh = gather(3)
    _ = tell_another_story(mesh.hosts[2], mesh.hosts[0])
    mesh.run(SECOND)
    other = mesh.hosts[1]
    other.crash()
    mesh.run(SECOND)
    other.start()
    assert mesh.hosts[2].replica.own.controller in inside(other).equivocations.proofs
    mesh.run(5 * SECOND)
    for host in mesh.hosts:
        findings = views.doctor(host.replica, mesh.now)["findings"]
        assert any(each["level"] == "error" and "two" in each["text"] for each in findings)


def test_a_newcomer_is_told_of_the_proofs() -> None:
    """Whoever connects is given both facts, and judges for itself."""
    mesh = gather(3)
    other = mesh.hosts[1]
    other.crash()
    mesh.run(10 * SECOND)
    fork = tell_another_story(mesh.hosts[2], mesh.hosts[0])
    mesh.run(SECOND)
    other.start()
    mesh.run(5 * SECOND)
    assert inside(other).equivocations.proofs[mesh.hosts[2].replica.own.controller] == fork


@pytest.mark.parametrize("raw", [b"", b"\x80", b"\x84\x41a\x41b\x41c\x41d"])
def test_a_proof_on_disk_that_proves_nothing_accuses_nobody(raw: bytes) -> None:
    """What was damaged or made up is passed over."""
    disk = Disk()
    disk.meta[PROOF_KEY + "00"] = raw
    solo = Solo(disk)
    assert solo.replica.participant is not None
    assert not solo.replica.participant.equivocations.proofs


def test_strangers_are_not_accused() -> None:
    """Anybody can make keys, and proofs against them, without end."""
    mesh = gather(2)
    host = mesh.hosts[0]
    fork = Fork(Incarnation(b"x" * 32, 1, b"stranger"), 1, *forge_by(mesh.hosts[1], 1).facts * 2)
    told = inside(host).equivocations.heard([fork], inside(host).company.roster)
    assert not told
    assert not any(isinstance(each, WriteMeta) for each in host.disk.meta)
    assert not inside(host).equivocations.proofs
