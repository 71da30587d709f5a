"""docs/reference/configuration.md names every key of controller.toml, and nothing else."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from mesh.driver import configuration
from mesh.driver.configuration import parse
from mesh.protocol.configuration import Profile

pytestmark = pytest.mark.repository

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "configuration.md"


def _example() -> dict[str, object]:
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return tomllib.loads(found[1])


def _keys_read() -> set[str]:
    """section.key of each value that the program takes from the file."""
    tree = ast.parse(Path(configuration.__file__).read_text())
    return {
        f"{function.name.removeprefix('_')}.{call.args[0].value}"
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"take", "table"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
        and function.name != "parse"
    }


def test_the_example_is_a_configuration() -> None:
    """What is shown can be used as it stands."""
    assert parse(_example()).cluster.seeds


def test_the_example_names_every_key() -> None:
    """Whoever looks for a key finds it there."""
    shown = {
        f"{section}.{key}"
        for section, table in _example().items()
        if isinstance(table, dict) and section != "links"  # whose keys are names that people give
        for key in table
    }
    assert shown == _keys_read()


@pytest.mark.parametrize("profile", Profile)
def test_every_profile_is_told(profile: Profile) -> None:
    """And what it is for."""
    assert f"| `{profile.value}` |" in PAGE.read_text()
