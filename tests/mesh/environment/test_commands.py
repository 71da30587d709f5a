"""Commands against the table: every mistake at once, and what a person may have meant."""

import pytest

from mesh.environment.commands import (
    Misspelled,
    check_commands,
    check_resolved,
    parse_words,
    unknown_part,
)
from mesh.environment.kinds import COMMANDS, KINDS, SCHEMA
from mesh.environment.shapes import NAME
from mesh.wire.limits import COMMANDS_MAX
from mesh.wire.requests import Command, Value


def _command(group: str, verb: str, **parameters: Value) -> Command:
    return Command(group, verb, parameters)


def test_every_mistake_is_named_at_once() -> None:
    """Unknown groups, verbs, parameters, missing and wrong values: all in one answer."""
    errors = check_commands(
        (
            _command("servce", "create"),
            _command("service", "crate"),
            _command("service", "create", nam="x", role=5, count=-1),
            _command("item", "set", name="fine", value=1),
        )
    )
    assert errors == (
        "command 1 (servce create): unknown group 'servce', did you mean 'service'?",
        "command 2 (service crate): unknown verb 'crate', did you mean 'create'?",
        "command 3 (service create): unknown parameter 'nam', did you mean 'name'?",
        f"command 3 (service create): name: missing, expected {NAME.words}",
        f"command 3 (service create): role: expected {NAME.words}, not 5",
        "command 3 (service create): count: expected a whole number from 0 to 1000, not -1",
    )


def test_every_address_where_nobody_could_listen_is_named_at_once() -> None:
    """A port is from 1 to 65535 and has one spelling; an address of IPv6 stands in brackets."""
    possible = ["192.0.2.7:1", "host.example:65535", "[2001:db8::7]:7946", "10.0.0.1:10000"]
    impossible = ["192.0.2.7:0", "192.0.2.7:65536", "192.0.2.7:70000", "192.0.2.7:07946"]
    impossible += ["2001:db8::7:7946", "[]:80"]
    who = "0f" * 32
    (fine,) = (_command("controller", "modify", controller=who, addresses=[*possible]),)
    assert check_commands((fine,)) == ()
    errors = check_commands(
        (_command("controller", "modify", controller=who, addresses=[*impossible]),)
    )
    assert len(errors) == len(impossible)
    for number, (address, error) in enumerate(zip(impossible, errors, strict=True), 1):
        assert error.startswith(f"addresses[{number - 1}]: expected an address such as 192.0.2.7")
        assert f"not '{address}'" in error


def test_where_nothing_is_near_what_there_is_is_listed() -> None:
    """A word that is like no other gets the list of those that there are."""
    (error,) = check_commands((_command("item", "zzz"),))
    assert error == "unknown verb 'zzz', expected one of: delete, set"


def test_a_change_that_changes_nothing_is_a_mistake() -> None:
    """Modify and set need at least one thing to do."""
    (error,) = check_commands((_command("environment", "set"),))
    names = (
        "barrier, guard_ns, patience_ns, merge, checkpoint_changes, absence_max_ns, approvals,"
        " promotion, publication"
    )
    assert error == f"nothing to do: expected at least one of {names}"


@pytest.mark.parametrize("group", ["environment", "merge"])
def test_some_commands_go_alone(group: str) -> None:
    """What concerns the environment or the history itself is never mixed into a ChangeSet."""
    first = (
        _command("environment", "set", merge="hold")
        if group == "environment"
        else _command("merge", "keep", tx="0" * 64)
    )
    assert check_commands((first, first)) == ()
    (error,) = check_commands((first, _command("item", "set", name="a", value=1)))
    assert "on their own" in error


def test_the_number_of_commands_is_bounded() -> None:
    """A ChangeSet of more commands than one may have is refused before any is looked at."""
    command = _command("nonsense", "x")
    (error,) = check_commands((command,) * (COMMANDS_MAX + 1))
    assert "at most 1000" in error


