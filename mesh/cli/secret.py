"""``trellis secret``: values that only some controllers can read.

A value is read from the terminal or from standard input, and sealed in this process: no controller
is shown it, not the one that is asked, nor does any answer hold one. It is opened here, too, with
the key file of the controller of this host; so whoever may read that file may read what is sealed
to it, and no right that somebody grants adds a reader.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final

from mesh.cli import acquaintances
from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.asking import demand_yes
from mesh.cli.client import Client
from mesh.cli.errors import DONE, FAILED, REFUSED, WRONG_USAGE, CommandError
from mesh.cli.operator import change_of
from mesh.cli.output import emit_json, has_terminal, say, table
from mesh.cli.passphrases import ask
from mesh.cli.place import data_dir_of, socket_of
from mesh.cli.sealed import (
    Controller,
    Secret,
    clear,
    controllers,
    holders,
    publish,
    secrets,
    unsealed,
)
from mesh.cli.signing import logged_in
from mesh.cli.submitting import add_yes, submit_quietly

if TYPE_CHECKING:
    from mesh.wire.secrets import Opening

_NAME: Final = "NAME"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = (
        "example:\n  trellis secret set database-password --reader ash --reader oak\n\n"
        "The value is typed, or given on standard input; never on the command line."
    )
    subparsers = verbs(parser)
    for verb, help_, example in (
        ("set", "a new version, sealed to each reader", "trellis secret set db --reader ash"),
        ("share", "seal it to more readers, and to those who wait", "trellis secret share db"),
        ("show", "the value, on a host that may read it", "trellis secret show db --raw"),
        ("readers", "who may read it, and who waits for a copy", "trellis secret readers db"),
        ("remove", "remove it, with its sealed copies", "trellis secret remove db"),
    ):
        each = add_verb(subparsers, verb, help_, example)
        each.add_argument("name", metavar=_NAME)
        if verb in {"set", "share"}:
            each.add_argument(
                "--reader",
                metavar="CONTROLLER",
                action="append",
                default=[],
                help="a controller that may read it, by its name or its fingerprint; several times"
                " for several",
            )
            add_yes(each)
        if verb == "show":
            each.add_argument(
                "--raw", action="store_true", help="its bytes alone, also into a file or a pipe"
            )
    _ = add_verb(subparsers, "list", "which secrets there are", "trellis secret list")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; without one, list."""
    client = Client(socket_of(arguments))
    match arguments.verb:
        case "set":
            return _set(client, arguments)
        case "share":
            return _share(client, arguments)
        case "show":
            return _show(client, arguments)
        case "readers":
            return _readers(client, arguments)
        case "remove":
            return _remove(client, arguments)
        case _:
            return _list(client, as_json=arguments.json)


def _set(client: Client, arguments: argparse.Namespace) -> int:
    from mesh.wire.secrets import KEY_BYTES, VERSION_BYTES, Opening

    known = controllers(client)
    former = secrets(client).get(arguments.name)
    readers = _named(known, arguments.reader)
    if not readers and former is not None:
        readers = [known[key] for key in former.readers if key in known]
    if not readers:
        raise CommandError(WRONG_USAGE, "who may read it? Say --reader CONTROLLER for each.")
    _demand_known(client, readers, arguments)
    opening = Opening(os.urandom(KEY_BYTES), _value())
    published = opening.commit(arguments.name, os.urandom(VERSION_BYTES))
    publish(client, published, opening, readers)
    change = change_of(
        "secret",
        "set",
        arguments.name,
        version=published.version.hex(),
        commitment=published.commitment.hex(),
        readers=[reader.key for reader in readers],
    )
    try:
        told = submit_quietly(client, change, arguments)
    except CommandError as error:
        if error.code == REFUSED:  # otherwise it may be staged again, and needs its copies
            clear(client, arguments.name, published.version.hex())
        raise
    if former is not None:
        clear(client, former.published.name, former.published.version.hex())
    return _done(told["tx"], f"set; sealed to {_names(readers)}", as_json=arguments.json)


def _demand_known(client: Client, readers: list[Controller], arguments: argparse.Namespace) -> None:
    """Whoever is logged in here seals to nobody by the word of the controller alone."""
    who = logged_in(client)
    if who is None:
        return  # the controller that signs by itself is trusted with this as well
    acquaintances.demand_known(
        who.environment, readers, says_yes=arguments.yes, is_quiet=arguments.json
    )
    unnamed = [
        each
        for each in readers
        if not {each.name, acquaintances.marks(each.key)} & {*arguments.reader}
    ]
    if unnamed:
        more = "" if len(unnamed) == len(readers) else " as well"
        text = f"By the word of the controller it is read by {_names(unnamed)}{more}."
        hint = "name them with --reader, or say --yes"
        demand_yes(text, hint, says_yes=arguments.yes, is_quiet=arguments.json)


def _value() -> bytes:
    """What is typed on a terminal; otherwise all of standard input but for one last line end."""
    from mesh.wire.secrets import VALUE_BYTES_MAX

    if sys.stdin.isatty():
        value = ask("value").encode()
    else:
        value = sys.stdin.buffer.read(VALUE_BYTES_MAX + 2).removesuffix(b"\n")
    if not 1 <= len(value) <= VALUE_BYTES_MAX:
        raise CommandError(
            WRONG_USAGE, f"a secret has 1 to {VALUE_BYTES_MAX} bytes: nothing was done."
        )
    return value


