"""Numbers and times as people read them, and the words of the report in one line each."""

from typing import Final

_UNITS: Final = ((3_600_000_000_000, "h"), (60_000_000_000, "min"), (1_000_000_000, "s"))
_SMALL: Final = ((1_000_000, "ms"), (1_000, "µs"))
_WHOLE: Final = 100
"""From here on a number is told without decimals."""

GLOSSARY: Final = (
    ("controller", "one running member of the mesh; each host here runs one"),
    ("ChangeSet", "a named, signed set of commands that takes effect whole or not at all"),
    ("proposal", "a controller brings a ChangeSet up and names those who are to take part"),
    ("seal", "a vote, written to disk: I hold this ChangeSet and am bound, with exactly these"),
    ("No", "a vote: I will never be part of a set that releases this ChangeSet"),
    (
        "released",
        "every member of one set has sealed exactly that set: it can no longer be stopped",
    ),
    ("applied", "the ChangeSet is in the history of this controller"),
    (
        "instant",
        "the common moment at which all show the ChangeSet: the last seal and a guard time",
    ),
    ("shown", "readers on this host see the new configuration; late: after the common instant"),
    ("skew", "the time between the first and the last host that shows it at the instant"),
    ("set aside", "in the history, yet without effect, because another one stood in its way"),
    ("merge", "joins two histories that grew apart; decides what conflicts and keeps the rest"),
    ("view", "the members that a controller holds for alive"),
    ("suspected", "did not answer in time; it can still refute that before it is held failed"),
    (
        "causal cone",
        "all that could have influenced an event: what its host did before, and whoever sent to it",
    ),
)


def seconds(time_ns: int) -> str:
    """A moment, in seconds of the world's time."""
    return f"{time_ns / 1e9:.3f} s"


def duration(length_ns: int) -> str:
    """A length of time in the unit that fits it."""
    if length_ns < 0:
        return f"-{duration(-length_ns)}"
    for unit_ns, name in (*_UNITS, *_SMALL):
        if length_ns >= unit_ns:
            return f"{_short(length_ns / unit_ns)} {name}"
    return f"{length_ns} ns" if length_ns else "0 s"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= _WHOLE else f"{number:.3g}"


def count(number: int, one: str, many: str = "") -> str:
    """``1 message``, ``2,000 messages``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(words: tuple[str, ...] | list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(words) < 2:  # noqa: PLR2004  one word, or none
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
