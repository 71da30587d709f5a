"""How ChangeSets, drafts and the history look on a screen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, cast

from mesh.cli.client import Client, Json
from mesh.cli.errors import DONE
from mesh.cli.output import (
    duration,
    emit_json,
    moment,
    paint,
    pairs,
    say,
    spelled,
    spelled_field,
    table,
)
from mesh.cli.words import line_of

if TYPE_CHECKING:
    from mesh.api.drafts import Draft
    from mesh.protocol.replica.views import Change, ChangeDetail, SetAsideView

_COLOURS: Final = {"applied": "green", "pending": "blue", "set aside": "yellow", "cancelled": "red"}


def show_list(client: Client, *, as_json: bool) -> int:
    """Drafts, and what waits."""
    told = {**client.get("/v1/drafts"), **client.get("/v1/changes", only="waiting")}
    if as_json:
        emit_json(told)
        return DONE
    drafts = cast("list[Draft]", told["drafts"])
    waiting = cast("list[Change]", told["changes"])
    if drafts:
        table(("DRAFT", "ON", "OPENED", "COMMANDS"), [_draft_row(draft) for draft in drafts])
    if drafts and waiting:
        say()
    if waiting:
        table(
            ("ID", "WAITS", "HOW IT STANDS"),
            [(change["id"], change["name"], change["text"]) for change in waiting],
        )
    if not drafts and not waiting:
        say("No drafts, and nothing waits. What was applied: trellis change log")
    return DONE


def _draft_row(draft: Draft) -> tuple[str, ...]:
    return (
        draft["name"],
        draft["owner_name"],
        moment(draft["opened_ns"]),
        str(len(draft["commands"])),
    )


def show_log_lines(changes: list[Change]) -> None:
    """One line for each."""
    if not changes:
        say("No such ChangeSet.")
        return
    heads = ("ID", "PROPOSED", "ON", "SIGNED BY", "NAME", "HOW IT STANDS")
    table(heads, [_row(change) for change in changes])


def _row(change: Change) -> tuple[str, ...]:
    author = change["author"]
    return (
        change["id"],
        moment(change["proposed_at_ns"]),
        "" if author is None else author["name"],
        change["signer"]["name"].removeprefix("operator "),
        change["name"],
        paint(change["text"], _COLOURS.get(change["word"], "dim")),
    )


def show_conflicts(client: Client, *, as_json: bool) -> int:
    """What was set aside."""
    told = client.get("/v1/conflicts")
    if as_json:
        emit_json(told)
        return DONE
    conflicts = cast("list[ChangeDetail]", told["conflicts"])
    if not conflicts:
        say("Nothing is set aside.")
        return DONE
    for change in conflicts:
        aside = change["set_aside"]
        assert aside is not None, "what is listed here was set aside"
        say(f"{paint(change['id'], 'bold')}  {change['name']}: {aside['detail']}")
        for line in (_what_stands(aside), what_to_do_about(change)):
            if line:
                say(f"          {line}")
    return DONE


def _what_stands(aside: SetAsideView) -> str:
    """Who wrote last what it was made against, where the reason does not say so already."""
    if not aside["by"] or not aside["key"] or aside["why"] == "conflict":
        return ""
    name = f" ({aside['by_name']})" if aside["by_name"] else ""
    return f"what stands for {aside['key']} was written by {aside['by'][:8]}{name}"


def what_to_do_about(change: ChangeDetail) -> str:
    """The way back of what was set aside, or that somebody has gone it."""
    aside = change["set_aside"]
    if aside is not None and aside["again"] is not None:
        return f"the same stands, or waits, as {aside['again']['id']}"
    return f"stage it again on today's state: trellis change restage {change['id']}"


def show_change(told: dict[str, Json]) -> None:
    """One ChangeSet or one draft, with all its commands."""
    if "tx" in told:
        _show_detail(cast("ChangeDetail", told))
    else:
        draft = cast("Draft", told)
        pairs(
            {
                "draft": draft["name"],
                "lives on": draft["owner_name"],
                "opened": moment(draft["opened_ns"]),
                **({"reason": draft["reason"]} if draft["reason"] else {}),
            }
        )
        _show_commands(draft["commands"])


def _waits_since(change: ChangeDetail) -> str:
    """When it was hung up for people to approve; empty where it was not."""
    consent = change["consent"]
    return "" if consent is None else moment(consent["since_ns"])


def _show_detail(change: ChangeDetail) -> None:
    author = change["author"]
    applied = change["applied"]
    lines = {
        "change": f"{change['name']} ({change['id']})",
        "stands": paint(change["text"], _COLOURS.get(change["word"], "dim")),
        "signed by": change["signer"]["name"],
        "waits since": _waits_since(change),
        "proposed": f"{moment(change['proposed_at_ns'])} on {author['name']}" if author else "",
        "reason": change["reason"],
        "promoted from": _came_from(change),
        "overrides": "the approvals and the promotion demanded" if change["overrides"] else "",
        "approved by": ", ".join(change["approved_by"]),
        "made against": _made_against(change),
        "sealed by": ", ".join(who["name"] for who in change["sealed"]),
        "shown": _shown(change["shown_at_ns"]),
    }
    if applied["swaps"]:
        first = min(swap["at_ns"] for swap in applied["swaps"])
        lines["swapped"] = ", ".join(
            f"{swap['controller']['name']} +{duration(swap['at_ns'] - first)}"
            + ("" if swap["took_part"] else " (afterwards)")
            + (" (late)" if swap["late"] and swap["took_part"] else "")
            for swap in applied["swaps"]
        )
    pairs({name: value for name, value in lines.items() if value})
    _show_commands([cast("Json", command) for command in change["commands"]])
    if change["resolved"]:
        say(paint("  which came to", "dim"))
        _show_commands([cast("Json", command) for command in change["resolved"]])
    for key in change["written"]:
        before, after = (
            "(nothing)" if value is None else spelled_field(key["key"], value)
            for value in (key["before"], key["after"])
        )
        say(f"  {key['key']}: {before} → {after}")


def _shown(at_ns: int | None) -> str:
    """The moment, and how far it is ahead."""
    if at_ns is None:
        return ""
    ahead_ns = at_ns - time.time_ns()
    return f"{moment(at_ns)}, in {duration(ahead_ns)}" if ahead_ns > 0 else moment(at_ns)


def _made_against(change: ChangeDetail) -> str:
    """What it was resolved against, in short: `--json` lists every key."""
    count = len(change["base"])
    if not count:
        return ""
    writers = dict.fromkeys(each["by"][:8] for each in change["base"] if each["by"])
    by = f", last written by {', '.join(writers)}" if writers else ", written by nobody before"
    keys = "1 key" if count == 1 else f"{count} keys"
    return f"{keys}{by}{'; forced' if change['forced'] else ''}"


def _came_from(change: ChangeDetail) -> str:
    origin = change["origin"]
    if origin is None:
        return ""
    return f"{origin['link'] or 'an environment that is not linked'} ({origin['tx'][:8]})"


def _show_commands(commands: list[Json]) -> None:
    for command in commands:
        match command:
            case {"group": str(group), "verb": str(verb), "parameters": dict(parameters)}:
                say(f"  {line_of(group, verb, parameters)}")
            case _:
                say(f"  {spelled(command)}")
