"""From a directory and a controller to a plan; whoever made mistakes is told of all of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mesh.cli.arguments import add_common
from mesh.cli.client import Client
from mesh.cli.errors import WRONG_USAGE, CommandError
from mesh.cli.output import emit_json, paint, say
from mesh.cli.source.directory import read_directory
from mesh.environment.source.differing import Difference
from mesh.environment.source.documents import Mistake, Node
from mesh.environment.source.plan import Misdescribed, Plan, make_plan
from mesh.environment.source.standing import Ground, Objects, content_hash, ground_of
from mesh.wire.requests import Command

if TYPE_CHECKING:
    from mesh.protocol.replica.views.environment import Environment


@dataclass(frozen=True, slots=True)
class Sight:
    """An environment as it was looked at."""

    ground: Ground
    state_hash: str
    content_hash: str

    @property
    def is_whole(self) -> bool:
        """Whether all of it was seen: what one may not view is left out by the controller."""
        return content_hash(self.ground).hex() == self.content_hash


@dataclass(frozen=True, slots=True)
class Source:
    """Files that were read."""

    place: Path
    documents: list[Node]
    misread: list[Mistake]
    prune: bool

    def plan(self, ground: Ground) -> Plan | Misdescribed:
        """What would make of ``ground`` what they describe."""
        return make_plan(self.documents, ground, prune=self.prune, misread=self.misread)


def add_source(parser: argparse.ArgumentParser) -> None:
    """Where the files are, and what becomes of what they do not describe."""
    parser.add_argument(
        "-f",
        "--files",
        metavar="DIR",
        required=True,
        help="a directory of .yaml and .toml files, or one file",
    )
    parser.add_argument(
        "--prune", action="store_true", help="delete what no file describes; without it, it stays"
    )
    add_common(parser)


def read_source(arguments: argparse.Namespace) -> Source:
    """The files that are meant. Raises CommandError."""
    place = Path(arguments.files)
    documents, misread = read_directory(place)
    return Source(place, documents, misread, prune=arguments.prune)


def look(client: Client) -> Sight:
    """The environment as it is now. Raises CommandError."""
    told = cast("Environment", client.get("/v1/environment"))
    objects = cast("Objects", told["objects"])
    return Sight(ground_of(objects), told["hash"], told["content_hash"])


def warn_of_hidden(sight: Sight) -> None:
    """Says so where more is there than was seen."""
    if not sight.is_whole:
        say(paint("You may not view all of this environment: the rest is not in here.", "yellow"))


def plan_of(source: Source, sight: Sight, arguments: argparse.Namespace) -> Plan | None:
    """The plan; None where the files are wrong and a program was told. Raises CommandError."""
    plan = source.plan(sight.ground)
    if isinstance(plan, Plan):
        return plan
    mistakes = plan.mistakes
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    if arguments.json:
        emit_json({"mistakes": [_json_of_mistake(each) for each in mistakes]})
        return None
    text = f"{source.place} cannot be used: {count}"
    raise CommandError(WRONG_USAGE, text, *(str(each) for each in mistakes))


def _json_of_mistake(mistake: Mistake) -> dict[str, object]:
    """For programs."""
    return {
        "file": mistake.place.file,
        "line": mistake.place.line,
        "path": mistake.path,
        "text": mistake.text,
        "expected": mistake.expected,
        "suggestion": mistake.suggestion,
    }


def json_of_plan(plan: Plan, sight: Sight) -> dict[str, object]:
    """For programs."""
    return {
        "version": 1,
        "content_hash": sight.content_hash,
        "state_hash": sight.state_hash,
        "whole": sight.is_whole,
        "differences": [_json_of_difference(each) for each in plan.differences],
        "steps": [
            {"about": step.about, "commands": json_of_commands(step.commands)}
            for step in plan.steps
        ],
        "same": plan.same,
        "kept": [{"kind": kind, "name": name} for kind, name in plan.kept],
        "unset_secrets": sorted(plan.unset_secrets),
    }


def _json_of_difference(difference: Difference) -> dict[str, object]:
    return {
        "kind": difference.owner[0],
        "name": difference.owner[1],
        "action": difference.action.value,
        "fields": [
            {"field": each.field, "before": each.before, "after": each.after}
            for each in difference.fields
        ],
        "sets": [
            {"field": each.field, "added": list(each.added), "removed": list(each.removed)}
            for each in difference.elements
        ],
    }


def json_of_commands(commands: Sequence[Command]) -> list[dict[str, object]]:
    """As the API takes them."""
    return [
        {"group": each.group, "verb": each.verb, "parameters": each.parameters} for each in commands
    ]
