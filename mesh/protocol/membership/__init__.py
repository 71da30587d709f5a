"""Who is there, and how sure of it we are: membership and probing."""

from mesh.protocol.membership.clocks import Clock
from mesh.protocol.membership.links import Link
from mesh.protocol.membership.machine import Membership, MembershipMessage
from mesh.protocol.membership.outcome import Change, MemberRow, Outcome, What, Why

__all__ = [
    "Change",
    "Clock",
    "Link",
    "MemberRow",
    "Membership",
    "MembershipMessage",
    "Outcome",
    "What",
    "Why",
]
