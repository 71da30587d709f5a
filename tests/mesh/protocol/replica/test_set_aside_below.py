"""What was set aside, also before a checkpoint: shown with what stands, and still to be had."""

from mesh.protocol.effects import Answer
from mesh.protocol.ground import ASIDE_BYTES_MAX, ASIDE_MAX, Aside, kept_aside
from mesh.protocol.inputs import RestageChange, Sighted
from mesh.protocol.now import SECOND
from mesh.protocol.replica import views
from tests.mesh.protocol.replica.mini_mesh import Disk, Host, MiniMesh
from tests.mesh.protocol.replica.test_checkpoints import (
    change,
    heights,
    inside,
    parted_and_merged,
    run,
    states,
)
from tests.mesh.protocol.replica.test_mesh import is_complete, item


def summed_up() -> tuple[MiniMesh, bytes]:
    """A mesh in which something was set aside, and a checkpoint was taken later; its tx."""
    mesh = parted_and_merged()
    (entry,) = inside(mesh.hosts[0]).history.conflicts()
    for host in mesh.hosts:
        inside(host).checkpoints.wanted = True
    change(mesh, 1)
    assert run(mesh, 60 * SECOND, lambda: min(heights(mesh)) >= 1), heights(mesh)
    return mesh, entry.tx


def shown(host: Host, tx: bytes) -> views.ChangeDetail:
    """What people are shown of it, alone and in the list of what was set aside."""
    one = views.change(host.replica, tx.hex()[:12], host.now)
    assert one is not None
    assert views.conflicts(host.replica, host.now) == [one]
    return one


def aside(host: Host, tx: bytes) -> views.SetAsideView:
    """Why it was set aside, and what became of it."""
    view = shown(host, tx)["set_aside"]
    assert view is not None
    return view


def test_what_stands_is_told_and_that_it_came_again() -> None:
    """Not the merge that set it aside, but who wrote there; and what says the same by now."""
    mesh = parted_and_merged()
    host = mesh.hosts[0]
    (entry,) = inside(host).history.conflicts()
    told = aside(host, entry.tx)
    assert (told["why"], told["key"], told["by_name"]) == ("merged", "/item/x", "set x")
    assert told["by"] is not None
    stands = views.change(host.replica, told["by"], host.now)
    assert stands is not None
    assert stands["word"] == "applied"
    assert told["again"] is None
    answer = mesh.hosts[1].call(lambda call: RestageChange(call, entry.tx))
    assert isinstance(answer, Answer)
    assert run(mesh, 10 * SECOND, lambda: aside(host, entry.tx)["again"] is not None)
    again = aside(host, entry.tx)["again"]
    assert again is not None
    assert again["tx"] == answer.result["tx"]


def test_what_was_set_aside_is_not_lost_below_a_checkpoint() -> None:
    """G20: Its request is in the ground: everybody shows it, and one command carries it out."""
    mesh, tx = summed_up()
    for host in mesh.hosts:
        assert inside(host).history.entry(tx) is None
        told = shown(host, tx)
        assert (told["word"], told["name"], told["final"]) == ("set aside", "set x", True)
        assert "checkpoint" in told["text"]
    request = inside(mesh.hosts[1]).history.set_aside_below(tx)
    assert request is not None
    value = request.written[0].parameters["value"]
    assert item(mesh.hosts[1], "x") != value
    answer = mesh.hosts[1].call(lambda call: RestageChange(call, tx))
    assert isinstance(answer, Answer), answer
    assert run(mesh, 10 * SECOND, lambda: all(item(host, "x") == value for host in mesh.hosts))
    again = aside(mesh.hosts[0], tx)["again"]
    assert again is not None
    assert again["tx"] == answer.result["tx"]


def test_who_comes_later_is_given_it_too() -> None:
    """G20: It comes with the ground, also to who has lost its disk."""
    mesh, tx = summed_up()
    late = mesh.hosts[2]
    late.crash()
    late.disk = Disk(boot=late.disk.boot)
    late.start()
    late.handle(Sighted(mesh.hosts[0].address, "seed"))
    assert run(mesh, 60 * SECOND, lambda: is_complete(mesh) and len(states(mesh)) == 1)
    assert shown(late, tx)["word"] == "set aside"


def test_the_eldest_go_first() -> None:
    """G20: So many requests are kept, and so many bytes of them."""
    many = tuple(Aside(at.to_bytes(2, "big"), "conflict") for at in range(ASIDE_MAX + 2))
    assert kept_aside(many) == many[2:]
    large = tuple(Aside(bytes([at]) * (ASIDE_BYTES_MAX // 2), "failed") for at in range(3))
    assert kept_aside(large) == large[1:]
    assert kept_aside((*large, many[0])) == (large[2], many[0])
