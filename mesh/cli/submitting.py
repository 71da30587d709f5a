"""Submitting a ChangeSet and waiting with it at the barrier.

Whoever submits sees who has sealed and who is waited for, and in the end on how many it was
applied and with which skew. Ctrl-C ends the waiting, never the change: it stays where it is.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from mesh.cli.changelog import what_to_do_about
from mesh.cli.client import Client, Events, quoted
from mesh.cli.errors import CONFLICT, DONE, FAILED, INTERRUPTED, REFUSED, CommandError
from mesh.cli.output import LiveLine, duration, emit_json, paint, say
from mesh.cli.signing import send

if TYPE_CHECKING:
    from mesh.cli.checking import Body
    from mesh.protocol.replica.views import ChangeDetail
    from mesh.wire.requests import Request

REFRESH_S: Final = 1.0
"""How often the line is drawn anew although nothing happened: it says for how long."""

GRACE_S: Final = 5.0
"""After a change's patience is over: for those who had not sealed it to say that it is cancelled.
What goes on beyond that is left where it is."""

SETTLE_S: Final = 2.0
"""After it was applied here: for the others to say when they swapped."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What is sent, and where to."""

    path: str
    body: Body
    shown: Request | None = None
    """The request that it carries on, where the person has read that."""
    by_controller: bool = False
    """The controller itself signs what comes of it."""


