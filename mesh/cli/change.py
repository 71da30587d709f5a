"""``trellis change``: ChangeSets, from the first command to the last word about them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.changelog import show_change, show_conflicts, show_list, show_log
from mesh.cli.client import Client, Json, quoted
from mesh.cli.errors import DONE, FAILED, WRONG_USAGE, CommandError
from mesh.cli.output import emit_json, say
from mesh.cli.place import socket_of
from mesh.cli.submitting import Submission, add_cover, add_override, add_waiting, submit
from mesh.cli.words import command_of, split_words

if TYPE_CHECKING:
    from mesh.api.drafts import Draft


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = (
        "example:\n"
        "  trellis change new 'a second site'\n"
        "  trellis change add site create --name berlin\n"
        "  trellis change submit"
    )
    subparsers = verbs(parser)
    new = add_verb(subparsers, "new", "open a draft here", "trellis change new 'move the shop'")
    new.add_argument("name", metavar="NAME", help="what people will call it")
    new.add_argument("--reason", metavar="TEXT", default="", help="why, for the log")
    add = add_verb(
        subparsers,
        "add",
        "add a command to a draft; NAME may be left out while there is one draft only",
        "trellis change add 'move the shop' service create --name blog --role web",
    )
    add.add_argument(
        "words", metavar="[NAME] GROUP VERB --PARAMETER VALUE …", nargs=argparse.REMAINDER
    )
    submit_ = add_verb(
        subparsers,
        "submit",
        "bring a draft to the barrier, and wait until it is applied",
        "trellis change submit 'move the shop' --reason 'the lease ends'",
    )
    submit_.add_argument(
        "name", metavar="NAME", nargs="?", help="the draft; the only one if left out"
    )
    add_cover(submit_)
    discard = add_verb(subparsers, "discard", "throw a draft away", "trellis change discard shop")
    discard.add_argument("name", metavar="NAME", nargs="?")
    _add_reading(subparsers)
    _add_deciding(subparsers)


def _add_reading(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    show = add_verb(subparsers, "show", "one ChangeSet or draft", "trellis change show 3f9a12c0")
    show.add_argument("id", metavar="ID", nargs="?", help="an id, its beginning, or a name")
    add_verb(subparsers, "list", "drafts, and what waits at the barrier", "trellis change list")
    log = add_verb(subparsers, "log", "the history, the latest first", "trellis change log -n 10")
    log.add_argument("-n", "--limit", metavar="N", default="50", help="so many (default 50)")
    add_verb(subparsers, "conflicts", "what was set aside, and by what", "trellis change conflicts")


def _add_deciding(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    restage = add_verb(
        subparsers,
        "restage",
        "submit a set-aside ChangeSet again, on today's state",
        "trellis change restage 3f9a12c0",
    )
    restage.add_argument("id", metavar="ID")
    add_waiting(restage)
    refuse = add_verb(
        subparsers,
        "refuse",
        "say no to a ChangeSet that waits at the barrier",
        "trellis change refuse 3f9a12c0",
    )
    refuse.add_argument("id", metavar="ID")
    approve = add_verb(
        subparsers,
        "approve",
        "agree to a ChangeSet that waits for approval; what you sign is shown first",
        "trellis change approve 3f9a12c0",
    )
    approve.add_argument("id", metavar="ID")
    approve.add_argument("-y", "--yes", action="store_true", help="do not ask")
    add_waiting(approve)
    promote = add_verb(
        subparsers,
        "promote",
        "carry a ChangeSet of a linked environment on to this one",
        "trellis change promote --from test add-blog",
    )
    promote.add_argument("--from", dest="link", metavar="LINK", required=True)
    promote.add_argument("name", metavar="NAME", help="its name there, or its id")
    promote.add_argument("--reason", metavar="TEXT", help="why, for the log; else the one there")
    add_override(promote)
    add_waiting(promote)
    publish = add_verb(
        subparsers,
        "publish",
        "let linked environments have a ChangeSet, where the setting `publication` is by-hand",
        "trellis change publish 3f9a12c0",
    )
    publish.add_argument("id", metavar="ID")
    withdraw = add_verb(
        subparsers,
        "withdraw",
        "take down a ChangeSet that waits for approval",
        "trellis change withdraw 3f9a12c0",
    )
    withdraw.add_argument("id", metavar="ID")
    merge = add_verb(
        subparsers,
        "merge",
        "decide a merge: what is kept wins over what conflicts with it",
        "trellis change merge --keep 3f9a12c0",
    )
    merge.add_argument("--keep", metavar="ID", action="append", required=True)
    add_waiting(merge)


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    client = Client(socket_of(arguments))
    match arguments.verb:
        case "new":
            body = {"name": arguments.name, "reason": arguments.reason}
            return _say_draft(client.post("/v1/drafts", body), arguments)
        case "add":
            return _add(client, arguments)
        case "submit":
            body = {"draft": _draft_name(client, arguments.name)}
            return submit(client, Submission("/v1/changes", body), arguments)
        case "discard":
            name = _draft_name(client, arguments.name)
            return _done(client.delete(quoted("drafts", name)), f"discarded '{name}'", arguments)
        case "show":
            return _show(client, arguments)
        case "list":
            return show_list(client, as_json=arguments.json)
        case "log":
            return show_log(client, arguments.limit, as_json=arguments.json)
        case "conflicts":
            return show_conflicts(client, as_json=arguments.json)
        case _:
            return _decide(client, arguments)


def _decide(client: Client, arguments: argparse.Namespace) -> int:
    """What people say about a ChangeSet that is there already."""
    match arguments.verb:
        case "restage":
            return submit(
                client, Submission(quoted("changes", arguments.id, "restage"), {}), arguments
            )
        case "refuse":
            told = client.post(quoted("changes", arguments.id, "refuse"))
            return _done(told, f"refused {arguments.id}", arguments)
        case "approve":
            from mesh.cli.approving import approve

            return approve(client, arguments)
        case "promote":
            from mesh.cli.linking import promote

            return promote(client, arguments)
        case "publish":
            told = client.post(quoted("changes", arguments.id, "publish"))
            return _done(told, f"published {arguments.id}", arguments)
        case "withdraw":
            told = client.post(quoted("changes", arguments.id, "withdraw"))
            return _done(told, f"withdrew {arguments.id}", arguments)
        case "merge":
            first, *others = arguments.keep
            path = quoted("changes", first, "merge")
            return submit(client, Submission(path, {"keep": others}), arguments)
        case _:
            raise CommandError(
                WRONG_USAGE,
                "change: new, add, submit, discard, show, list, log, conflicts, restage, refuse, "
                "approve, withdraw, promote, publish or merge?",
                "See `trellis change --help`.",
            )


def _done(told: dict[str, Json], text: str, arguments: argparse.Namespace) -> int:
    if arguments.json:
        emit_json(told)
    else:
        say(text)
    return DONE


# --- drafts ---------------------------------------------------------------------------------------


def _add(client: Client, arguments: argparse.Namespace) -> int:
    names, words = split_words(_without_common(arguments))
    match names:
        case [group, verb]:
            name = _draft_name(client, None)
        case [name, group, verb]:
            pass
        case _:
            text = "change add: expected a group, a verb and parameters, after the draft's name."
            raise CommandError(WRONG_USAGE, text, "See `trellis change add --help`.")
    body = {"commands": [command_of(group, verb, words)]}
    return _say_draft(client.post(quoted("drafts", name, "commands"), body), arguments)


def _without_common(arguments: argparse.Namespace) -> list[str]:
    """The words of the command; what every command takes may stand among them."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_common(parser)
    _, rest = parser.parse_known_args(arguments.words, arguments)
    return rest


def _say_draft(told: dict[str, Json], arguments: argparse.Namespace) -> int:
    draft = cast("Draft", told)
    count = len(draft["commands"])
    commands = "1 command" if count == 1 else f"{count} commands"
    text = f"draft '{draft['name']}', {commands}; then: trellis change submit '{draft['name']}'"
    return _done(told, text, arguments)


def _draft_name(client: Client, said: str | None) -> str:
    """The draft that is meant: the one named, or the only one here."""
    if said is not None:
        return said
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


def _show(client: Client, arguments: argparse.Namespace) -> int:
    """The ChangeSet; a draft of that name where none is known, or the only draft."""
    drafts = cast("list[Draft]", client.get("/v1/drafts")["drafts"])
    asked = arguments.id if arguments.id is not None else _draft_name(client, None)
    if any(draft["name"] == asked for draft in drafts):
        told = client.get(quoted("drafts", asked))
    else:
        told = client.get(quoted("changes", asked))
    if arguments.json:
        emit_json(told)
    else:
        show_change(told)
    return DONE
