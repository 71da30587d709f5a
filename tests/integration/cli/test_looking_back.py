"""A change from its first command to its undoing, as a person types it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.hosts import Host, hosts


@pytest.fixture(scope="module")
def ash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One controller that founded an environment."""
    with hosts(tmp_path_factory.mktemp("mesh"), ["ash"]) as made:
        made[0].start("--found")
        yield made[0]


def test_a_change_is_opened_closed_opened_again_and_submitted(ash: Host) -> None:
    """Plain commands go into the open change, and are applied at once when none is open."""
    assert ash.run("change", "new", "add-blog").code == 0
    health = "http://{blog.host}/"
    created = ash.run(
        "service", "create", "--name", "blog", "--role", "web", "--description", health
    )
    assert "added to add-blog (1 command)" in created.out, created
    assert "No service yet" in ash.run("service", "list").out
    assert ash.run("change", "close").code == 0
    at_once = ash.run("item", "set", "--name", "colour", "--value", "green")
    assert "applied on 1 of 1" in at_once.out, at_once
    assert "opened add-blog (1 command)" in ash.run("change", "add", "add-blog").out
    modified = ash.run("service", "modify", "--name", "blog", "--autostart", "yes")
    assert "added to add-blog (2 commands)" in modified.out, modified
    now = ash.run("item", "set", "--name", "colour", "--value", "blue", "--now")
    assert "applied on 1 of 1" in now.out, now
    wrong = ash.run("item", "set", "--name", "x", "--value", "1", "--reason", "why")
    assert wrong.code == 2
    assert "change submit" in wrong.errors
    effect = ash.run("change", "diff", "add-blog")
    assert "+ service blog" in effect.out, effect
    assert "autostart: true" in effect.out
    submitted = ash.run("change", "submit", "add-blog")
    assert submitted.code == 0, submitted
    assert "service modify --name blog --autostart true" in submitted.out
    assert "blog" in ash.run("service", "list").out
    assert "No change is open" in ash.run("change", "close").out


def test_looking_back_and_undoing(ash: Host) -> None:
    """The log finds it, diff says what it did, revert undoes it, and is itself in the log."""
    item = ("item", "set", "--name", "size", "--value")
    assert ash.run(*item, "1").code == 0
    tx = ash.ask(*item, "2")["tx"]
    assert "~ item size: 1 → 2" in ash.run("change", "diff", tx).out
    assert "item set size" in ash.run("change", "log", "--object", "item/size").out
    assert "No such ChangeSet" in ash.run("change", "log", "--name", "nothing").out
    assert ash.ask("change", "log", "--since", "1h", "-n", "1")["more"]
    reverted = ash.run("change", "revert", tx, "--reason", "too large")
    assert reverted.code == 0, reverted
    assert ash.run("item", "show", "size").out.split() == ["value", "1"]
    assert "revert item set size" in ash.run("change", "log").out
    assert ash.run(*item, "3").code == 0
    refused = ash.run("change", "revert", tx)
    assert refused.code == 5
    assert "--force" in refused.errors
    assert ash.run("change", "revert", tx, "--force").code == 0
    between = ash.ask("change", "diff", tx, ash.ask("change", "log")["changes"][0]["tx"])
    assert between["keys"] == [{"key": "/item/size", "before": 2, "after": 1}]


def test_files_of_commands(ash: Host, tmp_path: Path) -> None:
    """What is exported is imported again; a file with mistakes says each with its line."""
    lines = tmp_path / "sites.txt"
    _ = lines.write_text(
        "# two sites\n"
        "site create --name berlin --location eu.berlin --description 'the old town'\n"
        "trellis site create --name perth --location au.perth  # far away\n"
    )
    assert "added to sites (2 commands)" in ash.run("change", "import", str(lines)).out
    for form in ("text", "json"):
        again = tmp_path / f"again-{form}"
        export = ("change", "export", "sites", "--format", form)
        assert ash.run(*export, "-o", str(again)).code == 0
        assert again.read_text() == ash.run(*export).out
        assert ash.run("change", "import", str(again)).code == 0
        first, second = (ash.ask("change", "show", name) for name in ("sites", again.name))
        assert first["commands"] == second["commands"]
        assert ash.run("change", "discard", again.name).code == 0
    _ = lines.write_text("site creat --name x\n\nsite create --nam x\nsite 'create\n")
    wrong = ash.run("change", "import", str(lines))
    assert wrong.code == 2
    for mark in ("sites.txt:1:", "sites.txt:3:", "sites.txt:4:"):
        assert mark in wrong.errors
    assert ash.run("change", "submit", "sites").code == 0
    assert "perth" in ash.run("site", "list").out
