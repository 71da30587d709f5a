"""Files that one can hold in one's head: the one that swallows a protocol starts as an exception.

In projects like this one the median is good everywhere; what separates them is the largest file
and the longest function. Both are bounded here, so that growing past them is a decision.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.repository

ROOT: Final = Path(__file__).parents[2]
FILE_LINES_MAX: Final = 500
FUNCTION_LINES_MAX: Final = 60


def _sources() -> Iterator[Path]:
    for folder in ("crdt", "mesh", "simulations", "tests"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def _function_lengths(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


def test_no_file_swallows_the_rest() -> None:
    """A file over 500 lines holds more than one idea: give the second one a file of its own."""
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in _sources()
    }
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    """A function over 60 lines has parts: name them."""
    lengths = {
        f"{file.relative_to(ROOT)}:{name}": lines
        for file in _sources()
        for name, lines in _function_lengths(file)
    }
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES_MAX} == {}
