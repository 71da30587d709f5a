"""Writes docs/reference/cli.md: python -m tests.tools.cli_reference."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mesh.cli.main import COMMANDS, command_named
from simulations.commands import COMMANDS as SIMULATOR
from simulations.commands import add_commands

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"

_HEAD: Final = """# The command line

`trellis COMMAND [VERB] …` speaks to the controller on this host,
over a unix socket that only its owner may open.
This page is written by `python -m tests.tools.cli_reference` from what the program itself takes.

Every command takes `--help`, and every one that speaks to a controller takes

| option | what |
| --- | --- |
| `--json` | print JSON, for programs; errors too |
| `--data-dir DIR` | the controller's data directory, where its socket is; also `TRELLIS_DATA_DIR` |
| `--socket PATH` | the controller's socket, wherever it is; also `TRELLIS_SOCKET` |

Without any of these the socket is where `controller.toml` says,
or where a controller puts it by default:
below `/var/lib/trellis` for root, below `~/.local/share/trellis` for others.

| exit code | means |
| --- | --- |
| 0 | done |
| 1 | failed |
| 2 | wrong usage: nothing was done |
| 3 | no controller was reached |
| 4 | refused: you may not, or it is too late |
| 5 | conflict: another change stands in the way |
| 130 | interrupted by Ctrl-C; a change that waited stays where it is |

An error says what happened, why, and what to do, all mistakes at once.

The configuration is changed by commands of their own, one ChangeSet each:
`trellis site create --name berlin --location eu.berlin` submits at once and waits at the barrier,
with the same options as `trellis change submit`;
`trellis site list` and `trellis site show NAME` read.
[Commands](commands.md) lists them all.
"""

_COMMON: Final = {"--json", "--data-dir", "--socket", "-h"}


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for name in COMMANDS:
        _, parser = command_named(name)
        parts.append("\n".join(_section(parser, 2, common=name == "up")))
        verbs = _simulator() if name == "sim" else verbs_of(parser)
        parts += ["\n".join(_section(verb, 3, common=name == "sim")) for verb in verbs]
    return "\n".join(parts)


def verbs_of(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers of the verbs of a command."""
    groups = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return [verb for group in groups for verb in group.choices.values()]


def _simulator() -> list[argparse.ArgumentParser]:
    """The parsers of the simulator's commands, which ``trellis sim`` hands its words to."""
    return add_commands(argparse.ArgumentParser(prog="trellis sim"), list(SIMULATOR))


def _section(parser: argparse.ArgumentParser, level: int, *, common: bool) -> Iterator[str]:
    positional = [each for each in _arguments(parser) if not each.option_strings]
    words = " ".join(_spelled(each) for each in positional)
    yield f"{'#' * level} {parser.prog} {words}".rstrip() + "\n"
    text = parser.description or ""
    yield f"{text[0].upper()}{text[1:]}".rstrip(".") + ".\n"
    options = [each for each in _arguments(parser) if each.option_strings]
    shown = [each for each in options if common or not _COMMON & set(each.option_strings)]
    rows = [*(each for each in positional if each.help), *shown]
    if rows:
        yield "| what | means |\n| --- | --- |"
        yield from (f"| `{_in_table(_spelled(each))}` | {each.help} |" for each in rows)
        yield ""
    example = re.search(r"example:\n((?:  .+\n?)+)", parser.epilog or "")
    if example:
        lines = [line.strip() for line in example[1].strip().splitlines()]
        yield "```console"
        yield from (f"$ {line}" for line in lines)
        yield "```\n"


def _arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [
        each
        for each in parser._actions
        if not isinstance(each, argparse._SubParsersAction) and "-h" not in each.option_strings
    ]


def _in_table(text: str) -> str:
    return text.replace("|", "\\|")


def _spelled(action: argparse.Action) -> str:
    value = str(action.metavar or action.dest)
    if not action.option_strings:
        return f"[{value}]" if action.nargs == "?" else value
    names = ", ".join(action.option_strings)
    return names if action.nargs == 0 else f"{names} {value}"


if __name__ == "__main__":
    _ = PAGE.write_text(page())
