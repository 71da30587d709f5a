"""``trellis status``: one screen that says how things stand."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

from mesh.cli.arguments import add_common
from mesh.cli.client import Client
from mesh.cli.errors import DONE
from mesh.cli.output import emit_json, paint, pairs
from mesh.cli.place import socket_of

if TYPE_CHECKING:
    from mesh.protocol.replica.views import Status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = "example:\n  trellis status --json"


def run(arguments: argparse.Namespace) -> int:
    """Show it."""
    stands = Client(socket_of(arguments)).get("/v1/status")
    if arguments.json:
        emit_json(stands)
    else:
        _show(cast("Status", stands))
    return DONE


def _show(stands: Status) -> None:
    controller = stands["controller"]
    lines = {
        "controller": f"{paint(controller['name'], 'bold')} at site {controller['site']}, "
        f"life {controller['boot']}",
        "fingerprint": controller["fingerprint"],
        "listens": ", ".join(controller["addresses"]),
        "stands": stands["text"],
    }
    if stands["pending"]:
        lines["waiting"] = f"{stands['pending']} to be accepted; see `trellis members`"
    environment, members = stands["environment"], stands["members"]
    if environment is not None and members is not None:
        lines["members"] = (
            f"{members['active']} active, {members['learner']} learning; "
            f"{members['alive']} alive, {members['suspect']} suspect, {members['failed']} failed"
        )
        lines["policy"] = f"{environment['policy']}: {environment['policy_text']}"
        lines["votes"] = (
            paint("yes", "green")
            if stands["votes"]
            else paint(f"no: {stands['why_no_votes']}", "yellow")
        )
        lines["changes"] = (
            f"{environment['changes']} in the history ({environment['set_aside']} set aside), "
            f"{environment['waiting']} waiting, {environment['unmerged']} unmerged"
        )
        lines["history"] = environment["history_hash"][:16]
        lines["state"] = environment["state_hash"][:16]
        lines["content"] = f"{environment['content_hash'][:16]}, as `trellis export` would write it"
        for other in stands["differences"]:
            lines[f"not as {other['controller']['name']}"] = paint(other["text"], "red")
        entries = environment["entries"]
        lines["information"] = f"{entries} {'entry' if entries == 1 else 'entries'}"
    pairs(lines)
