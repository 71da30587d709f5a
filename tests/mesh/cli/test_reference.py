"""The pages about the faces say what the faces do."""

import pytest

from tests.tools import api_reference, cli_reference

pytestmark = pytest.mark.repository


def test_the_page_of_the_command_line_is_what_the_program_takes() -> None:
    """Written anew it would be the same; if not: python -m tests.tools.cli_reference."""
    assert cli_reference.PAGE.read_text() == cli_reference.page()


def test_the_page_of_the_api_is_what_is_served() -> None:
    """Written anew it would be the same; if not: python -m tests.tools.api_reference."""
    assert api_reference.PAGE.read_text() == api_reference.page()
