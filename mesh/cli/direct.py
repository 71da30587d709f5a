"""``trellis GROUP VERB --name value``: one command on the configuration, submitted at once.

``trellis service list`` and ``trellis service show NAME`` read; every other verb is a ChangeSet of
one command. The groups, verbs and parameters are those of the environment, so a new kind of object
needs nothing here.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

from mesh.cli import opened
from mesh.cli.arguments import add_common
from mesh.cli.client import Client, Json
from mesh.cli.errors import DONE, FAILED, WRONG_USAGE, CommandError
from mesh.cli.output import emit_json, pairs, say, spelled, spelled_field, table
from mesh.cli.parsing import Parser
from mesh.cli.place import socket_of
from mesh.cli.submitting import Submission, add_cover, submit
from mesh.cli.words import command_of, split_words

if TYPE_CHECKING:
    from mesh.environment.declarations import Declaration

READING = ("list", "show")
_HELP = frozenset({"-h", "--help"})


def run(words: list[str], commands: list[str]) -> int:
    """Do what ``words`` say. ``commands`` are the other things that might have been meant."""
    group = words[0]
    verb = words[1] if len(words) > 1 else "--help"
    if verb in READING and not _HELP & {*words}:
        return _read_at_once(group, verb, words[2:], commands)
    _demand_group(group, commands)
    from mesh.environment.kinds import COMMANDS
    from mesh.environment.suggestions import unknown_name

    declarations = [each for (name, _), each in COMMANDS.items() if name == group]
    if verb in _HELP:
        return _help(group, declarations)
    if [group, verb] == ["link", "add"]:
        from mesh.cli.linking import add

        return add(words[2:])
    if verb in READING:
        return _read(group, verb, words[2:])
    declaration = COMMANDS.get((group, verb))
    if declaration is None:
        verbs = [
            *READING,
            *(["add"] if group == "link" else []),
            *(each.verb for each in declarations),
        ]
        raise CommandError(WRONG_USAGE, f"{unknown_name('verb', verb, verbs)}")
    return _change(declaration, words[2:])


def _demand_group(group: str, commands: list[str]) -> None:
    """Raises CommandError where there is no such group."""
    from mesh.environment.kinds import COMMANDS
    from mesh.environment.suggestions import unknown_name

    groups = list(dict.fromkeys(group for group, _ in COMMANDS))
    if group not in groups:
        raise CommandError(
            WRONG_USAGE,
            f"{unknown_name('command', group, list(dict.fromkeys((*commands, *groups))))}",
            "See `trellis --help`.",
        )


def _help(group: str, declarations: list[Declaration]) -> int:
    say(f"trellis {group} VERB --parameter value …\n")
    rows = [(each.verb, each.help) for each in declarations]
    table(
        ("VERB", "WHAT IT DOES"), [*rows, ("list", f"all of kind {group}"), ("show", "one of them")]
    )
    if group == "link":
        say("\ntrellis link add NAME asks the other environment, shows who it is, and links it.")
    say(f"\ntrellis {group} VERB --help says what it takes.")
    return DONE


def _change(declaration: Declaration, words: list[str]) -> int:
    from mesh.environment.commands import ALONE
    from mesh.wire.limits import NAME_CHARACTERS_MAX

    parser = Parser(
        prog=f"trellis {declaration.group} {declaration.verb}",
        description=f"{declaration.help}, as a ChangeSet of its own",
        epilog=f"parameters:\n{_parameters(declaration)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_common(parser)
    add_cover(parser)
    parser.add_argument("--now", action="store_true", help="apply it at once, whatever is open")
    try:
        arguments, rest = parser.parse_known_args(words)
    except SystemExit:  # argparse has shown the help
        return DONE
    names, given = split_words(rest)
    if names:
        raise CommandError(WRONG_USAGE, f"'{names[0]}': expected --name value.")
    command = command_of(declaration.group, declaration.verb, given)
    about = given.get("name") or ", ".join(given)
    name = f"{declaration.group} {declaration.verb} {about}".strip()[:NAME_CHARACTERS_MAX]
    client = Client(socket_of(arguments))
    now_open = None if arguments.now else opened.current(client)
    if now_open is not None and declaration.group not in ALONE:
        return _add_to(client, now_open, command, arguments)
    if now_open is not None and not arguments.json:
        say(f"{declaration.group}: applied by itself, not with others; '{now_open}' stays open")
    body = {"name": name, "commands": [command]}
    return submit(client, Submission("/v1/changes", body), arguments)


def _add_to(
    client: Client, name: str, command: dict[str, object], arguments: argparse.Namespace
) -> int:
    """Into the open change, as what it says of itself is said when it is submitted."""
    from mesh.cli.drafting import append, said_of

    cover = ("reason", "patience", "force", "override", "no_wait")
    said = [f"--{each.replace('_', '-')}" for each in cover if getattr(arguments, each)]
    if said:
        text = f"{', '.join(said)}: belongs to the change as a whole, and '{name}' is open"
        raise CommandError(WRONG_USAGE, f"{text}: say it at `change submit`, or add --now.")
    try:
        draft = append(client, name, [command])
    except CommandError as error:
        hint = "To apply it by itself add --now; `trellis change close` closes the open change."
        raise CommandError(error.code, *error.errors, hint) from error
    if arguments.json:
        emit_json(draft)
    else:
        say(f"{said_of(draft)}, or --now to apply one at once")
    return DONE


def _parameters(declaration: Declaration) -> str:
    lines = []
    for each in declaration.parameters:
        if not each.filled and each.name != "id":
            shape = (each.written or each.shape).words
            needed = ", required" if each.required else ""
            lines.append(f"  --{each.name.replace('_', '-')}: {each.help} ({shape}{needed})")
    lines += [
        f"  --{each.name.replace('_', '-')}: {each.help} ({each.shape.words})"
        for each in declaration.shorthands
    ]
    return "\n".join(lines)


def _read_at_once(group: str, verb: str, words: list[str], commands: list[str]) -> int:
    """Ask first: importing all that there is takes as long as the rest of the command.

    Only where it is refused is it asked whether such a group is there at all.
    """
    try:
        return _read(group, verb, words)
    except CommandError:
        _demand_group(group, commands)
        raise


def _read(group: str, verb: str, words: list[str]) -> int:
    parser = Parser(prog=f"trellis {group} {verb}", description=f"{verb} what is of kind {group}")
    add_common(parser)
    if verb == "show":
        parser.add_argument("name", metavar="NAME", nargs="?")
        parser.add_argument("--name", dest="also", help=argparse.SUPPRESS)  # as commands say it
    try:
        arguments = parser.parse_args(words)
    except SystemExit:  # argparse has shown the help
        return DONE
    if verb == "show" and (arguments.name or arguments.also) is None:
        raise CommandError(WRONG_USAGE, f"which {group}? trellis {group} show NAME")
    told = Client(socket_of(arguments)).get("/v1/environment", kind=group)
    objects = cast("dict[str, dict[str, Json]]", told["objects"]).get(group, {})
    _add_readers(objects, cast("dict[str, list[str]]", told["readers"]))
    if verb == "list":
        return _list(group, objects, as_json=arguments.json)
    name = arguments.name or arguments.also
    found = _named(objects, name)
    if found is None:
        raise CommandError(FAILED, f"there is no {group} '{name}'; see `trellis {group} list`.")
    if arguments.json:
        emit_json(found)
    else:
        pairs(_fields(name, found))
    return DONE


def _named(objects: dict[str, Json], name: str) -> Json:
    """The object of that name; of controllers, which go by their keys, the one that is called so.

    Of several that were called so, those removed among them, the one that is there.
    """
    if name in objects:
        return objects[name]
    called = [
        each for each in objects.values() if isinstance(each, dict) and each.get("name") == name
    ]
    there = [each for each in called if each.get("state") != "removed"]
    return next(iter((*there, *called)), None)


def _add_readers(objects: dict[str, Json], readers: dict[str, list[str]]) -> None:
    """To each piece of data, what was filled in from it."""
    for name, read_by in readers.items():
        fields = objects.get(name)
        if isinstance(fields, dict):
            fields["readers"] = cast("Json", read_by)


def _list(group: str, objects: dict[str, Json], *, as_json: bool) -> int:
    if as_json:
        emit_json(objects)
    elif objects:
        is_plain = not any(isinstance(fields, dict) for fields in objects.values())
        heads = (group.upper(), "VALUE" if is_plain else "FIELDS")
        table(heads, [(name, _in_a_line(name, fields)) for name, fields in objects.items()])
    else:
        say(f"No {group} yet.")
    return DONE


def _in_a_line(name: str, fields: Json) -> str:
    if not isinstance(fields, dict):
        return spelled_field(name, fields)
    return ", ".join(f"{field} {value}" for field, value in _fields(name, fields).items())


_KEYS = ("controller", "controllers", "environment", "key", "used_by")
"""Fields that hold keys and ids of environments, which people compare by their fingerprints."""


def _fields(name: str, fields: Json) -> dict[str, str]:
    """As people read them; the creation id is of no use to them."""
    if not isinstance(fields, dict):
        return {"value": spelled_field(name, fields)}
    return {name: _spelled(name, value) for name, value in fields.items() if name != "id"}


def _spelled(name: str, value: Json) -> str:
    if name in _KEYS:
        marks = [_fingerprint(each) for each in (value if isinstance(value, list) else [value])]
        return ", ".join(marks)
    if name == "readers" and isinstance(value, list):
        return ", ".join(map(str, value))
    return spelled_field(name, value)


def _fingerprint(value: Json) -> str:
    """Of what is a key or an id; anything else is shown as it is."""
    from mesh.wire.identity import fingerprint

    try:
        return fingerprint(bytes.fromhex(str(value)))
    except ValueError:
        return spelled(value)
