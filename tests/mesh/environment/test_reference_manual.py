"""The manual of commands says what the program does."""

import pytest

from tests.tools.commands_reference import PAGE, page


@pytest.mark.repository
def test_the_manual_is_the_table() -> None:
    """docs/reference/commands.md is what the table of commands gives, to the letter."""
    assert PAGE.read_text() == page(), "python -m tests.tools.commands_reference writes it anew"
