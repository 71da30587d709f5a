"""The pages name files that exist: a reader who follows them arrives."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.repository

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md"])
NAMED = re.compile(r"`((?:crdt|mesh|simulations|tests|docs)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_files_that_exist(page: Path) -> None:
    """Every path of this repository that a page puts between backticks is there."""
    named = NAMED.findall(page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_architecture_names_seven_files() -> None:
    """The tour through the code has seven stops, no more."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert len(re.findall(r"^\d\. `(?:crdt|mesh)/[\w./]+\.py`", page, re.MULTILINE)) == 7
