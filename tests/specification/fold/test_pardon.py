"""A pardon in the fold: who may forgive which life, and once."""

from mesh.protocol.history import Standing, Why
from mesh.wire.requests import Command
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    Side,
    World,
    command,
    remove,
    roster_of_three,
)


def pardon(life: int) -> Command:
    """Bob's lives after this one count."""
    return command("controller", "pardon", controller=BOB.controller.hex(), life=life)


def pardoned(at: Side) -> object:
    """Up to which of Bob's lives all is forgiven."""
    return at.history.state.read(("controller", BOB.controller.hex(), "pardoned"))


def test_a_person_pardons_a_life() -> None:
    """S7e: It stands in the configuration, for one life after the other."""
    at = roster_of_three(World())
    number = at.change(pardon(3))
    assert at.entry(number).outcome.standing is Standing.EFFECTIVE
    assert pardoned(at) == 3
    _ = at.change(pardon(5))
    assert pardoned(at) == 5


def test_no_controller_pardons() -> None:
    """S7e: A controller forgives neither itself nor others."""
    at = roster_of_three(World())
    for signer in (ALICE, BOB):
        number = at.change(pardon(3), signer=signer.controller)
        assert at.entry(number).outcome.why is Why.REFUSED
    assert pardoned(at) is None


def test_what_is_decided_is_decided() -> None:
    """S7e: A life that is forgiven already is not forgiven again, nor an earlier one."""
    at = roster_of_three(World())
    _ = at.change(pardon(3))
    for life in (2, 3):
        assert "decided" in at.refused(pardon(life))[0]


def test_the_removed_are_not_pardoned() -> None:
    """S7e: A removed key never returns."""
    at = roster_of_three(World())
    _ = at.change(remove(BOB))
    assert "no such controller" in at.refused(pardon(3))[0]
