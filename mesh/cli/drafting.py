"""Drafts on the command line: open one, let commands go into it, close it, bring it to the barrier.

What is submitted is what is shown: the commands of the draft are fetched once, and these are
signed. A controller that has other ones by then, or makes others of them, gets no signature.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from mesh.cli import opened, typed
from mesh.cli.arguments import add_common
from mesh.cli.client import Client, Json, quoted
from mesh.cli.differing import lines_of
from mesh.cli.errors import DONE, FAILED, WRONG_USAGE, CommandError
from mesh.cli.output import emit_json, say, spelled
from mesh.cli.submitting import Submission, submit
from mesh.cli.words import command_of, line_of, split_line, split_words

if TYPE_CHECKING:
    from mesh.api.drafts import Draft
    from mesh.protocol.replica.views import EffectOf


def new(client: Client, arguments: argparse.Namespace) -> int:
    """Open a draft here; commands go into it from now on."""
    if not arguments.name.strip():
        raise CommandError(WRONG_USAGE, "a change has a name: what people will call it in the log.")
    body = {"name": arguments.name, "reason": arguments.reason}
    told = cast("Draft", client.post("/v1/drafts", body))
    typed.forget(client, told["name"])
    opened.remember(client, told["name"])
    return _told(told, f"opened {told['name']}; {_HOW}", arguments)


_HOW: Final = "commands go into it until `trellis change close`"


def add(client: Client, arguments: argparse.Namespace) -> int:
    """Open a draft again; or add one command to it."""
    names, words = split_words(_without_common(arguments))
    match names:
        case [name] if not words:
            draft = named(client, name)
            _look_again(client, draft, arguments)
            opened.remember(client, name)
            return _told(draft, f"opened {name} ({_count(draft)}); {_HOW}", arguments)
        case [group, verb]:
            name = draft_name(client, None)
        case [name, group, verb]:
            pass
        case _:
            text = "change add: expected the name of a draft, or a group, a verb and parameters."
            raise CommandError(WRONG_USAGE, text, "See `trellis change add --help`.")
    draft = append(client, name, [command_of(group, verb, words)])
    return _told(draft, said_of(draft), arguments)


def _look_again(client: Client, draft: Draft, arguments: argparse.Namespace) -> None:
    """Show what others have changed of what the draft is about: from now on that is known."""
    if not draft["here"] or not draft["commands"]:
        return
    effect = cast("EffectOf", client.get(quoted("drafts", draft["name"], "effect")))
    if not arguments.json:
        if effect["since"]:
            say("Changed since you last looked:")
        for line in lines_of(effect["since"]):
            say(line)
    _ = client.post(quoted("drafts", draft["name"], "renew"))


def append(client: Client, name: str, commands: list[dict[str, object]]) -> Draft:
    """Add commands to a draft: all of them, or none."""
    path = quoted("drafts", name, "commands")
    draft = cast("Draft", client.post(path, {"commands": commands}))
    typed.note(client, name, commands)
    return draft


def said_of(draft: Draft) -> str:
    """Where a command went, and what comes next."""
    name = draft["name"]
    return f"added to {name} ({_count(draft)}); then: trellis change submit '{name}'"


def close(client: Client, arguments: argparse.Namespace) -> int:
    """Commands are applied at once again; the draft stays."""
    name = opened.forget(client)
    if arguments.json:
        emit_json({"closed": name})
    elif name is None:
        say("No change is open.")
    else:
        say(f"closed {name}; open it again: trellis change add '{name}'")
    return DONE


def discard(client: Client, arguments: argparse.Namespace) -> int:
    """Throw a draft away."""
    name = draft_name(client, arguments.name)
    told = client.delete(quoted("drafts", name))
    typed.forget(client, name)
    _ = opened.forget(client, name)
    if arguments.json:
        emit_json(told)
    else:
        say(f"discarded '{name}'")
    return DONE


def submit_draft(client: Client, arguments: argparse.Namespace) -> int:
    """Bring a draft to the barrier: exactly the commands that are shown."""
    name = draft_name(client, arguments.name)
    draft = named(client, name)
    if draft["here"] and not draft["commands"]:
        text = f"'{name}' has no command yet: `trellis change add '{name}' GROUP VERB …`"
        raise CommandError(WRONG_USAGE, f"{text}, or `trellis change discard '{name}'`.")
    if not arguments.json:
        say(f"{name}, {_count(draft)}:")
        show_commands(draft["commands"])
    body = {"draft": name, "commands": draft["commands"]}
    code = submit(client, Submission("/v1/changes", body), arguments)
    typed.forget(client, name)
    _ = opened.forget(client, name)
    return code


# --- files ----------------------------------------------------------------------------------------


def import_file(client: Client, arguments: argparse.Namespace) -> int:
    """The commands of a file, one on each line or as JSON, into a draft."""
    from mesh.wire.limits import COMMANDS_MAX

    text = sys.stdin.read() if arguments.file == "-" else _read(Path(arguments.file))
    commands = _commands_in(text, arguments.file)
    if len(commands) > COMMANDS_MAX:
        told = f"{len(commands):,} commands, one ChangeSet takes {COMMANDS_MAX:,}"
        raise CommandError(WRONG_USAGE, f"{arguments.file}: {told}: make several files of it.")
    name = arguments.name or opened.current(client) or Path(arguments.file).stem
    drafts = cast("list[Draft]", client.get("/v1/drafts")["drafts"])
    is_new = not any(draft["name"] == name and draft["here"] for draft in drafts)
    if is_new:
        _ = client.post("/v1/drafts", {"name": name, "reason": ""})
        typed.forget(client, name)
    try:
        draft = append(client, name, commands)
    except CommandError:
        if is_new:
            _ = client.delete(quoted("drafts", name))
        raise
    return _told(draft, said_of(draft), arguments)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(FAILED, f"{file} cannot be read: {error}.") from error


def _commands_in(text: str, file: str) -> list[dict[str, object]]:
    """Raises CommandError with every mistake of every line."""
    if text.lstrip().startswith(("{", "[")):
        return _from_json(text, file)
    commands: list[dict[str, object]] = []
    errors: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = split_line(line)
            if words:
                commands.append(_from_words(words))
        except CommandError as error:
            errors += [f"{file}:{number}: {each}" for each in error.errors]
    if errors:
        raise CommandError(WRONG_USAGE, *errors)
    if not commands:
        raise CommandError(WRONG_USAGE, f"{file}: there is no command in it.")
    return commands


def _from_words(words: list[str]) -> dict[str, object]:
    names, given = split_words(words)
    match names:
        case [group, verb] | ["trellis", group, verb]:
            return command_of(group, verb, given)
        case _:
            raise CommandError(WRONG_USAGE, f"'{' '.join(names)}': expected a group and a verb")


def _from_json(text: str, file: str) -> list[dict[str, object]]:
    """A list of commands, or what `change export` writes."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise CommandError(WRONG_USAGE, f"{file}: not JSON: {error}.") from error
    listed = told.get("commands") if isinstance(told, dict) else told
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise CommandError(WRONG_USAGE, f"{file}: expected a list of commands.")
    return listed


