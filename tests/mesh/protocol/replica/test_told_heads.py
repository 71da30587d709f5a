"""How far a chain or a writer has come is told by whoever speaks: what a lie about that does."""

from crdt.seen import Extent
from mesh.protocol.effects import Answer
from mesh.protocol.inputs import Sighted
from mesh.protocol.now import SECOND
from mesh.protocol.outgoing import Channel
from mesh.protocol.replica import views
from mesh.protocol.standing import Access
from mesh.wire.messages import FactVector, Held
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside, noticed
from tests.mesh.protocol.replica.test_mesh import gather, is_complete, item, put, submit, value

AHEAD = 1_000_000


def lied_to() -> tuple[MiniMesh, Host, Host, Host]:
    """The third of three says to have seen a million writes of the first; the second believes."""
    mesh = gather(3)
    author, victim, liar = mesh.hosts
    assert isinstance(put(author, "before", "kept"), Answer)
    mesh.run(3 * SECOND)
    store = inside(liar).information.kept
    store.seen.join(Extent({author.replica.own.nonce: AHEAD}, {}, {}))
    store.touched()
    seen = inside(victim).information.kept.seen
    assert mesh.run_until(lambda: AHEAD in seen.vector.values(), 60 * SECOND)
    return mesh, author, victim, liar


def test_a_lie_about_a_writer_erases_nothing_and_is_seen() -> None:
    """R24b: What is held stays, and the one whose writes are hidden says so."""
    mesh, author, victim, _ = lied_to()
    assert value(victim, "before") == "kept"
    assert mesh.run_until(
        lambda: any("not made" in each for each in noticed(author, "store")), 60 * SECOND
    )
    findings = views.doctor(author.replica, mesh.now)["findings"]
    assert [each["level"] for each in findings if each["about"] == "information"] == ["error"]
    assert value(author, "before") == "kept"


def test_a_lie_about_a_writer_ends_with_its_life() -> None:
    """R24b: What its next life writes is a writer's of whom no lie was told."""
    mesh, author, victim, liar = lied_to()
    author.crash()
    liar.crash()
    mesh.run(20 * SECOND)
    author.start()
    author.handle(Sighted(victim.address, "seed"))
    mesh.run(5 * SECOND)
    assert isinstance(put(author, "after", "heard"), Answer)
    assert mesh.run_until(lambda: value(victim, "after") == "heard", 30 * SECOND)


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
