"""``trellis apply``: make the environment what files describe, as one ChangeSet if it can be one.

What is submitted is what was shown: if the environment is another one by then, nothing is sent,
and what has changed since is shown instead.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from mesh.cli.client import Client
from mesh.cli.errors import CONFLICT, DONE, FAILED, WRONG_USAGE, CommandError
from mesh.cli.output import emit_json, has_terminal, paint, say
from mesh.cli.place import socket_of

if TYPE_CHECKING:
    from mesh.cli.source.planning import Sight, Source
    from mesh.environment.source.differing import Difference
    from mesh.environment.source.plan import Plan
    from mesh.environment.source.steps import Step

SHOWN_S: Final = 30.0
"""From the release of a ChangeSet to its instant: three times the longest guard there can be."""

LOOK_S: Final = 0.02
"""Between two looks; commonly the instant is that far away."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    from mesh.cli.source.planning import add_source
    from mesh.cli.submitting import add_cover

    add_source(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask before it is submitted")
    parser.add_argument("--name", metavar="NAME", help="what people will call the ChangeSet")
    parser.add_argument(
        "--split",
        action="store_true",
        help="where it is too much for one ChangeSet, make several, one after the other",
    )
    add_cover(parser)
    parser.epilog = "example:\n  trellis apply -f shop/ --reason 'the second site opens'"


def run(arguments: argparse.Namespace) -> int:
    """Plan, show, ask, submit; the exit code says how it ended."""
    from mesh.cli.source.planning import look, plan_of, read_source, warn_of_hidden
    from mesh.cli.source.showing import show_plan

    source, client = read_source(arguments), Client(socket_of(arguments))
    sight = look(client)
    plan = plan_of(source, sight, arguments)
    if plan is None:
        return WRONG_USAGE
    if not arguments.json:
        show_plan(plan, sight.ground)
        warn_of_hidden(sight)
    steps = _fitting(plan.steps, arguments)
    if not steps:
        return _done(client, [], arguments)
    _ask(arguments)
    return _Application(client, source, arguments, sight, plan).run()


def _fitting(steps: tuple[Step, ...], arguments: argparse.Namespace) -> tuple[Step, ...]:
    """The steps, in parts that fit. Raises CommandError where they do not and may not be split."""
    from mesh.cli.source.showing import excess
    from mesh.environment.source.steps import Step, split

    too_much = excess(steps)
    if too_much and not arguments.split:
        raise CommandError(
            WRONG_USAGE,
            f"this is too much for one ChangeSet: {too_much}.",
            "--split makes several: each is applied whole or not at all, all together are not.",
        )
    parts = tuple(Step(step.about, part) for step in steps for part in split(step.commands))
    if arguments.no_wait and len(parts) > 1:
        text = (
            f"{len(parts)} ChangeSets follow each other, so each must be waited for: no --no-wait."
        )
        raise CommandError(WRONG_USAGE, text)
    return parts


def _ask(arguments: argparse.Namespace) -> None:
    """Raises CommandError where the answer is not yes."""
    if arguments.yes:
        return
    if arguments.json or not (has_terminal() and sys.stdin.isatty()):
        raise CommandError(WRONG_USAGE, "nobody is here to ask: say --yes to apply it.")
    if input("Apply it? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise CommandError(FAILED, "nothing was changed.")


def _done(client: Client, changes: list[object], arguments: argparse.Namespace) -> int:
    """What the environment is now."""
    from mesh.cli.source.planning import look

    content = look(client).content_hash
    if arguments.json:
        emit_json({"version": 1, "changes": changes, "content_hash": content})
    else:
        say(f"content {paint(content[:16], 'bold')}")
    return DONE


class _Application:
    """Step by step; before each one what is left must still be what was planned."""

    def __init__(
        self,
        client: Client,
        source: Source,
        arguments: argparse.Namespace,
        sight: Sight,
        plan: Plan,
    ) -> None:
        self._client = client
        self._source = source
        self._arguments = arguments
        self._sight = sight
        self._plan = plan
        self._changes: list[object] = []

    def run(self) -> int:
        """Until nothing is left; the exit code of the first step that is not applied."""
        left = _fitting(self._plan.steps, self._arguments)
        total = len(left)
        while left:
            self._demand_unmoved()
            code = self._submit(left[0], len(self._changes), total)
            if code != DONE and len(left) > 1:
                about = ", ".join(step.about for step in left[1:])
                say(f"Not submitted: {about}. Once this is applied, `trellis apply` does the rest.")
            if code != DONE or self._arguments.no_wait:
                return code
            left = self._left()
        return _done(self._client, self._changes, self._arguments)

    def _left(self) -> tuple[Step, ...]:
        """What is left to do after a step, which must be part of what was planned."""
        from mesh.environment.source.differing import since
        from mesh.environment.source.plan import Plan

        sight = self._shown()
        plan = self._source.plan(sight.ground)
        planned = [each.owner for each in self._plan.differences]
        moved = since(self._sight.ground, sight.ground)
        others = [each for each in moved if each.owner not in planned]
        if others or not isinstance(plan, Plan):
            self._conflict(sight, others)
        self._sight, self._plan = sight, plan
        return _fitting(plan.steps, self._arguments)

    def _shown(self) -> Sight:
        """The environment once it shows the step, which it does from its instant on."""
        from mesh.cli.source.planning import look

        deadline = time.monotonic() + SHOWN_S
        while (sight := look(self._client)).content_hash == self._sight.content_hash:
            if time.monotonic() > deadline:
                text = f"what was applied is not shown after {SHOWN_S:.0f} s: see `trellis doctor`."
                raise CommandError(FAILED, text)
            time.sleep(LOOK_S)
        return sight

    def _demand_unmoved(self) -> None:
        from mesh.cli.source.planning import look
        from mesh.environment.source.differing import since

        sight = look(self._client)
        moved = since(self._sight.ground, sight.ground)
        if moved:
            self._conflict(sight, moved)
        self._sight = sight

    def _conflict(self, sight: Sight, moved: Sequence[Difference]) -> NoReturn:
        from mesh.cli.source.showing import show_difference

        if not self._arguments.json:
            say(paint("Changed since the plan was made:", "bold"))
            for each in moved:
                show_difference(each, sight.ground)
        names = ", ".join(" ".join(each.owner).strip() for each in moved)
        done = f" {len(self._changes)} ChangeSets were applied before." if self._changes else ""
        raise CommandError(
            CONFLICT,
            f"the environment has changed since the plan was made ({names}).{done}",
            "Nothing more was submitted: look at `trellis plan` again.",
        )

    def _submit(self, step: Step, number: int, total: int) -> int:
        from mesh.cli.source.planning import json_of_commands
        from mesh.cli.submitting import Submission, submit, submit_quietly

        name = self._arguments.name or f"apply {self._source.place.name}"
        body = {
            "name": name if total == 1 else f"{name} ({step.about})",
            "commands": json_of_commands(step.commands),
            "state": self._sight.state_hash,
        }
        submission = Submission("/v1/changes", body)
        if self._arguments.json and not self._arguments.no_wait:
            self._changes.append(submit_quietly(self._client, submission, self._arguments))
            return DONE
        code = submit(self._client, submission, self._arguments)
        self._changes.append(number)
        return code
