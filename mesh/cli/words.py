"""From the words of a command line to one command on the configuration.

``service create --name blog --role web`` is group, verb and named parameters. What each parameter
may be stands in one table, the one by which controllers judge the command later.
"""

from __future__ import annotations

from collections.abc import Sequence

from mesh.cli.errors import WRONG_USAGE, CommandError


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
