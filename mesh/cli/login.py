"""``trellis login``: be an operator on this machine, for some hours."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Final

from mesh.cli import acquaintances, places, session
from mesh.cli.arguments import add_common
from mesh.cli.client import Client
from mesh.cli.errors import DONE, WRONG_USAGE, CommandError
from mesh.cli.operator import kept, kept_in, unlocked
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
        "example:\n  trellis login anna\n  trellis login anna --file anna.locked\n\n"
        "The passphrase is asked for, or read from standard input. Your key is kept unlocked in a\n"
        "file of your own in memory until `trellis logout`; changes are signed on this machine."
    )
    parser.add_argument("name", metavar="NAME", help="which operator you are")
    parser.add_argument(
        "--file",
        metavar="FILE",
        help="a locked key that `trellis operator export` wrote, in place of the one that the"
        " environment keeps",
    )
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
    name, file = arguments.name, arguments.file
    found = kept(client, name) if file is None else kept_in(client, name, Path(file))
    seed = unlocked(found)
    expires_ns = time.time_ns() + lasts_ns
    before = session.current(found.environment)
    _ = session.keep(session.Session(found.environment, name, found.key, expires_ns, seed))
    places.note(client.place, found.environment)
    others = acquaintances.learn(found.environment, controllers(client).values())
    if arguments.json:
        told = {"name": name, "key": found.key, "expires_ns": expires_ns, "unknown": others}
        emit_json(told)
    else:
        was = f", no more {before.name}" if before is not None and before.name != name else ""
        say(f"You are {name} here until {moment(expires_ns)}{was}; `trellis logout` ends it.")
        for other in others:
            say(f"{other} has another key than this machine knows: what names it is not signed.")
            say("  If its own screen (`trellis status`) shows the same fingerprint as `trellis")
            say(f"  controller list`, say so: trellis members recognize {other} FINGERPRINT")
    return DONE
