"""The numbered statements of docs/protocol, as its pages hold them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted((ROOT / "docs" / "protocol").glob("*.md"))

_STATEMENT: Final = re.compile(r"^\*\*([^*\n]+)\*\* (.*?)(?=^\*\*|^#|\Z)", re.MULTILINE | re.DOTALL)
_PENDING: Final = re.compile(r"^## Pending\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
_TEST_ID: Final = re.compile(r"tests/[\w/]+\.py::\w+(?:\[\w+\])?")


@dataclass(frozen=True, slots=True)
class Statement:
    """One rule of the protocol."""

    text: str
    tests: tuple[str, ...]
    """Ids of those that check it."""


def statements() -> dict[str, Statement]:
    """Every statement, by its label."""
    found: dict[str, Statement] = {}
    for page in PAGES:
        for label, body in _STATEMENT.findall(page.read_text()):
            assert label not in found, f"{page.name}: {label} is there twice"
            text, _, tests_named = body.partition("*Tests:*")
            found[label] = Statement(text.strip(), tuple(_TEST_ID.findall(tests_named)))
    return found


def pending() -> str:
    """What all pages name as not built yet."""
    return "\n".join(section for page in PAGES for section in _PENDING.findall(page.read_text()))
