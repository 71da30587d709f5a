"""A question that somebody must answer with yes before anything is signed."""

from __future__ import annotations

import sys

from mesh.cli.errors import FAILED, WRONG_USAGE, CommandError


def demand_yes(text: str, otherwise: str, *, says_yes: bool, is_quiet: bool) -> None:
    """Tell ``text`` and ask, unless the person ``says_yes`` beforehand. Raises CommandError.

    Where nobody is there, or nothing may be shown (``is_quiet``), ``otherwise`` is what to do.
    """
    from mesh.cli.output import say

    if says_yes:
        return
    if is_quiet or not sys.stdin.isatty():
        hint = f"Nobody is here to be asked: {otherwise}. Nothing was signed."
        raise CommandError(WRONG_USAGE, text, hint)
    say(text)
    sys.stdout.write("Is that right? [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandError(FAILED, "Nothing was signed.")
