"""Looking back and undoing: what a revert puts back, and when there is none."""

from random import Random

import pytest

from mesh.environment.resolve import Resolution, Unresolved
from mesh.protocol.catalogue import read_change_set
from mesh.protocol.history import Standing
from mesh.wire.facts import NoReason, Propose
from mesh.wire.identity import digest
from mesh.wire.requests import Command
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    Side,
    World,
    admit,
    command,
    item,
    roster_of_three,
)
from tests.specification.fold.test_rights import grant, operator

ANN = digest(b"ann")


def undo(side: Side, number: int, *, force: bool = False) -> int:
    """The number of the ChangeSet that reverts another, applied on ``side``."""
    resolution = side.history.revert(side.tx(number), side.world.nonce(), force=force)
    assert isinstance(resolution, Resolution), resolution
    again = side.propose(resolution)
    side.learn(1 << again)
    assert side.entry(again).outcome.standing is Standing.EFFECTIVE, side.entry(again).outcome
    return again


def refused(side: Side, number: int, *, force: bool = False) -> Unresolved:
    """Why ``side`` does not revert a ChangeSet."""
    found = side.history.revert(side.tx(number), side.world.nonce(), force=force)
    assert isinstance(found, Unresolved), found
    return found


def service(verb: str, **parameters: object) -> Command:
    """A command about the service blog."""
    return Command("service", verb, {"name": "blog", **parameters})  # type: ignore[dict-item]


def test_what_was_written_over_comes_back() -> None:
    """F8a: former values, absent ones too, and elements of sets one by one."""
    side = World().side()
    _ = side.change(item("x", 1), service("create", role="web", description="old"))
    _ = side.change(command("host", "create", name="h1"))
    _ = side.change(command("host", "add-label", name="h1", label="a"))
    before = side.history.state
    number = side.change(
        item("x", 2),
        item("y", 1),
        service("modify", autostart=True, clear=["description"]),
        command("host", "add-label", name="h1", label="b"),
        command("host", "remove-label", name="h1", label="a"),
        command("site", "create", name="berlin", location="eu.berlin"),
    )
    _ = undo(side, number)
    assert before.differences(side.history.state) == ()


def test_a_removed_object_comes_back_as_the_one_that_it_was() -> None:
    """F8a: with its creation id, its fields, its sets, and without the defaults it had lost."""
    side = World().side()
    _ = side.change(service("create", role="web"), command("host", "create", name="h1"))
    _ = side.change(
        service("modify", clear=["autostart"]),
        command("host", "add-label", name="h1", label="a"),
    )
    before = side.history.state
    number = side.change(service("delete"), command("host", "delete", name="h1"))
    assert side.history.state.get("service", "blog") is None
    _ = undo(side, number)
    assert before.differences(side.history.state) == ()


def test_braces_come_back_as_braces() -> None:
    """F8a: A former value is put back as it was, and takes nothing from today's data."""
    side = World().side()
    _ = side.change(command("data", "set", name="host", value="first"))
    _ = side.change(command("data", "set", name="text", value="{{host}} {{ {{{{"))
    _ = side.change(item("x", "{{{{host}} {{host}}"), item("y", "{{text}}"))
    _ = side.change(service("create", role="web", description="{{{{not a template"))
    before = side.history.state
    assert side.item("x") == "{{host}} first"
    numbers = (
        side.change(item("x", 1), item("y", [2])),
        side.change(service("modify", description="another")),
        side.change(command("data", "set", name="host", value="second")),
        side.change(command("data", "delete", name="text")),
    )
    for number in reversed(numbers):
        _ = undo(side, number)
    assert before.differences(side.history.state) == ()


def test_a_revert_that_was_set_aside_brings_back_what_was_there() -> None:
    """F8a: Restaged, it makes the object as the one that it was, and nothing that nobody named."""
    side = World().side()
    _ = side.change(service("create", role="web"))
    before = side.history.state
    number = side.change(service("delete"))
    resolution = side.history.revert(side.tx(number), side.world.nonce())
    assert isinstance(resolution, Resolution)
    late = side.propose(resolution, lamport=90)
    made = side.change(service("create", role="web"), lamport=50)
    side.learn(1 << late)
    assert side.entry(late).outcome.standing is Standing.SET_ASIDE
    _ = undo(side, made)
    again = side.history.restage(side.tx(late), side.world.nonce())
    assert isinstance(again, Resolution)
    side.learn(1 << side.propose(again))
    assert before.differences(side.history.state) == ()


