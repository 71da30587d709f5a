"""``trellis invite``: a code that lets one controller in, once, for a while.

The secret is made in this process and printed by it, once; the controller is told its public half
only. So nobody can read it out of a history, a log or a backup, and whoever lost the code makes
another one.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING, Final, TypedDict, cast

from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.client import Client
from mesh.cli.errors import DONE, FAILED, WRONG_USAGE, CommandError
from mesh.cli.output import duration, emit_json, moment, paint, say, table
from mesh.cli.place import socket_of
from mesh.cli.submitting import (
    Submission,
    add_cover,
    read_duration,
    submit,
    submit_quietly,
)

if TYPE_CHECKING:
    from mesh.protocol.replica.views import Members, Status
    from mesh.wire.identity import Address

ADDRESSES_MAX: Final = 4
"""In one code: the inviter and a few others, so that the line stays short."""

EXPIRES_DEFAULT: Final = "1h"
EXPIRES_S_MAX: Final = 30 * 86_400
"""A code that lies about for longer than a month has been forgotten, not kept."""

_SEED_BYTES: Final = 32
_SECOND_NS: Final = 1_000_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.add_argument(
        "--expires",
        metavar="TIME",
        default=EXPIRES_DEFAULT,
        help=f"for how long the code is honoured: 15m, 1h, 7d ({EXPIRES_DEFAULT})",
    )
    parser.epilog = (
        "example:\n  trellis invite --expires 15m\n\n"
        "Whoever has the code is let in, once. On the new host: trellis up --invite CODE, or\n"
        "trellis up --invite-file FILE, which keeps it out of the list of processes."
    )
    subparsers = verbs(parser)
    listing = add_verb(
        subparsers, "list", "invites that are open, by their ids", "trellis invite list --all"
    )
    listing.add_argument("--all", action="store_true", help="also those used, revoked or expired")
    revoke = add_verb(
        subparsers,
        "revoke",
        "close an invite that nobody has used",
        "trellis invite revoke 4hk2-9xw3-7tqa-m1z0",
    )
    revoke.add_argument("id", metavar="ID", help="as `trellis invite list` shows it")
    add_cover(revoke)


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; without one, make an invite."""
    client = Client(socket_of(arguments))
    match arguments.verb:
        case "list":
            return _list(client, everything=arguments.all, as_json=arguments.json)
        case "revoke":
            body = _change(f"revoke the invite {arguments.id}", "revoke", invite=arguments.id)
            return submit(client, body, arguments)
        case _:
            return _make(client, arguments)


def _change(name: str, verb: str, **parameters: object) -> Submission:
    command = {"group": "invite", "verb": verb, "parameters": parameters}
    return Submission("/v1/changes", {"name": name, "commands": [command]})


# --- making one -----------------------------------------------------------------------------------


def _make(client: Client, arguments: argparse.Namespace) -> int:
    from mesh.driver.keys import NaClSigner
    from mesh.wire.identity import fingerprint
    from mesh.wire.invitation import Invitation, encode_invitation

    lasts_ns = _lasts_ns(arguments.expires)
    status = cast("Status", client.get("/v1/status"))
    environment = status["environment"]
    if environment is None:
        raise CommandError(
            FAILED, "this controller belongs to no environment yet; see `trellis status`."
        )
    seed = os.urandom(_SEED_BYTES)
    public = NaClSigner(seed).public
    invitation = Invitation(
        bytes.fromhex(environment["id"]),
        _addresses(status, cast("Members", client.get("/v1/members"))),
        status["controller"]["fingerprint"],
        seed,
    )
    called, expires_at_ns = fingerprint(public), time.time_ns() + lasts_ns
    change = _change(f"invite {called}", "create", invite=public.hex(), expires_at_ns=expires_at_ns)
    told = submit_quietly(client, change, arguments)
    code = encode_invitation(invitation)
    if arguments.json:
        emit_json(
            {"code": code, "id": called, "expires_at_ns": expires_at_ns, "change": told["tx"]}
        )
    else:
        _print(code, called, expires_at_ns, lasts_ns)
    return DONE


def _lasts_ns(text: str) -> int:
    lasts_ns = read_duration(text, "--expires")
    if not _SECOND_NS <= lasts_ns <= EXPIRES_S_MAX * _SECOND_NS:
        raise CommandError(WRONG_USAGE, "--expires: from 1s to 30d, please.")
    return lasts_ns


def _addresses(status: Status, members: Members) -> tuple[Address, ...]:
    """Where the newcomer knocks: here first, then at others that are alive."""
    others = [
        row["address"]
        for row in members["members"]
        if not row["own"] and row["standing"] == "alive" and row["address"]
    ]
    spelled = dict.fromkeys([*status["controller"]["addresses"], *others])
    return tuple(_address(each) for each in [*spelled][:ADDRESSES_MAX])


def _address(text: str) -> Address:
    from mesh.wire.identity import Address

    host, _, port = text.rpartition(":")
    return Address(host.strip("[]"), int(port))


def _print(code: str, called: str, expires_at_ns: int, lasts_ns: int) -> None:
    say(
        f"An invite for one controller, open for {duration(lasts_ns)}, until "
        f"{moment(expires_at_ns)}. On the new host:"
    )
    say()
    say(f"  trellis up --invite {paint(code, 'bold')}")
    say()
    say(
        "Whoever has this code is let in, so treat it as a password; it is not shown again. To keep"
    )
    say("it off the command line, paste it after: trellis up --invite-file -")
    say(f"To take it back: trellis invite revoke {called}")


# --- looking at them ------------------------------------------------------------------------------


def _list(client: Client, *, everything: bool, as_json: bool) -> int:
    now_ns = time.time_ns()
    names = {key: str(fields["name"]) for key, fields in _objects(client, "controller").items()}
    rows = [_row(key, fields, now_ns, names) for key, fields in _objects(client, "invite").items()]
    shown = sorted(
        (row for row in rows if everything or row["state"] == "open"),
        key=lambda row: row["expires_at_ns"],
    )
    if as_json:
        emit_json({"invites": shown})
    elif shown:
        table(("INVITE", "STATE", "UNTIL", "USED BY"), [_cells(row) for row in shown])
    else:
        say("No invites." if everything else "No open invites; see `trellis invite list --all`.")
    return DONE


class _Row(TypedDict):
    """An invite, as people and programs are shown it."""

    id: str
    state: str
    expires_at_ns: int
    used_by: str | None
    used_by_name: str | None


def _objects(client: Client, kind: str) -> dict[str, dict[str, object]]:
    told = client.get("/v1/environment", kind=kind)["objects"]
    return cast("dict[str, dict[str, dict[str, object]]]", told)[kind]


def _row(key: str, fields: dict[str, object], now_ns: int, names: dict[str, str]) -> _Row:
    from mesh.wire.identity import fingerprint

    state, expires_at_ns = str(fields["state"]), cast("int", fields["expires_at_ns"])
    used_by = cast("str | None", fields.get("used_by"))
    return _Row(
        id=fingerprint(bytes.fromhex(key)),
        state="expired" if state == "open" and expires_at_ns < now_ns else state,
        expires_at_ns=expires_at_ns,
        used_by=used_by,
        used_by_name=None if used_by is None else names.get(used_by, used_by[:8]),
    )


def _cells(row: _Row) -> tuple[str, ...]:
    return row["id"], row["state"], moment(row["expires_at_ns"]), row["used_by_name"] or ""
