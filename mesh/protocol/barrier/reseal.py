"""B3: after m has sealed: withdraw, adopt another's set, or seal a new one.

A seal is a promise to a set, not to a person. While some set that m sealed can still be completed,
m cannot say No; it can promise itself to further sets, smaller or larger, until the promises of all
members of one agree. Invariant (W): m says No only when each set that it ever sealed contains
somebody who said No before.
"""

from mesh.protocol.barrier.ballot import Members
from mesh.protocol.barrier.predicates import nay
from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.barrier.verdict import Bind, Deny
from mesh.protocol.catalogue import numbers
from mesh.wire.facts import NoReason


def after_seal(at: Standpoint, number: int, now_ns: int) -> Bind | Deny | None:
    """What m, having sealed and not said No, adds while the attempt is not released.

    The first of a to c that fits.
    """
    return withdraw(at, number) or adopt(at, number) or reseal(at, number, now_ns)


def sets_of_mine(at: Standpoint, number: int) -> tuple[Members, ...]:
    """The sets that the current incarnation sealed."""
    ballot = at.ballot(number)
    seat = ballot.seat(at.me)
    return () if seat is None else ballot.sets.get(seat, ())


def withdraw(at: Standpoint, number: int) -> Deny | None:
    """B3a: every set that m ever sealed meets Nay."""
    naysayers = nay(at, number)
    if all(members & naysayers for members in sets_of_mine(at, number)):
        return Deny(NoReason.WITHDRAW, "none of those who agreed can go through with it")
    return None


def adopt(at: Standpoint, number: int) -> Bind | None:
    """B3b: all others of a clean set of at least q with m in it sealed exactly that set.

    The seal of m completes it. Of several the largest, and of equally large ones the one that
    names earlier participants.
    """
    ballot = at.ballot(number)
    naysayers = nay(at, number)
    seat = ballot.seat(at.me)
    assert seat is not None, "only a participant answers"
    me = 1 << seat
    fitting = [
        members
        for members, votes in ballot.votes.items()
        if members & me
        and members != me
        and not votes.sealers & me
        and not members & naysayers
        and members.bit_count() >= ballot.quorum
        and not members & ~me & ~votes.sealers
    ]
    if not fitting:
        return None
    return Bind(min(fitting, key=lambda members: (-members.bit_count(), members)))


def reseal(at: Standpoint, number: int, now_ns: int) -> Bind | None:
    """B3c: seal those now seen alive, less Nay: a set that m never sealed, stable for a while."""
    members = next_set(at, number)
    due_ns = reseal_due_ns(at, number)
    if members is None or due_ns is None or now_ns < due_ns:
        return None
    return Bind(members)


def next_set(at: Standpoint, number: int) -> Members | None:
    """B3c: those seen alive, less Nay, if m is among them, they are q or more, and never sealed.

    Where that leads nowhere, less those whom one of them leaves out.
    """
    members = seen(at, number)
    many = len(sets_of_mine(at, number)) > at.timing.reseals_before_fallback
    if many or is_stalled(at, number):
        members = _agreed_with_others(at, number, members)
    ballot = at.ballot(number)
    seat = ballot.seat(at.me)
    assert seat is not None, "only a participant answers"
    if not members >> seat & 1 or members.bit_count() < ballot.quorum:
        return None
    return None if members in sets_of_mine(at, number) else members


def seen(at: Standpoint, number: int) -> Members:
    """T: those seen alive, less Nay."""
    return at.alive(number) & ~nay(at, number)


def is_stalled(at: Standpoint, number: int) -> bool:
    """Whether m has sealed with exactly those whom it sees, and can only wait for them."""
    return seen(at, number) in sets_of_mine(at, number)


def _agreed_with_others(at: Standpoint, number: int, members: Members) -> Members:
    """Where sight is not transitive, sets chase each other: take whom all members take, too."""
    ballot = at.ballot(number)
    agreed = members
    for seat in numbers(members):
        agreed &= ballot.last.get(seat, members)
    return agreed


def reseal_due_ns(at: Standpoint, number: int) -> int | None:
    """B3c: when the set to seal next will have been stable for long enough.

    The wait doubles with each reseal. Where m is stalled it is long: by then detectors have come to
    see the same, if they ever do.
    """
    since_ns = at.reseal_watch.since_ns(number)
    if since_ns is None:
        return None
    if is_stalled(at, number):
        return since_ns + at.timing.stall_ns
    doublings = min(len(sets_of_mine(at, number)) - 1, at.timing.reseal_doublings_max)
    return since_ns + (at.timing.reseal_ns << doublings)
