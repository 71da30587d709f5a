"""Lives are forgotten at checkpoints; what they wrote to running information is still theirs."""

import pytest

from mesh.protocol.effects import Answer
from mesh.protocol.inputs import Sighted
from mesh.protocol.now import SECOND
from mesh.protocol.replica import surveying
from tests.mesh.protocol.replica.mini_mesh import Disk, Host, MiniMesh
from tests.mesh.protocol.replica.test_checkpoints import change, collecting, heights, inside, run
from tests.mesh.protocol.replica.test_mesh import put, value

KEPT = "of a forgotten life"


def restart(mesh: MiniMesh, host: Host, disk: Disk | None = None) -> None:
    """A new life, on a disk that is empty where none is given."""
    host.crash()
    host.disk = Disk() if disk is None else disk
    host.start()
    host.handle(Sighted(mesh.hosts[1].address, "seed"))
    _ = run(mesh, 10 * SECOND)


def forgotten() -> tuple[MiniMesh, Host]:
    """A mesh that has forgotten the life of its first host that wrote an entry."""
    mesh = collecting(3)
    first = mesh.hosts[0]
    assert isinstance(put(first, "kept", KEPT), Answer)
    _ = run(mesh, 5 * SECOND)
    life = first.replica.own
    for _ in range(2):
        restart(mesh, first, first.disk)
    for _ in range(2):
        change(mesh, 12)
        _ = run(mesh, 130 * SECOND)
    assert all(inside(host).catalogue.ground.is_retired(life) for host in mesh.hosts)
    return mesh, mesh.hosts[2]


def test_who_comes_late_reads_what_a_forgotten_life_wrote() -> None:
    """G15a: It knows from the ground whose that life was, and so whose signature to ask for."""
    mesh, late = forgotten()
    restart(mesh, late)
    assert run(mesh, 30 * SECOND, lambda: value(late, "kept") == KEPT)
    assert heights(mesh)[2] == heights(mesh)[0]


def test_the_names_of_forgotten_lives_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """G15a: Of each controller the latest are kept; what elder ones wrote stays where it is."""
    monkeypatch.setattr(surveying, "NONCES_MAX", 1)
    mesh, late = forgotten()
    nonces = inside(late).catalogue.ground.nonces
    assert {len(each) for each in nonces.values()} == {8}
    assert value(mesh.hosts[1], "kept") == KEPT
