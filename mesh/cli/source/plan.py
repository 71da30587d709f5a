"""``trellis plan``: what would make the environment what files describe. Nothing is changed."""

from __future__ import annotations

import argparse

from mesh.cli.client import Client
from mesh.cli.errors import DONE, WRONG_USAGE
from mesh.cli.output import emit_json, paint, say
from mesh.cli.place import socket_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    from mesh.cli.source.planning import add_source

    add_source(parser)
    parser.epilog = "example:\n  trellis plan -f shop/\n  trellis apply -f shop/"


def run(arguments: argparse.Namespace) -> int:
    """Show it; 2 where the files are wrong."""
    from mesh.cli.source.planning import json_of_plan, look, plan_of, read_source, warn_of_hidden
    from mesh.cli.source.showing import excess, show_plan

    source = read_source(arguments)
    sight = look(Client(socket_of(arguments)))
    plan = plan_of(source, sight, arguments)
    if plan is None:
        return WRONG_USAGE
    if arguments.json:
        emit_json(json_of_plan(plan, sight))
        return DONE
    show_plan(plan, sight.ground)
    warn_of_hidden(sight)
    too_much = excess(plan.steps)
    if too_much:
        say(paint(f"Too much for one ChangeSet: {too_much}.", "yellow"))
        say("`trellis apply --split` makes several, each of which is applied whole or not at all.")
    if plan.steps:
        prune = " --prune" if arguments.prune else ""
        say(f"Nothing is changed yet: trellis apply -f {arguments.files}{prune}")
    return DONE
