"""The command line before it speaks to anybody: words, help, mistakes, places."""

import argparse
import json
from pathlib import Path

import pytest

from mesh.cli.configuring import configured
from mesh.cli.errors import CommandError
from mesh.cli.invited import INVITE_VARIABLE
from mesh.cli.main import BESIDE, COMMANDS, command_named, main
from mesh.cli.output import complain, duration, table
from mesh.cli.place import socket_of
from mesh.cli.words import command_of, split_words
from mesh.driver.configuration import ConfigurationError
from mesh.wire.invitation import Invitation, encode_invitation
from tests.tools.cli_reference import verbs_of


def test_without_a_word_there_is_an_overview(capsys: pytest.CaptureFixture[str]) -> None:
    """A stranger who types ``trellis`` sees every command, what to do first, and the exit codes."""
    assert main([]) == 0
    said = capsys.readouterr().out
    for name in (each for each in COMMANDS if each not in BESIDE):
        assert f"trellis {name} " in said
    assert "trellis demo" in said
    assert "Exit codes" in said
    assert len(said.splitlines()) < 30, "it fits on a screen"
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--help`` of each command and each of its verbs shows an example that names it."""
    assert main([name, "--help"]) == 0
    assert f"example:\n  trellis {name}" in capsys.readouterr().out
    _, parser = command_named(name)
    for verb in verbs_of(parser):
        assert f"example:\n  {verb.prog}" in verb.format_help()


def test_a_group_of_commands_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    """A group lists its verbs, a verb its parameters."""
    assert main(["site", "--help"]) == 0
    assert "create" in capsys.readouterr().out
    assert main(["site", "create", "--help"]) == 0
    said = capsys.readouterr().out
    assert "--location" in said
    assert "--no-wait" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["statsu"], "did you mean 'status'"),
        (["sites", "create"], "did you mean 'site'"),
        (["site", "craete"], "did you mean 'create'"),
        (["site", "create", "--nam", "x"], "did you mean 'name'"),
        (["site", "create", "--name"], "a value is missing"),
        (["site", "create", "--name", "x", "--name", "y"], "given twice"),
        (["site", "create", "x"], "expected --name value"),
        (["--verbose"], "no such option"),
        (["status", "--verbose"], "unknown option '--verbose'."),
        (["up", "--prot", "5", "--sed", "elm"], "unknown option '--prot', did you mean '--port'?"),
        (["up", "--prot", "5", "--sed", "elm"], "unknown option '--sed', did you mean '--seed'?"),
        (["members", "remove", "oak", "--reasn", "x"], "did you mean '--reason'?"),
        (["members", "remove", "oak", "elm"], "'elm' is one word too many."),
        (["members", "remove", "--reason", "x"], "are required: NAME."),
        (["change", "sumbit"], "unknown verb 'sumbit', did you mean 'submit'?"),
        (["invite", "xyz"], "unknown verb 'xyz', expected one of: list, revoke"),
        (["change", "export", "x", "--format", "rips"], "unknown --format 'rips', did you mean"),
        (["frobnicate"], " more\n"),
        (["sim", "rnu"], "unknown command 'rnu', did you mean 'run'?\n"),
        (["sim", "run", "x", "--sed", "4"], "unknown option '--sed', did you mean '--seed'?"),
        (["sim", "sweep", "--seeds", "abc"], "no range of seeds such as 0..199."),
        (["change", "add", "x", "y", "z", "w"], "a group, a verb"),
        (["change"], "See `trellis change --help`"),
        (["info"], "watch?"),
        (["config"], "config check"),
    ],
)
def test_wrong_usage(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and a text that says what was meant; nothing on standard output."""
    assert main(words) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""


def test_errors_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json an error is JSON on standard output, with its exit code."""
    assert main(["site", "create", "--nam", "x", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["exit_code"] == 2
    assert told["errors"]


def test_nobody_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a controller: exit code 3, where it was looked for, and what to do."""
    assert main(["status", "--data-dir", str(tmp_path)]) == 3
    said = capsys.readouterr().err
    assert str(tmp_path / "api.sock") in said
    assert "trellis up" in said


# --- words ----------------------------------------------------------------------------------------


def test_words_are_split_into_names_and_pairs() -> None:
    """Leading words are names, then come pairs, with or without an equals sign."""
    assert split_words(["site", "create", "--name", "x", "--location=eu"]) == (
        ["site", "create"],
        {"name": "x", "location": "eu"},
    )
    assert split_words(["--name", "--odd"]) == ([], {"name": "--odd"})


def test_values_are_read_as_their_parameter_wants_them() -> None:
    """Text becomes numbers, lists and durations by the table of commands."""
    pairs = {"name": "blog", "role": "web", "count": "3", "ports": "80,443"}
    command = command_of("service", "create", pairs)
    assert command["parameters"] == {"name": "blog", "role": "web", "count": 3, "ports": [80, 443]}


def test_all_mistakes_of_a_command_at_once() -> None:
    """Every missing and wrong parameter is named."""
    with pytest.raises(CommandError) as raised:
        command_of("service", "create", {"name": "Not A Name", "count": "7"})
    assert raised.value.code == 2
    assert len(raised.value.errors) == 2


