"""``trellis info``: running information, seen on all controllers as soon as one has it."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, cast

from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.client import Client, Event, Json, quoted
from mesh.cli.errors import DONE, WRONG_USAGE, CommandError
from mesh.cli.output import emit_json, emit_json_line, moment, paint, say, spelled, table
from mesh.cli.place import socket_of

if TYPE_CHECKING:
    from mesh.protocol.replica.views import Entry, Listing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = "example:\n  trellis info set /web/1/address 10.0.0.7"
    subparsers = verbs(parser)
    put = add_verb(subparsers, "set", "write a value", "trellis info set /web/1/load 0.7 --as-json")
    put.add_argument("path", metavar="PATH", help="parts after slashes: /web/1/address")
    put.add_argument("value", metavar="VALUE", help="a text")
    put.add_argument("--as-json", action="store_true", help="VALUE is JSON: a number, a list …")
    put.add_argument("--seen", metavar="TOKEN", help="supersede just what that reading showed")
    get = add_verb(subparsers, "get", "read a value", "trellis info get /web/1/address")
    get.add_argument("path", metavar="PATH")
    delete = add_verb(subparsers, "delete", "remove a value", "trellis info delete /web/1 -r")
    delete.add_argument("path", metavar="PATH")
    delete.add_argument("-r", "--recursive", action="store_true", help="and all that is below it")
    for name, help_ in (("list", "what is there below a path"), ("watch", "what changes below it")):
        verb = add_verb(subparsers, name, help_, f"trellis info {name} /web")
        verb.add_argument("path", metavar="PATH", nargs="?", default="/")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    client = Client(socket_of(arguments))
    match arguments.verb:
        case "set":
            return _set(client, arguments)
        case "get":
            return _get(client, arguments)
        case "delete":
            recursive = "true" if arguments.recursive else None
            told = client.delete(_resource(arguments.path), recursive=recursive)
            return _done(told, f"removed {told.get('written', 0)}", as_json=arguments.json)
        case "list":
            return _list(client, arguments)
        case "watch":
            return _watch(client, arguments)
        case _:
            raise CommandError(WRONG_USAGE, "info: set, get, delete, list or watch?")


def _resource(path: str) -> str:
    """Where an entry is; what the parts hold is the API's to judge."""
    return quoted("info", *path.strip("/").split("/"))


def _set(client: Client, arguments: argparse.Namespace) -> int:
    body: dict[str, Json] = {"value": _value(arguments)}
    if arguments.seen is not None:
        body["seen"] = arguments.seen
    return _done(client.put(_resource(arguments.path), body), "written", as_json=arguments.json)


def _value(arguments: argparse.Namespace) -> Json:
    if not arguments.as_json:
        return cast("str", arguments.value)
    try:
        return cast("Json", json.loads(arguments.value))
    except ValueError as error:
        raise CommandError(WRONG_USAGE, f"VALUE is no JSON: {error}.") from error


def _done(told: dict[str, Json], text: str, *, as_json: bool) -> int:
    if as_json:
        emit_json(told)
    else:
        say(text)
    return DONE


def _get(client: Client, arguments: argparse.Namespace) -> int:
    told = client.get(_resource(arguments.path))
    if arguments.json:
        emit_json(told)
        return DONE
    entry = cast("Entry", told)
    say(spelled(entry["value"]))
    for value in entry["conflicts"]:
        say(paint(f"written at the same time: {spelled(value)}", "yellow"))
    return DONE


def _list(client: Client, arguments: argparse.Namespace) -> int:
    told = client.get("/v1/info", prefix=arguments.path)
    if arguments.json:
        emit_json(told)
        return DONE
    listing = cast("Listing", told)
    if not listing["entries"]:
        say(f"Nothing below {listing['prefix']}.")
        return DONE
    heads = ("PATH", "WRITTEN", "VALUE")
    table(heads, [_row(entry) for entry in listing["entries"]])
    if listing["count"] > len(listing["entries"]):
        say(f"… and {listing['count'] - len(listing['entries'])} more: ask for a longer path")
    return DONE


def _row(entry: Entry) -> tuple[str, ...]:
    others = f"  (and {len(entry['conflicts'])} at the same time)" if entry["conflicts"] else ""
    return entry["path"], moment(entry["written_ms"] * 1_000_000), spelled(entry["value"]) + others


def _watch(client: Client, arguments: argparse.Namespace) -> int:
    events = client.events(kinds="information", prefix=arguments.path)
    if not arguments.json:
        say(paint(f"what changes below {arguments.path}; Ctrl-C ends", "dim"))
    try:
        for event in events:
            _show(event, as_json=arguments.json)
    except KeyboardInterrupt:
        return DONE
    finally:
        events.close()
    return DONE


def _show(event: Event, *, as_json: bool) -> None:
    if as_json:
        emit_json_line({"event": event.kind, **event.data})
        return
    match event.data:
        case {"path": str(path), "entry": {"value": value}}:
            say(f"{path}  {spelled(value)}")
        case {"path": str(path)}:
            say(f"{path}  {paint('removed', 'dim')}")
        case _:
            say(paint("some changes were missed; see `trellis info list`", "yellow"))
