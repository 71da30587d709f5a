"""The line editor of the shell: its history, which is never told a secret, and its keys."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from mesh.cli import opened
from mesh.cli.errors import CommandError

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output

    from mesh.cli.client import Client

SECRETIVE: Final = ("secret", "login", "operator", "token", "invite")
"""Commands whose lines are not kept: what is typed behind them may open something."""

_SUFFIX: Final = ".history"
_ENVIRONMENT_DIGITS: Final = 32


class OpenHistory(FileHistory):
    """A file of lines, one for each environment, that only its user can read."""

    def store_string(self, string: str) -> None:
        """Keep a line, unless it may hold a secret."""
        if not is_secretive(string):
            super().store_string(string)


def is_secretive(line: str) -> bool:
    """Whether a line is better forgotten."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return True
    return any(word in SECRETIVE for word in words)


def history_of(client: Client) -> History:
    """The lines of former times, for the environment that is spoken to."""
    place = opened.state_directory()
    try:
        environment = opened.environment_of(client)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = place / f"{environment[:_ENVIRONMENT_DIGITS]}{_SUFFIX}"
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    except (OSError, CommandError):
        return InMemoryHistory()
    return OpenHistory(str(file))


def make_session(
    client: Client,
    completer: Completer,
    source: Input | None = None,
    screen: Output | None = None,
) -> PromptSession[str]:
    """A line editor; ``source`` and ``screen`` are the terminal unless said otherwise."""
    return PromptSession(
        history=history_of(client),
        completer=completer,
        complete_while_typing=False,
        input=source,
        output=screen,
    )
