"""``trellis right``: what operators may do."""

from __future__ import annotations

import argparse

from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.client import Client
from mesh.cli.operator import change_of
from mesh.cli.operator import run as run_operator
from mesh.cli.place import socket_of
from mesh.cli.submitting import add_waiting, submit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = (
        "example:\n  trellis right grant anna apply:/service\n\n"
        "A right is a level (view, edit, approve, apply, admin) over a prefix of keys:\n"
        "apply:/service/blog covers service/blog and all below it; apply:/ covers everything."
    )
    subparsers = verbs(parser)
    for name, help_ in (
        ("grant", "let an operator do something"),
        ("revoke", "let an operator do it no longer"),
    ):
        verb = add_verb(subparsers, name, help_, f"trellis right {name} anna apply:/service")
        verb.add_argument("name", metavar="OPERATOR")
        verb.add_argument("right", metavar="LEVEL:PREFIX")
        add_waiting(verb)
    _ = add_verb(subparsers, "list", "who may do what", "trellis right list")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; without one, list."""
    if arguments.verb not in ("grant", "revoke"):
        arguments.verb = "list"
        return run_operator(arguments)
    right = spelled(arguments.right)
    change = change_of("right", arguments.verb, arguments.name, right=right)
    return submit(Client(socket_of(arguments)), change, arguments)


def spelled(text: str) -> str:
    """``apply`` alone means everywhere."""
    return text if ":" in text else f"{text}:/"
