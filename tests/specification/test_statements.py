"""The protocol on paper and the protocol in tests are the same one, statement by statement."""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.repository

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "protocol").glob("*.md"))
STATEMENT = re.compile(r"^\*\*([^*\n]+)\*\* (.*?)(?=^\*\*|^#|\Z)", re.MULTILINE | re.DOTALL)
TEST_ID = re.compile(r"tests/[\w/]+\.py::\w+")


def statements() -> dict[str, tuple[str, ...]]:
    """Every numbered statement, and the tests that check it."""
    found: dict[str, tuple[str, ...]] = {}
    for page in PAGES:
        for label, text in STATEMENT.findall(page.read_text()):
            assert label not in found, f"{page.name}: {label} is there twice"
            _, _, tests_named = text.partition("*Tests:*")
            found[label] = tuple(TEST_ID.findall(tests_named))
    return found


STATEMENTS = statements()


def names_of_tests(path: str) -> set[str]:
    """The test functions of one file."""
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("label", STATEMENTS)
def test_a_statement_names_tests_that_exist(label: str) -> None:
    """Each statement has a test at least, and each test that it names is there."""
    named = STATEMENTS[label]
    assert named, f"{label} has no test"
    missing = []
    for test in named:
        path, _, name = test.partition("::")
        if not (ROOT / path).exists() or name not in names_of_tests(path):
            missing.append(test)
    assert not missing
