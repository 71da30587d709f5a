"""How far a chain or a writer has come is told by whoever speaks: what a lie about that does."""

from crdt import AlarmKind
from crdt.seen import Extent
from mesh.protocol.effects import Answer
from mesh.protocol.inputs import Sighted
from mesh.protocol.now import SECOND
from mesh.protocol.outgoing import Channel
from mesh.protocol.replica import views
from mesh.protocol.replica.views.names import names_in
from mesh.protocol.standing import Access
from mesh.wire.messages import FactVector, Held
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside, noticed
from tests.mesh.protocol.replica.test_mesh import gather, is_complete, item, put, submit, value

AHEAD = 1_000_000


def lied_to() -> tuple[MiniMesh, Host, Host, Host]:
    """The third of three says to have seen a million writes of the first, all of them gone."""
    mesh = gather(3)
    author, victim, liar = mesh.hosts
    assert isinstance(put(author, "before", "kept"), Answer)
    mesh.run(3 * SECOND)
    store = inside(liar).information.kept
    ahead = {author.replica.own.nonce: AHEAD}
    store.seen.join(Extent(ahead, ahead, {}))
    for key, _ in list(store.records()):
        store.table.replace(key, ())
    store.touched()
    assert mesh.run_until(lambda: bool(noticed(victim, "store")), 60 * SECOND)
    return mesh, author, victim, liar


def test_a_lie_about_a_writer_hides_and_erases_nothing() -> None:
    """R24b: What is held stays, and what the writer says next is heard."""
    mesh, author, victim, _ = lied_to()
    assert value(victim, "before") == "kept"
    assert isinstance(put(author, "after", "heard"), Answer)
    assert mesh.run_until(lambda: value(victim, "after") == "heard", 30 * SECOND)
    assert AHEAD not in inside(victim).information.kept.vector.values()


def test_who_lies_about_a_writer_is_named() -> None:
    """R24b: Both who are told say so to people, and count it."""
    mesh, author, victim, liar = lied_to()
    assert mesh.run_until(lambda: bool(noticed(author, "store")), 60 * SECOND)
    for host in (author, victim):
        findings = views.doctor(host.replica, mesh.now)["findings"]
        (found,) = [each for each in findings if each["about"] == "information"]
        assert found["level"] == "error"
        assert found["text"].startswith(names_of(host)[liar.replica.own.controller.hex()])
        assert str(liar.replica.own) in noticed(host, "store")[0]
        counters = inside(host).desk.counters
        assert counters[f"store alarms: {AlarmKind.OVERCLAIM}"] > 0


def test_nobody_ends_the_lives_of_another() -> None:
    """R24c: Who says that all lives of a controller have ended is not believed."""
    mesh = gather(3)
    author, victim, liar = mesh.hosts
    mesh.run(3 * SECOND)
    store = inside(liar).information.kept
    store.seen.watermarks[author.replica.own.controller] = AHEAD
    store.touched()
    assert mesh.run_until(lambda: bool(noticed(victim, "store")), 30 * SECOND)
    assert isinstance(put(author, "after", "heard"), Answer)
    assert mesh.run_until(lambda: value(victim, "after") == "heard", 30 * SECOND)
    assert not inside(victim).information.kept.seen.watermarks


def test_each_lets_its_own_former_lives_go() -> None:
    """R24c: An ended life that left nothing behind needs no entry any more, as it says itself."""
    mesh = gather(3)
    author = mesh.hosts[0]
    assert isinstance(put(author, "before", "kept"), Answer)
    mesh.run(5 * SECOND)
    former = author.replica.own
    author.crash()
    author.start()
    author.handle(Sighted(mesh.hosts[1].address, "seed"))
    mesh.run(5 * SECOND)
    assert isinstance(put(author, "before", "anew"), Answer)

    def retired(host: Host) -> bool:
        seen = inside(host).information.kept.seen
        return former.nonce not in seen.vector and former.controller in seen.watermarks

    assert mesh.run_until(lambda: all(map(retired, mesh.hosts)), 400 * SECOND)
    assert all(value(host, "before") == "anew" for host in mesh.hosts)
    assert not any(noticed(host, "store") for host in mesh.hosts)


def names_of(host: Host) -> dict[str, str]:
    """What the controllers are called."""
    return names_in(inside(host).history.state)


def test_a_lie_about_a_chain_does_no_harm() -> None:
    """S25: Whoever says that a chain is longer than it is is asked, and gives nothing."""
    mesh = gather(3)
    author, victim, liar = mesh.hosts
    own = author.replica.own
    lie = FactVector((Held(own, AHEAD),), reply=True, height=0)
    for _ in range(20):
        inside(victim).received(
            liar.replica.own, Access.MEMBER, lie, Channel.STREAM, None, mesh.now
        )
        victim.carry_out(victim.replica._effects(mesh.now))
    before = inside(victim).chains.last(own)
    assert isinstance(submit(author, "colour", value="blue"), Answer)
    assert mesh.run_until(lambda: item(victim, "colour") == "blue", 5 * SECOND)
    assert before < inside(victim).chains.last(own) < AHEAD
    assert is_complete(mesh)
