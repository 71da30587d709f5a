"""A person forgives a key that has told two stories: from which life on it counts, and for whom."""

from functools import partial

from mesh.protocol.effects import Answer, Refusal
from mesh.protocol.inputs import SubmitCommands
from mesh.protocol.now import SECOND
from mesh.protocol.replica import views
from mesh.protocol.replica.equivocations import ACCUSED
from mesh.wire.facts import Boot
from mesh.wire.identity import Incarnation
from mesh.wire.requests import Command, Value
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside
from tests.mesh.protocol.replica.test_mesh import gather, is_complete, item, submit
from tests.mesh.protocol.replica.test_trust import tell_another_story


def accused_mesh() -> tuple[MiniMesh, Host, Host, Host]:
    """Three hosts; the key of the last one has told two stories, and all know."""
    mesh = gather(3)
    first, second, liar = mesh.hosts
    _ = tell_another_story(liar, first)
    mesh.run(SECOND)
    return mesh, first, second, liar


def pardon(at: Host, of: Host, life: int) -> Answer | Refusal:
    """``trellis members pardon`` on ``at``."""
    parameters: dict[str, Value] = {"controller": of.identity.public.hex(), "life": life}
    command = Command("controller", "pardon", parameters)
    return at.call(partial(_submit, command))


def _submit(command: Command, call: int) -> SubmitCommands:
    return SubmitCommands(call, "pardon", (command,), "", 60 * SECOND)


def restart(mesh: MiniMesh, host: Host) -> None:
    """The person starts it again."""
    host.crash()
    mesh.run(SECOND)
    host.start()


def sees(host: Host, other: Host) -> bool:
    """Whether ``host`` counts on ``other`` at the barrier."""
    view = inside(host).company._view
    return other.identity.public in {each.controller for each in view}


def test_a_pardoned_controller_takes_part_again() -> None:
    """S7c: Its next life counts, votes, and proposes; nothing is held against it any more."""
    mesh, first, second, liar = accused_mesh()
    life = liar.replica.own.boot
    assert isinstance(pardon(first, liar, life), Answer)
    mesh.run(SECOND)
    assert not sees(first, liar)
    restart(mesh, liar)
    assert mesh.run_until(lambda: sees(first, liar) and sees(second, liar), 30 * SECOND)
    assert mesh.run_until(lambda: is_complete(mesh), 30 * SECOND)
    assert views.status(liar.replica, mesh.now)["votes"]
    assert isinstance(submit(liar, "colour", value="blue"), Answer)
    assert mesh.run_until(lambda: item(second, "colour") == "blue", 5 * SECOND)
    for host in mesh.hosts:
        assert not any(
            "two" in each["text"] for each in views.doctor(host.replica, mesh.now)["findings"]
        )


def test_the_life_that_told_two_stories_stays_out() -> None:
    """S7c: Running on, it is in nobody's view and says nothing, pardoned or not."""
    mesh, first, second, liar = accused_mesh()
    assert isinstance(pardon(first, liar, liar.replica.own.boot), Answer)
    mesh.run(20 * SECOND)
    assert not sees(first, liar)
    assert not sees(second, liar)
    assert inside(liar).crank.stand_down == ACCUSED


def test_a_later_life_of_the_accused_follows() -> None:
    """S7d: Not pardoned, it applies what others release, proposes nothing, counts for nobody."""
    mesh, first, _, liar = accused_mesh()
    restart(mesh, liar)
    mesh.run(15 * SECOND)
    assert isinstance(submit(first, "colour", value="green"), Answer)
    assert mesh.run_until(lambda: item(liar, "colour") == "green", 10 * SECOND)
    assert not sees(first, liar)
    refused = submit(liar, "colour", value="red")
    assert isinstance(refused, Refusal)
    assert ACCUSED in refused.errors[0]
    assert not views.status(liar.replica, mesh.now)["votes"]
    assert isinstance(pardon(first, liar, liar.replica.own.boot - 1), Answer)
    assert mesh.run_until(lambda: is_complete(mesh) and sees(first, liar), 30 * SECOND)
    assert mesh.run_until(lambda: views.status(liar.replica, mesh.now)["votes"], 5 * SECOND)


def test_it_claims_nothing_about_the_life_before() -> None:
    """S7d: Others may hold another end of that chain, so the Boot proves none."""
    mesh, _, _, liar = accused_mesh()
    restart(mesh, liar)
    mesh.run(SECOND)
    boot = inside(liar).chains.chain(liar.replica.own)[0].body
    assert isinstance(boot, Boot)
    assert boot.previous is not None
    assert boot.proven is None


def test_another_lie_accuses_again() -> None:
    """S7c: A pardon is for one life; two stories of a later one are held against it anew."""
    mesh, first, second, liar = accused_mesh()
    assert isinstance(pardon(first, liar, liar.replica.own.boot), Answer)
    mesh.run(SECOND)
    restart(mesh, liar)
    assert mesh.run_until(lambda: sees(first, liar) and is_complete(mesh), 30 * SECOND)
    mesh.run(3 * SECOND)
    former = inside(first).equivocations.proofs[liar.identity.public]
    fork = tell_another_story(liar, first)
    mesh.run(2 * SECOND)
    assert fork.origin == liar.replica.own > former.origin
    assert inside(second).equivocations.accused_life(liar.identity.public) == fork.origin.boot
    assert not sees(second, liar)


def test_an_old_proof_accuses_nobody_who_was_pardoned() -> None:
    """S7c: Whoever was away brings the proof again, and learns of the pardon."""
    mesh, first, second, liar = accused_mesh()
    second.crash()
    mesh.run(10 * SECOND)
    assert isinstance(pardon(first, liar, liar.replica.own.boot), Answer)
    mesh.run(SECOND)
    restart(mesh, liar)
    mesh.run(5 * SECOND)
    second.start()
    assert mesh.run_until(
        lambda: all(sees(one, other) for one in mesh.hosts for other in mesh.hosts), 30 * SECOND
    )


def test_a_pardon_outlives_a_restart() -> None:
    """S7c: It stands in the configuration; the proof is kept, as evidence."""
    mesh, first, _, liar = accused_mesh()
    assert isinstance(pardon(first, liar, liar.replica.own.boot), Answer)
    mesh.run(SECOND)
    restart(mesh, liar)
    restart(mesh, first)
    assert mesh.run_until(lambda: is_complete(mesh) and sees(first, liar), 30 * SECOND)
    equivocations = inside(first).equivocations
    assert liar.identity.public in equivocations.proofs
    assert equivocations.accused_life(liar.identity.public) is None
    assert equivocations.is_out(Incarnation(liar.identity.public, 0, bytes(8)))
