"""``trellis logout``: forget the unlocked keys of this user."""

from __future__ import annotations

import argparse

from mesh.cli import session
from mesh.cli.arguments import add_common
from mesh.cli.errors import DONE
from mesh.cli.output import emit_json, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = "example:\n  trellis logout"


def run(arguments: argparse.Namespace) -> int:
    """End every session of this user, in whichever environment; no controller is asked."""
    count = session.forget(None)
    if arguments.json:
        emit_json({"ended": count})
    else:
        say("You are logged out." if count else "You were not logged in.")
    return DONE