# --- places ---------------------------------------------------------------------------------------


def test_the_last_word_about_the_socket_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Default, configuration file, environment, --data-dir, --socket: what is said last wins."""
    monkeypatch.delenv("TRELLIS_DATA_DIR", raising=False)
    file = tmp_path / "controller.toml"
    file.write_text(f'[controller]\ndata_dir = "{tmp_path}/filed"\n')
    monkeypatch.setenv("TRELLIS_CONFIG", str(file))
    nothing = argparse.Namespace(socket=None, data_dir=None)
    assert socket_of(nothing) == tmp_path / "filed" / "api.sock"
    monkeypatch.setenv("TRELLIS_DATA_DIR", str(tmp_path / "told"))
    assert socket_of(nothing) == tmp_path / "told" / "api.sock"
    here = argparse.Namespace(socket=None, data_dir=str(tmp_path / "said"))
    assert socket_of(here) == tmp_path / "said" / "api.sock"
    exactly = argparse.Namespace(socket="/x/y.sock", data_dir="/z")
    assert socket_of(exactly) == Path("/x/y.sock")


def options(**said: object) -> argparse.Namespace:
    """What ``trellis up`` was told, and nothing else."""
    nothing: dict[str, object] = dict.fromkeys(
        (
            *("config", "data_dir", "socket", "name", "site", "listen", "port", "advertise"),
            *("seed", "invite", "invite_file"),
        )
    )
    return argparse.Namespace(**{**nothing, "no_mdns": False, "found": False, **said})


def test_the_command_line_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is given replaces what the file says, and leaves the rest of it."""
    monkeypatch.delenv("TRELLIS_DATA_DIR", raising=False)
    file = tmp_path / "controller.toml"
    file.write_text(
        '[controller]\nname = "filed"\nsite = "office"\n[cluster]\nseeds = ["10.0.0.1"]\n'
    )
    told = configured(
        options(config=str(file), name="told", seed=["10.0.0.2:9"], port="0", no_mdns=True)
    )
    assert (told.controller.name, told.controller.site) == ("told", "office")
    assert [str(seed) for seed in told.cluster.seeds] == ["10.0.0.2:9"]
    assert told.listen.port == 0
    assert not told.cluster.mdns


def test_mistakes_on_the_command_line_are_named_as_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong port and a wrong seed are both told, by the path that they have in the file."""
    monkeypatch.setenv("TRELLIS_CONFIG", str(tmp_path / "controller.toml"))
    (tmp_path / "controller.toml").write_text("")
    with pytest.raises(ConfigurationError) as raised:
        configured(options(port="high", seed=["not an address!"]))
    paths = [problem.path for problem in raised.value.problems]
    assert "listen.port" in paths
    assert any(path.startswith("cluster.seeds") for path in paths)


def test_an_invite_comes_from_wherever_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line, a file, the environment: one of them, and no message repeats the code."""
    monkeypatch.setenv("TRELLIS_CONFIG", str(tmp_path / "controller.toml"))
    (tmp_path / "controller.toml").write_text("")
    invitation = Invitation(bytes(32), (), "a-fingerprint", bytes(range(32)))
    code = encode_invitation(invitation)
    (tmp_path / "code").write_text(f"{code}\n")
    assert configured(options(invite=code)).cluster.invite == invitation
    assert configured(options(invite_file=str(tmp_path / "code"))).cluster.invite == invitation
    monkeypatch.setenv(INVITE_VARIABLE, code)
    assert configured(options()).cluster.invite == invitation
    with pytest.raises(CommandError, match="one of them"):
        configured(options(invite=code, invite_file=str(tmp_path / "code")))
    with pytest.raises(CommandError, match="No such file"):
        configured(options(invite_file=str(tmp_path / "nowhere")))
    with pytest.raises(ConfigurationError) as raised:
        configured(options(invite=code[:-1]))
    assert [problem.path for problem in raised.value.problems] == ["cluster.invite"]
    assert code[20:40] not in str(raised.value)
    with pytest.raises(ConfigurationError, match="stays here"):
        configured(options(found=True))


# --- output ---------------------------------------------------------------------------------------


def test_a_table_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns are as wide as their widest cell, and lines have no blanks at their ends."""
    table(("A", "B"), [("long name", "x"), ("y", "")])
    assert capsys.readouterr().out == "A          B\nlong name  x\ny\n"


def test_errors_are_folded_for_a_terminal_and_for_nobody_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between words and under each other; what is to be typed stays on one line."""
    text = "nobody answers there at all, so start one: `trellis up --data-dir /var/tmp/ash`."
    complain(text)
    assert capsys.readouterr().err == f"trellis: {text}\n"
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    complain(text, "See there.")
    assert capsys.readouterr().err.splitlines() == [
        "trellis: nobody answers there at all, so start one:",
        "         `trellis up --data-dir /var/tmp/ash`.",
        "         See there.",
    ]


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0 ns"), (1_500, "1.5 µs"), (44_000_000, "44 ms"), (-2_000_000, "-2.0 ms")],
)
def test_durations(nanoseconds: int, text: str) -> None:
    """Two digits and a unit."""
    assert duration(nanoseconds) == text
