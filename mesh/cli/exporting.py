"""``trellis change export --format risp`` and ``change verify``: a signed ChangeSet as a file.

The file holds the very bytes that were signed (see :mod:`mesh.wire.export`), so whoever has it can
check, with no controller at hand, that nothing was altered and by which key it was signed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.cli.client import Client, quoted
from mesh.cli.errors import DONE, FAILED, WRONG_USAGE, CommandError
from mesh.cli.output import emit_json, pairs, say
from mesh.cli.words import line_of

if TYPE_CHECKING:
    from mesh.wire.requests import Command, Request, SignedRequest


def export_signed(client: Client, arguments: argparse.Namespace) -> int:
    """The file, on the standard output."""
    from mesh.wire.export import write_export
    from mesh.wire.requests import SignedRequest

    if arguments.json:
        raise CommandError(WRONG_USAGE, "--format risp is bytes: leave --json out.")
    if arguments.output is None and sys.stdout.isatty():
        text = "A signed stream is bytes, and no terminal can show them."
        raise CommandError(WRONG_USAGE, text, "Put it into a file: … --format risp -o FILE")
    told = client.get(quoted("changes", arguments.id, "request"))
    raw, signature = (bytes.fromhex(str(told[name])) for name in ("request", "signature"))
    written = write_export(SignedRequest(raw, signature))
    if arguments.output is not None:
        write_file(arguments.output, written)
        return DONE
    _ = sys.stdout.buffer.write(written)
    sys.stdout.flush()
    return DONE


def write_file(file: str, content: bytes) -> None:
    """Raises CommandError where it cannot be written."""
    try:
        _ = Path(file).write_bytes(content)
    except OSError as error:
        raise CommandError(FAILED, f"{file} cannot be written: {error.strerror}.") from error


def verify(arguments: argparse.Namespace) -> int:
    """What the file says and who signed it; an error where the signature is not theirs."""
    signed, request = _read(arguments.file)
    from mesh.wire.identity import fingerprint

    commands = request.written or request.resolved
    if arguments.json:
        emit_json(
            {
                "tx": signed.tx.hex(),
                "name": request.name,
                "reason": request.reason,
                "signer": request.signer.hex(),
                "environment": request.environment.hex(),
                "commands": [_spelled(each) for each in commands],
            }
        )
        return DONE
    lines = {
        "change": f"{request.name} ({signed.tx.hex()[:8]})",
        "signed by": f"{fingerprint(request.signer)} (the key {request.signer.hex()})",
        "environment": f"{fingerprint(request.environment)} (the id {request.environment.hex()})",
        "reason": request.reason,
    }
    pairs({name: value for name, value in lines.items() if value})
    for command in _shown(commands):
        more = " (and more, which this version cannot read)" if command.unknown else ""
        say(f"  {line_of(command.group, command.verb, command.parameters)}{more}")
    say("The signature is good. Whose key it is the environment knows: trellis operator list")
    return DONE


def _read(file: str) -> tuple[SignedRequest, Request]:
    from mesh.driver.keys import NaClSuite
    from mesh.wire import cbor
    from mesh.wire.export import EXPORT_BYTES_MAX, read_export
    from mesh.wire.requests import decode_request

    try:
        raw = sys.stdin.buffer.read(EXPORT_BYTES_MAX + 1) if file == "-" else _bytes_of(file)
    except OSError as error:
        raise CommandError(FAILED, f"{file} cannot be read: {error.strerror}.") from error
    try:
        signed = read_export(raw)
        request = decode_request(signed.raw)
    except cbor.Undecodable as error:
        text = f"{file} holds no ChangeSet that this version can read: {error}."
        raise CommandError(FAILED, text, "`change export ID --format risp` writes one.") from error
    if not NaClSuite().verify(request.signer, signed.raw, signed.signature):
        text = f"{file} was altered: the signature is not by the key that it names."
        raise CommandError(FAILED, text, "Do not use it.")
    return signed, request


def _bytes_of(file: str) -> bytes:
    from mesh.wire.export import EXPORT_BYTES_MAX

    with Path(file).open("rb") as opened:
        return opened.read(EXPORT_BYTES_MAX + 1)


def _shown(commands: tuple[Command, ...]) -> list[Command]:
    """With a mark for what is confidential; what is not known here is said to be more."""
    from mesh.environment.redaction import NOT_SHOWN, confidential_parameters
    from mesh.wire.requests import Command

    hidden = [confidential_parameters((each,)) for each in commands]
    return [
        Command(
            each.group,
            each.verb,
            {n: NOT_SHOWN if n in names else v for n, v in each.parameters.items()},
            each.unknown,
        )
        for each, names in zip(commands, hidden, strict=True)
    ]


def _spelled(command: Command) -> dict[str, object]:
    (shown,) = _shown((command,))
    return {"group": shown.group, "verb": shown.verb, "parameters": shown.parameters}
