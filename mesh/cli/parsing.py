"""The words of a command line, read by argparse, with mistakes that are told as all others are.

argparse ends the process, and answers a slip of the pen with a list of all that would have been
right. Here a mistake is a ``CommandError`` that names the nearest word.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn, cast

from mesh.cli.errors import WRONG_USAGE, CommandError


class Parser(argparse.ArgumentParser):
    """An argparse parser whose mistakes are values; so are those of the verbs below it."""

    def error(self, message: str) -> NoReturn:
        """Wrong usage: what, and where help is."""
        self.refuse(message if message.endswith("?") else f"{message}.")

    def parse_args(  # type: ignore[override]  # nobody here brings a namespace
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Every word that means nothing is named, and what it may have meant.

        Raises CommandError, and SystemExit where help was asked for and shown.
        """
        arguments, rest = self.parse_known_args(args, namespace)
        if rest:
            chosen = self.chosen(arguments)
            known = [*self.options(), *chosen.options()]
            chosen.refuse(*(_unknown(word, known) for word in _without_values(rest)))
        return arguments

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """A word that is none of those to choose from; argparse asks this for each."""
        if action.choices is None or value in action.choices:
            return
        from mesh.environment.suggestions import unknown_name

        what = action.option_strings[0] if action.option_strings else action.dest
        self.error(unknown_name(what, str(value), [str(each) for each in action.choices]))

    def options(self) -> list[str]:
        """Every option that it takes itself, as it is typed."""
        return list(self._option_string_actions)

    def chosen(self, arguments: argparse.Namespace) -> Parser:
        """The parser of the verb that was typed; this one where it takes none."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  it has no other name
                verbs = cast("dict[str, Parser]", action.choices)
                verb = verbs.get(str(getattr(arguments, action.dest)))
                return self if verb is None else verb.chosen(arguments)
        return self

    def refuse(self, *errors: str) -> NoReturn:
        """End with wrong usage, and where help is."""
        raise CommandError(WRONG_USAGE, *errors, f"See `{self.prog} --help`.")


def _without_values(rest: Sequence[str]) -> list[str]:
    """The unknown options of ``rest``; where there are none, the words that nothing takes."""
    return [word for word in rest if word.startswith("-")] or list(rest)


def _unknown(word: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    if not word.startswith("-"):
        return f"'{word}' is one word too many."
    name = word.partition("=")[0]
    near = get_close_matches(name, known, n=1)
    return f"unknown option '{name}'" + (f", did you mean '{near[0]}'?" if near else ".")
