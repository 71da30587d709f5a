"""The models say what they cover, in names that exist, and every broken variant is demanded."""

import re
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.repository

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "simulator" / "models.md"
STATEMENTS: Final = ROOT / "docs" / "protocol" / "barrier-statements.md"
MODELS: Final = ROOT / "docs" / "models"
TESTS: Final = ROOT / "tests" / "integration" / "models"


def _rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below ``heading``, without its head."""
    below = page.split(f"### {heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\|\n)+", below, re.MULTILINE)
    assert table is not None, f"no table below {heading!r}"
    lines = table[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def test_what_is_covered_exists() -> None:
    """Each statement in the table is one of the barrier's."""
    known = set(re.findall(r"^\*\*([\w-]+)\*\*", STATEMENTS.read_text(), re.MULTILINE))
    named = [
        name for row in _rows(PAGE.read_text(), "What they cover") for name in row[0].split(", ")
    ]
    assert [name for name in named if name not in known] == []
    assert len(named) == len(set(named))


def test_every_variant_is_demanded_and_told() -> None:
    """A variant in a model is one in a test and in the table, and the other way round."""
    models = "".join(file.read_text() for file in sorted(MODELS.glob("*.pml")))
    tests = "".join(file.read_text() for file in sorted(TESTS.glob("test_*.py")))
    in_models = set(re.findall(r"\bBROKEN_([A-Z_]+[A-Z])\b", models))
    in_tests = set(re.findall(r'^    \("([A-Z_]+)", ', tests, re.MULTILINE))
    in_table = {row[0] for row in _rows(PAGE.read_text(), "What must be refuted")}
    assert in_models == in_tests == in_table
