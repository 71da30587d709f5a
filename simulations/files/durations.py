"""Lengths of time as people write them: ``150 ms``, ``2 s``, ``3 min``, ``1 h 30 min``.

Inside, all time is integer nanoseconds; text is exact or it is refused, nothing is rounded.
"""

import re
from fractions import Fraction
from typing import Final

UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "min": 60 * 1_000_000_000,
    "h": 3_600 * 1_000_000_000,
    "d": 86_400 * 1_000_000_000,
}
"""Nanoseconds in each."""

WORDS: Final = "a length of time such as 150 ms, 2 s, 3 min or 1 h 30 min"

_SPOKEN: Final = ("d", "h", "min", "s", "ms", "µs", "ns")
_PART: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-zµ]+)")


class NoDuration(ValueError):
    """Text that is no length of time: why."""


def read_duration(text: str) -> int:
    """The nanoseconds that ``text`` spells; a minus sign before it counts for all of it.

    Raises NoDuration.
    """
    rest = text.strip()
    sign = -1 if rest.startswith("-") else 1
    rest = rest.removeprefix("-")
    total = Fraction(0)
    while rest.strip():
        part = _PART.match(rest)
        if part is None:
            raise NoDuration(f"{text!r} is not {WORDS}")
        number, unit = part.groups()
        if unit not in UNITS:
            raise NoDuration(
                f"{text!r} has the unknown unit {unit!r}; there are {', '.join(UNITS)}"
            )
        total += Fraction(number) * UNITS[unit]
        rest = rest[part.end() :]
    if not text.strip(" -"):
        raise NoDuration(f"{text!r} is not {WORDS}")
    if total.denominator != 1:
        raise NoDuration(f"{text!r} is finer than a nanosecond")
    return sign * total.numerator


def spell_duration(nanoseconds: int) -> str:
    """``nanoseconds`` exactly, in the largest unit that leaves no fraction."""
    for unit in _SPOKEN:
        if nanoseconds % UNITS[unit] == 0 and (nanoseconds or unit == "s"):
            return f"{nanoseconds // UNITS[unit]} {unit}"
    raise AssertionError("every whole number is a number of nanoseconds")
