"""Random worlds in which people have different rights, and some must agree to what others do.

Rights come and go, approvals are demanded and given up, changes are promoted, overridden, approved
on one side and signed on the other, and tried again with more approvals.
"""

from random import Random
from typing import Final

from mesh.environment.resolve import Resolution
from mesh.wire.identity import digest
from mesh.wire.requests import Approval, Command, Origin
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    CAROL,
    OPERATOR,
    STRANGER,
    Side,
    World,
    approve,
    command,
    item,
    roster_of_three,
    vouch,
)
from tests.mesh.protocol.history.worlds import merge_sides, random_commands

NAMES: Final = ("ann", "ben", "cid")
KEYS: Final = {name: digest(name.encode()) for name in NAMES}
SIGNERS: Final = (*((OPERATOR,) * 8), STRANGER, *KEYS.values(), *KEYS.values())
RIGHTS: Final = (
    *("edit:/", "apply:/", "apply:/item", "apply:/item/i1", "apply:/service/s0/count"),
    *("approve:/", "approve:/", "approve:/item", "admin:/", "admin:/environment"),
    *("override:/", "override:/item", "apply:/path", "apply:/service", "admin:/controller"),
)
TEST, OTHER = digest(b"the test environment"), digest(b"some other environment")
TESTER: Final = digest(b"a controller of test")
STEPS: Final = 34


def peopled_world(random: Random) -> World:
    """A world of about 40 ChangeSets, by people who may do different things."""
    world = World()
    base = roster_of_three(world)
    _ = base.change(command("service", "create", name="s0", role="web"))
    _ = base.change(
        command("link", "create", name="test", environment=TEST.hex(), controllers=[TESTER.hex()])
    )
    for name in NAMES:
        _ = base.change(command("operator", "create", name=name, key=KEYS[name].hex()))
        for right in dict.fromkeys(random.choices(RIGHTS, k=3)):
            _ = base.change(command("right", "grant", name=name, right=right))
    demand = base.history.resolve((_settings(random),), world.nonce())
    if isinstance(demand, Resolution):
        base.learn(1 << base.propose(demand))
    sides = [base.fork(ALICE), base.fork(BOB), base.fork(CAROL)]
    for _ in range(STEPS):
        _step(random, world, sides)
    return world


def _step(random: Random, world: World, sides: list[Side]) -> None:
    side, other = random.choice(sides), random.choice(sides)
    match random.randrange(10):
        case 0:
            merge_sides(random, world, side, other, _approvers(random))
        case 1 if random.random() < 0.5:
            side.learn(other.ids)
        case _:
            _change(random, world, side, other)


def _change(random: Random, world: World, side: Side, other: Side) -> None:
    commands = _commands(random)
    signer = random.choice(SIGNERS)
    resolution = side.history.resolve(
        commands, world.nonce(), signer=signer, force=random.random() < 0.1
    )
    if not isinstance(resolution, Resolution):
        return
    request = world.sign(
        resolution,
        signer=signer,
        override=random.random() < 0.15,
        origin=_origin(random, resolution.written),
    )
    tries = [side, other] if random.random() < 0.15 else [side]
    for where in tries:  # each with approvals of its own: the first in the order counts
        number = world.attempt(
            request,
            resolution.kind,
            where.ids,
            where.author,
            approvers=_approvers(random),
            stolen=_stolen(random),
        )
        where.learn(1 << number)


def _commands(random: Random) -> tuple[Command, ...]:
    match random.randrange(5):
        case 0:
            return (_about_people(random),)
        case 1 | 2:
            return (item(f"i{random.randrange(3)}", random.randrange(9)),)
        case _:
            return random_commands(random)


def _approvers(random: Random) -> tuple[bytes, ...]:
    """Several approve; and who does so may be the signer, a stranger, or the same twice."""
    people = (OPERATOR, STRANGER, *KEYS.values())
    return tuple(random.choices(people, k=random.choice((0, 1, 2, 3, 3))))


def _stolen(random: Random) -> tuple[Approval, ...]:
    """An approval of something else, which counts for nothing."""
    if random.random() < 0.8:
        return ()
    key = random.choice((OPERATOR, *KEYS.values()))
    return (Approval(key, approve(key, digest(b"another"))),)


def _origin(random: Random, written: tuple[Command, ...]) -> Origin | None:
    if random.random() < 0.7:
        return None
    there = random.choices((TEST, OTHER), (5, 1))[0]
    by = random.choices((TESTER, STRANGER), (5, 1))[0]
    origin = Origin(there, digest(b"what it was there"), by, bytes(64))
    said = written if random.random() < 0.9 else (item("another", 1),)
    return Origin(there, origin.tx, by, vouch(origin, said))


def _about_people(random: Random) -> Command:
    name, right = random.choice(NAMES), random.choice(RIGHTS)
    return random.choice(
        (
            command("right", "grant", name=name, right=right),
            command("right", "grant", name=name, right=right),
            command("right", "revoke", name=name, right=right),
            command("right", "revoke", name=random.choice((*NAMES, "founder")), right="admin:/"),
            command("operator", "remove", name=name),
            command("operator", "create", name=name, key=KEYS[name].hex()),
            command("operator", "modify", name=name, locked="aaaa"),
            command("link", "delete", name="test"),
            _settings(random),
        )
    )


def _settings(random: Random) -> Command:
    if random.random() < 0.2:
        return command("environment", "set", promotion=random.choice(("", "", "test")))
    return command("environment", "set", approvals=random.choice((0, 0, 1, 1, 2)))
