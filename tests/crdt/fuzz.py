"""Run the exact oracle over many seeds: `python -m tests.crdt.fuzz FIRST LAST [STEPS]`."""

import sys

from tests.crdt.test_oracle import run_seed


def main() -> int:
    """Run the seeds; the exit code is 1 if any went wrong."""
    first, last, *steps = map(int, sys.argv[1:])
    wrong = 0
    for seed in range(first, last):
        try:
            _ = run_seed(seed, *steps)
        except AssertionError as error:
            wrong += 1
            print(error)  # noqa: T201 - speaks to the person who runs it
    print(f"{last - first} runs, {wrong} wrong")  # noqa: T201 - the same
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
