"""Secrets in the fold: what is signed of them, one test for each statement."""

from mesh.wire.identity import digest
from mesh.wire.requests import Command, Value
from mesh.wire.secrets import Opening
from tests.mesh.protocol.history.world import ALICE, BOB, Side, World, command, roster_of_three

ONE = b"1" * 16
TWO = b"2" * 16
OPENING = Opening(digest(b"a key"), b"hunter2")


def set_to(version: bytes, *readers: bytes) -> Command:
    """A new version of the secret."""
    commitment = OPENING.commit("db", version).commitment
    return command(
        "secret",
        "set",
        name="db",
        version=version.hex(),
        commitment=commitment.hex(),
        readers=[each.hex() for each in readers],
    )


def share(version: bytes, *readers: bytes) -> Command:
    """The readers of a version."""
    keys: list[Value] = [each.hex() for each in readers]
    return command("secret", "share", name="db", version=version.hex(), readers=keys)


def side_with_secret() -> Side:
    """Alice reads it."""
    side = roster_of_three(World())
    _ = side.change(set_to(ONE, ALICE.controller))
    return side


def field(side: Side, name: str) -> Value:
    """One field of the secret."""
    return side.history.state.read(("secret", "db", name))


def test_what_is_signed_is_no_value() -> None:
    """X1: Version, commitment and readers, and there is no parameter for more."""
    side = side_with_secret()
    fields = side.history.state.fields(("secret", "db"))
    assert sorted(fields) == ["commitment", "id", "readers", "version"]
    more = set_to(TWO, ALICE.controller)
    assert side.refused(Command("secret", "set", {**more.parameters, "value": "hunter2"}))
    assert "already" in side.refused(set_to(ONE, ALICE.controller))[0]


def test_a_reader_leaves_with_a_new_version_only() -> None:
    """X3: Sharing adds; whoever could read may have kept it, so to drop one is to set anew."""
    side = side_with_secret()
    _ = side.change(share(ONE, ALICE.controller, BOB.controller))
    assert field(side, "readers") == [ALICE.controller.hex(), BOB.controller.hex()]
    assert "may have kept it" in side.refused(share(ONE, BOB.controller))[0]
    _ = side.change(set_to(TWO, BOB.controller))
    assert field(side, "readers") == [BOB.controller.hex()]


def test_only_the_version_that_was_meant_is_shared() -> None:
    """X4: Not another version; and no secret that is not there."""
    side = side_with_secret()
    _ = side.change(set_to(TWO, ALICE.controller))
    both = (ALICE.controller, BOB.controller)
    assert "another version" in side.refused(share(ONE, *both))[0]
    _ = side.change(command("secret", "remove", name="db"))
    assert side.refused(share(TWO, *both))
