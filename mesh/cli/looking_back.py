"""Looking back on the command line: the log by what one looks for, differences, and undoing."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from mesh.cli.changelog import show_log_lines
from mesh.cli.client import Client, Json, quoted
from mesh.cli.differing import lines_of
from mesh.cli.drafting import named, show_commands, spoken
from mesh.cli.errors import DONE, WRONG_USAGE, CommandError
from mesh.cli.output import emit_json, say
from mesh.cli.submitting import Submission, read_duration, submit

if TYPE_CHECKING:
    from mesh.api.drafts import Draft
    from mesh.protocol.replica.views import DifferenceOf, LogView
    from mesh.protocol.replica.views.shapes import ChangeDetail, KeyView

_DATE: Final = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S")


# --- the log --------------------------------------------------------------------------------------


def add_log_arguments(parser: argparse.ArgumentParser) -> None:
    """What the log is asked for."""
    parser.add_argument("-n", "--limit", metavar="N", default="50", help="so many (default 50)")
    parser.add_argument("--name", metavar="TEXT", help="only those with this in their name")
    parser.add_argument(
        "--object", metavar="KIND[/NAME]", help="only what has to do with it: service/blog"
    )
    parser.add_argument("--signer", metavar="TEXT", help="only what this person or token signed")
    parser.add_argument(
        "--since", metavar="TIME", help="only what was proposed since: 2h, 7d, 2026-11-23"
    )
    parser.add_argument("--before", metavar="ID", help="the page of those older than this one")


def log(client: Client, arguments: argparse.Namespace) -> int:
    """The history, or a page of it."""
    since = None if arguments.since is None else str(_since_ns(arguments.since))
    query = {
        "limit": arguments.limit,
        "name": arguments.name,
        "object": arguments.object,
        "signer": arguments.signer,
        "since_ns": since,
        "before": arguments.before,
    }
    told = client.get("/v1/changes", **query)
    if arguments.json:
        emit_json(told)
        return DONE
    page = cast("LogView", told)
    show_log_lines(page["changes"])
    if page["more"]:
        say(f"Older ones: trellis change log --before {page['changes'][-1]['id']}")
    elif page["below_checkpoint"]:
        count = page["below_checkpoint"]
        say(f"{count} more {'is' if count == 1 else 'are'} older than the checkpoint.")
    return DONE


def _since_ns(text: str) -> int:
    for form in _DATE:
        try:
            return int(time.mktime(time.strptime(text, form))) * 1_000_000_000
        except ValueError:
            continue
    days = text.removesuffix("d")
    if text.endswith("d") and days.isdecimal():
        return max(1, time.time_ns() - int(days) * 86_400 * 1_000_000_000)
    try:
        return max(1, time.time_ns() - read_duration(text, "--since"))
    except CommandError:
        raise CommandError(
            WRONG_USAGE, f"--since: expected 2h, 7d or a date such as 2026-11-23, not '{text}'."
        ) from None


# --- differences ----------------------------------------------------------------------------------


def diff(client: Client, arguments: argparse.Namespace) -> int:
    """What a ChangeSet changed, what a draft would do, or what differs between two places."""
    if arguments.to is not None:
        told = client.get(quoted("changes", arguments.id, "diff"), to=arguments.to)
        keys = cast("DifferenceOf", told)["keys"]
        return _say_keys(told, keys, f"{arguments.id} and {arguments.to} read the same.", arguments)
    drafts = cast("list[Draft]", client.get("/v1/drafts")["drafts"])
    if any(draft["name"] == arguments.id for draft in drafts):
        return _diff_draft(client, arguments)
    told = client.get(quoted("changes", arguments.id))
    detail = cast("ChangeDetail", told)
    if detail["written"] or detail["word"] in _HAD_ITS_EFFECT:
        nothing = f"{detail['name']} has changed nothing: {detail['text']}"
        return _say_keys({"keys": told["written"]}, detail["written"], nothing, arguments)
    if not arguments.json:
        say(f"{detail['name']} ({detail['id']}) has changed nothing: {detail['text']}")
        say("If it took effect now:")
    effect = client.get(quoted("changes", detail["tx"], "effect"))
    return _say_effect(effect, detail["commands"], arguments)


_HAD_ITS_EFFECT: Final = ("applied", "repeated")


def _diff_draft(client: Client, arguments: argparse.Namespace) -> int:
    told = client.get(quoted("drafts", arguments.id, "effect"))
    commands = [] if arguments.json else named(client, arguments.id)["commands"]
    return _say_effect(told, commands, arguments)


def _say_effect(
    told: dict[str, Json], commands: Sequence[object], arguments: argparse.Namespace
) -> int:
    errors = cast("list[str]", told["errors"])
    if not arguments.json and errors:
        show_commands(cast("list[Json]", commands))
        raise CommandError(1, f"{arguments.id} cannot be applied as it is:", *errors)
    keys = cast("list[KeyView]", told["keys"])
    return _say_keys(told, keys, f"{arguments.id} would change nothing.", arguments)


def _say_keys(
    told: dict[str, Json], keys: Sequence[KeyView], nothing: str, arguments: argparse.Namespace
) -> int:
    if arguments.json:
        emit_json(told)
        return DONE
    for line in lines_of(keys):
        say(line)
    if not keys:
        say(nothing)
    return DONE


# --- undoing --------------------------------------------------------------------------------------


def add_revert_arguments(parser: argparse.ArgumentParser) -> None:
    """Beside which ChangeSet: why, and whether others' words are written over."""
    parser.add_argument("id", metavar="ID", help="an id, its beginning, or a name")
    parser.add_argument("--reason", metavar="TEXT", help="why, for the log")
    parser.add_argument(
        "--force", action="store_true", help="also where others have written there since"
    )


def revert(client: Client, arguments: argparse.Namespace) -> int:
    """A new ChangeSet that puts back what one has written over."""
    submission = Submission(quoted("changes", arguments.id, "revert"), {})
    return submit(client, submission, arguments)


def export(client: Client, arguments: argparse.Namespace) -> int:
    """The commands of a draft or of a ChangeSet, as lines or as JSON."""
    drafts = cast("list[Draft]", client.get("/v1/drafts")["drafts"])
    here = any(draft["name"] == arguments.id for draft in drafts)
    told = client.get(quoted("drafts" if here else "changes", arguments.id))
    commands = cast("list[Json]", told["commands"])
    if arguments.json or arguments.format == "json":
        document = {"name": told["name"], "reason": told["reason"], "commands": commands}
        text = json.dumps(document, indent=2, ensure_ascii=False)
    else:
        text = "\n".join([f"# {told['name']}", *map(spoken, commands)])
    if arguments.output is not None:
        from mesh.cli.exporting import write_file

        write_file(arguments.output, f"{text}\n".encode())
    else:
        say(text)
    return DONE
