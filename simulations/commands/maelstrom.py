"""Be a node of Maelstrom, the test bench of Jepsen, on standard input and output."""

import argparse
import sys

from simulations.maelstrom.node import Node
from simulations.maelstrom.process import new_random, serve
from simulations.maelstrom.workloads import Workload


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    _ = parser.add_argument(
        "--workload",
        type=Workload,
        choices=tuple(Workload),
        help="what is tested; without it, what the first request tells",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until standard input ends."""
    node = Node(new_random(), arguments.workload)
    serve(node, sys.stdin.fileno(), sys.stdout.fileno())
    return 0
