"""The predicates that every rule is made of, one function for each.

All are pure functions of the facts held and of H; whom the detector sees plays no part. What one
controller knows another may not know yet, but they never contradict each other for good: facts only
accumulate, ``Released`` never ends, and ``Released`` and ``Dead`` exclude each other.
"""

from mesh.protocol.barrier.ballot import Controllers, Members
from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.catalogue import Ids, numbers


def nay(at: Standpoint, number: int) -> Members:
    """P-nay. Everyone who said No, and every closed one all of whose sealed sets meet Nay.

    The least such set. A closed participant that sealed nothing is in it: all of no sets meet it.
    """
    return at.ballot(number).nay(at.closed(number))


def is_released(at: Standpoint, number: int) -> bool:
    """P-released. Its proposal is known, and some set of at least q is complete."""
    return bool(at.knowledge.released >> number & 1)


def is_feasible(at: Standpoint, number: int, members: Members) -> bool:
    """P-feasible. At least q members, none in Nay; each closed member sealed exactly this set."""
    ballot = at.ballot(number)
    if members.bit_count() < ballot.quorum or members & nay(at, number):
        return False
    votes = ballot.votes.get(members)
    sealers = 0 if votes is None else votes.sealers
    return not members & at.closed(number) & ~sealers


def is_dead(at: Standpoint, number: int) -> bool:
    """P-dead. Too few can still seal, and no set that a closed participant sealed is feasible.

    Nobody ever releases it.
    """
    ballot = at.ballot(number)
    closed = at.closed(number)
    if (ballot.everybody & ~nay(at, number) & ~closed).bit_count() >= ballot.quorum:
        return False
    return not any(
        is_feasible(at, number, members)
        for seat in numbers(closed)
        for members in ballot.sets.get(seat, ())
    )


def is_mine(at: Standpoint, number: int) -> bool:
    """P-mine. Released; m is in a complete set, or a life of m sealed it and is not in Nay."""
    own = at.own(number)
    if not own or not is_released(at, number):
        return False
    if at.knowledge.star(number) & at.controller:
        return True
    return bool(own & at.ballot(number).sealed & ~nay(at, number))


def bound(at: Standpoint, number: int) -> Controllers:
    """P-bound. The controllers that have it.

    Its own star, the stars of what was released on top, all who applied it.
    """
    return at.knowledge.below(number) | at.knowledge.applied(number)


def open_ids(at: Standpoint) -> Ids:
    """P-open. Sealed by the current incarnation, which said no No to it, and not released."""
    return at.sealed & ~at.denied & ~at.knowledge.released


def base(at: Standpoint) -> Ids:
    """P-base. H, and the ancestors of all that is open."""
    ids = at.judge.ids
    for number in numbers(open_ids(at)):
        ids |= at.ancestors(number) or 0
    return ids


def foreign(at: Standpoint) -> Ids:
    """What is released, not applied here, and not mine."""
    return at.once("foreign", lambda: _foreign(at))


def _foreign(at: Standpoint) -> Ids:
    ids = at.knowledge.released & ~at.judge.ids
    for number in numbers(ids):
        if is_mine(at, number):
            ids &= ~(1 << number)
    return ids


def severed(at: Standpoint) -> Ids:
    """The foreign ones that nobody is known to have together with all that is released in base."""
    return at.once("severed", lambda: _severed(at))


def _severed(at: Standpoint) -> Ids:
    ids = foreign(at)
    others = base(at) & at.knowledge.released if ids else 0
    for number in numbers(ids):
        if _meets_all(at, number, others & ~(1 << number)):
            ids &= ~(1 << number)
    return ids


def _meets_all(at: Standpoint, number: int, others: Ids) -> bool:
    """Whether bound(D) and bound(number) share a controller for every D in ``others``.

    Once true of a D, always true.
    """
    ours = bound(at, number)
    met = at.meets.get(number, 0)
    rest = others & ~met
    while rest:
        top = rest.bit_length() - 1
        if at.knowledge.below(top) & ours:
            # Ancestors are bound by all that binds their descendants.
            met |= (at.ancestors(top) or 0) | 1 << top
        elif at.knowledge.applied(top) & ours:
            met |= 1 << top
        else:
            break
        rest &= ~met
    at.meets[number] = met
    return not rest


def is_joinable(at: Standpoint, number: int) -> bool:
    """P-joinable. It and all its ancestors are released, and nothing in it or below it is severed.

    That is: for every Z in it or below it that is neither in H nor mine, and every released D in
    m's base other than Z, some controller legitimately has both Z and D.
    """
    if not at.knowledge.whole >> number & 1:
        return False
    return not ((at.ancestors(number) or 0) | 1 << number) & severed(at)