def test_what_is_filled_in_may_not_be_written() -> None:
    """The creation id of a new object is found when the change is submitted."""
    (error,) = check_commands((_command("site", "create", name="a", location="b", id="0" * 32),))
    assert error == "id: is filled in when the change is submitted, leave it out"


def test_a_resolved_command_is_complete() -> None:
    """What people may leave out must be there in a request: the creation id, above all."""
    command = _command("site", "delete", name="a")
    assert check_commands((command,)) == ()
    assert check_resolved(command) == ["site delete: id: missing"]


def test_unknown_is_told_from_wrong() -> None:
    """A newer version's parameter is unknown; a wrong value is a mistake whatever the version."""
    assert unknown_part(_command("item", "set", name="a", value=1, colour="red")) is not None
    assert unknown_part(_command("item", "set", name=7, value=1)) is None
    assert unknown_part(_command("item", "paint", name="a")) is not None


def test_words_of_a_person_become_values() -> None:
    """Texts of the command line are read by the shapes; a dash stands for an underscore."""
    words = {
        "name": "web",
        "role": "front",
        "ports": "80,443",
        "count": "3",
        "autostart": "false",
        "stop-timeout-ns": "1500ms",
        "environment": "A=1,B=x y",
        "health": "kind=http,port=80,path=/up,interval_ns=5s",
    }
    command = parse_words("service", "create", words)
    assert isinstance(command, Command)
    assert check_commands((command,)) == ()
    assert command.parameters == {
        "name": "web",
        "role": "front",
        "ports": [80, 443],
        "count": 3,
        "autostart": False,
        "stop_timeout_ns": 1_500_000_000,
        "environment": {"A": "1", "B": "x y"},
        "health": {"kind": "http", "port": 80, "path": "/up", "interval_ns": 5_000_000_000},
    }


def test_a_share_that_is_not_said_is_the_usual_one() -> None:
    """``--services blog`` stands for ``--services blog=100``."""
    command = parse_words("path", "create", {"name": "p", "host": "*", "services": "blog,canary=5"})
    assert isinstance(command, Command)
    assert command.parameters["services"] == {"blog": 100, "canary": 5}


def test_words_that_cannot_be_read_hide_no_other_mistake() -> None:
    """What is missing, unknown or out of bounds is told in the same answer, and nothing twice."""
    words = {"name": "blog", "count": "many", "rank": "1", "ports": "99999", "site": "No Name"}
    told = parse_words("service", "create", words)
    assert isinstance(told, Misspelled)
    assert sorted(each.partition(":")[0].partition(",")[0] for each in told.errors) == [
        "count",
        "ports[0]",
        "role",
        "site",
        "unknown parameter 'rank'",
    ]


def test_words_that_cannot_be_read_are_all_named() -> None:
    """Text of the wrong shape is an error of its own, and does not hide the next one."""
    misspelled = parse_words(
        "service", "create", {"count": "many", "autostart": "maybe", "zap": ""}
    )
    assert isinstance(misspelled, Misspelled)
    assert [error.split(":")[0] for error in misspelled.errors] == [
        "unknown parameter 'zap', expected one of",
        "count",
        "autostart",
        "name",
        "role",
    ]
    assert parse_words("servic", "create", {}) == Misspelled(
        ("unknown group 'servic', did you mean 'service'?",)
    )


def test_the_table_is_sound() -> None:
    """Each command is under its name; each parameter stands once; each touch names some."""
    for (group, verb), declaration in COMMANDS.items():
        names = [parameter.name for parameter in declaration.parameters]
        assert (declaration.group, declaration.verb) == (group, verb)
        assert len(dict.fromkeys(names)) == len(names), (group, verb)
        touches = (*declaration.reads, *declaration.writes, *declaration.commutes)
        for touch in (*touches, *declaration.wholes):
            wanted = [part[1:-1] for part in touch.pattern if part.startswith("{")]
            assert all(name in names for name in wanted), (group, verb, touch)
            assert not touch.given or touch.given in names, (group, verb, touch)
    assert list(SCHEMA) == [kind.name for kind in KINDS]
