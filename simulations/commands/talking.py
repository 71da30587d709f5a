"""What the commands share: ranges of seeds, and lines for the person who asked."""

import argparse


def seeds(text: str) -> range:
    """``7`` or ``0..199``, both ends included; argparse reports what is neither."""
    first, dots, last = text.partition("..")
    try:
        found = range(int(first), int(last if dots else first) + 1)
    except ValueError:
        found = range(0)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no range of seeds such as 0..199")
    return found


def say(text: str = "") -> None:
    """One line on standard output, at once."""
    print(text, flush=True)  # noqa: T201  a program speaks to the person who runs it
