"""``trellis login``: be an operator on this machine, for some hours."""

from __future__ import annotations

import argparse
import time
from typing import Final

from mesh.cli import acquaintances, places, session
from mesh.cli.arguments import add_common
from mesh.cli.client import Client, quoted
from mesh.cli.errors import DONE, WRONG_USAGE, CommandError
from mesh.cli.operator import unlocked
from mesh.cli.output import emit_json, moment, say
from mesh.cli.place import socket_of
from mesh.cli.sealed import controllers
from mesh.cli.submitting import read_duration

LASTS_DEFAULT: Final = "8h"
LASTS_NS_MAX: Final = 24 * 3_600 * 1_000_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = (
        "example:\n  trellis login anna\n\n"
        "The passphrase is asked for, or read from standard input. Your key is kept unlocked in a\n"
        "file of your own in memory until `trellis logout`; changes are signed on this machine."
    )
    parser.add_argument("name", metavar="NAME", help="which operator you are")
    parser.add_argument(
        "--for",
        dest="lasts",
        metavar="TIME",
        default=LASTS_DEFAULT,
        help=f"for how long ({LASTS_DEFAULT}; a day at most)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Unlock the key, and keep it for a while."""
    lasts_ns = read_duration(arguments.lasts, "--for")
    if not 0 < lasts_ns <= LASTS_NS_MAX:
        raise CommandError(WRONG_USAGE, "--for: from 1s to 24h, please.")
    client = Client(socket_of(arguments))
    told = client.get(quoted("operators", arguments.name, "locked"))
    seed = unlocked(client, arguments.name, f"passphrase of {arguments.name}")
    expires_ns = time.time_ns() + lasts_ns
    environment, key = str(told["environment"]), str(told["key"])
    _ = session.keep(session.Session(environment, arguments.name, key, expires_ns, seed))
    places.note(client.place, environment)
    others = acquaintances.learn(environment, controllers(client).values())
    if arguments.json:
        emit_json({"name": arguments.name, "key": key, "expires_ns": expires_ns, "unknown": others})
    else:
        say(f"You are {arguments.name} here until {moment(expires_ns)}, or `trellis logout`.")
        for name in others:
            say(f"{name} has another key than this machine knows: nothing that names it is signed.")
    return DONE