def as_lines(commands: list[Json]) -> list[str]:
    """One command for each line, so that `change import` reads them back."""
    return [spoken(command) for command in commands]


def spoken(command: Json) -> str:
    """A command as people type it; what is none, as JSON."""
    match command:
        case {"group": str(group), "verb": str(verb), "parameters": dict(parameters)}:
            return line_of(group, verb, parameters)
        case _:
            return spelled(command)


# --- which one, and how it looks ------------------------------------------------------------------


def draft_name(client: Client, said: str | None) -> str:
    """The draft that is meant: the one named, the open one, or the only one here."""
    if said is not None:
        return said
    now_open = opened.current(client)
    if now_open is not None:
        return now_open
    drafts = cast("list[Draft]", client.get("/v1/drafts")["drafts"])
    here = [draft["name"] for draft in drafts if draft["here"]]
    match here:
        case [name]:
            return name
        case []:
            raise CommandError(
                FAILED, "there is no draft here: `trellis change new NAME` opens one."
            )
        case _:
            raise CommandError(WRONG_USAGE, f"which draft? There are {', '.join(here)}.")


def named(client: Client, name: str) -> Draft:
    """The draft ``name``."""
    return cast("Draft", client.get(quoted("drafts", name)))


def show_commands(commands: list[Json]) -> None:
    """Each on its line."""
    for line in as_lines(commands):
        say(f"  {line}")


def _count(draft: Draft) -> str:
    count = len(draft["commands"])
    return "1 command" if count == 1 else f"{count} commands"


def _told(draft: Draft, text: str, arguments: argparse.Namespace) -> int:
    if arguments.json:
        emit_json(draft)
    else:
        say(text)
    return DONE


def _without_common(arguments: argparse.Namespace) -> list[str]:
    """The words of the command; what every command takes may stand among them."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_common(parser)
    _, rest = parser.parse_known_args(arguments.words, arguments)
    return rest
