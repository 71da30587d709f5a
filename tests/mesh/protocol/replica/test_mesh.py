"""Replicas together: founding, admission, running information, changes, partitions and merges."""

from collections.abc import Callable
from functools import partial

from mesh.protocol.effects import Answer, Refusal
from mesh.protocol.inputs import (
    AcceptMember,
    PersistFailed,
    Sighted,
    SubmitCommands,
    Write,
    WriteInformation,
)
from mesh.protocol.now import SECOND
from mesh.wire.requests import Command
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh


def gather(count: int, make: Callable[[int], MiniMesh] = MiniMesh) -> MiniMesh:
    """A mesh of ``count`` controllers in one environment, founded by the first one."""
    mesh = make(count)
    first, *others = mesh.hosts
    first.start()
    mesh.run(4 * SECOND)
    for host in others:
        host.start()
        host.handle(Sighted(first.address, "seed"))
        first.handle(Sighted(host.address, "mdns"))
    mesh.run(5 * SECOND)
    for host in others:
        answer = first.call(partial(_accept, host))
        assert isinstance(answer, Answer), answer
        mesh.run(2 * SECOND)
    assert mesh.run_until(lambda: is_complete(mesh), 20 * SECOND), [
        host.replica.admission.phase for host in mesh.hosts
    ]
    return mesh


def _accept(host: Host, call: int) -> AcceptMember:
    return AcceptMember(call, host.identity.public)


def is_complete(mesh: MiniMesh) -> bool:
    """Whether every controller is active and sees all the others."""
    return all(
        host.replica.participant is not None
        and len(host.replica.participant.roster.active) == len(mesh.hosts)
        and len(host.replica.participant.members.view) == len(mesh.hosts)
        and len(host.replica.participant.peers()) == len(mesh.hosts) - 1
        for host in mesh.hosts
    )


def put(host: Host, name: str, value: str) -> Answer | Refusal:
    """Write one entry of running information."""
    return host.call(lambda call: WriteInformation(call, (Write(("info", name), value),)))


def submit(host: Host, name: str, **parameters: object) -> Answer | Refusal:
    """Submit one ChangeSet that sets an item."""
    command = Command("item", "set", {"name": name, **parameters})  # type: ignore[dict-item]
    return host.call(lambda call: SubmitCommands(call, f"set {name}", (command,), "", 60 * SECOND))


def value(host: Host, name: str) -> object:
    """What ``host`` reads of one entry of running information."""
    assert host.replica.participant is not None
    reading = host.replica.participant.information.read(("info", name))
    return None if reading is None else reading.value


def item(host: Host, name: str) -> object:
    """What ``host`` shows of one item of the configuration."""
    assert host.replica.participant is not None
    return host.replica.participant.history.visible.get("item", name)


def test_accepted_newcomers_become_active() -> None:
    """Three hosts are one environment after two accepts, all of them active."""
    mesh = gather(3)
    environments = {host.replica.desk.environment for host in mesh.hosts}
    assert len(environments) == 1


def test_running_information_reaches_everybody() -> None:
    """What is written on one controller is read on all of them a moment later."""
    mesh = gather(3)
    assert isinstance(put(mesh.hosts[1], "motd", "hello"), Answer)
    assert mesh.run_until(
        lambda: all(value(host, "motd") == "hello" for host in mesh.hosts), SECOND
    )


def test_a_change_set_is_shown_by_all_at_one_instant() -> None:
    """A ChangeSet is applied on all controllers, and shown at the same wall time."""
    mesh = gather(3)
    assert isinstance(submit(mesh.hosts[0], "colour", value="blue"), Answer)
    assert mesh.run_until(
        lambda: all(item(host, "colour") == "blue" for host in mesh.hosts), 5 * SECOND
    )
    hashes = {
        host.replica.participant.history.state_hash
        for host in mesh.hosts
        if host.replica.participant
    }
    assert len(hashes) == 1


def test_changes_on_both_sides_of_a_partition_are_merged() -> None:
    """After a heal all have one history; of two that conflict one is set aside, whole."""
    mesh = gather(4)
    left, right = mesh.hosts[0], mesh.hosts[2]
    mesh.split({1, 2}, {3, 4})
    mesh.run(15 * SECOND)
    assert isinstance(submit(left, "left", value="l"), Answer)
    assert isinstance(submit(right, "right", value="r"), Answer)
    assert isinstance(submit(left, "both", value="l"), Answer)
    assert isinstance(submit(right, "both", value="r"), Answer)
    assert mesh.run_until(
        lambda: item(left, "both") == "l" and item(right, "both") == "r", 20 * SECOND
    )
    mesh.split()
    assert mesh.run_until(
        lambda: (
            len(
                {
                    host.replica.participant.history.history_hash
                    for host in mesh.hosts
                    if host.replica.participant
                }
            )
            == 1
        ),
        120 * SECOND,
    )
    mesh.run(SECOND)
    assert {item(host, "left") for host in mesh.hosts} == {"l"}
    assert {item(host, "right") for host in mesh.hosts} == {"r"}
    assert len({item(host, "both") for host in mesh.hosts}) == 1
    for host in mesh.hosts:
        assert host.replica.participant is not None
        assert len(host.replica.participant.history.conflicts()) == 1


def test_a_restarted_controller_goes_on() -> None:
    """A controller that comes back has its history and its entries, and takes part again."""
    mesh = gather(3)
    assert isinstance(put(mesh.hosts[2], "motd", "hello"), Answer)
    assert isinstance(submit(mesh.hosts[0], "colour", value="blue"), Answer)
    mesh.run(SECOND)
    mesh.hosts[2].crash()
    mesh.run(SECOND)
    mesh.hosts[2].start()
    assert value(mesh.hosts[2], "motd") == "hello"
    assert item(mesh.hosts[2], "colour") == "blue"
    assert mesh.run_until(lambda: is_complete(mesh), 60 * SECOND)
    assert isinstance(submit(mesh.hosts[2], "colour", value="red"), Answer)
    assert mesh.run_until(
        lambda: all(item(host, "colour") == "red" for host in mesh.hosts), 5 * SECOND
    )


def test_nobody_waits_for_a_controller_whose_disk_failed() -> None:
    """It takes leave, so that the others change the configuration without its votes."""
    mesh = gather(3)
    first, second, third = mesh.hosts
    third.handle(PersistFailed("no space left"))
    assert mesh.run_until(lambda: sees(first) == sees(second) == 2, SECOND)
    assert isinstance(submit(first, "colour", value="green"), Answer)
    assert mesh.run_until(
        lambda: item(first, "colour") == item(second, "colour") == "green", SECOND
    )
    assert item(third, "colour") is None


def sees(host: Host) -> int:
    """How many controllers ``host`` takes for alive."""
    inside = host.replica.participant
    assert inside is not None
    return len(inside.members.view)
