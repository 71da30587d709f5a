"""Did you mean: what a person may have wanted to write."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

NEAR: Final = 0.6
"""How much of two names is alike where one may stand for the other, from 0 to 1."""
LISTED_MAX: Final = 24
"""So many names can be looked through by a person who searches one; of more the rest is counted."""


def unknown_name(what: str, name: str, known: Sequence[str]) -> str:
    """``unknown verb 'crate', did you mean 'create'?``; where nothing is near, what there is."""
    near = get_close_matches(name, known, n=1, cutoff=NEAR)
    if near:
        return f"unknown {what} {name!r}, did you mean '{near[0]}'?"
    listed = ", ".join(sorted(known)[:LISTED_MAX])
    more = f" and {len(known) - LISTED_MAX} more" if len(known) > LISTED_MAX else ""
    return f"unknown {what} {name!r}, expected one of: {listed}{more}"
