"""``trellis change approve``: what one agrees to is shown first, from the very bytes of it.

The controller hands out the signed request. Its hash is the id under which it waits, so what is
shown is what the approval is for; and the signature is made in the process of this command.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, cast

from mesh.cli.client import Client, Json, quoted
from mesh.cli.errors import DONE, FAILED, REFUSED, WRONG_USAGE, CommandError
from mesh.cli.output import emit_json, pairs, say
from mesh.cli.signing import logged_in, show
from mesh.cli.submitting import Submission, await_change, submit

if TYPE_CHECKING:
    from mesh.cli.session import Session
    from mesh.protocol.replica.views import ChangeDetail
    from mesh.wire.requests import Request


def approve(client: Client, arguments: argparse.Namespace) -> int:
    """Show it, ask, sign, and wait where that completes it. The exit code says how it ended."""
    told = client.get(quoted("changes", arguments.id, "request"))
    tx, request = _read(told)
    who = logged_in(client)
    if not told["resolved"]:
        return _carry_on(client, tx, request, arguments)
    if who is not None and _has_said_it(client, tx, request, who, arguments):
        return DONE
    _demand_yes(client, tx, request, arguments)
    begun = time.monotonic()
    events = None if arguments.no_wait else client.events(kinds="change")
    try:
        body = {} if who is None else _signed(tx, request, who)
        _ = client.post(quoted("changes", tx, "approve"), body)
        code = await_change(client, events, tx, begun, as_json=arguments.json)
        return DONE if _still_waits(client, tx) else code
    finally:
        if events is not None:
            events.close()


def _carry_on(client: Client, tx: str, request: Request, arguments: argparse.Namespace) -> int:
    """Sign what comes of ``request`` now that the data is there which it lacked.

    Where somebody is logged in, that is shown and asked about before it is signed.
    """
    if logged_in(client) is None:
        _demand_yes(client, tx, request, arguments)
    if not arguments.json:
        say("It lacked data when it was signed: what comes of it now is signed anew, with an id of")
        say(f"its own, and takes the place of {tx[:8]}.")
    path = quoted("changes", arguments.id, "approve")
    return submit(client, Submission(path, {}, shown=request), arguments)


def _read(told: dict[str, Json]) -> tuple[str, Request]:
    """The id and the request, which must belong together."""
    from mesh.wire.identity import digest
    from mesh.wire.requests import decode_request

    raw = bytes.fromhex(str(told["request"]))
    if digest(raw).hex() != told["tx"]:
        text = "the controller shows another request than the one that waits. Nothing was signed."
        raise CommandError(FAILED, text)
    request = decode_request(raw)
    if any(each.unknown for each in (*request.written, *request.resolved)):
        text = "it says more than this version can read: approve it with a newer one."
        raise CommandError(FAILED, text)
    return str(told["tx"]), request


def _signed(tx: str, request: Request, who: Session) -> dict[str, str]:
    from mesh.driver.keys import NaClSigner
    from mesh.wire.consent import approval_of

    if request.environment.hex() != who.environment:
        raise CommandError(FAILED, "it is for another environment. Nothing was signed.")
    message = approval_of(request.environment, bytes.fromhex(tx))
    return {"operator": who.key, "signature": NaClSigner(who.seed).sign(message).hex()}


def _has_said_it(
    client: Client, tx: str, request: Request, who: Session, arguments: argparse.Namespace
) -> bool:
    """Whether nothing is left for ``who`` to say. Raises CommandError where they may not."""
    if request.signer.hex() == who.key:
        text = f"{who.name} has signed this change: one's own approval does not count."
        raise CommandError(REFUSED, text, "See who may: trellis change list")
    detail = cast("ChangeDetail", client.get(quoted("changes", tx)))
    if who.name not in detail["approved_by"]:
        return False
    if arguments.json:
        emit_json(detail)
    else:
        told = f"{detail['name']} ({detail['id']})  {detail['text']}"
        say(f"{who.name} has approved it already: {told}")
    return True


def _still_waits(client: Client, tx: str) -> bool:
    """Whether others must approve it as well: this approval is on the board all the same."""
    return client.get(quoted("changes", tx))["word"] == "awaiting approval"


def _demand_yes(client: Client, tx: str, request: Request, arguments: argparse.Namespace) -> None:
    if arguments.yes or arguments.json:
        return
    from mesh.wire.identity import fingerprint

    detail = client.get(quoted("changes", tx))
    signer = detail["signer"]
    assert isinstance(signer, dict)
    lines = {
        "change": f"{request.name} ({detail['id']})",
        "signed by": f"{signer['name']} ({fingerprint(request.signer)})",
        "reason": request.reason,
        "stands": str(detail["text"]),
    }
    pairs({name: value for name, value in lines.items() if value})
    show(request)
    if not sys.stdin.isatty():
        raise CommandError(WRONG_USAGE, "Nobody is here to be asked: say --yes, once you know it.")
    sys.stdout.write("Approve it? [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandError(FAILED, "Not approved.")
