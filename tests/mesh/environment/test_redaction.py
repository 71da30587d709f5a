"""Confidential values: kept, and never shown."""

from mesh.environment.commands import check_commands
from mesh.environment.redaction import (
    NOT_SHOWN,
    confidential_parameters,
    shown,
    shown_command,
    shown_object,
)
from mesh.wire.requests import Command, Value

SECRET = "c2VjcmV0"


def test_a_command_is_shown_with_a_mark() -> None:
    """The value is gone, all else is there; a command without one is itself."""
    command = Command("operator", "modify", {"name": "ann", "locked": SECRET})
    assert shown_command(command).parameters == {"name": "ann", "locked": NOT_SHOWN}
    assert confidential_parameters((command,)) == ("locked",)
    plain = Command("item", "set", {"name": "locked", "value": SECRET})
    assert shown_command(plain) is plain
    assert shown_command(Command("wormhole", "open", {})).parameters == {}


def test_keys_and_objects_are_shown_with_a_mark() -> None:
    """Of an object just the confidential field; nothing stays nothing."""
    assert shown(("operator", "ann", "locked"), SECRET) == NOT_SHOWN
    assert shown(("operator", "ann", "locked"), None) is None
    assert shown(("operator", "ann", "key"), "k") == "k"
    assert shown(("item", "locked"), SECRET) == SECRET
    fields: dict[str, Value] = {"key": "k", "locked": SECRET, "rights": []}
    assert shown_object("operator", dict(fields)) == {**fields, "locked": NOT_SHOWN}
    assert shown_object("item", SECRET) == SECRET


def test_an_error_does_not_tell_what_was_written() -> None:
    """A confidential value that does not fit is not repeated."""
    command = Command("operator", "modify", {"name": "ann", "locked": "not a key!"})
    (error,) = check_commands((command,))
    assert error.startswith("locked: expected a key locked by a passphrase")
    assert "not a key!" not in error
