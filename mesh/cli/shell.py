"""``trellis shell``: the same words as the command line, at a prompt that completes them.

A line here is a line there without ``trellis`` in front, carried out by the same code, so nothing
has to be learned twice. What a program writes into it is a script: it stops at the first line that
fails, and says which one that was.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, cast

from mesh.cli import opened
from mesh.cli.arguments import add_common
from mesh.cli.client import Client, quoted
from mesh.cli.errors import DONE, INTERRUPTED, WRONG_USAGE, CommandError
from mesh.cli.main import main
from mesh.cli.output import complain, emit_json, say
from mesh.cli.place import DATA_DIR_VARIABLE, SOCKET_VARIABLE, socket_of
from mesh.cli.words import split_line

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

    from mesh.api.drafts import Draft

LEAVING: Final = ("exit", "quit")
_MARK_CHARACTERS: Final = 9
"""Of the fingerprint of the environment: enough to see which of one's own it is."""

Carry = Callable[[list[str]], int]
"""Does what the words of one line say; the exit code."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = (
        "example:\n"
        "  trellis shell < commands.txt\n\n"
        "Tab completes, the arrows go through the history, Ctrl-C leaves a line,\n"
        "Ctrl-D leaves the shell. `help` lists the commands, `help COMMAND` explains one."
    )


def run(arguments: argparse.Namespace) -> int:
    """Read lines until there are no more; the exit code is that of the line that failed."""
    # Every line speaks to the controller that this shell was started for.
    if arguments.socket:
        os.environ[SOCKET_VARIABLE] = arguments.socket
    elif arguments.data_dir:
        os.environ[DATA_DIR_VARIABLE] = arguments.data_dir
        _ = os.environ.pop(SOCKET_VARIABLE, None)
    client = Client(socket_of(arguments))
    if not sys.stdin.isatty():
        return script(sys.stdin, as_json=arguments.json)
    from mesh.cli.completing import Words
    from mesh.cli.prompting import make_session

    say("Commands as on the command line. Tab completes, `help` helps, Ctrl-D leaves.")
    return converse(client, make_session(client, Words(client)))


def script(lines: Iterable[str], carry: Carry = main, *, as_json: bool = False) -> int:
    """Carry out lines up to the first that fails; the exit code of the last one."""
    for number, line in enumerate(lines, 1):
        code = _line(line, carry)
        if code is None:
            return DONE
        if code != DONE:
            if as_json:
                emit_json({"line": number, "exit_code": code})
            else:
                complain(f"stopped at line {number}: {line.strip()}")
            return code
    return DONE


def converse(client: Client, session: PromptSession[str], carry: Carry = main) -> int:
    """Ask for lines until somebody has had enough."""
    while True:
        try:
            line = session.prompt(prompt(client))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return DONE
        try:
            if _line(line, carry) is None:
                return DONE
        except KeyboardInterrupt:
            continue


def _line(line: str, carry: Carry) -> int | None:
    """The exit code of one line; None: it was the last."""
    try:
        words = split_line(line)
    except CommandError as error:
        complain(*error.errors)
        return error.code
    match words:
        case []:
            return DONE
        case [word] if word in LEAVING:
            return None
        case ["shell", *_] | ["trellis", "shell", *_]:
            complain("this is the shell already.")
            return WRONG_USAGE
        case ["trellis", *rest]:
            return _carried(rest, carry)
        case ["help", word, *rest]:
            return _carried([word, *rest, "--help"], carry)
        case _:
            return _carried(words, carry)


def _carried(words: list[str], carry: Carry) -> int:
    try:
        return carry(words)
    except KeyboardInterrupt:
        return INTERRUPTED


def prompt(client: Client) -> str:
    """Which controller and environment, and which change is open with how many commands."""
    try:
        status = client.get("/v1/status")
        controller = cast("dict[str, str]", status["controller"])
        environment = cast("dict[str, str] | None", status["environment"])
        where = "no environment" if environment is None else _mark(environment["id"])
        return f"{controller['name']}@{where}{_open(client)}> "
    except CommandError:
        return "(no controller)> "


def _mark(environment: str) -> str:
    from mesh.wire.identity import fingerprint

    return fingerprint(bytes.fromhex(environment))[:_MARK_CHARACTERS]


def _open(client: Client) -> str:
    name = opened.current(client)
    if name is None:
        return ""
    try:
        draft = cast("Draft", client.get(quoted("drafts", name)))
    except CommandError:
        return f" [{name}: not here]"
    return f" [{name}: {len(draft['commands'])}]"
