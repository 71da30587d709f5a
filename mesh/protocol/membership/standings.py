"""What is believed when news meet what is held: the whole of it, as two tables.

News name the refutation number under which they were true, and only the member itself raises that
number. So of two statements about one life the higher number is the later one, and at equal numbers
the graver one is. A member is never called dead, or gone, on hearsay alone: whoever held it alive
first suspects it, which gives it the time to refute. Pairs that are absent change nothing.

Source: SWIM's order of alive, suspect and confirm messages; the hesitation before *failed* and
*left* is ours.
"""

from collections.abc import Mapping
from typing import Final

from mesh.wire.messages import Standing

_ALIVE, _SUSPECT, _FAILED, _LEFT = (
    Standing.ALIVE,
    Standing.SUSPECT,
    Standing.FAILED,
    Standing.LEFT,
)

SAME_NUMBER: Final[Mapping[tuple[Standing, Standing], Standing]] = {
    # (held, heard): believed
    (_ALIVE, _SUSPECT): _SUSPECT,
    (_ALIVE, _FAILED): _SUSPECT,
    (_ALIVE, _LEFT): _LEFT,
    (_SUSPECT, _SUSPECT): _SUSPECT,
    (_SUSPECT, _FAILED): _FAILED,
    (_SUSPECT, _LEFT): _LEFT,
    (_FAILED, _LEFT): _LEFT,
}
"""Heard under the number that is held."""

HIGHER_NUMBER: Final[Mapping[tuple[Standing | None, Standing], Standing]] = {
    (None, _ALIVE): _ALIVE,
    (None, _SUSPECT): _SUSPECT,
    (None, _FAILED): _FAILED,
    (None, _LEFT): _LEFT,
    (_ALIVE, _ALIVE): _ALIVE,
    (_ALIVE, _SUSPECT): _SUSPECT,
    (_ALIVE, _FAILED): _SUSPECT,
    (_ALIVE, _LEFT): _LEFT,
    (_SUSPECT, _ALIVE): _ALIVE,
    (_SUSPECT, _SUSPECT): _SUSPECT,
    (_SUSPECT, _FAILED): _SUSPECT,
    (_SUSPECT, _LEFT): _LEFT,
    (_FAILED, _ALIVE): _ALIVE,
    (_FAILED, _SUSPECT): _SUSPECT,
    (_FAILED, _FAILED): _FAILED,
    (_FAILED, _LEFT): _LEFT,
    (_LEFT, _ALIVE): _ALIVE,
    (_LEFT, _SUSPECT): _SUSPECT,
    (_LEFT, _FAILED): _FAILED,
    (_LEFT, _LEFT): _LEFT,
}
"""Heard under a higher number than is held, or of a newer life; None: nothing is held of this
controller."""


def believed(
    held: Standing | None, held_number: int, heard: Standing, heard_number: int
) -> Standing | None:
    """The standing to believe, None where the news change nothing."""
    if held is None or heard_number > held_number:
        return HIGHER_NUMBER.get((held, heard))
    if heard_number == held_number:
        return SAME_NUMBER.get((held, heard))
    return None


def is_farewell_in_doubt(held: Standing | None, heard: Standing, *, hesitates: bool) -> bool:
    """Whether it is only hearsay that a member has left that may yet say itself that it has not.

    Whoever told it doubts that the member is there: no more than that.
    """
    return heard is _LEFT and (held is _ALIVE or (held is _SUSPECT and hesitates))


def as_exchanged(held: Standing | None, heard: Standing) -> Standing:
    """How a whole table is read: dead means suspect to whoever held it alive."""
    doubtful = heard is _FAILED and held in (_ALIVE, _SUSPECT)
    return _SUSPECT if doubtful else heard
