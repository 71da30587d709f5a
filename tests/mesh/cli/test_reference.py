"""The pages about the faces say what the faces do."""

import re
from pathlib import Path

import pytest
from starlette.routing import Route

from mesh.api.app import ROUTES
from tests.tools import cli_reference

pytestmark = pytest.mark.repository

API = Path(__file__).parents[3] / "docs" / "reference" / "api.md"


def test_the_page_of_the_command_line_is_what_the_program_takes() -> None:
    """Written anew it would be the same; if not: python -m tests.tools.cli_reference."""
    assert cli_reference.PAGE.read_text() == cli_reference.page()


def test_the_page_of_the_api_names_every_resource_and_no_other() -> None:
    """Each method of each resource has its row."""
    named = re.findall(r"^\| ([A-Z]+) \| `(/v1/[^`]+)` \|", API.read_text(), re.MULTILINE)
    there = [(method, spelled(route)) for route in ROUTES for method in methods(route)]
    assert sorted(named) == sorted(there)


def methods(route: Route) -> list[str]:
    """What a resource takes; HEAD comes with GET."""
    return [method for method in sorted(route.methods or ()) if method != "HEAD"]


def spelled(route: Route) -> str:
    """Its path, without the types of its parts."""
    return route.path.replace(":path", "")
