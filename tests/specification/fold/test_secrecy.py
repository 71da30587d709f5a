"""Which secret an environment uses, in the fold: one test for each statement."""

from mesh.environment.kinds import environment_secret
from mesh.environment.resolve import Unresolved
from mesh.protocol.history import Standing, Why
from mesh.wire.identity import digest
from mesh.wire.requests import Command
from mesh.wire.secrecy import commitment_of
from tests.mesh.protocol.history.world import ALICE, Side, World, command, roster_of_three

FIRST, SECOND = (commitment_of(digest(bytes([number]))).hex() for number in (1, 2))


def rotate(commitment: str) -> Command:
    """Another secret, by its hash."""
    return command(*environment_secret.ROTATION, commitment=commitment)


def used(at: Side) -> object:
    """The hash of the secret in use."""
    return at.history.state.read(environment_secret.KEY)


def test_an_operator_replaces_it() -> None:
    """K10: The hash of the new secret stands in the configuration, and nothing else of it."""
    at = roster_of_three(World())
    assert used(at) is None
    _ = at.change(rotate(FIRST))
    _ = at.change(rotate(SECOND))
    assert used(at) == SECOND


def test_only_an_operator_replaces_it() -> None:
    """K10: A controller does not, whatever it signs."""
    at = roster_of_three(World())
    number = at.change(rotate(FIRST), signer=ALICE.controller)
    assert at.entry(number).outcome.why is Why.REFUSED
    assert used(at) is None


def test_the_one_in_use_is_not_another() -> None:
    """K10: To replace a secret by itself is refused."""
    at = roster_of_three(World())
    number = at.change(rotate(FIRST))
    assert at.entry(number).outcome.standing is Standing.EFFECTIVE
    assert "in use already" in at.refused(rotate(FIRST))[0]
    assert "no secret was made" in at.refused(command(*environment_secret.ROTATION))[0]


def test_it_is_not_reverted() -> None:
    """K10: A secret that was given up does not come back."""
    at = roster_of_three(World())
    _ = at.change(rotate(FIRST))
    number = at.change(rotate(SECOND))
    found = at.history.revert(at.tx(number), at.world.nonce())
    assert isinstance(found, Unresolved)
    assert "rotate-secret" in found.errors[0]
