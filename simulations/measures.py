"""What can be counted and timed in a run, so that two ways of doing things can be compared.

A promise is kept or broken; a measure says by how much one network, policy or profile is better
than another. Times are in nanoseconds of the world's own clock, which no host can see.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from simulations.witness import Moment

SHOWN: Final = "from submission until all show it, mean"
SKEW: Final = "skew among those on time, mean"
AGREED: Final = "from the horizon until all agree"
TIMES: Final = frozenset({SHOWN, SKEW, AGREED})
"""Measures that are nanoseconds; all others are counts."""


def measured(
    moments: Sequence[Moment],
    submitted: Sequence[str],
    healing_ns: int,
    counts: Mapping[str, int],
) -> Mapping[str, float]:
    """All measures of one run, by name; what cannot be said of it is left out.

    ``submitted`` are the names of the ChangeSets that the scenario asks for.
    """
    found: dict[str, float] = {AGREED: healing_ns}
    times = list(_times_until_shown(moments, submitted))
    if times:
        found[SHOWN] = sum(times) / len(times)
    skews = list(_skews(moments, submitted))
    if skews:
        found[SKEW] = sum(skews) / len(skews)
    found |= {
        "shown late": _count(moments, submitted, "shown", "late"),
        "refusals": _count(moments, submitted, "refused"),
        "suspicions": len([each for each in moments if each.seen == "suspected"]),
        "held failed": len([each for each in moments if each.seen == "failed"]),
        "merges proposed": counts.get("fact Propose merge", 0),
        "datagrams received": counts.get("DatagramReceived", 0),
        "frames received": counts.get("FrameReceived", 0),
    }
    return found


def _times_until_shown(moments: Sequence[Moment], submitted: Sequence[str]) -> Iterator[int]:
    """For each ChangeSet that was shown: until the last host showed it."""
    asked: dict[str, int] = {}
    shown: dict[str, int] = {}
    for moment in moments:
        if moment.change in submitted and moment.seen == "submitted":
            _ = asked.setdefault(moment.change, moment.time_ns)
        elif moment.change in asked and moment.seen == "shown":
            shown[moment.change] = moment.time_ns
    return (shown[name] - asked[name] for name in shown)


def _skews(moments: Sequence[Moment], submitted: Sequence[str]) -> Iterator[int]:
    on_time: dict[str, list[int]] = {}
    for moment in moments:
        if moment.seen == "shown" and moment.change in submitted and not moment.text:
            on_time.setdefault(moment.change, []).append(moment.time_ns)
    return (max(times) - min(times) for times in on_time.values() if len(times) > 1)


def _count(moments: Sequence[Moment], submitted: Sequence[str], seen: str, text: str = "") -> int:
    return len(
        [
            each
            for each in moments
            if each.seen == seen and each.change in submitted and each.text.startswith(text)
        ]
    )
