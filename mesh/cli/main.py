"""The ``trellis`` command: finds the command that was meant, and ends with its exit code.

Each command is a module that is imported only when it is asked for, so that a plain one starts in
the time of a plain Python program.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final, Protocol, cast

from mesh.cli.errors import DONE, FAILED, INTERRUPTED, WRONG_USAGE, CommandError
from mesh.cli.output import complain, emit_json, paint, say, version
from mesh.cli.parsing import Parser

COMMANDS: Final = {
    "demo": ("demo", "five controllers here: a change, a partition, a merge"),
    "up": ("up", "run a controller here; it founds a mesh or joins one"),
    "status": ("status", "how this controller and its environment stand; metrics"),
    "members": ("members", "who is here, who says so; accept and remove them"),
    "invite": ("invite", "a code that lets one controller in: make, list, revoke"),
    "info": ("info", "running information: set, get, delete, list, watch"),
    "plan": ("source.plan", "files: what they would change; apply, export"),
    "apply": ("source.apply", "make the environment what files describe"),
    "export": ("source.export", "the environment as files; schema: what may stand in them"),
    "schema": ("source.schema", "the JSON Schema of source files, for editors"),
    "change": ("change", "ChangeSets: new, add, submit, list, log, revert …"),
    "shell": ("shell", "all commands at a prompt that completes them"),
    "metrics": ("metrics", "what this controller counts, in the text format of Prometheus"),
    "operator": ("operator", "people who may change things; right, token: how much"),
    "right": ("right", "what operators may do: grant, revoke, list"),
    "token": ("token", "keys for programs: create, revoke, list"),
    "secret": ("secret", "values that only some controllers can read"),
    "login": ("login", "be an operator for some hours; logout, whoami"),
    "logout": ("logout", "forget the unlocked keys of this user"),
    "whoami": ("whoami", "who the controller takes you for"),
    "doctor": ("doctor", "what is wrong here, and what to do"),
    "support-bundle": ("support_bundle", "one archive for whoever helps, without secrets"),
    "config": ("config", "check controller.toml"),
    "sim": ("sim", "what if? a whole mesh in one process, with troubles"),
}

BESIDE: Final = ("right", "token", "logout", "whoami", "schema", "apply", "export", "metrics")
"""Commands that the line of another one names, so that the overview fits on a screen."""

OVERVIEW: Final = """\
Controllers find each other, share what runs and apply changes at one moment.

{commands}

One command on the configuration is one change, for all at one moment:
  trellis site create --name berlin --location eu.berlin.office
  trellis service list

First steps
  trellis demo             watch five controllers do it all, in half a minute
  trellis up               run one here
  trellis COMMAND --help   more about a command, with an example

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no answer, 4 refused, 5 conflict
"""


class Command(Protocol):
    """A module with one command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the command takes."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code. Raises CommandError."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that ``words`` (by default those typed) name; the exit code."""
    words = list(sys.argv[1:] if words is None else words)
    try:
        return _dispatch(words)
    except CommandError as error:
        _report(error, as_json="--json" in words)
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough, as `head` does; nothing is left to be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _dispatch(words: list[str]) -> int:
    match words:
        case [] | ["help"]:
            _overview()
            return DONE
        case ["-h" | "--help", *_]:
            _overview()
            return DONE
        case ["--version", *_]:
            return _version()
        case [name, *rest] if name in COMMANDS:
            return _run(name, rest)
        case [name, *_] if not name.startswith("-"):
            return _direct(words)
        case _:
            raise CommandError(WRONG_USAGE, f"{words[0]}: no such option.", "See `trellis --help`.")


def command_named(name: str) -> tuple[Command, Parser]:
    """One of ``COMMANDS``, and the parser of what it takes."""
    module, summary = COMMANDS[name]
    command = cast("Command", importlib.import_module(f"mesh.cli.{module}"))
    parser = Parser(
        prog=f"trellis {name}",
        description=summary,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    return command, parser


def _run(name: str, words: list[str]) -> int:
    command, parser = command_named(name)
    try:
        arguments = parser.parse_args(words)
    except SystemExit as end:  # argparse has shown the help
        return int(end.code or DONE)
    return command.run(arguments)


def _direct(words: list[str]) -> int:
    from mesh.cli import direct

    return direct.run(words, list(COMMANDS))


def _overview() -> None:
    lines = [
        f"  trellis {paint(name.ljust(15), 'bold')} {help_}"
        for name, (_, help_) in COMMANDS.items()
        if name not in BESIDE
    ]
    say(OVERVIEW.format(commands="\n".join(lines)).rstrip())


def _version() -> int:
    say(f"trellis {version()}")
    return DONE


def _report(error: CommandError, *, as_json: bool) -> None:
    if as_json:
        emit_json({"errors": list(error.errors), "exit_code": error.code})
    else:
        complain(*error.errors)


if __name__ == "__main__":
    sys.exit(main())
