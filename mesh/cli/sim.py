"""``trellis sim``: the simulator, a program of its own, is loaded only when it is asked for."""

from __future__ import annotations

import argparse

from mesh.cli.errors import DONE, WRONG_USAGE, CommandError
from mesh.cli.output import say
from mesh.cli.parsing import Parser

EXAMPLE = """\
example:
  trellis sim list
  trellis sim run both_sides_change_the_same_service
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: whatever the simulator takes."""
    from simulations.commands import COMMANDS

    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    parser.epilog = "\n".join(("commands:", *lines, "", EXAMPLE))
    parser.add_argument("verb", nargs="?", metavar="COMMAND", help="what to do, see below")
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="…", help="what it takes: see its `--help`"
    )
    parser.set_defaults(explain=parser.format_help)


def run(arguments: argparse.Namespace) -> int:
    """Do it; the exit code is the simulator's."""
    from mesh.environment.suggestions import unknown_name
    from simulations.commands import COMMANDS, main

    if arguments.verb is None:
        say(arguments.explain())
        return DONE
    if arguments.verb not in COMMANDS:
        unknown = unknown_name("command", arguments.verb, list(COMMANDS))
        raise CommandError(WRONG_USAGE, unknown, "See `trellis sim --help`.")
    try:
        return main([arguments.verb, *arguments.words], Parser(prog="trellis sim"))
    except SystemExit as end:  # argparse has shown the help, or what is wrong
        return int(end.code or DONE)
