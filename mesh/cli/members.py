"""``trellis members``: who is here, who says so, and who may come in."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final, cast

from mesh.cli import acquaintances, opened
from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.client import Client
from mesh.cli.errors import DONE, FAILED, CommandError
from mesh.cli.output import duration, emit_json, paint, say, table
from mesh.cli.place import socket_of
from mesh.cli.sealed import controllers
from mesh.cli.submitting import Submission, add_cover, add_waiting, submit

if TYPE_CHECKING:
    from mesh.protocol.replica.views import Members, MemberView, PendingView

_COLOURS: Final = {"alive": "green", "suspect": "yellow", "failed": "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = "example:\n  trellis members accept 4hk2-9xw3-7tqa-m1z0"
    subparsers = verbs(parser)
    accept = add_verb(
        subparsers,
        "accept",
        "admit a controller that waits: compare its fingerprint with the one on its own screen",
        "trellis members accept 4hk2-9xw3-7tqa-m1z0",
    )
    accept.add_argument("fingerprint", metavar="FINGERPRINT", help="as the newcomer prints it")
    add_waiting(accept)
    remove = add_verb(
        subparsers,
        "remove",
        "remove a controller for good: its key is never admitted again",
        "trellis members remove oak --reason 'sold'",
    )
    remove.add_argument("name", metavar="NAME", help="its name or its fingerprint")
    add_cover(remove)
    pardon = add_verb(
        subparsers,
        "pardon",
        "count on a controller again whose key has signed two stories, from its next start on",
        "trellis members pardon oak --reason 'its VM went on from a snapshot; nobody has the key'",
    )
    pardon.add_argument("name", metavar="NAME", help="its name or its fingerprint")
    add_cover(pardon)
    recognize = add_verb(
        subparsers,
        "recognize",
        "note on this machine which controller a name stands for, once you have compared",
        "trellis members recognize oak 4hk2-9xw3-7tqa-m1z0",
    )
    recognize.add_argument("name", metavar="NAME", help="its name")
    recognize.add_argument("fingerprint", metavar="FINGERPRINT", help="as its own host shows it")
    rotate = add_verb(
        subparsers,
        "rotate-key",
        "give this controller a new key for streams and datagrams; its identity stays",
        "trellis members rotate-key",
    )
    add_waiting(rotate)


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; without one, list."""
    client = Client(socket_of(arguments))
    match arguments.verb:
        case "accept":
            return _accept(client, arguments)
        case "rotate-key":
            rotation = Submission("/v1/members/rotate-key", {}, by_controller=True)
            return submit(client, rotation, arguments)
        case "pardon":
            return _pardon(client, arguments)
        case "recognize":
            return _recognize(client, arguments)
        case "remove":
            command = {
                "group": "controller",
                "verb": "remove",
                "parameters": {"controller": arguments.name},
            }
            body = {"name": f"remove {arguments.name}", "commands": [command]}
            return submit(client, Submission("/v1/changes", body), arguments)
        case _:
            return _list(client, as_json=arguments.json)


def _accept(client: Client, arguments: argparse.Namespace) -> int:
    body = {"fingerprint": arguments.fingerprint}
    code = submit(client, Submission("/v1/members/accept", body), arguments)
    if code == DONE and not arguments.json:
        say("It is a learner until it has the whole history, and then active.")
    return code


def _pardon(client: Client, arguments: argparse.Namespace) -> int:
    """Of what a person signs the life is part that he has judged, and no later one."""
    members = cast("Members", client.get("/v1/members"))["members"]
    who = arguments.name
    told = [each for each in members if who in _names(each)]
    if not told:
        raise CommandError(FAILED, f"there is no controller '{who}'; see `trellis members`.")
    life = told[0]["accused_life"]
    if life is None:
        raise CommandError(FAILED, f"nothing is held against {who}: see `trellis doctor`.")
    parameters = {"controller": who, "life": life}
    command = {"group": "controller", "verb": "pardon", "parameters": parameters}
    body = {"name": f"pardon {who}", "commands": [command]}
    code = submit(client, Submission("/v1/changes", body), arguments)
    if code == DONE and not arguments.json:
        say(f"{who} counts again from its next start on: start it there.")
    return code


def _recognize(client: Client, arguments: argparse.Namespace) -> int:
    """What is signed by that name from now on is for this one."""
    name, mark = arguments.name, arguments.fingerprint
    environment = opened.environment_of(client)
    found = next((each for each in controllers(client).values() if each.name == name), None)
    if found is None:
        raise CommandError(FAILED, f"there is no controller '{name}'; see `trellis members`.")
    if not acquaintances.stands_for(mark, found.key):
        text = f"'{name}' is {acquaintances.marks(found.key)} here, not {mark}. Nothing was noted."
        raise CommandError(FAILED, text)
    acquaintances.recognize(environment, found)
    if arguments.json:
        emit_json(found._asdict())
    else:
        say(f"{name} is {acquaintances.marks(found.key)}, and seals by {found.exchange_key}.")
    return DONE


def _names(member: MemberView) -> tuple[str, ...]:
    who = member["controller"]
    return who["id"], who["name"], who["fingerprint"]


def _list(client: Client, *, as_json: bool) -> int:
    told = client.get("/v1/members")
    if as_json:
        emit_json(told)
        return DONE
    members = cast("Members", told)
    if members["members"]:
        heads = ("NAME", "FINGERPRINT", "SITE", "STATE", "STANDS", "ADDRESS", "ROUND TRIP", "WHY")
        table(heads, [_row(member) for member in members["members"]])
    else:
        say("No roster yet: this controller belongs to no environment. See `trellis status`.")
    if members["pending"]:
        say()
        table(
            ("WAITS TO BE ACCEPTED", "SITE", "FROM", "TO ACCEPT IT"),
            [_pending(line) for line in members["pending"]],
        )
    return DONE


def _row(member: MemberView) -> tuple[str, ...]:
    trip = member["round_trip_ns"]
    return (
        member["controller"]["name"] + (" (here)" if member["own"] else ""),
        member["controller"]["fingerprint"],
        member["site"],
        member["state"],
        member["standing"],
        member["address"],
        "" if trip is None else duration(trip),
        _why(member),
    )


def _why(member: MemberView) -> str:
    parts = [] if member["own"] else [member["why"]]
    if member["standing"] != "alive":
        if member["farewell"]:
            parts.append(f"its last word: {member['farewell']}")
        if member["since_ms"] is not None:
            parts.append(f"for {duration(member['since_ms'] * 1_000_000)}")
        if member["said_by"]:
            parts.append("says " + ", ".join(who["name"] for who in member["said_by"]))
    elif not member["own"] and member["link"] != "both directions":
        parts.append(member["link"])
    if member["slow"]:
        parts.append(f"this controller is slow ({member['slow']} of 8)")
    if member["accused_life"] is not None:
        parts.append("its key has signed two stories")
    if member["forks"]:
        parts.append("another host uses the same key")
    text = ", ".join(parts)
    return paint(text, _COLOURS.get(member["standing"], "dim")) if text else ""


def _pending(line: PendingView) -> tuple[str, ...]:
    return (
        line["name"],
        line["site"],
        line["remote"],
        f"trellis members accept {line['fingerprint']}",
    )
