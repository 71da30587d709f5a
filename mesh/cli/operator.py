"""``trellis operator``: people who may change the environment, and their keys.

A key is made in this process, locked by the person's passphrase, and only then told to the
controller; it never leaves unlocked.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Final, cast

from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.client import Client, Json, quoted
from mesh.cli.errors import DONE, FAILED, CommandError
from mesh.cli.output import emit_json, say, table
from mesh.cli.passphrases import ask, ask_new
from mesh.cli.place import data_dir_of, socket_of
from mesh.cli.submitting import Submission, add_waiting, submit, submit_quietly

_SEED_BYTES: Final = 32
KEY_FILE: Final = "operator.key"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = (
        "example:\n  trellis operator create anna\n  trellis right grant anna apply:/service"
    )
    subparsers = verbs(parser)
    for name, help_, example in _VERBS:
        verb = add_verb(subparsers, name, help_, example)
        if name != "list":
            verb.add_argument("name", metavar="NAME", help="the operator's name")
        if name not in ("list", "export"):
            add_waiting(verb)
        if name == "create":
            verb.add_argument("--key", metavar="HEX", help="a public key made elsewhere")
        if name == "export":
            verb.add_argument("--out", metavar="FILE", required=True, help="a file to be made")


_VERBS: Final = (
    ("create", "make an operator, with a key locked by a passphrase", "trellis operator create ed"),
    ("passwd", "lock an operator's key with another passphrase", "trellis operator passwd ed"),
    ("lock", "lock the key file that lies beside the controller", "trellis operator lock founder"),
    ("remove", "take an operator and all of its rights away", "trellis operator remove ed"),
    ("export", "write an operator's locked key into a file", "trellis operator export ed --out k"),
    ("list", "who there is, and what each may do", "trellis operator list"),
)


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; without one, list."""
    client = Client(socket_of(arguments))
    match arguments.verb:
        case "create":
            return _create(client, arguments)
        case "passwd":
            return _change_passphrase(client, arguments)
        case "lock":
            return _lock(client, arguments)
        case "remove":
            change = change_of("operator", "remove", arguments.name)
            return submit(client, change, arguments)
        case "export":
            return _export(client, arguments)
        case _:
            return _list(client, as_json=arguments.json)


def change_of(group: str, verb: str, name: str, **parameters: object) -> Submission:
    """A ChangeSet of one command about ``name``."""
    command = {"group": group, "verb": verb, "parameters": {"name": name, **parameters}}
    body = {"name": f"{group} {verb} {name}", "commands": [command]}
    return Submission("/v1/changes", body)


def _create(client: Client, arguments: argparse.Namespace) -> int:
    from mesh.driver.keys import NaClSigner
    from mesh.driver.locking import lock

    if arguments.key is not None:
        change = change_of("operator", "create", arguments.name, key=arguments.key)
    else:
        passphrase = ask_new(arguments.name)
        seed = os.urandom(_SEED_BYTES)
        key, locked = NaClSigner(seed).public.hex(), lock(seed, passphrase)
        change = change_of("operator", "create", arguments.name, key=key, locked=locked)
    code = submit(client, change, arguments)
    if code == DONE and not arguments.json:
        say(f"It may do nothing yet: trellis right grant {arguments.name} apply:/service")
    return code


def _change_passphrase(client: Client, arguments: argparse.Namespace) -> int:
    from mesh.driver.locking import lock

    seed = unlocked(client, arguments.name, f"passphrase of {arguments.name}")
    locked = lock(seed, ask_new(arguments.name))
    change = change_of("operator", "modify", arguments.name, locked=locked)
    return submit(client, change, arguments)


def unlocked(client: Client, name: str, prompt: str) -> bytes:
    """The seed of an operator's key, by its passphrase. Raises CommandError."""
    from mesh.driver.keys import NaClSigner
    from mesh.driver.locking import NotUnlocked, unlock

    told = client.get(quoted("operators", name, "locked"))
    try:
        seed = unlock(str(told["locked"]), ask(prompt))
    except NotUnlocked as error:
        raise CommandError(FAILED, f"{error}.") from error
    if NaClSigner(seed).public.hex() != told["key"]:
        raise CommandError(FAILED, f"what is locked is not the key of {name}; ask an admin.")
    return seed


def _lock(client: Client, arguments: argparse.Namespace) -> int:
    """The key is where `trellis up` made it: from now on it is of use with a passphrase only."""
    from mesh.driver.errors import BadKeyFile
    from mesh.driver.keys import read_seed
    from mesh.driver.locking import lock

    file = data_dir_of(arguments) / KEY_FILE
    try:
        seed = read_seed(file)
    except FileNotFoundError:
        raise CommandError(FAILED, f"there is no {file}: do it where the key lies.") from None
    except BadKeyFile as error:
        raise CommandError(FAILED, f"{error}.") from error
    locked = lock(seed, ask_new(arguments.name))
    change = change_of("operator", "modify", arguments.name, locked=locked)
    detail = submit_quietly(client, change, arguments)
    file.unlink()
    if arguments.json:
        emit_json(detail)
    else:
        say(f"Locked; {file} is gone. From now on: trellis login {arguments.name}")
        say("The controller forgets its copy when it starts the next time; it signs no more now.")
    return DONE


def _export(client: Client, arguments: argparse.Namespace) -> int:
    told = client.get(quoted("operators", arguments.name, "locked"))
    file = Path(arguments.out)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(FAILED, f"{file} cannot be made: {error.strerror}.") from error
    with os.fdopen(descriptor, "w") as opened:
        _ = opened.write(f"{told['locked']}\n")
    say(f"{file} holds the key of {arguments.name}, locked by its passphrase.")
    return DONE


def _list(client: Client, *, as_json: bool) -> int:
    told = client.get("/v1/environment", kind="operator")
    objects = cast("dict[str, dict[str, dict[str, Json]]]", told["objects"]).get("operator", {})
    if as_json:
        emit_json({"operators": objects})
        return DONE
    rows = [
        (name, " ".join(str(each) for each in cast("list[Json]", fields["rights"])) or "nothing",
         "by passphrase" if "locked" in fields else "in a file")
        for name, fields in objects.items()
    ]  # fmt: skip
    table(("OPERATOR", "MAY", "KEY"), rows)
    return DONE
