"""docs/reference/configuration.md shows every key there is, and none that there is not."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mesh.driver import configuration
from mesh.driver.configuration import Configuration, parse
from mesh.driver.linked import LinkSection

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "configuration.md"
SPELLED = {"addresses": "address"}
"""Fields that people write otherwise."""

pytestmark = pytest.mark.repository


def shown() -> dict[str, Any]:
    """The example on the page."""
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return tomllib.loads(found[1])


def test_the_example_can_be_used() -> None:
    """Whoever copies it gets a configuration without mistakes."""
    assert parse(shown()).api.listen is not None


def test_every_key_is_shown() -> None:
    """Table by table, the keys on the page are the fields of the section."""
    document = shown()
    assert sorted(document) == sorted(each.name for each in fields(Configuration))
    for section in fields(Configuration):
        if section.name == "links":  # each is named by people, and has a socket or an address
            known = {each.name for each in fields(LinkSection)} - {"socket"}
            assert set(document["links"]["test"]) == known
            continue
        kind = getattr(configuration, f"{section.name.capitalize()}Section")
        known = {SPELLED.get(each.name, each.name) for each in fields(kind)}
        if section.name == "cluster":
            known -= {"invite"}  # a secret for one start: told apart on the page
        assert set(document[section.name]) - {"invite"} == known
