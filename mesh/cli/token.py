"""``trellis token``: keys for programs, each with its rights and its end.

The token is made in this process and printed by it, once; the controller is told its public half.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Final, cast

from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.client import Client, Json
from mesh.cli.errors import DONE, WRONG_USAGE, CommandError
from mesh.cli.operator import change_of
from mesh.cli.output import emit_json, moment, say, table
from mesh.cli.place import socket_of
from mesh.cli.right import spelled
from mesh.cli.submitting import add_waiting, read_duration, submit, submit_quietly

EXPIRES_DEFAULT: Final = "30d"
EXPIRES_NS_MAX: Final = 366 * 86_400 * 1_000_000_000
"""A year: a token that nobody has looked after for longer is a key under the mat."""
_SEED_BYTES: Final = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = (
        "example:\n  trellis token create ci --right apply:/service --expires 30d\n\n"
        "A token goes with each request: Authorization: Bearer trellis_…"
    )
    subparsers = verbs(parser)
    create = add_verb(
        subparsers,
        "create",
        "make a token; it is shown once",
        "trellis token create ci --right apply:/service --expires 30d",
    )
    create.add_argument("name", metavar="NAME")
    create.add_argument(
        "--right",
        metavar="LEVEL:PREFIX",
        action="append",
        required=True,
        help="what it may do; several times for several rights; never admin",
    )
    create.add_argument(
        "--expires",
        metavar="TIME",
        default=EXPIRES_DEFAULT,
        help=f"for how long it is honoured: 12h, 30d ({EXPIRES_DEFAULT}); a year at most",
    )
    add_waiting(create)
    revoke = add_verb(subparsers, "revoke", "end a token now", "trellis token revoke ci")
    revoke.add_argument("name", metavar="NAME")
    add_waiting(revoke)
    _ = add_verb(subparsers, "list", "what tokens there are", "trellis token list")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; without one, list."""
    client = Client(socket_of(arguments))
    match arguments.verb:
        case "create":
            return _create(client, arguments)
        case "revoke":
            return submit(client, change_of("token", "revoke", arguments.name), arguments)
        case _:
            return _list(client, as_json=arguments.json)


def _create(client: Client, arguments: argparse.Namespace) -> int:
    from mesh.api.tokens import spell
    from mesh.driver.keys import NaClSigner

    lasts_ns = read_duration(arguments.expires, "--expires")
    if not 0 < lasts_ns <= EXPIRES_NS_MAX:
        raise CommandError(WRONG_USAGE, "--expires: from 1s to a year, please.")
    seed = os.urandom(_SEED_BYTES)
    expires_ns = time.time_ns() + lasts_ns
    change = change_of(
        "token",
        "create",
        arguments.name,
        key=NaClSigner(seed).public.hex(),
        rights=[spelled(each) for each in arguments.right],
        expires_ns=expires_ns,
    )
    told = submit_quietly(client, change, arguments)
    if arguments.json:
        emit_json({"token": spell(seed), "expires_ns": expires_ns, "change": told["tx"]})
    else:
        say(spell(seed))
        say(f"It ends on {moment(expires_ns)}, and is not shown again.")
    return DONE


def _list(client: Client, *, as_json: bool) -> int:
    told = client.get("/v1/environment", kind="token")
    objects = cast("dict[str, dict[str, dict[str, Json]]]", told["objects"]).get("token", {})
    if as_json:
        emit_json({"tokens": objects})
    elif not objects:
        say("No tokens.")
    else:
        table(("TOKEN", "MAY", "ENDS"), [_cells(name, each) for name, each in objects.items()])
    return DONE


def _cells(name: str, fields: dict[str, Json]) -> tuple[str, ...]:
    expires_ns = cast("int", fields["expires_ns"])
    ended = " (ended)" if expires_ns < time.time_ns() else ""
    rights = " ".join(str(each) for each in cast("list[Json]", fields["rights"]))
    return name, rights, moment(expires_ns) + ended
