"""Signing a request on the person's own machine.

The controller makes the request; before it is signed it is read, and must say what was asked for.
So a controller that lies gets no signature under anything but what the person typed: what it may
fill in are defaults, ids and keys that names stand for.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mesh.cli import session
from mesh.cli.client import Client, quoted
from mesh.cli.errors import FAILED, CommandError

if TYPE_CHECKING:
    from mesh.cli.session import Session
    from mesh.wire.requests import Command, Request


def logged_in(client: Client) -> Session | None:
    """Who is logged in to the environment of the controller; None: nobody."""
    if not session.any_kept():
        return None
    environment = client.get("/v1/status").get("environment")
    if not isinstance(environment, dict):
        return None
    return session.current(str(environment["id"]))


def send(client: Client, path: str, body: Mapping[str, object], *, is_quiet: bool = True) -> str:
    """Bring what is asked for to the barrier; its tx. Signed here by whoever is logged in.

    What was not typed here, such as a restaged ChangeSet, is shown before it is signed, from the
    very bytes, and asked about on a terminal, unless ``is_quiet``.
    """
    who = logged_in(client)
    if who is None:
        return str(client.post(path, body)["tx"])
    told = client.request("POST", path, body, {"signer": who.key})
    raw = bytes.fromhex(str(told["request"]))
    signature = _signature(raw, who, body, is_quiet=is_quiet)
    sent = {"request": raw.hex(), "signature": signature.hex()}
    tx = str(client.post("/v1/requests", sent)["tx"])
    if body.get("draft") is not None:
        _ = client.delete(quoted("drafts", str(body["draft"])))
    return tx


def _signature(raw: bytes, who: Session, body: Mapping[str, object], *, is_quiet: bool) -> bytes:
    from mesh.driver.keys import NaClSigner
    from mesh.wire.requests import decode_request

    request = decode_request(raw)
    wrong = disagreement(request, who, body)
    if wrong:
        text = f"the controller made another request of it: {wrong}. Nothing was signed."
        raise CommandError(FAILED, text)
    if not is_quiet and not body.keys() & {"commands", "fingerprint"}:
        _demand_yes(request)
    return NaClSigner(who.seed).sign(raw)


def _demand_yes(request: Request) -> None:
    """Show what is about to be signed, and ask where somebody is there to be asked."""
    from mesh.cli.output import say, spelled
    from mesh.environment.redaction import shown_command

    say(f"{request.name}:")
    for command in map(shown_command, request.resolved or request.written):
        words = " ".join(f"--{name} {spelled(value)}" for name, value in command.parameters.items())
        say(f"  {command.group} {command.verb} {words}".rstrip())
    if not sys.stdin.isatty():
        return
    sys.stdout.write("Sign it? [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandError(FAILED, "Nothing was signed.")


def disagreement(request: Request, who: Session, body: Mapping[str, object]) -> str:
    """How ``request`` differs from what was asked for with ``body``; empty where it does not.

    What a merge, a revert or a restaged ChangeSet says only the controller knows: it is shown.
    """
    if request.environment.hex() != who.environment:
        return "it is for another environment"
    if request.signer.hex() != who.key:
        return "it names another signer"
    if any(each.unknown for each in (*request.written, *request.resolved)):
        return "it says more than this version can read"
    if not _is_what_was_typed(request.written, body):
        return "its commands are others"
    if "from" in body and not request.resolved:
        return ""  # it waits for data: whoever carries it on signs what comes of it
    added = request.resolved[len(request.written) :]
    if len(request.resolved) < len(request.written) or not _follows(added, request.written):
        return "it has other commands than it says"
    pairs = zip(request.written, request.resolved, strict=False)
    return next((wrong for pair in pairs if (wrong := _altered(*pair))), "")


def _is_what_was_typed(written: Sequence[Command], body: Mapping[str, object]) -> bool:
    match body:
        case {"commands": [*typed]}:
            said = [
                {"group": each.group, "verb": each.verb, "parameters": each.parameters}
                for each in written
            ]
            return said == typed
        case {"fingerprint": str(mark)}:
            return [_admitted(each) for each in written] == [mark.replace("-", "").lower()]
        case _:
            return True


def _admitted(command: Command) -> str:
    """The fingerprint of whom a command admits; empty: nobody."""
    from mesh.wire.identity import fingerprint

    if (command.group, command.verb) != ("controller", "admit"):
        return ""
    return fingerprint(bytes.fromhex(str(command.parameters["controller"]))).replace("-", "")


def _follows(added: Sequence[Command], written: Sequence[Command]) -> bool:
    """Whether no more was added than what follows from what was typed.

    That is a role that is named for the first time, and what comes with a removal that leaves
    fewer controllers than a majority needs.
    """
    roles = [each.parameters.get("role") for each in written]
    others = [
        (each.group, each.verb, each.parameters)
        for each in added
        if (each.group, each.verb) != ("role", "create")
        or each.parameters.keys() != {"name", "id"}
        or each.parameters["name"] not in roles
    ]
    return others in ([], [("environment", "set", {"barrier": "all-active"})])


def _altered(written: Command, resolved: Command) -> str:
    from mesh.environment.commands import declaration_of
    from mesh.environment.templates import has_template

    declaration = declaration_of(written)
    if declaration is None or (written.group, written.verb) != (resolved.group, resolved.verb):
        return f"{written.group} {written.verb} became {resolved.group} {resolved.verb}"
    spelled = {each.name for each in declaration.parameters if each.written is not None}
    for name, value in written.parameters.items():
        if has_template(value):
            continue  # filled in from the environment's data
        if name not in spelled and resolved.parameters.get(name) != value:
            return f"{name} of {written.group} {written.verb} became another"
    return ""
