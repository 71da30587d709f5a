"""Commands on the configuration as people type them: ``item set --name colour --value red``.

They are read by the same table by which controllers judge them, so what the command line of a real
environment refuses as misspelled is refused here.
"""

import shlex
from itertools import pairwise

from mesh.environment.commands import Misspelled, check_commands, parse_words
from simulations.scenario import Order

GROUP_AND_VERB = 2


class NoCommand(ValueError):
    """Text that is no command: every mistake."""


def read_command(text: str) -> Order:
    """The command that ``text`` spells.

    Raises NoCommand.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise NoCommand(f"{text!r}: {error}") from None
    if len(words) < GROUP_AND_VERB or words[0].startswith("-") or words[1].startswith("-"):
        raise NoCommand(f"{text!r} does not begin with a group and a verb, such as item set")
    group, verb, *rest = words
    command = parse_words(group, verb, _pairs(text, rest))
    if isinstance(command, Misspelled):
        raise NoCommand("; ".join(command.errors))
    errors = check_commands((command,))
    if errors:
        raise NoCommand("; ".join(errors))
    parameters: dict[str, str | int] = {}
    for name, value in command.parameters.items():
        if not isinstance(value, str | int):
            raise NoCommand(f"{name}: a scenario takes text and numbers only")
        parameters[name] = value
    return Order(group, verb, parameters)


def _pairs(text: str, words: list[str]) -> dict[str, str]:
    """``--name value`` and ``--name=value``."""
    flat = [part for word in words for part in _parts(word)]
    if len(flat) % 2:
        raise NoCommand(f"{text!r}: --name value is wanted after the verb")
    found: dict[str, str] = {}
    for name, value in list(pairwise(flat))[::2]:
        if not name.startswith("--") or name.removeprefix("--") in found:
            raise NoCommand(f"{name!r}: each parameter is --name value, once")
        found[name.removeprefix("--")] = value
    return found


def _parts(word: str) -> list[str]:
    name, equals, value = word.partition("=")
    return [name, value] if equals and name.startswith("--") else [word]
