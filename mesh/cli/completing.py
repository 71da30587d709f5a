"""What may come next on a line: words of commands, parameters, values, and names of what there is.

The words come from the same tables that commands are checked by; the names from the controller, at
the moment when somebody asks for them.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, cast

from prompt_toolkit.completion import CompleteEvent, Completer, Completion

from mesh.cli.direct import READING
from mesh.cli.errors import CommandError
from mesh.cli.main import COMMANDS as OWN
from mesh.cli.main import command_named
from mesh.cli.shell import LEAVING
from mesh.environment.kinds import COMMANDS
from mesh.environment.objects import referenced_kind
from mesh.environment.shapes import Choice, Flag, Shape

if TYPE_CHECKING:
    from prompt_toolkit.document import Document

    from mesh.api.drafts import Draft
    from mesh.cli.client import Client
    from mesh.environment.declarations import Declaration
    from mesh.protocol.replica.views import Change

_DRAFTS: Final = ("add", "submit", "discard", "show", "diff", "export")
"""Verbs of `change` that take the name of a draft."""

_CHANGES: Final = ("show", "diff", "export", "revert", "restage", "refuse", "approve", "withdraw")
"""Verbs of `change` that take a ChangeSet."""

_ALWAYS: Final = ("--json", "--now", "--help")


class Words(Completer):
    """Completes lines for one controller."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        """See `Completer.get_completions`."""
        del complete_event
        words, begun = _split(document.text_before_cursor)
        for candidate in dict.fromkeys(self.candidates(words)):
            if candidate.startswith(begun):
                text = candidate if candidate.startswith("--") else shlex.quote(candidate)
                yield Completion(f"{text} ", start_position=-len(begun), display=candidate)

    def candidates(self, words: Sequence[str]) -> Iterable[str]:
        """Everything that may stand behind ``words``."""
        match words:
            case [] | ["help"]:
                groups = dict.fromkeys(group for group, _ in COMMANDS)
                return [*OWN, *groups, "help", *LEAVING]
            case ["trellis" | "help", *rest]:
                return self.candidates(rest)
            case ["change", verb, *rest]:
                return self._of_change(verb, rest)
            case [name, *rest] if name in OWN:
                return _of_parser(command_named(name)[1], rest)
            case [group] if any(name == group for name, _ in COMMANDS):
                return [*(verb for name, verb in COMMANDS if name == group), *READING]
            case [group, verb, *rest]:
                return self._of_command(group, verb, rest)
            case _:
                return ()

    # --- commands on the configuration --------------------------------------------------------

    def _of_command(self, group: str, verb: str, rest: Sequence[str]) -> Iterable[str]:
        if verb in READING:
            return self._names(group) if verb == "show" and not rest else ("--json",)
        declaration = COMMANDS.get((group, verb))
        if declaration is None:
            return ()
        if rest and rest[-1].startswith("--") and rest[-1] not in _ALWAYS:
            return self._values(declaration, rest[-1].removeprefix("--").replace("-", "_"))
        given = [word.partition("=")[0] for word in rest if word.startswith("--")]
        free = (f"--{name}" for name in _parameters(declaration))
        return [word for word in (*free, *_ALWAYS) if word not in given]

    def _values(self, declaration: Declaration, name: str) -> Iterable[str]:
        for each in declaration.parameters:
            if each.name == name == "name" and declaration.verb != "create":
                return self._names(_kind_of(declaration))
            if each.name == name:
                return self._of_shape(each.shape)
        return next((self._of_shape(e.shape) for e in declaration.shorthands if e.name == name), ())

    def _of_shape(self, shape: Shape) -> Iterable[str]:
        match shape:
            case Choice(options=options):
                return options
            case Flag():
                return ("yes", "no")
            case _:
                kind = referenced_kind(shape)
                return self._names(kind) if kind else ()

    # --- ChangeSets and drafts ----------------------------------------------------------------

    def _of_change(self, verb: str, rest: Sequence[str]) -> Iterable[str]:
        found: list[str] = []
        if not rest or (verb == "diff" and len(rest) == 1):
            found += self._drafts() if verb in _DRAFTS else []
            found += self._changes() if verb in _CHANGES else []
        if verb == "add":
            drafts = self._drafts() if rest else []
            behind = rest[1:] if rest and rest[0] in drafts else rest
            groups = dict.fromkeys(group for group, _ in COMMANDS)
            return [*found, *(self.candidates(behind) if behind else groups)]
        return [*found, *_of_parser(command_named("change")[1], [verb, *rest])]

    # --- what there is ------------------------------------------------------------------------

    def _names(self, kind: str) -> list[str]:
        try:
            told = self._client.get("/v1/environment", kind=kind)
        except CommandError:
            return []
        objects = cast("dict[str, dict[str, object]]", told["objects"])
        return list(objects.get(kind, {}))

    def _drafts(self) -> list[str]:
        try:
            told = self._client.get("/v1/drafts")
        except CommandError:
            return []
        return [draft["name"] for draft in cast("list[Draft]", told["drafts"])]

    def _changes(self) -> list[str]:
        try:
            told = self._client.get("/v1/changes")
        except CommandError:
            return []
        return [change["id"] for change in cast("list[Change]", told["changes"])]


def _split(line: str) -> tuple[list[str], str]:
    """The whole words of a line, and what was begun of the next one."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words += lexer
    except ValueError:
        opening = max(line.rfind("'"), line.rfind('"'))
        return _split(line[:opening])[0], line[opening + 1 :]
    if not words or line[-1].isspace():
        return words, ""
    return words[:-1], words[-1]


def _parameters(declaration: Declaration) -> Iterator[str]:
    for parameter in declaration.parameters:
        if not parameter.filled and parameter.name != "id":
            yield parameter.name.replace("_", "-")
    for shorthand in declaration.shorthands:
        yield shorthand.name.replace("_", "-")


def _kind_of(declaration: Declaration) -> str:
    return declaration.reads[0].pattern[0] if declaration.reads else declaration.group


def _of_parser(parser: argparse.ArgumentParser, words: Sequence[str]) -> Iterable[str]:
    """Verbs, options and choices, as the parser of a command has them."""
    actions = parser._actions  # noqa: SLF001  argparse tells them nowhere else
    verbs = next((a for a in actions if isinstance(a, argparse._SubParsersAction)), None)  # noqa: SLF001
    if verbs is not None and not words:
        return list(verbs.choices)
    if verbs is not None and words[0] in verbs.choices:
        return _of_parser(cast("argparse.ArgumentParser", verbs.choices[words[0]]), words[1:])
    last = words[-1] if words else ""
    for action in actions:
        if last in action.option_strings and action.nargs != 0:
            return [str(each) for each in action.choices or ()]
    options = (option for action in actions for option in action.option_strings)
    return [option for option in options if option.startswith("--") and option not in words]
