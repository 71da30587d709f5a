"""``trellis change``: ChangeSets, from the first command to the last word about them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

from mesh.cli import drafting, looking_back
from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.changelog import show_change, show_conflicts, show_list
from mesh.cli.client import Client, Json, quoted
from mesh.cli.errors import DONE, WRONG_USAGE, CommandError
from mesh.cli.output import emit_json, say
from mesh.cli.place import socket_of
from mesh.cli.submitting import (
    Submission,
    add_cover,
    add_override,
    add_waiting,
    add_yes,
    submit,
)

if TYPE_CHECKING:
    from mesh.api.drafts import Draft


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = (
        "example:\n"
        "  trellis change new 'a second site'\n"
        "  trellis site create --name berlin --location eu.berlin\n"
        "  trellis change submit"
    )
    subparsers = verbs(parser)
    _add_writing(subparsers)
    _add_reading(subparsers)
    _add_undoing(subparsers)
    _add_deciding(subparsers)
    _add_promoting(subparsers)


def _add_writing(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    new = add_verb(
        subparsers,
        "new",
        "open a draft here; commands go into it until it is closed or submitted",
        "trellis change new 'move the shop'",
    )
    new.add_argument("name", metavar="NAME", help="what people will call it")
    new.add_argument("--reason", metavar="TEXT", default="", help="why, for the log")
    add = add_verb(
        subparsers,
        "add",
        "open a draft again; with a command behind it add just this one. NAME may be left out"
        " with a command, while a draft is open or there is one only",
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
        "name", metavar="NAME", nargs="?", help="the draft; the open one, or the only one"
    )
    add_cover(submit_)
    add_yes(submit_)
    _ = add_verb(
        subparsers,
        "close",
        "let commands be applied at once again; the draft stays",
        "trellis change close",
    )
    import_ = add_verb(
        subparsers,
        "import",
        "the commands of a file, one on each line or as JSON, into a draft",
        "trellis change import shop.txt --name 'move the shop'",
    )
    import_.add_argument("file", metavar="FILE", help="- is the standard input")
    import_.add_argument(
        "--name", metavar="NAME", help="the draft; the open one, or one named after the file"
    )
    discard = add_verb(subparsers, "discard", "throw a draft away", "trellis change discard shop")
    discard.add_argument("name", metavar="NAME", nargs="?")


def _add_reading(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    show = add_verb(subparsers, "show", "one ChangeSet or draft", "trellis change show 3f9a12c0")
    show.add_argument("id", metavar="ID", nargs="?", help="an id, its beginning, or a name")
    add_verb(subparsers, "list", "drafts, and what waits at the barrier", "trellis change list")
    log = add_verb(
        subparsers,
        "log",
        "the history, the latest first",
        "trellis change log --object service/blog --since 7d",
    )
    looking_back.add_log_arguments(log)
    diff = add_verb(
        subparsers,
        "diff",
        "what a ChangeSet changed, what a draft would do, or what differs between two places",
        "trellis change diff 3f9a12c0 b81e77d4",
    )
    diff.add_argument("id", metavar="ID", help="a ChangeSet or a draft")
    diff.add_argument("to", metavar="ID", nargs="?", help="another one: from that place to this")
    export = add_verb(
        subparsers,
        "export",
        "the commands of a draft or a ChangeSet, for `change import`",
        "trellis change export 'move the shop' -o shop.txt",
    )
    export.add_argument("id", metavar="ID", help="a draft, or a ChangeSet")
    export.add_argument(
        "--format",
        choices=("text", "json", "risp"),
        default="text",
        help="risp: the very bytes that were signed, and the signature",
    )
    export.add_argument("-o", "--output", metavar="FILE", help="instead of standard output")
    verify = add_verb(
        subparsers,
        "verify",
        "check the signature of what `change export --format risp` wrote, and show what it says",
        "trellis change verify shop.risp",
    )
    verify.add_argument("file", metavar="FILE", help="- is the standard input")
    add_verb(subparsers, "conflicts", "what was set aside, and by what", "trellis change conflicts")


def _add_undoing(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    revert = add_verb(
        subparsers,
        "revert",
        "undo a ChangeSet: a new one that puts back what it has written over",
        "trellis change revert 3f9a12c0 --reason 'the lease was extended'",
    )
    looking_back.add_revert_arguments(revert)
    add_override(revert)
    add_waiting(revert)
    add_yes(revert)
    add_verb(
        subparsers,
        "checkpoint",
        "close the book below what is applied, now; older ChangeSets keep only their effect",
        "trellis change checkpoint",
    )


def _add_deciding(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    restage = add_verb(
        subparsers,
        "restage",
        "submit a set-aside ChangeSet again, on today's state",
        "trellis change restage 3f9a12c0",
    )
    restage.add_argument("id", metavar="ID")
    add_waiting(restage)
    add_yes(restage)
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
    add_yes(merge)


def _add_promoting(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    promote = add_verb(
        subparsers,
        "promote",
        "carry a ChangeSet of a linked environment on to this one",
        "trellis change promote --from test add-blog",
    )
    promote.add_argument("--from", dest="link", metavar="LINK", required=True)
    promote.add_argument("name", metavar="NAME", help="its name there, or its id")
    promote.add_argument("--reason", metavar="TEXT", help="why, for the log; else the one there")
    promote.add_argument(
        "--older",
        action="store_true",
        help="also where a later one that writes the same is here already; takes a --reason",
    )
    add_override(promote)
    add_waiting(promote)
    add_yes(promote)
    publish = add_verb(
        subparsers,
        "publish",
        "let linked environments have a ChangeSet, where the setting `publication` is by-hand",
        "trellis change publish 3f9a12c0",
    )
    publish.add_argument("id", metavar="ID")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    client = Client(socket_of(arguments))
    match arguments.verb:
        case "new":
            return drafting.new(client, arguments)
        case "add":
            return drafting.add(client, arguments)
        case "close":
            return drafting.close(client, arguments)
        case "submit":
            return drafting.submit_draft(client, arguments)
        case "discard":
            return drafting.discard(client, arguments)
        case "import":
            return drafting.import_file(client, arguments)
        case _:
            return _look(client, arguments)


def _look(client: Client, arguments: argparse.Namespace) -> int:
    """What there is, and what there was."""
    match arguments.verb:
        case "show":
            return _show(client, arguments)
        case "list":
            return show_list(client, as_json=arguments.json)
        case "log":
            return looking_back.log(client, arguments)
        case "diff":
            return looking_back.diff(client, arguments)
        case "export":
            if arguments.format == "risp":
                from mesh.cli.exporting import export_signed

                return export_signed(client, arguments)
            return looking_back.export(client, arguments)
        case "verify":
            from mesh.cli.exporting import verify

            return verify(arguments)
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
        case "revert":
            return looking_back.revert(client, arguments)
        case "checkpoint":
            told = client.post("/v1/checkpoints")
            return _done(told, "a checkpoint is on its way: trellis change list", arguments)
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
                "change: new, add, close, submit, discard, import, export, verify, show, diff, "
                "list, log, conflicts, restage, revert, checkpoint, refuse, approve, withdraw, "
                "promote, publish or merge?",
                "See `trellis change --help`.",
            )


def _done(told: dict[str, Json], text: str, arguments: argparse.Namespace) -> int:
    if arguments.json:
        emit_json(told)
    else:
        say(text)
    return DONE


def _show(client: Client, arguments: argparse.Namespace) -> int:
    """The ChangeSet; a draft of that name where none is known, or the only draft."""
    drafts = cast("list[Draft]", client.get("/v1/drafts")["drafts"])
    asked = arguments.id if arguments.id is not None else drafting.draft_name(client, None)
    if any(draft["name"] == asked for draft in drafts):
        told = client.get(quoted("drafts", asked))
    else:
        told = client.get(quoted("changes", asked))
    if arguments.json:
        emit_json(told)
    else:
        show_change(told)
    return DONE
