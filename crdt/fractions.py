"""Places between places: texts that sort where they were put, however often one is put between.

A place is a fraction between 0 and 1, written in base 63 without its point, so that texts sort as
the fractions do. Between any two there is another; the shortest is taken. Two replicas that choose
the same place at once are told apart by a suffix, so no two elements ever share one.

Source: the technique that Figma described as fractional indexing (Evan Wallace, 2017).
"""

from typing import Final

from crdt.errors import RefusedWrite
from crdt.limits import key_part_bytes_max

_DIGITS: Final = "!0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE: Final = len(_DIGITS)
_SEPARATOR: Final = _DIGITS[0]
"""The least digit, which no fraction ends with: a suffix never reaches beyond what follows."""


def place_between(low: str, high: str, suffix: str) -> str:
    """Return a place after `low` and before `high`; an empty text stands for the end on its side.

    Raises:
        RefusedWrite: the places there have become too long; write the list anew.
    """
    place = _between(low, high) + _SEPARATOR + suffix
    if len(place) > key_part_bytes_max:
        raise RefusedWrite("too often put between the same two elements: write the list anew")
    return place


def _between(low: str, high: str) -> str:
    """Return the shortest fraction strictly between two that is no beginning of the higher."""
    made = ""
    while True:
        at = len(made)
        floor = _digit(low, at, 0)
        ceiling = _digit(high, at, _BASE)
        middle = (floor + ceiling) // 2
        if middle > floor:
            return made + _DIGITS[middle]
        made += _DIGITS[floor]
        if ceiling != floor:
            high = ""


def _digit(place: str, at: int, beyond: int) -> int:
    if at >= len(place):
        return beyond
    digit = _DIGITS.find(place[at])
    if digit < 0:
        raise RefusedWrite(f"{place!r:.40} was not made here: it is no place in a list")
    return digit
