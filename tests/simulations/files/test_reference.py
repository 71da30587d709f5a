"""The documentation of scenario files says what the program reads."""

import pytest

from simulations.files.library import names
from tests.tools.scenario_reference import INDEX, PAGE, index, page, situations_in

pytestmark = pytest.mark.repository


def test_the_reference_is_what_the_program_reads() -> None:
    """Every word is in it, as it is now: python -m tests.tools.scenario_reference writes it."""
    assert PAGE.read_text() == page()


def test_the_index_lists_every_situation() -> None:
    """In step with the library."""
    text = INDEX.read_text()
    assert situations_in(text) == list(names())
    assert index(text) == text
