"""How a ChangeSet stands, as one sentence."""

from typing import Final

from mesh.protocol.now import SECOND
from mesh.protocol.replica.views.names import Who
from mesh.protocol.replica.views.shapes import (
    AppliedView,
    RefusedBy,
    SetAsideView,
    WaitedFor,
)

NAMES_SHOWN_MAX: Final = 6
"""Names in one sentence; of more, how many more there are."""

_ENDED: Final = (
    "nobody said no, but somebody who took part had started anew without having sealed it"
)
"""Why nobody will release what nobody refused: such a life says nothing any more."""

_UNITS: Final = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"))
_LONG: Final = ((86_400, "days"), (3_600, "h"), (60, "min"))
"""In seconds; each from twice as much on, minutes from a hundred seconds on."""


def about(nanoseconds: int) -> str:
    """A length of time as people say it: ``2.1 s``, ``640 µs``, ``3 min``, ``5 days``."""
    for seconds, unit in _LONG:
        if abs(nanoseconds) >= max(2 * seconds, 100) * SECOND:
            return f"{nanoseconds / (seconds * SECOND):.0f} {unit}"
    for size, unit in _UNITS:
        if abs(nanoseconds) >= size:
            scaled = nanoseconds / size
            return f"{scaled:.0f} {unit}" if abs(scaled) >= 10 else f"{scaled:.1f} {unit}"  # noqa: PLR2004  two digits are enough
    return f"{nanoseconds} ns"


def names(who: list[Who]) -> str:
    """Several controllers in a row."""
    shown = [each["name"] for each in who[:NAMES_SHOWN_MAX]]
    if len(who) > NAMES_SHOWN_MAX:
        shown.append(f"{len(who) - NAMES_SHOWN_MAX} more")
    return ", ".join(shown)


def sentence(
    word: str,
    applied: AppliedView,
    waiting: list[WaitedFor],
    sealed: list[Who],
    refused: list[RefusedBy],
    set_aside: SetAsideView | None,
    ahead_ns: int | None,
) -> str:
    """The word, with what a person would ask next; ``ahead_ns``: it is shown after so long."""
    match word:
        case "applied":
            return _applied(applied, ahead_ns)
        case "set aside" if set_aside is not None:
            return f"set aside: {set_aside['detail'] or set_aside['why']}"
        case "pending" | "in doubt":
            return f"{word}: {_waiting(waiting, sealed, ahead_ns)}"
        case "lost":
            return f"{word}: the lives that could decide it are over, and one lost its last words"
        case "cancelled" | "cancelled here":
            reasons = [_refusal(each) for each in refused[:NAMES_SHOWN_MAX]]
            return f"{word}: {'; '.join(reasons) or _ENDED}"
        case _:
            return word


def _applied(applied: AppliedView, ahead_ns: int | None) -> str:
    parts = [f"applied on {applied['count']} of {applied['of']}"]
    if ahead_ns is not None:
        parts.append(f"shown here in {about(ahead_ns)}")
    if applied["skew_ns"] is not None:
        parts.append(f"skew {about(applied['skew_ns'])}")
    swaps = applied["swaps"]
    together = [swap for swap in swaps if swap["took_part"]]
    late = [swap["controller"] for swap in together if swap["late"]]
    if late and len(together) > 1:  # one alone cannot be late for the others
        parts.append(f"late on {names(late)}")
    joined = [swap["controller"] for swap in swaps if not swap["took_part"]]
    if joined:
        parts.append(f"afterwards on {names(joined)}")
    if applied["missing"] and applied["count"]:
        parts.append(f"not yet on {names(applied['missing'])}")
    return ", ".join(parts)


def _waiting(waiting: list[WaitedFor], sealed: list[Who], ahead_ns: int | None) -> str:
    if not waiting:
        when = "about to be applied" if ahead_ns is None else f"applies in {about(ahead_ns)}"
        return f"sealed by {names(sealed)}, {when}" if sealed else "just proposed"
    awaited = [_awaited(each) for each in waiting[:NAMES_SHOWN_MAX]]
    if len(waiting) > NAMES_SHOWN_MAX:
        awaited.append(f"{len(waiting) - NAMES_SHOWN_MAX} more")
    told = f"waits for {', '.join(awaited)}"
    return f"{told}; sealed by {names(sealed)}" if sealed else told


def _awaited(one: WaitedFor) -> str:
    name = one["controller"]["name"]
    if one["standing"] == "alive":
        return name
    if one["since_ms"] is None:
        return f"{name} ({one['standing']})"
    return f"{name} ({one['standing']} for {about(one['since_ms'] * 1_000_000)})"


def _refusal(one: RefusedBy) -> str:
    told = f": {one['detail']}" if one["detail"] else ""
    return f"{one['controller']['name']} said no ({one['why']}{told})"
