"""The command: options, who tells the story, and how it ends."""

from __future__ import annotations

import argparse
import sys
import time

from mesh.cli.demo.narrator import Narrator, PlainNarrator, RichNarrator
from mesh.cli.errors import DONE, FAILED, INTERRUPTED
from mesh.cli.output import complain, emit_json, has_terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.epilog = "example:\n  trellis demo --json > report.json"
    parser.add_argument("--json", action="store_true", help="print one report, for programs")
    parser.add_argument("--plain", action="store_true", help="plain lines, also on a terminal")


def run(arguments: argparse.Namespace) -> int:
    """Play the whole story; 1 if any of it did not hold."""
    from mesh.cli.demo.story import CAST, StoryError, play
    from mesh.cli.demo.troupe import open_troupe

    narrator = _narrator(arguments)
    begun = time.monotonic()
    try:
        with open_troupe(CAST) as troupe:
            try:
                play(troupe, narrator)
            except StoryError as error:
                narrator.check(str(error), held=False)
    except KeyboardInterrupt:
        complain("stopped; no process and no file is left behind.")
        return INTERRUPTED
    took_s = time.monotonic() - begun
    if arguments.json:
        emit_json(narrator.report(took_s))
    verdict = "Everything held" if narrator.held else "Not everything held"
    narrator.show_end(f"{verdict}. {took_s:.0f} s, and nothing is left behind.")
    return DONE if narrator.held else FAILED


def _narrator(arguments: argparse.Namespace) -> Narrator:
    if arguments.json:
        return Narrator()
    if arguments.plain or not has_terminal(sys.stdout):
        return PlainNarrator()
    from rich.console import Console

    return RichNarrator(Console())
