"""The shell on a real terminal and as the reader of a script, with a real controller."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.integration.cli.hosts import TRELLIS, Host, hosts

PATIENCE_S: Final = 30.0

ADD_BLOG: Final = (
    ("change new add-blog", "opened add-blog"),
    (
        'service create --name blog --role web --health-http "http://{{blog.host}}/"',
        "added to add-blog (1 command)",
    ),
    ("data set --name blog.host --value blog.example", "applied on 1 of 1"),
    ("change close", "closed add-blog"),
    ("change add add-blog", "opened add-blog (1 command)"),
    ("service modify --name blog --autostart yes", "added to add-blog (2 commands)"),
    ("change submit add-blog", "applied on 1 of 1"),
)
"""What somebody types, and what is answered."""


@pytest.fixture(scope="module")
def ash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One controller that founded an environment."""
    with hosts(tmp_path_factory.mktemp("mesh"), ["ash"]) as made:
        made[0].start("--found")
        yield made[0]


def environment(host: Host, tmp_path: Path) -> dict[str, str]:
    """For a shell of its own."""
    own = {
        "TRELLIS_SESSION_DIR": str(tmp_path / "session"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "TRELLIS_DATA_DIR": str(host.data_dir),
        "TERM": "xterm",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    return {**os.environ, **own}


class Terminal:
    """The far end of what a program takes for a terminal."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._unread = ""

    def type(self, keys: str) -> None:
        """As if somebody typed them."""
        _ = os.write(self._master, keys.encode())

    def wait_for(self, wanted: str) -> None:
        """Read up to ``wanted``."""
        deadline = time.monotonic() + PATIENCE_S
        while wanted not in self._unread:
            left = max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([self._master], [], [], left)
            assert ready, f"'{wanted}' never came: {self._unread}"
            self._unread += os.read(self._master, 65_536).decode(errors="replace")
        self._unread = self._unread.partition(wanted)[2]


def test_a_session_at_a_terminal(ash: Host, tmp_path: Path) -> None:
    """A change is opened, closed, opened again and submitted; Ctrl-D leaves with 0."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*TRELLIS, "shell"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(ash, tmp_path),
        start_new_session=True,
    )
    os.close(slave)
    try:
        talk(Terminal(master))
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        _ = process.wait()
        os.close(master)
    assert "blog" in ash.run("service", "list").out
    (kept,) = (tmp_path / "state" / "trellis").glob("*.history")
    assert "+change submit add-blog" in kept.read_text()


def talk(terminal: Terminal) -> None:
    """The whole session, with a word that Tab completes."""
    terminal.wait_for("ash@")
    for line, answer in ADD_BLOG:
        terminal.type(f"{line}\r")
        terminal.wait_for(answer)
        terminal.wait_for("ash@")
    terminal.type("serv\t")
    terminal.wait_for("service")
    terminal.type(" list\r")
    terminal.wait_for("role web")
    terminal.wait_for("ash@")
    terminal.type("\x04")


def test_a_script_is_carried_out_up_to_its_first_mistake(ash: Host, tmp_path: Path) -> None:
    """The same words from a pipe; the exit code and the number of the line that failed."""
    lines = (
        "item set --name a --value 1\n# a note\nitem show a --json\nitem sett --name b\nstatus\n"
    )
    done = subprocess.run(
        [*TRELLIS, "shell"],
        input=lines,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(ash, tmp_path),
    )
    assert done.returncode == 2, done
    assert "stopped at line 4" in done.stderr
    assert "did you mean 'set'" in done.stderr
    assert "applied on 1 of 1" in done.stdout
    assert "ACTIVE" not in done.stdout
