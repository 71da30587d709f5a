"""Print a situation as it is written, or the resolved scenario of a seed."""

import argparse
import sys

from simulations.commands.choosing import RESOLVED, Unknown, chosen_source
from simulations.commands.talking import say
from simulations.files.library import NoSituation, text_of
from simulations.scenario import canonical

WRONG_USAGE = 2

EXAMPLES = """\
example:
  trellis sim show office_wan_cut
  trellis sim show office_wan_cut --seed 3 > run.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.epilog = EXAMPLES
    _ = parser.add_argument(
        "scenario", nargs="?", help="a situation by name, a file, or nothing: what a seed makes up"
    )
    _ = parser.add_argument(
        "--seed", type=int, metavar="N", help="everything about the run with this seed, as JSON"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do it; 2 where there is nothing to show."""
    word: str | None = arguments.scenario
    try:
        if word is not None and arguments.seed is None and not word.endswith(RESOLVED):
            say(text_of(word).rstrip())
        else:
            scenario = chosen_source(word).scenario(arguments.seed or 0)
            say(canonical(scenario).decode())
    except (Unknown, NoSituation, OSError) as error:
        print(f"trellis sim show: {error}", file=sys.stderr)  # noqa: T201  it speaks to a person
        return WRONG_USAGE
    return 0
