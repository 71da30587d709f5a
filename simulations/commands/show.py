"""Print the resolved scenario of a seed."""

import argparse

from simulations.commands.talking import say
from simulations.generator import generate
from simulations.scenario import canonical


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    _ = parser.add_argument("--seed", type=int, required=True)


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    say(canonical(generate(arguments.seed)).decode())
    return 0
