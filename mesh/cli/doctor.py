"""``trellis doctor``: what is wrong here, and what to do about each."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final, cast

from mesh.cli.arguments import add_common
from mesh.cli.client import Client
from mesh.cli.errors import DONE, FAILED
from mesh.cli.output import emit_json, paint, say
from mesh.cli.place import socket_of

if TYPE_CHECKING:
    from mesh.protocol.replica.views import Diagnosis

_COLOURS: Final = {"ok": "green", "note": "blue", "warning": "yellow", "error": "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = "example:\n  trellis doctor    # exit code 1 if anything is an error"


def run(arguments: argparse.Namespace) -> int:
    """Show every finding; 1 where one of them is an error."""
    told = Client(socket_of(arguments)).get("/v1/doctor")
    diagnosis = cast("Diagnosis", told)
    if arguments.json:
        emit_json(told)
    else:
        for finding in diagnosis["findings"]:
            level = paint(finding["level"].ljust(7), _COLOURS[finding["level"]])
            say(f"{level}  {finding['about']}: {finding['text']}")
            if finding["do"]:
                say(f"         {paint('→', 'dim')} {finding['do']}")
    return DONE if diagnosis["well"] else FAILED