def add_waiting(parser: argparse.ArgumentParser) -> None:
    """Whether a submission is waited for."""
    parser.add_argument("--no-wait", action="store_true", help="do not wait at the barrier")


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Whether to ask before something is signed that was not typed here."""
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask before it is signed")


def add_cover(parser: argparse.ArgumentParser) -> None:
    """What goes with a ChangeSet beside its commands, and whether it is waited for."""
    add_waiting(parser)
    parser.add_argument("--reason", metavar="TEXT", help="why, for the log")
    parser.add_argument(
        "--patience", metavar="TIME", help="how long it may wait at the barrier: 30s, 5m, 2h"
    )
    parser.add_argument(
        "--force", action="store_true", help="write over what others changed meanwhile"
    )
    add_override(parser)


def add_override(parser: argparse.ArgumentParser) -> None:
    """Whether to pass by what the environment demands."""
    parser.add_argument(
        "--override",
        action="store_true",
        help="pass by the approvals and the promotion demanded; takes the right, and is recorded",
    )


def submit(client: Client, submission: Submission, arguments: argparse.Namespace) -> int:
    """Submit, and wait unless told not to. The exit code says how it ended."""
    events = None if arguments.no_wait else client.events(kinds="change")
    try:
        begun = time.monotonic()
        tx = _send(client, submission, arguments)
        return await_change(client, events, tx, begun, as_json=arguments.json)
    finally:
        if events is not None:
            events.close()


def await_change(
    client: Client, events: Events | None, tx: str, begun: float, *, as_json: bool
) -> int:
    """Wait for ``tx`` by ``events``; without them it is left where it is."""
    if events is None:
        return _left(client, tx, as_json=as_json)
    return _wait(client, events, tx, begun, as_json=as_json)


def submit_quietly(
    client: Client, submission: Submission, arguments: argparse.Namespace
) -> ChangeDetail:
    """The same for a command that says more itself. Raises CommandError where it is not applied."""
    events = client.events(kinds="change")
    try:
        detail = _until_final(client, events, _send(client, submission, arguments), None)
    finally:
        events.close()
    code = _code(detail)
    if code != DONE:
        raise CommandError(code, f"{detail['name']} ({detail['id']})  {detail['text']}")
    return detail


def _send(client: Client, submission: Submission, arguments: argparse.Namespace) -> str:
    """Its tx."""
    asked = replace(submission, body={**submission.body, **_cover(arguments)})
    says_yes = getattr(arguments, "yes", False)
    return send(client, asked, says_yes=says_yes, is_quiet=arguments.json)


def _cover(arguments: argparse.Namespace) -> dict[str, object]:
    """What was said with ``add_cover``; nothing where the command does not take it."""
    said: dict[str, object] = {}
    if getattr(arguments, "reason", None) is not None:
        said["reason"] = arguments.reason
    if getattr(arguments, "patience", None) is not None:
        said["patience_ns"] = read_duration(arguments.patience)
    if getattr(arguments, "force", False):
        said["force"] = True
    if getattr(arguments, "override", False):
        said["override"] = True
    return said


def read_duration(text: str, option: str = "--patience") -> int:
    """Nanoseconds from ``30s``, as ``option`` says them. Raises CommandError."""
    from mesh.environment.shapes import Duration, Misread

    try:
        return cast("int", Duration(0, 2**63 - 1).read(text))
    except Misread:
        raise CommandError(
            2, f"{option}: expected a time such as 30s or 5m, not '{text}'."
        ) from None


def _left(client: Client, tx: str, *, as_json: bool) -> int:
    if as_json:
        emit_json(client.get(quoted("changes", tx)))
    else:
        say(f"submitted {tx[:8]}; see `trellis change show {tx[:8]}`")
    return DONE


# --- waiting --------------------------------------------------------------------------------------


def _wait(client: Client, events: Events, tx: str, begun: float, *, as_json: bool) -> int:
    line = LiveLine()
    try:
        detail = _until_final(client, events, tx, None if as_json else line, begun)
        if detail["word"] == "applied":
            detail = _until_settled(client, events, detail)
    except KeyboardInterrupt:
        line.clear()
        say(f"\nleft where it is; see `trellis change show {tx[:8]}`")
        return INTERRUPTED
    line.clear()
    if as_json:
        emit_json(detail)
    else:
        _report(detail, time.monotonic() - begun)
    return _code(detail)


def _until_final(
    client: Client, events: Events, tx: str, line: LiveLine | None, begun: float = 0.0
) -> ChangeDetail:
    """The same, when it has ended; or has not, long after its patience is over."""
    proposed, attempts = None, 0
    while True:
        detail = cast("ChangeDetail", client.get(quoted("changes", tx)))
        if attempts != detail["attempts"]:  # each has its patience anew
            proposed, attempts = time.monotonic(), detail["attempts"]
        if detail["final"] or _overdue_s(detail, proposed) > GRACE_S:
            return detail
        if line is not None:
            waited = duration(round((time.monotonic() - begun) * 1e9))
            told = f"{detail['name']} ({detail['id']})  {detail['text']}"
            line.show(told, f"; for {waited} now, {_at_most(detail, proposed)}")
        _next_about(events, tx, time.monotonic() + REFRESH_S)


def _overdue_s(detail: ChangeDetail, proposed: float | None) -> float:
    """How long its patience is over; what is not ``proposed`` yet has all of it."""
    if proposed is None:
        return 0.0
    return time.monotonic() - proposed - detail["patience_ns"] / 1e9


def _at_most(detail: ChangeDetail, proposed: float | None) -> str:
    if _overdue_s(detail, proposed) > 0:
        return "its patience is over, and who has sealed it is bound"
    return f"{duration(detail['patience_ns'])} at most until all have sealed"


def _until_settled(client: Client, events: Events, detail: ChangeDetail) -> ChangeDetail:
    """The same, when all who apply it have said when, or will not say so soon."""
    deadline = time.monotonic() + SETTLE_S
    while not _is_settled(detail) and time.monotonic() < deadline:
        _next_about(events, detail["tx"], deadline)
        detail = cast("ChangeDetail", client.get(quoted("changes", detail["tx"])))
    return detail


def _is_settled(detail: ChangeDetail) -> bool:
    applied = detail["applied"]
    sealed = {who["id"] for who in detail["sealed"]}
    swapped = {swap["controller"]["id"] for swap in applied["swaps"]}
    return sealed <= swapped


def _next_about(events: Events, tx: str, deadline: float) -> None:
    """Until something happens to ``tx``, or the time is up."""
    while (left := deadline - time.monotonic()) > 0:
        event = events.next(left)
        if event is None or event.kind == "missed" or event.data.get("tx") == tx:
            return


# --- how it ended ---------------------------------------------------------------------------------


def _report(detail: ChangeDetail, took_s: float) -> None:
    applied = detail["word"] == "applied"
    took = f", {duration(round(took_s * 1e9))} in all" if applied else ""
    text = f"{detail['name']} ({detail['id']})  {detail['text']}{took}"
    say(paint(text, "green" if applied else "yellow"))
    for swap in detail["applied"]["swaps"]:
        if swap["why"]:
            say(f"  {swap['controller']['name']} did not wait for the instant: {swap['why']}")
    if not detail["final"]:
        say("  Its patience is over; but who has sealed a change is bound by that.")
        say(
            "  It ends by itself as soon as those that it waits for are back, one way or the other."
        )
        say(f"  Left where it is; see `trellis change show {detail['id']}`")
    if detail["set_aside"] is not None:
        say(f"  {what_to_do_about(detail)}")


def _code(detail: ChangeDetail) -> int:
    match detail["word"]:
        case "applied" | "repeated":
            return DONE
        case "awaiting approval":
            return CONFLICT if detail["conflict"] else REFUSED
        case _ if detail["conflict"]:
            return CONFLICT
        case _:
            refused = any(no["why"] in {"operator", "rights"} for no in detail["refused"])
            return REFUSED if refused else FAILED
