"""``make torture``: kills, losses of unsynced writes, traced runs; exit 1 on any fault."""

import argparse
import sys
import time

from tests.torture.kills import torture_by_kills
from tests.torture.processes import FellShort
from tests.torture.tracing import torture_by_tracing


def main() -> int:
    """Run what was asked for; the last line is the summary."""
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--losses", type=int, default=100)
    parser.add_argument("--traces", type=int, default=10)
    arguments = parser.parse_args()
    begun = time.monotonic()
    try:
        torture_by_kills(arguments.kills, unsynced=False, say=say)
        torture_by_kills(arguments.losses, unsynced=True, say=say)
        torture_by_tracing(arguments.traces, say)
    except FellShort as error:
        say(f"torture: FELL SHORT after {time.monotonic() - begun:.0f} s: {error}")
        return 1
    say(
        f"torture: {arguments.kills} kills, {arguments.losses} losses of unsynced writes and"
        f" {arguments.traces} traced runs in {time.monotonic() - begun:.0f} s: nothing promised was"
        " lost, nothing left before its sync"
    )
    return 0


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
