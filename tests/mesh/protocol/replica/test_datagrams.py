"""Datagrams between replicas: boxed, for one life of one controller, and each one once."""

from mesh.protocol.effects import Effects
from mesh.protocol.inputs import DatagramReceived
from mesh.protocol.now import SECOND
from mesh.wire.identity import Address
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside, remove
from tests.mesh.protocol.replica.test_mesh import gather, put

ELSEWHERE = Address("10.9.9.9", 9)


def overhear(mesh: MiniMesh, sender: Host, receiver: Host) -> list[bytes]:
    """Whatever ``sender`` sends to ``receiver`` by datagram from now on."""
    heard: list[bytes] = []
    carry_out = sender.carry_out

    def listen(effects: Effects) -> None:
        heard.extend(payload for to, payload in effects.datagrams if to == receiver.address)
        carry_out(effects)

    sender.carry_out = listen  # type: ignore[method-assign]  # a tap on its wire
    mesh.run(5 * SECOND)
    assert heard
    return heard


def replay(host: Host, payloads: list[bytes]) -> Effects:
    """Give ``payloads`` to ``host`` once more; all that it does about them."""
    datagrams: list[tuple[Address, bytes]] = []
    for payload in payloads:
        effects = host.replica.handle(DatagramReceived(ELSEWHERE, payload), host.now)
        assert not effects.writes
        assert not effects.frames
        datagrams.extend(effects.datagrams)
    return Effects(datagrams=tuple(datagrams))


def count(host: Host, name: str) -> int:
    """A counter of ``host``."""
    return host.replica.desk.counters[name]


def test_a_repeated_datagram_says_nothing() -> None:
    """Each is taken once; the second time it is counted, and that is all."""
    mesh = gather(2)
    one, other = mesh.hosts
    heard = overhear(mesh, other, one)
    before = count(one, "datagrams repeated")
    assert not replay(one, heard).datagrams
    assert count(one, "datagrams repeated") == before + len(heard)


def test_one_flipped_bit_is_one_too_many() -> None:
    """Nothing that was changed on its way is taken for what a member said."""
    mesh = gather(2)
    one, other = mesh.hosts
    payload = overhear(mesh, other, one)[-1]
    before = count(one, "datagrams rejected")
    flipped = [
        payload[:at] + bytes([payload[at] ^ 1 << bit]) + payload[at + 1 :]
        for at in range(len(payload))
        for bit in range(8)
    ]
    assert not replay(one, flipped).datagrams
    assert count(one, "datagrams rejected") == before + len(flipped)


def test_what_was_said_to_a_former_life_means_nothing_to_this_one() -> None:
    """The window is empty after a restart; that a datagram names whom it is for is what helps."""
    mesh = gather(3)
    one, other, third = mesh.hosts
    _ = put(other, "motd", "hello")
    heard = overhear(mesh, other, one)
    other.crash()
    one.crash()
    one.start()
    assert mesh.run_until(lambda: third.replica.own in inside(one).members.view, 60 * SECOND)
    mesh.run(30 * SECOND)
    view, rows = inside(one).members.view, inside(one).members.members(one.now)
    answers = replay(one, heard).datagrams
    assert inside(one).members.view == view
    assert inside(one).members.members(one.now) == rows
    probes = len(heard) - count(one, "datagrams for another life")
    assert 0 < probes < len(heard)
    assert len(answers) == probes, "a probe is told that this is another life, and no more"


def test_a_removed_key_opens_nothing() -> None:
    """Whoever is not in the roster is nobody to a datagram, from one moment to the next."""
    mesh = gather(3)
    one, _, third = mesh.hosts
    heard: list[bytes] = []
    carry_out = third.carry_out

    def keep(effects: Effects) -> None:
        heard.extend(payload for to, payload in effects.datagrams if to == one.address)
        carry_out(Effects(effects.token, effects.writes))

    _ = remove(one, third)
    third.carry_out = keep  # type: ignore[method-assign]  # what it says is kept on its way
    mesh.run(5 * SECOND)
    before = count(one, "datagrams rejected")
    assert heard
    assert not replay(one, heard).datagrams
    assert count(one, "datagrams rejected") == before + len(heard)
