"""List the situations that come with Trellis."""

import argparse
import json

from simulations.commands.talking import say
from simulations.files.library import library

EXAMPLES = """\
example:
  trellis sim list
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.epilog = EXAMPLES
    _ = parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    found = list(library())
    if arguments.json:
        content = [
            {"name": each.name, "title": each.title, "story": each.story, "pending": each.pending}
            for each in found
        ]
        say(json.dumps(content, indent=2, ensure_ascii=False))
        return 0
    width = max(len(each.name) for each in found)
    for each in found:
        if each.pending is None:
            say(f"{each.name:{width}}  {each.title}")
    pending = [each for each in found if each.pending is not None]
    if pending:
        say()
        say("Pending, and never counted as passing:")
        for each in pending:
            say(f"{each.name:{width}}  {each.title} ({each.pending})")
    say()
    say("trellis sim show NAME prints one as it is written, trellis sim run NAME runs it.")
    return 0
