"""``trellis link add`` and ``trellis change promote``: from one environment to the next.

Whoever links an environment is shown who it is and whose word will count, to be compared with what
`trellis members` says over there; from then on the fold checks each promotion by those keys.
"""

from __future__ import annotations

import argparse
import sys
from typing import cast

from mesh.cli.arguments import add_common
from mesh.cli.client import Client, Json, quoted
from mesh.cli.errors import DONE, FAILED, WRONG_USAGE, CommandError
from mesh.cli.output import complain, pairs, say, table
from mesh.cli.parsing import Parser
from mesh.cli.place import socket_of
from mesh.cli.submitting import Submission, add_cover, submit


def promote(client: Client, arguments: argparse.Namespace) -> int:
    """Carry it on; what it takes here is judged here."""
    if arguments.override:
        _warn_of_skipping(client, arguments.link)
    body: dict[str, object] = {"from": arguments.link, "name": arguments.name}
    if arguments.older:
        body["older"] = True
    return submit(client, Submission("/v1/promotions", body), arguments)


def _warn_of_skipping(client: Client, link: str) -> None:
    told = client.get("/v1/environment", kind="environment")
    objects = cast("dict[str, dict[str, Json]]", told["objects"])
    demanded = objects.get("environment", {}).get("promotion")
    if isinstance(demanded, dict):
        demanded = demanded.get("value")
    if demanded and demanded != link:
        complain(f"this skips '{demanded}', from which changes of this environment come.")


def add(words: list[str]) -> int:
    """``trellis link add NAME``: ask who is there, show it, and link it."""
    parser = Parser(
        prog="trellis link add",
        description="link another environment, so that its changes can be promoted to this one;"
        " [links.NAME] in controller.toml says how the controller reaches it",
        epilog="example:\n  trellis link add test",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_common(parser)
    add_cover(parser)
    parser.add_argument("name", metavar="NAME", help="the link, as controller.toml calls it")
    parser.add_argument(
        "--fingerprint",
        metavar="FINGERPRINT",
        action="append",
        help="of a controller there, as `trellis status` shows it there: all of them must be named",
    )
    parser.add_argument("-y", "--yes", action="store_true", help="take what is shown for right")
    try:
        arguments = parser.parse_args(words)
    except SystemExit:  # argparse has shown the help
        return DONE
    client = Client(socket_of(arguments))
    told = client.get(quoted("links", arguments.name, "peer"))
    controllers = _marked(cast("list[dict[str, str]]", told["controllers"]))
    _demand_right_ones(arguments, str(told["environment"]), controllers)
    parameters = {
        "name": arguments.name,
        "environment": told["environment"],
        "controllers": [each["id"] for each in controllers],
    }
    command = {"group": "link", "verb": "create", "parameters": parameters}
    body = {"name": f"link {arguments.name}", "commands": [command]}
    return submit(client, Submission("/v1/changes", body), arguments)


def _marked(controllers: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same, with the fingerprints of the keys that will be linked, and no others."""
    from mesh.wire.identity import fingerprint

    try:
        return [
            {**each, "fingerprint": fingerprint(bytes.fromhex(each["id"]))} for each in controllers
        ]
    except ValueError as error:
        raise CommandError(FAILED, "what it says of its controllers is no key.") from error


def _mark(environment: str) -> str:
    from mesh.wire.identity import fingerprint

    try:
        return fingerprint(bytes.fromhex(environment))
    except ValueError as error:
        raise CommandError(FAILED, "what it says of its environment is no id.") from error


def _demand_right_ones(
    arguments: argparse.Namespace, environment: str, controllers: list[dict[str, str]]
) -> None:
    """Raises CommandError where somebody, or nobody, says that these are not the right ones."""
    marks = [each["fingerprint"] for each in controllers]
    if arguments.fingerprint is not None:
        said = {_bare(each) for each in arguments.fingerprint}
        wrong = [each for each in marks if _bare(each) not in said]
        if wrong or len(said) != len(marks):
            text = f"the controllers there are {', '.join(marks)}, not those that were named."
            raise CommandError(FAILED, text)
        return
    if arguments.yes:
        return
    pairs({"link": arguments.name, "environment": _mark(environment)})
    table(
        ("CONTROLLER", "FINGERPRINT"), [(each["name"], each["fingerprint"]) for each in controllers]
    )
    say("Compare the fingerprints with `trellis members` over there: their word will count here.")
    if not sys.stdin.isatty():
        raise CommandError(
            WRONG_USAGE, "Nobody is here to compare them: say --fingerprint or --yes."
        )
    sys.stdout.write("Are these the right ones? [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandError(FAILED, "Not linked.")


def _bare(mark: str) -> str:
    return mark.replace("-", "").lower()
