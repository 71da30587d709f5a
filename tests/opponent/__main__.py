"""`python -m tests.opponent FIRST LAST`: schedules of these seeds; exit 1 if any differs."""

import sys
from collections import Counter

from tests.opponent.schedule import Flavour, Schedule


def main() -> int:
    """Run, count, and print what differs with the seed that shows it."""
    first, last = (int(word) for word in sys.argv[1:3])
    counts: Counter[str] = Counter()
    failed = 0
    for seed in range(first, last):
        for flavour in (Flavour(), Flavour(roster=True), Flavour(quiet=True)):
            try:
                counts.update(Schedule(seed, flavour).run())
            except AssertionError as error:
                failed += 1
                print(f"seed {seed} {flavour}: {error}")  # noqa: T201  # a program
    happened = ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))
    print(f"{failed} of {3 * (last - first)} runs failed; {happened}")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
