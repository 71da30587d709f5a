"""The table as people read it: who is there, since when, and who says so."""

from typing import Final

from mesh.protocol.membership.beliefs import Beliefs
from mesh.protocol.membership.links import Link
from mesh.protocol.membership.outcome import MemberRow, Why
from mesh.protocol.membership.table import Member
from mesh.protocol.now import SECOND, Now
from mesh.wire.messages import Standing

RIVAL_NS: Final = 60 * SECOND
"""A second host with a controller's key is told of for so long after its last word at least."""


def member_rows(beliefs: Beliefs, slow: int, now: Now, recent_ns: int) -> tuple[MemberRow, ...]:
    """One row for each controller; what was heard since ``recent_ns`` is recent."""
    controllers = sorted([*beliefs.table.roster, beliefs.own.controller])
    return tuple(_row(beliefs, controller, slow, now, recent_ns) for controller in controllers)


def _row(beliefs: Beliefs, controller: bytes, slow: int, now: Now, recent_ns: int) -> MemberRow:
    if controller == beliefs.own.controller:
        return _own_row(beliefs, slow)
    member = beliefs.table.get(controller)
    rivals = beliefs.lives.rivals(controller, min(recent_ns, now.monotonic_ns - RIVAL_NS))
    if member is None:
        return MemberRow(
            controller=controller,
            own=False,
            incarnation=None,
            address=None,
            standing=None,
            why=Why.UNSEEN,
            accusers=(),
            since_ns=None,
            link=Link.UNKNOWN,
            round_trip_ns=None,
            offset_ns=None,
            rivals=rivals,
            probes=0,
            missed=0,
            slow=0,
        )
    clock = member.link.clock.read(now)
    return MemberRow(
        controller=controller,
        own=False,
        incarnation=member.incarnation,
        address=member.address,
        standing=member.standing,
        why=member.why,
        accusers=tuple(member.accusers),
        since_ns=member.since_ns,
        link=_link(member, recent_ns),
        round_trip_ns=None if clock is None else clock.round_trip_ns,
        offset_ns=None if clock is None else clock.offset_ns,
        rivals=rivals,
        probes=member.link.probes,
        missed=member.link.missed,
        slow=0,
    )


def _own_row(beliefs: Beliefs, slow: int) -> MemberRow:
    return MemberRow(
        controller=beliefs.own.controller,
        own=True,
        incarnation=beliefs.own,
        address=beliefs.address,
        standing=Standing.LEFT if beliefs.left else Standing.ALIVE,
        why=Why.ANSWERS,
        accusers=(),
        since_ns=None,
        link=Link.BOTH,
        round_trip_ns=None,
        offset_ns=0,
        rivals=(),
        probes=0,
        missed=0,
        slow=slow,
    )


def _link(member: Member, recent_ns: int) -> Link:
    """The way to ``member``: the last good probe says nothing of one that is gone since."""
    if member.in_view:
        return member.link.link(recent_ns)
    still_heard = member.standing is Standing.FAILED and member.link.heard_since(member.since_ns)
    return Link.INBOUND if still_heard else Link.NONE
