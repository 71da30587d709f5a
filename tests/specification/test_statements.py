"""The protocol on paper and the protocol in tests are the same one, statement by statement."""

import ast
from functools import cache

import pytest

from tests.mutants.__main__ import all_mutants, bare
from tests.specification.statements import ROOT, statements

pytestmark = pytest.mark.repository

STATEMENTS = statements()


@cache
def names_of_tests(path: str) -> set[str]:
    """The test functions of one file."""
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.fixture(name="caught", scope="module")
def _caught() -> set[str]:
    """The tests that fail under a named fault, with their parameters and without."""
    named = [test for mutant in all_mutants().values() for test in mutant.caught_by]
    return {*named, *map(bare, named)}


@pytest.mark.parametrize("label", STATEMENTS)
def test_a_statement_names_tests_that_exist(label: str) -> None:
    """Each statement has a test at least, and each test that it names is there."""
    named = STATEMENTS[label].tests
    assert named, f"{label} has no test"
    missing = []
    for test in named:
        path, _, name = bare(test).partition("::")
        if not (ROOT / path).exists() or name not in names_of_tests(path):
            missing.append(test)
    assert not missing


@pytest.mark.parametrize("label", STATEMENTS)
def test_a_statement_has_a_test_that_a_fault_fails(label: str, caught: set[str]) -> None:
    """A test that no planted fault makes fail proves nothing about its statement."""
    assert any(test in caught for test in STATEMENTS[label].tests), STATEMENTS[label].tests
