"""Drafts: ChangeSets that are still being written, kept as running information.

A draft lives on the controller where it was opened and is seen on all, like a note on one's own
door. Only its owner adds to it, so two people never write into one by accident; each command is an
entry of its own, so a long draft costs one small write for each line.
"""

from typing import Final, TypedDict

import msgspec

from mesh.api.requests import CommandBody, to_commands
from mesh.protocol.inputs import Path, Write
from mesh.protocol.replica import Replica
from mesh.protocol.replica.views import Json, plain
from mesh.wire.requests import Command, Value

PREFIX: Final = "draft"
_DIGITS: Final = 6
"""Numbers of commands as text sort as numbers do: a ChangeSet takes at most 1,000."""


class Draft(TypedDict):
    """One draft."""

    name: str
    owner: str
    """The id of the controller where it lives."""
    owner_name: str
    here: bool
    reason: str
    opened_ns: int
    on: str
    """The last ChangeSet that was applied when its author last looked; empty: there was none."""
    commands: list[Json]
    """Each with group, verb and parameters."""


def path_of(replica: Replica, name: str) -> Path:
    """Where the draft ``name`` of this controller is kept."""
    return (PREFIX, replica.own.controller.hex(), name)


def opening(replica: Replica, name: str, reason: str, now_ns: int) -> Write:
    """The write that opens a draft."""
    return Write(
        path_of(replica, name), {"reason": reason, "opened_ns": now_ns, "on": _last(replica)}
    )


def renewing(replica: Replica, draft: Draft) -> Write:
    """The write that says: its author has seen what was changed since."""
    return Write(
        path_of(replica, draft["name"]),
        {"reason": draft["reason"], "opened_ns": draft["opened_ns"], "on": _last(replica)},
    )


def _last(replica: Replica) -> str:
    inside = replica.participant
    return "" if inside is None else next(inside.history.transactions(), b"").hex()


def appending(replica: Replica, draft: Draft, commands: tuple[Command, ...]) -> tuple[Write, ...]:
    """The writes that add ``commands`` to a draft of this controller."""
    base = path_of(replica, draft["name"])
    first = len(draft["commands"]) + 1
    return tuple(
        Write((*base, f"{first + at:0{_DIGITS}}"), _value(command))
        for at, command in enumerate(commands)
    )


def _value(command: Command) -> dict[str, Value]:
    return {
        "group": command.group,
        "verb": command.verb,
        "parameters": dict(command.parameters),
    }


def commands_of(draft: Draft) -> tuple[Command, ...]:
    """What the draft says. Raises msgspec.ValidationError where another program wrote nonsense."""
    return to_commands(msgspec.convert(draft["commands"], tuple[CommandBody, ...]))


def drafts(replica: Replica) -> list[Draft]:
    """All drafts, of all controllers, by owner and name."""
    inside = replica.participant
    if inside is None:
        return []
    names = {key: str(fields["name"]) for key, fields in inside.history.state.items("controller")}
    own = replica.own.controller.hex()
    found: dict[Path, Draft] = {}
    for path, reading in inside.information.items((PREFIX,)):
        match path, plain(reading.value):
            case (_, owner, name), {
                "reason": str(reason),
                "opened_ns": int(opened_ns),
                "on": str(on),
            }:
                found[path] = Draft(
                    name=name,
                    owner=owner,
                    owner_name=names.get(owner, owner[:8]),
                    here=owner == own,
                    reason=reason,
                    opened_ns=opened_ns,
                    on=on,
                    commands=[],
                )
            case (_, _, _, _), dict(command) if path[:3] in found:
                found[path[:3]]["commands"].append(command)
    return list(found.values())


def draft_named(replica: Replica, name: str) -> Draft | None:
    """The draft ``name`` of this controller, or else one of another's; None where there is none."""
    named = [draft for draft in drafts(replica) if draft["name"] == name]
    return min(named, key=lambda draft: not draft["here"], default=None)