def test_environment_data_comes_back() -> None:
    """F8a: values, defaults and descriptions, those that were not there too."""
    side = World().side()
    states = [side.history.state]
    numbers: list[int] = []
    for told in (
        command("data", "set", name="a", value=1, description="one"),
        command("data", "set", name="a", value=2),
        command("data", "set-default", name="a", default="x"),
        command("data", "require", name="a", required=True, description="two"),
        command("data", "delete", name="a"),
    ):
        numbers.append(side.change(told))
        states.append(side.history.state)
    for number in reversed(numbers):
        assert states.pop().differences(side.history.state) == ()
        _ = undo(side, number)
    assert states.pop().differences(side.history.state) == ()


def test_environment_data_that_was_made_anew_gives_way_to_the_former() -> None:
    """F8a: what was removed, and made by another since, comes back as the one that it was."""
    side = World().side()
    _ = side.change(command("data", "set", name="a", value=1))
    before = side.history.state
    number = side.change(command("data", "delete", name="a"))
    _ = side.change(command("data", "set", name="a", value=1))
    assert before.differences(side.history.state) == (("data", "a"),)
    _ = undo(side, number, force=True)
    assert before.differences(side.history.state) == ()


def test_what_replaced_an_object_gives_way_to_it() -> None:
    """F8a: deleted and made anew in one ChangeSet: the former one comes back, not a mixture."""
    side = World().side()
    _ = side.change(service("create", role="web", description="first"))
    before = side.history.state
    number = side.change(service("delete"), service("create", role="db", autostart=True))
    _ = undo(side, number)
    assert before.differences(side.history.state) == ()


def test_what_was_written_since_is_not_undone_silently() -> None:
    """F8b: the key and the ChangeSet are named; with force the former value comes back."""
    side = World().side()
    _ = side.change(item("x", 1))
    number = side.change(item("x", 2), item("y", 1))
    later = side.change(item("x", 3))
    told = refused(side, number)
    assert told.conflict
    assert "item/x" in told.errors[0]
    assert side.tx(later).hex()[:8] in told.errors[0]
    _ = undo(side, number, force=True)
    assert side.item("x") == 1
    assert side.item("y") is None


def test_an_object_that_others_wrote_to_is_not_removed_silently() -> None:
    """F8b: to undo its making is to remove it whole, so every field of it counts."""
    side = World().side()
    number = side.change(service("create", role="web"))
    _ = side.change(service("modify", description="mine"))
    assert refused(side, number).conflict
    _ = undo(side, number, force=True)
    assert side.history.state.get("service", "blog") is None


def test_an_object_in_the_place_of_another_is_not_removed_silently() -> None:
    """F8b: To bring the former one back removes this one whole, with what others wrote to it."""
    side = World().side()
    _ = side.change(service("create", role="web"))
    before = side.history.state
    number = side.change(service("delete"), service("create", role="web"))
    _ = side.change(service("modify", description="mine"))
    told = refused(side, number)
    assert told.conflict
    assert "description" in told.errors[0]
    _ = undo(side, number, force=True)
    assert before.differences(side.history.state) == ()


def test_a_revert_between_making_and_applying_meets_conflicts() -> None:
    """F8b: it has a base as every ChangeSet: what is written meanwhile sets it aside."""
    side = World().side()
    _ = side.change(item("x", 1))
    number = side.change(item("x", 2))
    resolution = side.history.revert(side.tx(number), side.world.nonce())
    assert isinstance(resolution, Resolution)
    _ = side.change(item("x", 3))
    late = side.propose(resolution)
    side.learn(1 << late)
    assert side.entry(late).outcome.standing is Standing.SET_ASIDE
    assert side.item("x") == 3


def test_what_has_nothing_to_undo_says_so() -> None:
    """F8c: set aside: restage it; a merge: not at all; done already: it is as it was."""
    world = World()
    left = roster_of_three(world)
    _ = left.change(item("x", 0))
    right = left.fork(BOB)
    number = left.change(item("x", 1))
    fallen = right.change(item("x", 2), lamport=99)
    merge = left.merge(right)
    assert "restage" in refused(left, fallen).errors[0]
    assert "merge" in refused(left, merge).errors[0]
    again = undo(left, number)
    assert "as it was" in refused(left, number).errors[0]
    _ = undo(left, again)
    assert left.item("x") == 1


def test_the_roster_and_secrets_are_not_put_back() -> None:
    """F8c: who was removed never returns, and the history holds no values of secrets."""
    side = World().side()
    admitted = side.change(admit(BOB, "bob"))
    assert "trellis members" in refused(side, admitted).errors[0]
    secret = side.change(
        command(
            "secret",
            "set",
            name="s",
            version="0" * 32,
            commitment="0" * 64,
            readers=[ALICE.controller.hex()],
        )
    )
    assert "trellis secret set" in refused(side, secret).errors[0]


