"""``trellis right``: what operators may do."""

from __future__ import annotations

import argparse
from typing import cast

from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.client import Client, Json
from mesh.cli.errors import FAILED, CommandError
from mesh.cli.operator import change_of
from mesh.cli.operator import run as run_operator
from mesh.cli.place import socket_of
from mesh.cli.submitting import Submission, add_cover, add_waiting, submit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = (
        "example:\n  trellis right grant anna apply:/service\n\n"
        "A right is a level (view, edit, approve, apply, admin, or override) over a prefix of\n"
        "keys: apply:/service/blog covers service/blog and all below it; apply:/ covers\n"
        "everything. override passes by the approvals that are demanded, and by nothing else."
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
    renew = add_verb(
        subparsers,
        "renew",
        "end all that an operator has signed and that has not come to be, also what somebody keeps",
        "trellis right renew anna --reason 'her laptop was stolen'",
    )
    renew.add_argument("name", metavar="OPERATOR")
    add_cover(renew)
    _ = add_verb(subparsers, "list", "who may do what", "trellis right list")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; without one, list."""
    if arguments.verb == "renew":
        return _renew(Client(socket_of(arguments)), arguments)
    if arguments.verb not in ("grant", "revoke"):
        arguments.verb = "list"
        return run_operator(arguments)
    right = spelled(arguments.right)
    change = change_of("right", arguments.verb, arguments.name, right=right)
    return submit(Client(socket_of(arguments)), change, arguments)


def _renew(client: Client, arguments: argparse.Namespace) -> int:
    """Take each right and give it anew, in one ChangeSet: what names the former one is void."""
    told = client.get("/v1/environment", kind="operator")
    objects = cast("dict[str, dict[str, dict[str, Json]]]", told["objects"])["operator"]
    if arguments.name not in objects:
        text = f"there is no operator '{arguments.name}'; see `trellis operator list`."
        raise CommandError(FAILED, text)
    rights = cast("list[str]", objects[arguments.name].get("rights", []))
    if not rights:
        raise CommandError(FAILED, f"{arguments.name} has no rights, so nothing signed counts.")
    commands = [
        {"group": "right", "verb": verb, "parameters": {"name": arguments.name, "right": right}}
        for right in rights
        for verb in ("revoke", "grant")
    ]
    body = {"name": f"renew the rights of {arguments.name}", "commands": commands}
    return submit(client, Submission("/v1/changes", body), arguments)


def spelled(text: str) -> str:
    """``apply`` alone means everywhere."""
    return text if ":" in text else f"{text}:/"
