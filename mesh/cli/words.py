"""From the words of a command line to one command on the configuration.

``service create --name blog --role web`` is group, verb and named parameters. What each parameter
may be stands in one table, the one by which controllers judge the command later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from mesh.cli.errors import WRONG_USAGE, CommandError
from mesh.cli.output import spelled_field


def split_words(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Leading words, and the ``--name value`` pairs behind them. Raises CommandError."""
    names: list[str] = []
    pairs: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            if pairs:
                raise CommandError(WRONG_USAGE, f"'{word}': expected --name value.")
            names.append(word)
            continue
        name, equals, value = word.removeprefix("--").partition("=")
        if not equals:
            if not rest:
                raise CommandError(WRONG_USAGE, f"--{name}: a value is missing.")
            value = rest.pop(0)
        if name in pairs:
            raise CommandError(WRONG_USAGE, f"--{name}: given twice.")
        pairs[name] = value
    return names, pairs


def split_line(line: str) -> list[str]:
    """A line as a POSIX shell splits it; what follows # is for people. Raises CommandError."""
    import shlex

    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise CommandError(WRONG_USAGE, f"{error}: every quote is closed on its line.") from error


def command_of(group: str, verb: str, pairs: dict[str, str]) -> dict[str, object]:
    """The command as the API takes it, every mistake of it found. Raises CommandError."""
    from mesh.environment.commands import Misspelled, check_commands, parse_words

    command = parse_words(group, verb, pairs)
    if isinstance(command, Misspelled):
        raise CommandError(WRONG_USAGE, *command.errors)
    errors = check_commands((command,))
    if errors:
        raise CommandError(WRONG_USAGE, *errors)
    return {"group": group, "verb": verb, "parameters": dict(command.parameters)}


def line_of(group: str, verb: str, parameters: Mapping[str, object]) -> str:
    """A command as it is typed: read again, it has the same parameters."""
    import shlex

    words = (
        f"--{name.replace('_', '-')} {shlex.quote(_spoken(group, verb, name, value))}"
        for name, value in parameters.items()
    )
    return " ".join([group, verb, *words])


def _spoken(group: str, verb: str, name: str, value: object) -> str:
    """A value as the command reads it: the text 5 of what may be a number, too, is ``"5"``."""
    text = spelled_field(name, value)
    if not isinstance(value, str) or not _is_json(value):
        return text
    from mesh.environment.kinds import COMMANDS
    from mesh.environment.shapes import Misread

    declaration = COMMANDS.get((group, verb))
    known = () if declaration is None else declaration.parameters
    for shape in (each.written or each.shape for each in known if each.name == name):
        try:
            return text if shape.read(text) == value else json.dumps(value, ensure_ascii=False)
        except Misread:
            return text
    return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
