"""Commands as lines: what is shown or exported is read back as the very same command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.cli.words import command_of, line_of, split_line, split_words
from mesh.wire.requests import Value

_FREE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def again(line: str) -> dict[str, object]:
    """The command that ``line`` spells."""
    (group, verb), pairs = split_words(split_line(line))
    return command_of(group, verb, pairs)


@pytest.mark.parametrize(
    ("group", "verb", "parameters", "line"),
    [
        ("item", "set", {"name": "a", "value": "5"}, "item set --name a --value '\"5\"'"),
        ("item", "set", {"name": "a", "value": 5}, "item set --name a --value 5"),
        (
            "item",
            "set",
            {"name": "a", "value": "two words"},
            "item set --name a --value 'two words'",
        ),
        (
            "site",
            "modify",
            {"name": "a", "description": "5"},
            "site modify --name a --description 5",
        ),
        ("environment", "set", {"patience_ns": 90 * 10**9}, "environment set --patience-ns 90s"),
    ],
)
def test_a_line_is_typed_as_it_is_shown(
    group: str, verb: str, parameters: dict[str, Value], line: str
) -> None:
    """Durations with a unit, and a text that might be a number in quotes where it might."""
    assert line_of(group, verb, parameters) == line
    assert again(line) == {"group": group, "verb": verb, "parameters": parameters}


@given(value=_FREE)
def test_whatever_a_value_is(value: Value) -> None:
    """Whatever JSON can say comes back as it was, of the same type."""
    line = line_of("item", "set", {"name": "a", "value": value})
    assert repr(again(line)["parameters"]) == repr({"name": "a", "value": value})
