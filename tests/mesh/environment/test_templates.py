"""Environment data, and templates that take it."""

import pytest

from mesh.environment.commands import check_commands, parse_words
from mesh.environment.resolve import Resolution, Unresolved, resolve
from mesh.environment.templates import FILLED_CHARACTERS_MAX, Filling, template_errors
from mesh.protocol.history import Why
from mesh.wire.requests import Command, Value
from tests.mesh.protocol.history.world import Side, World, command, item


def side_with(**data: Value) -> Side:
    """An environment with this data."""
    side = World().side()
    for name, value in data.items():
        _ = side.change(command("data", "set", name=name, value=value))
    return side


def resolved(side: Side, value: Value) -> Value:
    """What an item's value comes to."""
    return side.resolve(item("a", value)).resolved[0].parameters["value"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{{host}}", "blog.example"),
        ("http://{{host}}:{{ port }}/", "http://blog.example:80/"),
        ("{{port}}", 80),
        ({"at": ["{{port}}", "{{!host}}"]}, {"at": [80, "blog.example"]}),
        ("{{{{host}}", "{{host}}"),
        ("a { b } c", "a { b } c"),
    ],
)
def test_what_is_filled_in(written: Value, expected: Value) -> None:
    """Within text it is spelled out; alone it is the value; four braces are two."""
    side = side_with(host="blog.example", port=80)
    assert resolved(side, written) == expected


def test_the_environments_own_value_wins() -> None:
    """The default holds where nothing was set; what insists takes no default."""
    side = World().side()
    _ = side.change(command("data", "set-default", name="host", default="any.example"))
    assert resolved(side, "{{host}}") == "any.example"
    assert side.refused(item("a", "{{!host}}"))[0].startswith("{{!host}} has no value")
    _ = side.change(command("data", "require", name="host"))
    assert side.refused(item("a", "{{host}}"))[0].startswith("{{host}} has no value")
    _ = side.change(command("data", "set", name="host", value="own.example"))
    assert resolved(side, "{{host}}") == resolved(side, "{{!host}}") == "own.example"


def test_all_that_is_missing_is_named_at_once() -> None:
    """With what to do about it, and as names for whoever waits for them."""
    side = World().side()
    commands = (item("a", "{{one}} {{!two}}"), item("b", ["{{three}}"]))
    outcome = side.history.resolve(commands, bytes(16))
    assert isinstance(outcome, Unresolved)
    assert outcome.missing == ("one", "two", "three")
    assert "trellis data set --name two" in outcome.errors[1]


def test_what_was_taken_is_in_the_base() -> None:
    """Written meanwhile, it is a conflict: the ChangeSet would mean something else."""
    side = side_with(host="x")
    number = side.propose(side.resolve(item("a", "{{host}}")))
    _ = side.change(command("data", "set", name="host", value="y"), lamport=50)
    late = side.world.attempt(
        side.world.catalogue[number].propose.request,
        side.world.catalogue[number].kind,
        side.ids,
        side.author,
        lamport=60,
    )
    side.learn(1 << late)
    assert side.entry(late).outcome.why is Why.CONFLICT


def test_what_is_filled_in_is_checked() -> None:
    """A value that the parameter does not take is told as if it had been typed."""
    side = side_with(role=7)
    errors = side.refused(command("service", "create", name="blog", role="{{role}}"))
    assert "role" in errors[0]


def test_written_and_resolved_are_both_kept() -> None:
    """What goes on to the next environment is what was written."""
    side = side_with(host="x")
    resolution = side.resolve(item("a", "{{host}}"))
    assert isinstance(resolution, Resolution)
    assert resolution.written == (item("a", "{{host}}"),)


def test_braces_that_are_no_template_are_a_mistake() -> None:
    """Nothing is guessed."""
    (error,) = check_commands((item("a", "{{No Name}}"),))
    assert "begins no template" in error
    assert template_errors({"x": ["{{", "{{fine}}"]}, "value") != []


def test_data_goes_alone_and_has_no_templates() -> None:
    """A value is what it says; and no ChangeSet changes what it takes."""
    side = side_with(a="{{b}}")
    assert resolved(side, "{{a}}") == "{{b}}"
    (error,) = check_commands((command("data", "set", name="a", value=1), item("x", 1)))
    assert "on their own" in error
    _ = side.change(command("data", "delete", name="a"))
    assert "no data named" in side.refused(command("data", "delete", name="a"))[0]


def test_a_template_is_typed_where_another_shape_stands() -> None:
    """A number, a duration or an address may be left to the environment."""
    words = {"name": "blog", "role": "web", "count": "{{blog.count}}"}
    parsed = parse_words("service", "create", words)
    assert isinstance(parsed, Command)
    assert parsed.parameters["count"] == "{{blog.count}}"
    side = side_with(**{"blog.count": 3})
    resolution = resolve(side.history._line.workspace, (parsed,), bytes(16))
    assert isinstance(resolution, Resolution)
    assert resolution.resolved[0].parameters["count"] == 3


def test_what_is_filled_in_has_an_end() -> None:
    """A few characters that take a long value many times fill no memory; once is well."""
    side = side_with(long="x" * 4_000)
    assert resolved(side, "{{long}}" * 2) == "x" * 8_000
    filling = Filling(side.history.state)
    filled = filling.parameters({"value": "{{long}}" * 30_000, "other": ["{{long}}"] * 10_000})
    assert len(str(filled)) < 2 * FILLED_CHARACTERS_MAX
    assert filling.is_too_much
    assert filling.taken < 2 * FILLED_CHARACTERS_MAX
    assert "templates take more" in side.refused(item("a", "{{long}}" * 200))[0]
