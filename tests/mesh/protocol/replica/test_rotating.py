"""A controller's exchange key is replaced at the barrier, whoever is there and whoever is not."""

from mesh.protocol.effects import Answer, Ended, Refusal
from mesh.protocol.inputs import RotateKey
from mesh.protocol.now import SECOND
from mesh.protocol.replica.rotating import EXCHANGE_META, PROPOSED_META
from mesh.wire.identity import digest
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside, noticed
from tests.mesh.protocol.replica.test_mesh import gather, is_complete, put, value

NEW = digest(b"a new exchange key")


def rotate(host: Host) -> Answer | Refusal:
    """``trellis members rotate-key`` on ``host``."""
    return host.call(lambda call: RotateKey(call, NEW))


def begins_anew(mesh: MiniMesh, host: Host) -> bool:
    """Whether its life ended by itself; as the driver does, another one is begun."""
    if not mesh.run_until(lambda: Ended in map(type, host.notifications), 10 * SECOND):
        return False
    host.crash()
    host.start()
    return True


def key_of(host: Host, other: Host) -> bytes | None:
    """The exchange key that ``host`` takes ``other`` by."""
    return inside(host).roster.keys.get(other.identity.public)


def test_everybody_uses_the_new_key() -> None:
    """The next life has it, streams stand again, and datagrams are boxed with it."""
    mesh = gather(3)
    first, _, third = mesh.hosts
    former = third.exchange.public
    assert isinstance(rotate(third), Answer)
    assert begins_anew(mesh, third)
    assert third.disk.meta[EXCHANGE_META] == NEW != former
    assert mesh.run_until(lambda: is_complete(mesh), 30 * SECOND)
    assert {key_of(host, third) for host in mesh.hosts} == {NEW}
    rejected = [host.replica.desk.counters["datagrams rejected"] for host in mesh.hosts]
    mesh.run(20 * SECOND)
    assert [host.replica.desk.counters["datagrams rejected"] for host in mesh.hosts] == rejected
    assert isinstance(put(third, "motd", "new"), Answer)
    assert mesh.run_until(lambda: value(first, "motd") == "new", 5 * SECOND)


def test_who_was_away_catches_up() -> None:
    """It takes the new key for nobody's at first, reads the history, and then for the member's."""
    mesh = gather(2)
    first, second = mesh.hosts
    second.crash()
    mesh.run(15 * SECOND)
    assert isinstance(rotate(first), Answer)
    assert begins_anew(mesh, first)
    mesh.run(30 * SECOND)
    second.start()
    assert mesh.run_until(lambda: is_complete(mesh), 60 * SECOND)
    assert key_of(second, first) == NEW


def test_the_old_key_is_worth_nothing_afterwards() -> None:
    """Whoever comes with the identity and the former key is no member, and hears facts only."""
    mesh = gather(3)
    first, _, third = mesh.hosts
    assert isinstance(rotate(third), Answer)
    assert begins_anew(mesh, third)
    assert mesh.run_until(lambda: is_complete(mesh), 30 * SECOND)
    third.crash()
    del third.disk.meta[EXCHANGE_META], third.disk.meta[PROPOSED_META]
    third.start()
    mesh.run(30 * SECOND)
    assert third.identity.public not in first.replica.desk.links.connected
    assert "another exchange key" in noticed(third, "exchange key")[0]


def test_a_crash_between_the_barrier_and_the_disk_is_made_good() -> None:
    """The next life finds its key replaced in the history, and ends for the one with the key."""
    mesh = gather(2)
    second = mesh.hosts[1]
    assert isinstance(rotate(second), Answer)
    assert mesh.run_until(lambda: key_of(second, second) == NEW, 10 * SECOND)
    second.crash()
    _ = second.disk.meta.pop(EXCHANGE_META, None)
    second.notifications.clear()
    second.start()
    assert begins_anew(mesh, second)
    assert mesh.run_until(lambda: is_complete(mesh), 30 * SECOND)
