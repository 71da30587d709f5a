"""B6 and B9: what may be applied now, and what it has to wait for.

Everybody applies by timestamp, like tickets at a counter: number 8 is not served while the holder
of number 7 may still step forward. A ticket that is settled is out of the way; one that nobody has
answered yet blocks, and B2 ends that.
"""

from dataclasses import dataclass
from enum import Enum

from mesh.protocol.barrier.predicates import is_dead, is_joinable, is_mine, is_released, nay
from mesh.protocol.barrier.removed import is_kept_out
from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.catalogue import Ids, numbers


class Settled(Enum):
    """Whether an attempt can still come before what is to be applied."""

    YES = "yes"
    NO = "no"
    SHORT = "no, but too few are reachable to release it"
    """It may be passed over when that has lasted."""


def settled(at: Standpoint, number: int) -> Settled:
    """B6: whether m need not wait for the attempt ``number`` any more."""
    bit = 1 << number
    if at.judge.ids & bit or at.change_set(number).id in at.skipped:
        return Settled.YES
    if is_released(at, number):
        return Settled.NO if is_mine(at, number) else Settled.YES
    if not at.own(number) & ~nay(at, number) or is_dead(at, number):
        return Settled.YES
    return Settled.SHORT if is_short(at, number) else Settled.NO


def is_short(at: Standpoint, number: int) -> bool:
    """Those of P that are seen alive, less Nay, are fewer than q: they cannot release it."""
    reachable = at.alive(number) & ~nay(at, number)
    return reachable.bit_count() < at.ballot(number).quorum


def may_apply(at: Standpoint, number: int) -> bool:
    """B6 without the order: it and all below it are released, and it is mine or joins (B9)."""
    if not at.knowledge.whole >> number & 1:
        return False
    return is_mine(at, number) or joins(at, number)


def joins(at: Standpoint, number: int) -> bool:
    """B9: joinable, and nothing in it that B10 keeps out."""
    return is_joinable(at, number) and not is_kept_out(at, number)


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next.

    ``number`` may be applied once all of ``passed_over`` is recorded as skipped.
    """

    number: int
    passed_over: tuple[int, ...]


def next_to_apply(at: Standpoint, pending: list[int], now_ns: int) -> Next | None:
    """B6: the lowest of ``pending`` that may be applied and for which all that is lower is settled.

    ``pending`` holds by timestamp all that is known and not settled for good.
    """
    for place, number in enumerate(pending):
        if at.judge.ids >> number & 1 or not may_apply(at, number):
            continue
        lower = [other for other in pending[:place] if not (at.ancestors(number) or 0) >> other & 1]
        passed_over = passable(at, lower, now_ns)
        if passed_over is not None:
            return Next(number, passed_over)
    return None


def passable(at: Standpoint, lower: list[int], now_ns: int) -> tuple[int, ...] | None:
    """Those of ``lower`` to be recorded as skipped; None where one is to be waited for."""
    passed_over: list[int] = []
    for number in lower:
        match settled(at, number):
            case Settled.YES:
                pass
            case Settled.SHORT if is_skippable(at, number, now_ns):
                passed_over.append(number)
            case _:
                return None
    return tuple(passed_over)


def is_skippable(at: Standpoint, number: int, now_ns: int) -> bool:
    """B6 SKIP: too few have been reachable for ``skip_ns``."""
    due_ns = skip_due_ns(at, number)
    return due_ns is not None and now_ns >= due_ns


def skip_due_ns(at: Standpoint, number: int) -> int | None:
    """When ``number`` may be passed over, if nobody returns until then."""
    since_ns = at.skip_watch.since_ns(number)
    return None if since_ns is None else since_ns + at.timing.skip_ns


def to_apply(at: Standpoint, number: int) -> Ids:
    """What applying ``number`` adds to H: itself and its ancestors."""
    return ((at.ancestors(number) or 0) | 1 << number) & ~at.judge.ids


def left_over(at: Standpoint) -> bool:
    """Whether something is released and not applied here, and B10 does not keep it out.

    It is to be applied, joined or merged.
    """
    ids = at.knowledge.released & ~at.judge.ids
    return any(not is_kept_out(at, number) for number in numbers(ids))
