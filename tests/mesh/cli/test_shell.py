"""The shell: what completes, what is kept, what a line does, and where a script stops."""

from pathlib import Path
from typing import cast

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from mesh.cli.client import Client, Json
from mesh.cli.completing import Words
from mesh.cli.errors import NOT_REACHABLE, CommandError
from mesh.cli.prompting import is_secretive, make_session
from mesh.cli.shell import converse, prompt, script

_ANSWERS: dict[str, dict[str, Json]] = {
    "/v1/status": {"controller": {"name": "ash"}, "environment": {"id": "e" * 64}},
    "/v1/drafts": {"drafts": [{"name": "add-blog"}, {"name": "move the shop"}]},
    "/v1/drafts/add-blog": {"name": "add-blog", "commands": [{}, {}]},
    "/v1/changes": {"changes": [{"id": "3f9a12c0"}]},
}


class Fake:
    """A controller that knows a few things."""

    def get(self, path: str, **query: str | None) -> dict[str, Json]:
        """One of the answers."""
        if path == "/v1/environment":
            named: Json = {"service": {"blog": {}, "shop": {}}, "role": {"web": {}}}
            return {"objects": named}
        if path not in _ANSWERS:
            raise CommandError(NOT_REACHABLE, f"{path}: nobody answers")
        return _ANSWERS[path]


FAKE = cast("Client", Fake())


@pytest.fixture(autouse=True)
def own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes and histories of this test only."""
    monkeypatch.setenv("TRELLIS_SESSION_DIR", str(tmp_path / "session"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def completions(line: str) -> list[str]:
    """What Tab offers behind ``line``."""
    found = Words(FAKE).get_completions(Document(line), CompleteEvent())
    texts = [each.text for each in found]
    assert all(text.endswith(" ") for text in texts), "the next word can be typed at once"
    return [text.removesuffix(" ") for text in texts]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("serv", ["service"]),
        ("trellis stat", ["status"]),
        ("help cha", ["change"]),
        ("service cre", ["create"]),
        ("service modify --na", ["--name"]),
        ("service modify --name ", ["blog", "shop"]),
        ("service show b", ["blog"]),
        ("service create --role ", ["web"]),
        ("service create --autostart ", ["yes", "no"]),
        ("environment set --barrier ", ["all-active", "majority"]),
        ("change sub", ["submit"]),
        ("change submit add", ["add-blog"]),
        ("change submit m", ["'move the shop'"]),
        ("change submit 'move", ["'move the shop'"]),
        ("change revert 3", ["3f9a12c0"]),
        ("change revert 3f9a12c0 --fo", ["--force"]),
        ("change add add-blog serv", ["service"]),
        ("change add service modify --name b", ["blog"]),
        ("change export x --form", ["--format"]),
        ("nonsense ", []),
    ],
)
def test_what_completes(line: str, offered: list[str]) -> None:
    """Groups, verbs, parameters, names of what there is, and values of choices."""
    assert completions(line) == offered


def test_what_was_given_is_not_offered_again() -> None:
    """Nor is a parameter that people do not write, such as a creation id."""
    offered = completions("service modify --name blog --")
    assert "--name" not in offered
    assert "--id" not in offered
    assert {"--role", "--now", "--json"} <= set(offered)


def test_without_a_controller_words_complete_and_names_do_not() -> None:
    """A controller that does not answer is no reason to break a line off."""

    class Nobody:
        def get(self, path: str, **query: str | None) -> dict[str, Json]:
            raise CommandError(NOT_REACHABLE, f"{path}: nobody")

    words = Words(cast("Client", Nobody()))
    assert list(words.candidates(["service", "show"])) == []
    assert "create" in words.candidates(["service"])
    assert prompt(cast("Client", Nobody())) == "(no controller)> "


def test_the_prompt_says_where_one_is(tmp_path: Path) -> None:
    """Controller, environment, and the open change with its commands."""
    assert prompt(FAKE) == "ash@1a5p-ja7b> "
    notes = tmp_path / "session"
    notes.mkdir()
    _ = (notes / f"{'e' * 32}.open").write_text("add-blog")
    assert prompt(FAKE) == "ash@1a5p-ja7b [add-blog: 2]> "


def typed(keys: str) -> list[list[str]]:
    """The words that a session carries out for what somebody types, Ctrl-D at the end."""
    carried: list[list[str]] = []

    def carry(words: list[str]) -> int:
        carried.append(words)
        return 0

    with create_pipe_input() as source:
        source.send_text(keys)
        session = make_session(FAKE, Words(FAKE), source, DummyOutput())
        assert converse(FAKE, session, carry) == 0
    return carried


def test_a_line_is_what_the_command_line_takes() -> None:
    """Quotes as in a shell, `trellis` in front or not, help in front or behind, notes left out."""
    keys = "status\rtrellis item set --name 'a b'  # why\rhelp change add\r\rquit\rstatus\r\x04"
    assert typed(keys) == [
        ["status"],
        ["item", "set", "--name", "a b"],
        ["change", "add", "--help"],
    ]


def test_ctrl_c_leaves_the_line_and_ctrl_d_the_shell() -> None:
    """What was begun is forgotten; the next line is a fresh one."""
    assert typed("stat\x03status\r\x04") == [["status"]]


def test_a_mistake_ends_the_line_and_not_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    """An open quote, and a shell in the shell."""
    assert typed("item 'x\rshell\rstatus\r\x04") == [["status"]]
    assert "quote" in capsys.readouterr().err


def test_lines_that_may_hold_a_secret_are_not_kept(tmp_path: Path) -> None:
    """The file holds the others, and only its user reads it."""
    _ = typed("status\rsecret set --name x --value hunter2\rtrellis login ann\ritem 'x\r\x04")
    (file,) = (tmp_path / "state" / "trellis").glob("*.history")
    kept = file.read_text()
    assert "+status" in kept
    for hidden in ("hunter2", "login", "item"):
        assert hidden not in kept
    assert file.stat().st_mode & 0o077 == 0
    assert is_secretive("change add x secret")


def test_a_script_stops_at_the_first_line_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """Its exit code is the script's, and its number is told."""
    carried: list[list[str]] = []

    def carry(words: list[str]) -> int:
        carried.append(words)
        return 4 if words == ["fail"] else 0

    lines = ["# a note\n", "status\n", "\n", "fail\n", "status\n"]
    assert script(lines, carry) == 4
    assert carried == [["status"], ["fail"]]
    assert "line 4: fail" in capsys.readouterr().err
    assert script(["status\n", "exit\n", "fail\n"], carry) == 0
