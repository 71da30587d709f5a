"""``trellis metrics``: the numbers behind everything, for whoever collects them."""

from __future__ import annotations

import argparse
import sys

from mesh.cli.arguments import add_common
from mesh.cli.client import Client
from mesh.cli.errors import DONE
from mesh.cli.output import emit_json
from mesh.cli.place import socket_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = "example:\n  trellis metrics | grep trellis_dropped"


def run(arguments: argparse.Namespace) -> int:
    """Show them."""
    told = Client(socket_of(arguments)).text("/v1/metrics")
    if arguments.json:
        emit_json({"metrics": told.splitlines()})
    else:
        _ = sys.stdout.write(told)
    return DONE
