"""Writes docs/reference/commands.md: python -m tests.tools.commands_reference."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mesh.environment.declarations import Declaration, Parameter
from mesh.environment.kinds import COMMANDS, KINDS
from mesh.wire.requests import Kind

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"

_HEAD: Final = """# Commands

What changes the configuration of an environment: `group verb --parameter value`,
the same on the command line, in the interactive shell, over HTTP and in a ChangeSet file.
This page is written by `python -m tests.tools.commands_reference`
from the table that the program itself reads.

Underscores in names may be typed as dashes.
A list is written with commas, a mapping as `key=value` with commas, a duration with its unit
(`250ms`, `5m`); where a value itself needs a comma, JSON does.
Parameters in bold must be given.
"""

_MARKS: Final = {
    Kind.NORMAL: "",
    Kind.ROSTER: "Changes the roster: goes through the barrier alone.",
    Kind.MERGE: "Part of a merge, which `trellis change merge` makes; never in a ChangeSet.",
    Kind.CHECKPOINT: "What controllers agree on by themselves; never in a ChangeSet.",
}

_OTHERS: Final = {
    "checkpoint": "the ground on which a history stands; what is below it may be forgotten",
    "container": "a service that runs as a container",
    "merge": "what becomes of two sides' changes that do not go together",
    "right": "what operators may do",
    "webservice": "a service that answers over HTTP",
}
"""Groups whose commands are about objects of another kind."""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    words = {**_OTHERS, **{kind.name: kind.help for kind in KINDS}}
    for group in dict.fromkeys(group for group, _ in COMMANDS):
        about = words[group]
        parts.append(f"## {group}\n\n{about[0].upper()}{about[1:]}.\n")
        parts += [
            "\n".join(_command(declaration))
            for (its_group, _), declaration in COMMANDS.items()
            if its_group == group
        ]
    return "\n".join(parts)


def _command(declaration: Declaration) -> Iterator[str]:
    yield f"### {declaration.group} {declaration.verb}\n"
    yield f"{declaration.help[0].upper()}{declaration.help[1:]}."
    mark = _MARKS[declaration.kind]
    if mark:
        yield mark
    if declaration.roster_with:
        names = ", ".join(f"`{name}`" for name in declaration.roster_with)
        yield f"With {names} it changes the roster or the policy: goes through the barrier alone."
    yield "\n| parameter | what | value |\n| --- | --- | --- |"
    for parameter in declaration.parameters:
        if not parameter.filled:
            yield _row(parameter)
    for each in declaration.shorthands:
        yield f"| {each.name} | {each.help}; on a command line only | {each.shape.words} |"
    yield ""


def _row(parameter: Parameter) -> str:
    shape = parameter.written or parameter.shape
    name = f"**{parameter.name}**" if parameter.required else parameter.name
    default = "" if parameter.default is None else f"; `{_spelled(parameter.default)}` if not given"
    words = shape.words.replace("|", "\\|").replace("*", "\\*")
    return f"| {name} | {parameter.help} | {words}{default} |"


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    _ = PAGE.write_text(page())
