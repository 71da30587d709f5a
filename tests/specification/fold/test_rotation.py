"""A controller's exchange key in the fold: one test for each statement."""

from mesh.environment.resolve import Resolution
from mesh.protocol.history import Standing, Why
from mesh.wire.identity import Incarnation, digest
from mesh.wire.requests import Base, Command, Kind
from mesh.wire.rotation import Rotation, proof_of_rotation
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    ENVIRONMENT,
    OPERATOR,
    Side,
    World,
    command,
    remove,
    roster_of_three,
    sign,
)

FIRST, SECOND, THIRD = (digest(bytes([number])) for number in (1, 2, 3))


def rotate(who: Incarnation, former: bytes, following: bytes, key: bytes | None = None) -> Command:
    """Another key for ``who``; ``key`` signs, where that is not its own."""
    rotation = Rotation(ENVIRONMENT, who.controller, former, following)
    return command(
        "controller",
        "rotate-key",
        controller=who.controller.hex(),
        former=former.hex(),
        exchange_key=following.hex(),
        proof=sign(key or who.controller, proof_of_rotation(rotation)).hex(),
    )


def side() -> Side:
    """Three controllers; Bob's exchange key is the first one."""
    made = roster_of_three(World())
    bob = BOB.controller.hex()
    _ = made.change(command("controller", "modify", controller=bob, exchange_key=FIRST.hex()))
    return made


def key_of(at: Side) -> object:
    """Bob's exchange key by now."""
    return at.history.state.read(("controller", BOB.controller.hex(), "exchange_key"))


def test_a_controller_replaces_its_own_key() -> None:
    """K1: What its identity signed takes effect, whoever of the roster proposes it."""
    at = side()
    number = at.change(rotate(BOB, FIRST, SECOND), signer=ALICE.controller)
    assert at.entry(number).outcome.standing is Standing.EFFECTIVE
    assert key_of(at) == SECOND.hex()


def test_nobody_replaces_the_key_of_another() -> None:
    """K1a: Without its signature it is invalid, from an operator too."""
    at = side()
    for signer in (ALICE.controller, OPERATOR):
        number = at.change(rotate(BOB, FIRST, SECOND, key=ALICE.controller), signer=signer)
        assert at.entry(number).outcome.why is Why.FAILED
    assert key_of(at) == FIRST.hex()


def test_a_key_is_not_written_over() -> None:
    """K1b: The key of a controller that has none is set like any field, and never written over."""
    at = side()
    bob = BOB.controller.hex()
    assert key_of(at) == FIRST.hex()
    over = command("controller", "modify", controller=bob, exchange_key=SECOND.hex())
    touched = (("controller", bob), ("controller", bob, "exchange_key"))
    overridden = tuple(Base(key, None) for key in touched)
    number = at.propose(Resolution((over,), (over,), (), overridden, Kind.NORMAL))
    at.learn(1 << number)
    assert at.entry(number).outcome.standing is Standing.SET_ASIDE
    assert "only the controller itself" in at.entry(number).outcome.detail
    assert key_of(at) == FIRST.hex()
    number = at.change(command("controller", "modify", controller=bob, site="attic"))
    assert at.entry(number).outcome.standing is Standing.EFFECTIVE


def test_no_key_comes_back() -> None:
    """K2: The key that is given up is named, so an old signature cannot bring one back."""
    at = side()
    _ = at.change(rotate(BOB, FIRST, SECOND), signer=BOB.controller)
    _ = at.change(rotate(BOB, SECOND, THIRD), signer=BOB.controller)
    assert "another one by now" in at.refused(rotate(BOB, FIRST, SECOND))[0]
    assert key_of(at) == THIRD.hex()


def test_the_removed_replace_nothing() -> None:
    """K3: Only who is in the roster has a key to replace."""
    at = side()
    _ = at.change(remove(BOB))
    assert "no such controller" in at.refused(rotate(BOB, FIRST, SECOND))[0]
