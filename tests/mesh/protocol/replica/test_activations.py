"""Who has caught up becomes active; and a learner that does not costs nothing."""

from functools import partial

from mesh.protocol.effects import Answer
from mesh.protocol.inputs import AcceptMember, Sighted
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.activations import RETRY_NS_MAX, RETRY_NS_MIN
from mesh.wire.requests import Command
from tests.mesh.protocol.replica.mini_mesh import MiniMesh
from tests.mesh.protocol.replica.test_members import inside, submit_command
from tests.mesh.protocol.replica.test_mesh import gather, submit


def _with_a_learner_that_is_gone(changes: int = 0) -> MiniMesh:
    """Two controllers; the second one was accepted after ``changes``, and crashed at once."""
    mesh = MiniMesh(2)
    first, second = mesh.hosts
    first.start()
    mesh.run(4 * SECOND)
    for number in range(changes):
        assert isinstance(submit(first, f"n{number}", value=number), Answer)
    second.start()
    second.handle(Sighted(first.address, "seed"))
    first.handle(Sighted(second.address, "mdns"))
    mesh.run(5 * SECOND)
    second.crash()
    assert isinstance(first.call(lambda call: AcceptMember(call, second.identity.public)), Answer)
    mesh.run(SECOND)
    return mesh


def test_a_learner_that_does_not_catch_up_stays_one() -> None:
    """Nobody waits for it: neither a change, nor the controller that admitted it."""
    mesh = _with_a_learner_that_is_gone()
    first, second = mesh.hosts
    assert inside(first).roster.learners == {second.identity.public}
    assert isinstance(submit(first, "colour", value="blue"), Answer)
    mesh.run(120 * SECOND)
    assert inside(first).roster.learners == {second.identity.public}
    assert inside(first).activations.deadline_ns(inside(first).roster.active, mesh.now) is None


def test_what_a_learner_is_known_to_have_applied_is_asked_once() -> None:
    """However long the history, the first thing that it lacks is all that is looked at, once."""
    mesh = _with_a_learner_that_is_gone(changes=20)
    first, second = mesh.hosts
    knowledge = inside(first).barrier.standpoint.knowledge
    asked: list[int] = []
    applied = knowledge.applied

    def counted(number: int) -> int:
        asked.append(number)
        return applied(number)

    knowledge.applied = counted  # type: ignore[method-assign]  # watched
    inside(first).activations.learners(inside(first).roster.learners)
    for _ in range(10):
        _ = inside(first).activations.deadline_ns(inside(first).roster.active, mesh.now)
    assert len(asked) == 1
    assert second.identity.public in inside(first).activations._missing


def test_it_becomes_active_when_it_is_back() -> None:
    """With all of its admission applied, by its own word."""
    mesh = _with_a_learner_that_is_gone()
    first, second = mesh.hosts
    mesh.run(30 * SECOND)
    second.start()
    assert mesh.run_until(
        lambda: second.identity.public in inside(first).roster.active, 120 * SECOND
    )


def test_a_step_that_was_dropped_is_tried_again_after_a_while() -> None:
    """Not at every input in between."""
    mesh = gather(2)
    first, second = mesh.hosts
    activations = inside(first).activations
    roster = inside(first).roster
    controller = second.identity.public
    activations.learners([controller])
    assert activations.due(roster.active, mesh.now) == (controller,)
    assert activations.due(roster.active, mesh.now) == ()
    deadline_ns = activations.deadline_ns(roster.active, mesh.now)
    assert deadline_ns == mesh.time_ns + RETRY_NS_MIN


def test_what_is_refused_again_and_again_is_tried_less_and_less() -> None:
    """Until something happens that may decide otherwise: then soon."""
    mesh = gather(2)
    first, second = mesh.hosts
    activations, active = inside(first).activations, inside(first).roster.active
    controller = second.identity.public
    activations.learners([controller])
    now, pauses = mesh.now, []
    for _ in range(12):
        assert activations.due(active, now) == (controller,)
        deadline_ns = activations.deadline_ns(active, now)
        assert deadline_ns is not None
        pauses.append(deadline_ns - now.monotonic_ns)
        assert activations.due(active, Now(deadline_ns - 1, now.wall_ns)) == ()
        now = Now(deadline_ns, now.wall_ns)
    assert pauses[:3] == [RETRY_NS_MIN, 2 * RETRY_NS_MIN, 4 * RETRY_NS_MIN]
    assert pauses[-1] == RETRY_NS_MAX
    assert activations.due(active, now) == (controller,)
    second.crash()
    second.start()
    mesh.run(5 * SECOND)
    deadline_ns = activations.deadline_ns(active, now)
    assert deadline_ns == now.monotonic_ns + RETRY_NS_MIN


def _accept(controller: bytes, call: int) -> AcceptMember:
    return AcceptMember(call, controller)


def test_many_who_come_at_once_are_one_step() -> None:
    """A whole office that is switched on costs a few ChangeSets, not two for each host."""
    mesh = MiniMesh(6)
    first, *newcomers = mesh.hosts
    first.start()
    mesh.run(4 * SECOND)
    for host in newcomers:
        host.start()
        host.handle(Sighted(first.address, "seed"))
        first.handle(Sighted(host.address, "mdns"))
    mesh.run(5 * SECOND)
    for host in newcomers:
        assert isinstance(first.call(partial(_accept, host.identity.public)), Answer)
    mesh.run(5 * SECOND)
    assert len(inside(first).roster.active) == 6
    names = [entry.name for entry in inside(first).history.log()]
    steps = [name for name in names if name.startswith("activate")]
    assert 1 < len(steps) < 5
    assert any(" more" in name for name in steps)


def test_under_majority_each_takes_its_step_alone() -> None:
    """The roster changes by one controller at a time."""
    mesh = gather(3)
    first, *others = mesh.hosts
    majority = Command("environment", "set", {"barrier": "majority"})
    assert isinstance(submit_command(first, majority), Answer)
    mesh.run(SECOND)
    activations, active = inside(first).activations, inside(first).roster.active
    keys = sorted(host.identity.public for host in others)
    activations.learners(keys)
    assert activations.due(active, mesh.now) == (keys[0],)
    assert activations.due(active, mesh.now) == (keys[1],)


def test_who_was_in_a_step_that_failed_is_tried_alone() -> None:
    """One of them may have been in the way of all."""
    mesh = gather(3)
    first, *others = mesh.hosts
    activations, active = inside(first).activations, inside(first).roster.active
    keys = tuple(sorted(host.identity.public for host in others))
    activations.learners(keys)
    assert activations.due(active, mesh.now) == keys
    later = Now(mesh.now.monotonic_ns + RETRY_NS_MIN, mesh.now.wall_ns)
    assert activations.due(active, later) == keys[:1]
