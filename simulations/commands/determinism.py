"""The same seeds in two processes that hash text differently: they must be one run."""

import argparse
import os
import subprocess
import sys

from simulations.commands.talking import say, seeds
from simulations.divergence import HASH_SEEDS, parting_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    _ = parser.add_argument("--seeds", type=seeds, required=True, metavar="A..B")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 if the two differ."""
    chosen: range = arguments.seeds
    name = f"{chosen[0]}..{chosen[-1]}"
    digests = [_digest_under(hash_seed, name) for hash_seed in HASH_SEEDS]
    if len(set(digests)) != 1:
        say(f"seeds {name} differ between processes: {', '.join(digests)}")
        for seed in chosen:
            found = parting_of(["-m", "simulations", "run", "--seed", str(seed), "--trace"])
            if found is not None:
                say(f"seed {seed}: {found}")
        return 1
    say(f"seeds {name}: one digest in {len(digests)} processes, {digests[0]}")
    return 0


def _digest_under(hash_seed: str, chosen: str) -> str:
    swept = subprocess.run(  # noqa: S603  this very program, with arguments checked above
        [sys.executable, "-m", "simulations", "sweep", "--no-database", "--seeds", chosen],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=False,
        text=True,
    )
    return swept.stdout.strip().rpartition(" ")[2] or swept.stderr
