"""An environment described in files: planned, applied, exported, and rebuilt from nothing."""

import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh.cli.client import Client
from mesh.cli.errors import CONFLICT, CommandError
from tests.integration.cli.hosts import TRELLIS, Host, hosts, join

EXAMPLE = str(Path(__file__).parents[3] / "docs" / "examples" / "shop")


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, Host, Host]]:
    """An environment of two controllers, and another one of one."""
    with hosts(tmp_path_factory.mktemp("source"), ("ash", "birch", "elm")) as made:
        ash, birch, elm = made
        ash.start("--found")
        join(ash, birch)
        elm.start("--found")
        yield ash, birch, elm


def _content(host: Host) -> str:
    return str(host.ask("status")["environment"]["content_hash"])


def test_from_files_and_back(three: tuple[Host, Host, Host], tmp_path: Path) -> None:
    """The example is applied on both at once; exported, it makes the same of an empty environment.

    Applied a second time it does nothing.
    """
    ash, birch, elm = three
    planned = ash.ask("plan", "-f", EXAMPLE)
    assert [step["about"] for step in planned["steps"]] == ["data", "environment", "objects"]
    refused = ash.run("apply", "-f", EXAMPLE)
    assert (refused.code, "say --yes" in refused.errors) == (2, True)
    applied = ash.run("apply", "-f", EXAMPLE, "--yes", "--reason", "from files")
    assert applied.code == 0, applied
    assert "applied on 2 of 2" in applied.out
    assert "+ shopfront" in applied.out
    assert _content(ash) == _content(birch)
    again = birch.run("apply", "-f", EXAMPLE, "--yes")
    assert (again.code, "Nothing to do: 112 objects as described." in again.out) == (0, True)
    for suffix in ("yaml", "toml"):
        told = birch.ask("export", "-o", str(tmp_path / suffix), "--format", suffix)
        assert told["content_hash"] == _content(ash)
        assert ash.ask("plan", "-f", str(tmp_path / suffix), "--prune")["steps"] == []
    rebuilt = elm.ask("apply", "-f", str(tmp_path / "toml"), "--yes")
    assert rebuilt["content_hash"] == _content(ash) == _content(elm)
    assert len(rebuilt["changes"]) == 3


def test_files_with_mistakes_change_nothing(three: tuple[Host, Host, Host], tmp_path: Path) -> None:
    """Every mistake is told with its line, to people and to programs; nothing is submitted."""
    _, birch, _ = three
    before = _content(birch)
    _ = (tmp_path / "all.yaml").write_text(
        "service:\n  one:\n    rol: web\n  two:\n    count: no\n"
    )
    for verb in (["plan"], ["apply", "--yes"]):
        outcome = birch.run(*verb, "-f", str(tmp_path))
        assert outcome.code == 2
        assert "all.yaml:3: service.one.rol: unknown field 'rol', did you mean 'role'?" in (
            outcome.errors
        )
    told = birch.run("plan", "-f", str(tmp_path), "--json")
    assert told.code == 2
    assert [each["line"] for each in told.json["mistakes"]] == [2, 3, 4, 5]
    assert _content(birch) == before


def test_what_was_shown_is_what_is_submitted(three: tuple[Host, Host, Host]) -> None:
    """Commands made for another state of the configuration are a conflict."""
    ash, _, _ = three
    command = {"group": "item", "verb": "set", "parameters": {"name": "a", "value": "2"}}
    body = {"name": "late", "commands": [command], "state": "00" * 32}
    with pytest.raises(CommandError) as refused:
        _ = Client(ash.data_dir / "api.sock").post("/v1/changes", body)
    assert refused.value.code == CONFLICT


def test_whoever_takes_long_to_say_yes(three: tuple[Host, Host, Host], tmp_path: Path) -> None:
    """What others changed since the plan was shown is told, and nothing is submitted."""
    _, _, elm = three
    _ = (tmp_path / "all.yaml").write_text("item:\n  mine: 1\n")
    screen, terminal = pty.openpty()
    applying = subprocess.Popen(
        [*TRELLIS, "apply", "-f", str(tmp_path), "--data-dir", str(elm.data_dir)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    try:
        shown = _until(screen, b"[y/N]")
        assert "+ mine" in shown
        assert elm.run("item", "set", "--name", "theirs", "--value", "2").code == 0
        _ = os.write(screen, b"y\n")
        told = _until(screen, b"look at `trellis plan` again")
        assert applying.wait(30) == CONFLICT
        assert "theirs" in told
        assert elm.run("item", "show", "mine").code == 1
    finally:
        applying.kill()
        _ = applying.wait()
        os.close(screen)
        os.close(terminal)


def _until(screen: int, words: bytes) -> str:
    """What a program shows until it says ``words``."""
    seen = b""
    while words not in seen:
        seen += os.read(screen, 65_536)
    return seen.decode()