def _share(client: Client, arguments: argparse.Namespace) -> int:
    secret = _find(client, arguments.name)
    known = controllers(client)
    added = [each for each in _named(known, arguments.reader) if each.key not in secret.readers]
    opening = _perhaps_open(client, secret, arguments) if added else None
    readers = [known[key] for key in secret.readers if key in known] + added
    _demand_known(client, readers, arguments)
    if added:
        change = change_of(
            "secret",
            "share",
            arguments.name,
            version=secret.published.version.hex(),
            readers=[*secret.readers, *(each.key for each in added)],
        )
        _ = submit_quietly(client, change, arguments)
    held = holders(client, secret.published)
    waiting = [each for each in readers if not each.is_among(held)]
    if not waiting:
        text = "every reader has a copy already"
    elif added and opening is None:
        text = f"shared; whoever holds it seals it to {_names(waiting)}"
    else:
        publish(client, secret.published, opening or _open(client, secret, arguments), waiting)
        text = f"sealed to {_names(waiting)}"
    return _done("", text, as_json=arguments.json)


def _perhaps_open(client: Client, secret: Secret, arguments: argparse.Namespace) -> Opening | None:
    """The value; None where this host holds no copy: then those who do seal it."""
    try:
        return _open(client, secret, arguments)
    except CommandError:
        return None


def _show(client: Client, arguments: argparse.Namespace) -> int:
    if arguments.json or not (arguments.raw or has_terminal()):
        raise CommandError(
            WRONG_USAGE, "a secret is shown on a terminal only; say --raw to have it elsewhere."
        )
    value = _open(client, _find(client, arguments.name), arguments).value
    _ = sys.stdout.buffer.write(value if arguments.raw else value + b"\n")
    sys.stdout.buffer.flush()
    return DONE


def _readers(client: Client, arguments: argparse.Namespace) -> int:
    secret = _find(client, arguments.name)
    known, held = controllers(client), holders(client, secret.published)
    rows = [
        {
            "controller": key,
            "name": _reader(key, known),
            "state": _standing(known.get(key), held),
        }
        for key in secret.readers
    ]
    if arguments.json:
        emit_json({"readers": rows})
    else:
        table(("READER", "COPY"), [(row["name"], row["state"]) for row in rows])
        if any(row["state"] == "waits" for row in rows):
            say(f"Who holds it can seal it to those who wait: trellis secret share {secret.name}")
    return DONE


def _standing(reader: Controller | None, held: dict[str, str]) -> str:
    if reader is None:
        return "removed"
    return "held" if reader.is_among(held) else "waits"


def _remove(client: Client, arguments: argparse.Namespace) -> int:
    told = submit_quietly(client, change_of("secret", "remove", arguments.name), arguments)
    clear(client, arguments.name)
    return _done(told["tx"], "removed", as_json=arguments.json)


def _list(client: Client, *, as_json: bool) -> int:
    known = controllers(client)
    rows = []
    for secret in secrets(client).values():
        held = holders(client, secret.published)
        waiting = [
            known[key].name
            for key in secret.readers
            if key in known and not known[key].is_among(held)
        ]
        rows.append(
            {
                "name": secret.name,
                "version": secret.published.version.hex(),
                "readers": [_reader(key, known) for key in secret.readers],
                "waiting": waiting,
            }
        )
    if as_json:
        emit_json({"secrets": rows})
    elif rows:
        cells = [
            (
                str(row["name"]),
                str(row["version"])[:8],
                *map(_joined, (row["readers"], row["waiting"])),
            )
            for row in rows
        ]
        table(("SECRET", "VERSION", "READERS", "NOT HELD YET BY"), cells)
    else:
        say("No secrets.")
    return DONE


# --- helpers --------------------------------------------------------------------------------------


def _reader(key: str, known: dict[str, Controller]) -> str:
    """As people call it; of who was removed the name may be another's by now."""
    return known[key].name if key in known else f"{acquaintances.marks(key)} (removed)"


def _joined(names: object) -> str:
    assert isinstance(names, list)
    return ", ".join(str(name) for name in names)


def _find(client: Client, name: str) -> Secret:
    secret = secrets(client).get(name)
    if secret is None:
        raise CommandError(FAILED, f"there is no secret named '{name}'; see `trellis secret list`.")
    return secret


def _open(client: Client, secret: Secret, arguments: argparse.Namespace) -> Opening:
    return unsealed(client, secret, data_dir_of(arguments))


def _named(known: dict[str, Controller], names: list[str]) -> list[Controller]:
    """The controllers of these names, each once. Raises CommandError where there is none."""
    by_name = {each.name: each for each in known.values()}
    by_name |= {acquaintances.marks(key): each for key, each in known.items()}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise CommandError(
            WRONG_USAGE, *(f"--reader: no controller is named '{name}'." for name in unknown)
        )
    return [by_name[name] for name in dict.fromkeys(names)]


def _names(readers: list[Controller]) -> str:
    return ", ".join(each.name for each in readers)


def _done(tx: str, text: str, *, as_json: bool) -> int:
    if as_json:
        emit_json({"change": tx or None, "text": text})
    else:
        say(text)
    return DONE
