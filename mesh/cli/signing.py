"""Signing a request on the person's own machine.

The controller makes the request; before it is signed it is read, and must say what was asked for.
So a controller that lies gets no signature under anything but what the person typed (see
:mod:`mesh.cli.checking`), and under what only it knows none without a yes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mesh.cli import acquaintances, places, session
from mesh.cli.checking import disagreement, named_controllers, unnamed_right
from mesh.cli.client import Client, quoted
from mesh.cli.errors import FAILED, REFUSED, WRONG_USAGE, CommandError
from mesh.cli.sealed import Controller

if TYPE_CHECKING:
    from mesh.cli.session import Session
    from mesh.cli.submitting import Submission
    from mesh.wire.requests import Request


def logged_in(client: Client) -> Session | None:
    """Who is logged in to the environment of the controller; None: nobody."""
    if not session.any_kept():
        return None
    environment = client.get("/v1/status").get("environment")
    if not isinstance(environment, dict):
        return None
    who = session.current(str(environment["id"]))
    if who is not None:
        places.demand_same(client.place, who)
    return who


def send(
    client: Client, submission: Submission, *, says_yes: bool = False, is_quiet: bool = False
) -> str:
    """Bring what is asked for to the barrier; its tx. Signed here by whoever is logged in.

    What was not typed here, such as a restaged ChangeSet, is shown before it is signed, from the
    very bytes, and asked about, unless the person ``says_yes`` beforehand. Where nothing may be
    shown (``is_quiet``), or nobody is there to be asked, it is not signed without that.
    """
    path, body = submission.path, submission.body
    who = None if submission.by_controller else logged_in(client)
    if who is None:
        return str(client.post(path, body)["tx"])
    told = client.request("POST", path, body, {"signer": who.key})
    raw = bytes.fromhex(str(told["request"]))
    request = _checked(raw, who, submission)
    named = (Controller(key, name, "") for name, key in named_controllers(request).items())
    acquaintances.demand_known(who.environment, named, says_yes=says_yes, is_quiet=is_quiet)
    if not says_yes and _takes_a_yes(client, submission, request):
        _demand_yes(request, is_quiet=is_quiet, is_vouched="from" in body)
    sent = {"request": raw.hex(), "signature": _signature(raw, who).hex()}
    tx = str(client.post("/v1/requests", sent)["tx"])
    if body.get("draft") is not None:
        _ = client.delete(quoted("drafts", str(body["draft"])))
    return tx


def _checked(raw: bytes, who: Session, submission: Submission) -> Request:
    from mesh.wire.requests import decode_request

    request = decode_request(raw)
    wrong = disagreement(request, who, submission.body, submission.shown)
    if wrong:
        text = f"the controller made another request of it: {wrong}. Nothing was signed."
        raise CommandError(FAILED, text)
    missing = unnamed_right(request, who)
    if missing:
        text = f"{who.name} lacks the right {missing}, as the controller says. Nothing was signed."
        raise CommandError(REFUSED, text, "Who has admin:/ can grant it: see `trellis right list`.")
    return request


def _signature(raw: bytes, who: Session) -> bytes:
    from mesh.driver.keys import NaClSigner

    return NaClSigner(who.seed).sign(raw)


def _takes_a_yes(client: Client, submission: Submission, request: Request) -> bool:
    """Whether anything in it was neither typed here nor can be checked."""
    from mesh.cli import typed
    from mesh.environment.templates import has_template

    body = submission.body
    if "fingerprint" in body:
        return False
    commands = body.get("commands")
    if not isinstance(commands, list):
        return True
    if request.overridden and any(has_template({**each.parameters}) for each in request.written):
        return True  # nobody checks what the templates of a forced change took
    draft = body.get("draft")
    return draft is not None and not typed.is_all_from_here(client, str(draft), commands)


def _demand_yes(request: Request, *, is_quiet: bool, is_vouched: bool) -> None:
    """Show what is about to be signed, and ask.

    What linked controllers vouch for is not asked about where nobody is there.
    """
    from mesh.cli.output import say

    is_asked = sys.stdin.isatty() and not is_quiet
    if not is_quiet:
        say(f"{' '.join(request.name.split())}:")
        show(request)
    if is_asked:
        sys.stdout.write("Sign it? [y/N] ")
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise CommandError(FAILED, "Nothing was signed.")
    elif not is_vouched:
        text = "This was not typed here, and nobody is here to be asked: say --yes, once you know"
        raise CommandError(WRONG_USAGE, f"{text} what it is. Nothing was signed.")


def show(request: Request) -> None:
    """The commands of a request as people type them, one on each line; and where it comes from."""
    from mesh.cli.output import say
    from mesh.cli.words import line_of
    from mesh.environment.redaction import shown_command
    from mesh.wire.identity import fingerprint

    for command in map(shown_command, request.resolved or request.written):
        say(f"  {line_of(command.group, command.verb, command.parameters)}")
    if request.origin is not None:
        there = fingerprint(request.origin.environment)
        say(f"  as {request.origin.tx.hex()[:8]} of the environment {there} says")
    if request.overridden:
        say("  writing over whatever others change there meanwhile")
    if request.override:
        say("  passing by the approvals and the promotion that are demanded")
