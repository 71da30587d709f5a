"""``trellis operator``: people who may change the environment, and their keys.

A key is made in this process, locked by the person's passphrase, and only then told to the
controller; it never leaves unlocked.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from mesh.cli.acquaintances import marks
from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.client import Client, Json, quoted
from mesh.cli.errors import DONE, FAILED, CommandError
from mesh.cli.opened import environment_of
from mesh.cli.output import emit_json, say, table
from mesh.cli.passphrases import ask, ask_new
from mesh.cli.place import data_dir_of, socket_of
from mesh.cli.submitting import Submission, add_waiting, submit, submit_quietly

_SEED_BYTES: Final = 32
KEY_FILE: Final = "operator.key"
_FILE_CHARACTERS_MAX: Final = 4_096
"""Of an exported key: many times what one has."""


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

    seed = unlocked(kept(client, arguments.name))
    locked = lock(seed, ask_new(arguments.name))
    change = change_of("operator", "modify", arguments.name, locked=locked)
    return submit(client, change, arguments)


@dataclass(frozen=True, slots=True)
class Kept:
    """A locked key, and whose it has to be."""

    environment: str
    """Its id in hex."""
    name: str
    key: str
    """The operator's public key in hex."""
    locked: str


def kept(client: Client, name: str) -> Kept:
    """The one in the environment. Raises CommandError."""
    told = client.get(quoted("operators", name, "locked"))
    return Kept(str(told["environment"]), name, str(told["key"]), str(told["locked"]))


def kept_in(client: Client, name: str, file: Path) -> Kept:
    """The one in ``file``, as `operator export` writes it. Raises CommandError."""
    try:
        with file.open() as opened:
            locked = opened.read(_FILE_CHARACTERS_MAX).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(FAILED, f"{file} cannot be read: {error}.") from error
    return Kept(environment_of(client), name, _public_key(client, name), locked)


def _public_key(client: Client, name: str) -> str:
    """In hex. Raises CommandError where there is no such operator."""
    operators = _operators(client)
    if name not in operators:
        named = ", ".join(sorted(operators))
        raise CommandError(FAILED, f"there is no operator '{name}' here; there are: {named}.")
    return str(operators[name]["key"])


def unlocked(found: Kept) -> bytes:
    """The seed of an operator's key, by the passphrase that is asked for. Raises CommandError."""
    from mesh.driver.keys import NaClSigner
    from mesh.driver.locking import NotUnlocked, unlock

    try:
        seed = unlock(found.locked, ask(f"passphrase of {found.name}"))
    except NotUnlocked as error:
        raise CommandError(FAILED, f"{error}.") from error
    if NaClSigner(seed).public.hex() != found.key:
        text = f"what is locked there is not the key that {found.name} has here"
        raise CommandError(FAILED, f"{text}: it is of another environment, or was replaced.")
    return seed


def _lock(client: Client, arguments: argparse.Namespace) -> int:
    """The key is where `trellis up` made it: from now on it is of use with a passphrase only."""
    from mesh.driver.locking import lock

    file = data_dir_of(arguments) / KEY_FILE
    locked = lock(_read_seed(file), ask_new(arguments.name))
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
    """Of a key that lies unlocked beside the controller, a copy that a passphrase locks."""
    lying = data_dir_of(arguments) / KEY_FILE
    fields = _operators(client).get(arguments.name, {})
    if fields and "locked" not in fields and lying.exists():
        locked = _locked_copy(lying, arguments.name, str(fields["key"]))
    else:
        locked = kept(client, arguments.name).locked
    file = Path(arguments.out)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(FAILED, f"{file} cannot be made: {error.strerror}.") from error
    with os.fdopen(descriptor, "w") as opened:
        _ = opened.write(f"{locked}\n")
    if arguments.json:
        emit_json({"name": arguments.name, "file": str(file)})
    else:
        say(f"{file} holds the key of {arguments.name}, locked by its passphrase.")
        say(f"Whoever has both is {arguments.name}: trellis login {arguments.name} --file {file}")
    return DONE


def _locked_copy(file: Path, name: str, key: str) -> str:
    """The key in ``file``, locked by a new passphrase. Raises CommandError."""
    from mesh.driver.keys import NaClSigner
    from mesh.driver.locking import lock

    seed = _read_seed(file)
    if NaClSigner(seed).public.hex() != key:
        raise CommandError(FAILED, f"the key in {file} is not that of {name}: do it where it lies.")
    return lock(seed, ask_new(name))


def _read_seed(file: Path) -> bytes:
    from mesh.driver.errors import BadKeyFile
    from mesh.driver.keys import read_seed

    try:
        return read_seed(file)
    except FileNotFoundError:
        raise CommandError(FAILED, f"there is no {file}: do it where the key lies.") from None
    except BadKeyFile as error:
        raise CommandError(FAILED, f"{error}.") from error


def _operators(client: Client) -> dict[str, dict[str, Json]]:
    """The operators of the environment, by name: their fields."""
    told = client.get("/v1/environment", kind="operator")
    return cast("dict[str, dict[str, dict[str, Json]]]", told["objects"]).get("operator", {})


def _list(client: Client, *, as_json: bool) -> int:
    objects = _operators(client)
    if as_json:
        emit_json({"operators": objects})
        return DONE
    rows = [
        (name, " ".join(str(each) for each in cast("list[Json]", fields["rights"])) or "nothing",
         "by passphrase" if "locked" in fields else "in a file", marks(str(fields["key"])))
        for name, fields in objects.items()
    ]  # fmt: skip
    table(("OPERATOR", "MAY", "KEY", "FINGERPRINT"), rows)
    return DONE
