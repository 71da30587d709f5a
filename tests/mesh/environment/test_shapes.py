"""Shapes: what fits, what does not, and that text, check and JSON Schema say the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.environment.compounds import Free, ListOf, MappingOf, Member, Record, read_json
from mesh.environment.json_schema import commands_schema
from mesh.environment.kinds import COMMANDS
from mesh.environment.kinds.host import ADDRESS
from mesh.environment.shapes import (
    HEX32,
    NAME,
    Choice,
    Duration,
    Flag,
    Misread,
    Reference,
    Shape,
    Text,
    Whole,
    spell_duration,
)
from mesh.wire import cbor
from mesh.wire.requests import Value

SECOND = 1_000_000_000

FITTING: list[tuple[Shape, Value]] = [
    (NAME, "a"),
    (NAME, "web-1.x_y"),
    (HEX32, "0f" * 32),
    (Text(), ""),
    (Whole(1, 5), 5),
    (Flag(), True),
    (Choice(("a", "b")), "b"),
    (ADDRESS, "10.0.0.7"),
    (ADDRESS, "fe80::1%eth0"),
    (ADDRESS, "db_1.example.org"),
    (Duration(0, SECOND), 0),
    (Reference("site"), "office"),
    (ListOf(Whole(0, 9)), [1, 2]),
    (MappingOf(NAME, Whole(0, 9)), {"a": 1}),
    (Record("x", (Member("a", Flag()),)), {}),
    (Free(), {"a": [None, True, "x", {"b": 2**63 - 1}]}),
]

MISFITS: list[tuple[Shape, Value]] = [
    (NAME, "A"),
    (NAME, "-a"),
    (NAME, "a" * 64),
    (NAME, "a\n"),
    (NAME, 5),
    (HEX32, "0F" * 32),
    (Text(), "\ud800"),
    (Text(characters_max=3), "abcd"),
    (Whole(1, 5), 6),
    (Whole(0, 1), True),
    (Flag(), 1),
    (Choice(("a", "b")), "c"),
    (ADDRESS, "300.1.2.3"),
    (ADDRESS, "10.0.0.7:80"),
    (ADDRESS, "1.2.3"),
    (Choice(("a", "b")), ["a"]),
    (Duration(0, SECOND), SECOND + 1),
    (ListOf(Whole(0, 9)), [1, 1]),
    (ListOf(Whole(0, 9), elements_max=2), [1, 2, 3]),
    (ListOf(Whole(0, 9)), "1"),
    (MappingOf(NAME, Whole(0, 9)), {"a": 10}),
    (MappingOf(NAME, Whole(0, 9), elements_min=1), {}),
    (MappingOf(NAME, Whole(0, 9)), ["a"]),
    (Record("x", (Member("a", Flag(), required=True),)), {}),
    (Record("x", (Member("abc", Flag()),)), {"abd": True}),
    (Record("x", ()), 1),
    (Free(), 2**63),
    (Free(), "x" * 70_000),
    (Free(), ["x" * 40_000, "y" * 40_000]),
    (Free(), {"\ud800": 1}),
]


@pytest.mark.parametrize(("shape", "value"), FITTING)
def test_what_fits(shape: Shape, value: Value) -> None:
    """A value within bounds has no errors."""
    assert shape.errors(value, "x") == []


@pytest.mark.parametrize(("shape", "value"), MISFITS)
def test_what_does_not_fit(shape: Shape, value: Value) -> None:
    """A value out of bounds has one that begins with its path."""
    errors = shape.errors(value, "here")
    assert errors
    assert all(error.startswith("here") for error in errors)


def test_depth_is_bounded() -> None:
    """A value nested deeper than a request may be is refused, not recursed into for ever."""
    value: Value = 1
    for _ in range(9):
        value = [value]
    assert Free().errors(value, "x")
    assert not Free().errors([[1]], "x")


def test_floats_are_refused_with_advice() -> None:
    """No shape takes a fraction; where one may come in, the error says what to write."""
    (error,) = Free().errors(read_json("[0.5]"), "x")
    assert error == "x[0]: a float, write it as a whole number or as text"


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (Whole(), "1.0"),
        (Whole(), "9" * 30),
        (Flag(), "True"),
        (Duration(0, SECOND), "5"),
        (Duration(0, SECOND), "5 s"),
        (MappingOf(NAME, Whole()), "a"),
        (MappingOf(NAME, Whole()), "a=1,a=2"),
        (Record("x", ()), "a"),
        (ListOf(Whole()), "1,,2"),
        (ListOf(Whole()), "[1"),
        (MappingOf(NAME, Whole()), '{"a":1,"a":2}'),
    ],
)
def test_what_cannot_be_read_says_so(shape: Shape, text: str) -> None:
    """Text of another shape is Misread; nothing is guessed."""
    with pytest.raises(Misread):
        _ = shape.read(text)


@pytest.mark.parametrize("nanoseconds", [0, 1, 1_500_000, SECOND, 90 * SECOND, 86_400 * SECOND])
def test_durations_read_as_they_are_spelled(nanoseconds: int) -> None:
    """What is shown can be typed."""
    assert Duration(0, 10**18).read(spell_duration(nanoseconds)) == nanoseconds


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_VALUES)
def test_a_fitting_free_value_travels(value: Value) -> None:
    """What the free shape takes has canonical bytes that read back to it."""
    if not Free().errors(value, "x"):
        assert cbor.decode(cbor.encode(value), 10**6) == value
        assert Free().read(json.dumps(value)) == value


def test_the_schema_of_all_commands_is_json() -> None:
    """One schema for each command, with all that people may write and nothing that is filled in."""
    schema = json.loads(json.dumps(commands_schema()))["$defs"]
    assert list(schema) == [f"{group} {verb}" for group, verb in COMMANDS]
    create = schema["service create"]
    assert create["required"] == ["name", "role"]
    assert "id" not in create["properties"]
    assert create["properties"]["count"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 1000,
        "description": "how many instances",
        "default": 1,
    }


def test_a_word_that_is_nearly_one_of_them_is_asked_about() -> None:
    """Whatever the case; where nothing is near, what there is."""
    policy = Choice(("all-active", "majority"))
    assert policy.errors("Majorty", "x") == [
        "x: expected all-active or majority, not 'Majorty', did you mean 'majority'?"
    ]
    assert "did you mean" not in policy.errors("none", "x")[0]
