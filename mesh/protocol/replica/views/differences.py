"""Who makes another configuration of the same history, and under which key it differs first.

Values are not shown: one who contradicts need not be right, and values may be confidential.
"""

from typing import Final, TypedDict

from mesh.environment.entries import spell
from mesh.protocol.replica.differing import Difference, Side
from mesh.protocol.replica.views.look import Look
from mesh.protocol.replica.views.names import ID_DIGITS_MIN, Who

UNKNOWN: Final = "which key differs first could not be found out yet"


class DifferenceView(TypedDict):
    """One controller whose state is another one."""

    controller: Who
    key: str
    """The first key under which it holds something else; empty where that is not known."""
    here: str
    there: str
    """The version that stands under it; empty where that is not known."""
    text: str


def differences(look: Look) -> list[DifferenceView]:
    """All of the roster who contradict this controller, by their ids."""
    disagreement = look.inside.disagreement
    found = disagreement.differing.found
    roster = look.inside.roster
    return [
        _view(look.who(each), found.get(each))
        for each in disagreement.contradicting
        if roster.has(each)
    ]


def _view(other: Who, found: Difference | None) -> DifferenceView:
    begins = f"states differ with {other['name']}"
    if found is None:
        text = f"{begins}: {UNKNOWN}"
        return DifferenceView(controller=other, key="", here="", there="", text=text)
    key, here, there = spell(found.key), _version(found.here), _version(found.there)
    text = f"{begins}: first differing key {key}; here {here}, there {there}"
    if found.here == found.there:
        text += " with another value"
    return DifferenceView(controller=other, key=key, here=here, there=there, text=text)


def _version(side: Side) -> str:
    if not side.held:
        return "nothing"
    if side.version is None:
        return "what was founded"
    return f"version {side.version.hex()[:ID_DIGITS_MIN]}"
