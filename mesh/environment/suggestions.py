"""Did you mean: what a person may have wanted to write."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

NEAR: Final = 0.6
"""How much of two names is alike where one may stand for the other, from 0 to 1."""
LISTED_MAX: Final = 24
"""So many names can be looked through by a person who searches one; of more the rest is counted."""


def nearest(name: str, known: Sequence[str]) -> str | None:
    """What may have been meant, whatever the case; None where nothing is near."""
    folded = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), [*folded], n=1, cutoff=NEAR)
    return folded[near[0]] if near else None


def unknown_name(what: str, name: str, known: Sequence[str]) -> str:
    """``unknown verb 'crate', did you mean 'create'?``; where nothing is near, what there is."""
    near = nearest(name, known)
    if near is not None:
        return f"unknown {what} {name!r}, did you mean '{near}'?"
    listed = ", ".join(sorted(known)[:LISTED_MAX])
    more = f" and {len(known) - LISTED_MAX} more" if len(known) > LISTED_MAX else ""
    return f"unknown {what} {name!r}, expected one of: {listed}{more}"
