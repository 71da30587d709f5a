"""The simulator's commands: each is a module, imported only when it is asked for.

A command has an entry in ``COMMANDS``, and its module has ``add_arguments`` and ``run``. Nothing
else has to know of it: the help, ``python -m simulations`` and ``trellis sim`` read this table.
"""

import argparse
import importlib
from collections.abc import Sequence
from typing import Final, Protocol, cast

COMMANDS: Final = {
    "list": ("list", "list the situations that come with Trellis"),
    "run": ("run", "run one of them, or a file: what happened, and which promises were kept"),
    "show": ("show", "print one as it is written, or everything about the run of a seed"),
    "sweep": ("sweep", "run many seeds"),
    "replay": ("replay", "run again what a file or a seed describes, and compare"),
    "shrink": ("shrink", "make the smallest scenario that fails like a given one"),
    "report": ("report", "tell a run to a stranger: a page with pictures, text, or a ShiViz log"),
    "determinism": ("determinism", "run the same seeds in two processes: is it one run?"),
    "maelstrom-node": ("maelstrom", "be a node of Maelstrom, the test bench of Jepsen"),
}
"""By the word that is typed: the module here, and what it does in a few words."""


class Command(Protocol):
    """A module with one command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the command takes."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code."""


def main(words: Sequence[str], parser: argparse.ArgumentParser | None = None) -> int:
    """Do what ``words`` ask for; the exit code: 1 if anything was violated.

    ``parser`` is one of the caller's own making, which says how a mistake is told.
    """
    if parser is None:
        parser = argparse.ArgumentParser(prog="python -m simulations")
    parser.description = "A whole mesh in one thread."
    chosen = next((word for word in words if word in COMMANDS), None)
    _ = add_commands(parser, [chosen] if chosen is not None else [])
    arguments = parser.parse_args(words)
    code: int = arguments.run(arguments)
    return code


def add_commands(
    parser: argparse.ArgumentParser, complete: Sequence[str]
) -> list[argparse.ArgumentParser]:
    """Give ``parser`` all commands, those of ``complete`` with all that they take; their parsers.

    Only the modules of those are imported.
    """
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    parsers: list[argparse.ArgumentParser] = []
    for name, (module, summary) in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in complete:
            command = cast("Command", importlib.import_module(f"simulations.commands.{module}"))
            command.add_arguments(sub)
            sub.set_defaults(run=command.run)
            parsers.append(sub)
    return parsers
