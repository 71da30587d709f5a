"""``trellis whoami``: who the controller takes you for, and who you are logged in as."""

from __future__ import annotations

import argparse
from typing import cast

from mesh.cli.arguments import add_common
from mesh.cli.client import Client, Json
from mesh.cli.errors import DONE
from mesh.cli.output import emit_json, moment, pairs
from mesh.cli.place import socket_of
from mesh.cli.signing import logged_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = "example:\n  trellis whoami"


def run(arguments: argparse.Namespace) -> int:
    """Ask, and look."""
    client = Client(socket_of(arguments))
    told = client.get("/v1/whoami")
    who = logged_in(client)
    rights = [] if who is None else _rights(client, who.name)
    if arguments.json:
        operator = None if who is None else {"name": who.name, "key": who.key, "rights": rights}
        emit_json({"caller": told, "operator": operator})
        return DONE
    shown = {
        "to the controller": str(told["name"]),
        "it lets you": " ".join(str(each) for each in cast("list[Json]", told["rights"])),
    }
    if who is None:
        shown["changes are signed"] = (
            "with the key that is kept beside the controller"
            if told["signs_here"]
            else "by nobody: say who you are with `trellis login NAME`"
        )
    else:
        shown["logged in as"] = f"{who.name}, until {moment(who.expires_ns)}"
        shown["which may"] = " ".join(str(each) for each in rights) or "nothing"
    pairs(shown)
    return DONE


def _rights(client: Client, name: str) -> list[Json]:
    told = client.get("/v1/environment", kind="operator")
    objects = cast("dict[str, dict[str, dict[str, Json]]]", told["objects"])["operator"]
    return cast("list[Json]", objects.get(name, {}).get("rights", []))