def test_a_revert_takes_the_rights_of_what_it_writes() -> None:
    """F8d: its commands are ordinary ones, under rule 0 key by key."""
    side = World().side()
    _ = side.change(operator("ann", ANN))
    _ = side.change(grant("ann", "apply:/item/mine"))
    number = side.change(item("mine", 1), item("yours", 1))
    resolution = side.history.revert(side.tx(number), side.world.nonce(), signer=ANN)
    assert isinstance(resolution, Resolution)
    request = side.world.sign(resolution, signer=ANN)
    attempt = side.world.attempt(request, resolution.kind, side.ids, ALICE)
    change_set = read_change_set(Propose(side.world.catalogue[attempt].propose.attempt, request))
    objection = side.history.objection(change_set, side.ids)
    assert objection is not None
    assert objection.why is NoReason.RIGHTS


def test_invariants_hold_against_a_revert() -> None:
    """F8d: what is referred to meanwhile is not taken away by undoing its making."""
    side = World().side()
    number = side.change(command("role", "create", name="web"))
    _ = side.change(service("create", role="web"))
    assert any("blog" in error for error in refused(side, number).errors)
    assert any("blog" in error for error in refused(side, number, force=True).errors)


# --- any history ----------------------------------------------------------------------------------

_STEPS = 25
_WHYS = ("is not there any more", "as it was", "role")
"""What may stand in the way at the end of a history: others' objects, or nothing is left to do."""


@pytest.mark.parametrize("seed", range(12))
def test_a_revert_of_any_entry_gives_the_former_values(seed: int) -> None:
    """F8a: of each ChangeSet of a random history, at its end, with force where others wrote."""
    random = Random(seed)
    side = World().side()
    numbers: list[int] = []
    while len(numbers) < _STEPS:
        number = _anything(random, side)
        if number is not None:
            numbers.append(number)
    undone = 0
    for number in numbers:
        after = side.fork(ALICE)
        found = after.history.revert(after.tx(number), after.world.nonce())
        if isinstance(found, Unresolved) and found.conflict:
            found = after.history.revert(after.tx(number), after.world.nonce(), force=True)
        if isinstance(found, Unresolved):
            assert any(why in found.errors[0] for why in _WHYS), found.errors
            continue
        again = after.propose(found)
        after.learn(1 << again)
        assert after.entry(again).outcome.standing is Standing.EFFECTIVE
        for each in after.entry(number).written_keys:
            assert after.history.state.read(each.key) == each.before, each.key
        undone += 1
    assert undone > len(numbers) // 4


def test_undone_from_the_end_a_history_leads_back_to_its_beginning() -> None:
    """F8a: all reverts in turn, the last ChangeSet first, need no force and leave what was."""
    random = Random(1)
    side = World().side()
    states = [side.history.state]
    numbers: list[int] = []
    while len(numbers) < _STEPS:
        number = _anything(random, side)
        if number is not None and side.entry(number).written_keys:
            numbers.append(number)
            states.append(side.history.state)
    for number in reversed(numbers):
        assert states.pop().differences(side.history.state) == ()
        if _reads_otherwise(side, number):
            _ = undo(side, number)
    assert states.pop().differences(side.history.state) == ()


def _reads_otherwise(side: Side, number: int) -> bool:
    """Whether a ChangeSet changed what anybody reads."""
    return any(repr(each.before) != repr(each.after) for each in side.entry(number).written_keys)


def _anything(random: Random, side: Side) -> int | None:
    """A ChangeSet of some commands, where the state takes them."""
    commands = [_command(random) for _ in range(random.randint(1, 4))]
    resolution = side.history.resolve(commands, side.world.nonce())
    if isinstance(resolution, Unresolved):
        return None
    number = side.propose(resolution)
    side.learn(1 << number)
    return number


def _command(random: Random) -> Command:
    name = random.choice("abc")
    number = random.randrange(100)
    match random.randrange(9):
        case 0:
            return item(name, number)
        case 1:
            return command("item", "delete", name=name)
        case 2:
            return command("service", "create", name=name, role="web", description=str(number))
        case 3:
            return command("service", "modify", name=name, description=str(number))
        case 4:
            return command("service", "modify", name=name, clear=["description", "autostart"])
        case 5:
            return command("service", "delete", name=name)
        case 6:
            return command("host", "create", name=name, address=f"h{number}")
        case 7:
            verb = random.choice(("add-label", "remove-label"))
            return command("host", verb, name=name, label=random.choice("xyz"))
        case _:
            return command("host", "delete", name=name)
