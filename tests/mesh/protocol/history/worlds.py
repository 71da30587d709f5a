"""Random worlds: a roster splits, all sides change things, merge well and badly, try twice."""

from random import Random

from mesh.environment.resolve import Resolution
from mesh.protocol.catalogue import Ids, numbers
from mesh.wire.identity import Incarnation
from mesh.wire.requests import Command, Kind
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    CAROL,
    OPERATOR,
    STRANGER,
    Side,
    World,
    activate,
    admit,
    command,
    item,
    remove,
    roster_of_three,
)

DAVE = Incarnation(b"D" * 32, 1, b"dave----")
PEOPLE = (ALICE, BOB, CAROL, DAVE)
STEPS = 24


def random_world(random: Random) -> World:
    """A world of about 30 ChangeSets, none of them conflicting by design and many by accident."""
    world = World()
    base = roster_of_three(world)
    _ = base.change(command("service", "create", name="s0", role="web"))
    sides = [base.fork(ALICE), base.fork(BOB), base.fork(CAROL)]
    open_ids: list[int] = []
    for _ in range(STEPS):
        _step(random, world, sides, open_ids)
    return world


def everything(world: World) -> Ids:
    """All ChangeSets of ``world``."""
    return (1 << len(world.catalogue)) - 1


def closed_subset(random: Random, world: World) -> Ids:
    """Some ChangeSets and all that is behind them."""
    ids = 0
    for number in random.sample(range(len(world.catalogue)), 3):
        ids |= 1 << number | (world.catalogue.ancestors(number) or 0)
    return ids


def arrivals(random: Random, world: World) -> list[Ids]:
    """All of ``world`` in a random order that lets nothing arrive before what it was made on."""
    left, have, chunks = everything(world), 0, []
    while left:
        ready = [n for n in numbers(left) if not (world.catalogue.ancestors(n) or 0) & ~have]
        chunk = 0
        for number in random.sample(ready, random.randint(1, len(ready))):
            chunk |= 1 << number
        chunks.append(chunk)
        have |= chunk
        left &= ~chunk
    return chunks


def _step(random: Random, world: World, sides: list[Side], open_ids: list[int]) -> None:
    side = random.choice(sides)
    match random.randrange(12):
        case 0:
            merge_sides(random, world, side, random.choice(sides))
        case 1 if open_ids:
            side.learn(1 << open_ids.pop(random.randrange(len(open_ids))))
        case 2:
            _try_twice(random, world, side, random.choice(sides))
        case 3:
            side.learn(random.choice(sides).ids)
        case _:
            _change(random, side, open_ids)


def _change(random: Random, side: Side, open_ids: list[int]) -> None:
    commands = random_commands(random)
    nonce = side.world.nonce()
    resolution = side.history.resolve(commands, nonce, force=random.random() < 0.1)
    if not isinstance(resolution, Resolution):
        return
    if random.random() < 0.05:
        resolution = Resolution(
            resolution.written, resolution.resolved, resolution.base[1:], (), resolution.kind
        )
    signer = random.choices((OPERATOR, STRANGER, side.author.controller), (18, 1, 1))[0]
    number = side.propose(resolution, signer=signer)
    if random.random() < 0.2:
        open_ids.append(number)
    else:
        side.learn(1 << number)


def random_commands(random: Random) -> tuple[Command, ...]:
    """What somebody may want to do."""
    if random.random() < 0.15:
        who = random.choice(PEOPLE)
        name = random.choice(("dave", "bob"))
        return (random.choice((admit(who, name), activate(who), remove(who))),)
    return tuple(_command(random) for _ in range(random.randint(1, 3)))


def _command(random: Random) -> Command:
    name, other = f"s{random.randrange(3)}", f"p{random.randrange(3)}"
    return random.choice(
        (
            item(f"i{random.randrange(4)}", random.randrange(9)),
            item(f"i{random.randrange(4)}", random.randrange(9)),
            command("item", "delete", name=f"i{random.randrange(4)}"),
            command("service", "create", name=name, role="web"),
            command("service", "modify", name=name, role=random.choice(("web", "db"))),
            command("service", "modify", name=name, count=random.randrange(5)),
            command("service", "delete", name=name),
            command("service", "add-label", name=name, label=random.choice(("x", "y"))),
            command("service", "remove-label", name=name, label=random.choice(("x", "y"))),
            command("path", "create", name=other, host=random.choice("ab"), services={name: 1}),
            command("path", "delete", name=other),
        )
    )


def _try_twice(random: Random, world: World, one: Side, other: Side) -> None:
    resolution = one.history.resolve((_command(random),), world.nonce())
    if isinstance(resolution, Resolution):
        request = world.sign(resolution)
        for side in (one, other):
            side.learn(1 << world.attempt(request, Kind.NORMAL, side.ids, side.author))


def merge_sides(
    random: Random, world: World, one: Side, other: Side, approvers: tuple[bytes, ...] = ()
) -> None:
    """``one`` merges what both have; its author, an operator or a stranger signs."""
    ids = one.ids | other.ids
    weights = [random.randrange(3) for _ in range(len(world.catalogue))]
    keep = tuple(one.tx(number) for number in range(len(world.catalogue)) if random.random() < 0.2)
    plan, wish = one.history.plan_merge(ids, lambda number: weights[number], keep=keep), keep
    for fewer in [(tx,) for tx in keep] + [()]:
        if plan.held:  # not all of it can be kept
            plan = one.history.plan_merge(ids, lambda number: weights[number], keep=fewer)
            wish = fewer
    commands = plan.commands
    if random.random() < 0.2:
        tx = one.tx(random.randrange(len(world.catalogue)))
        commands = (command("merge", random.choice(("keep", "set-aside")), tx=tx.hex()),)
    # A controller alone says what follows from the policy; the oracle knows no disputes.
    may_be_alone = commands == plan.commands and not wish and not plan.held
    people = (OPERATOR, STRANGER, one.author.controller)[: 3 if may_be_alone else 2]
    signer = random.choices(people, (2, 1, 6)[: len(people)])[0]
    _ = one.merge_with(commands, ids, signer=signer, approvers=approvers)
