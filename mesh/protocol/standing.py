"""What a peer may do here: admission decides it, the links enforce it, the replica carries it over.

A door has a bell for strangers and a key for those who live here. Who a peer is, it says in its
``Hello``; what follows from that depends on the roster as it is known here, so it is judged again
when the roster changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Access(StrEnum):
    """What is heard from a peer, and told to it."""

    MEMBER = "member"
    """In our roster; or who welcomed us, while we are not in the one that we hold: everything."""
    CLAIMANT = "claimant"
    """Of our environment by its own word, and not in our roster: its facts are heard, since its
    admission may be among them and facts are signed; it is told how far we hold them, no more."""
    FORMER = "former"
    """Removed from our roster, or with another exchange key than the roster names: it exchanges
    facts of the history with us, rarely, so that each sees what the other knows; no more."""
    NEWCOMER = "newcomer"
    """It has no environment: it may knock, and is welcomed once it is admitted."""
    HOST = "host"
    """It has an environment and we have none: we knock, and wait to be welcomed."""
    FELLOW = "fellow"
    """Neither side has an environment: both wait for one that has."""
    YIELDING = "yielding"
    """Of another environment, and one of the two sides gives its own up: nothing until it did."""


class Ground(StrEnum):
    """Why a stream was ended from here; each is counted by itself."""

    PROTOCOL = "protocol"
    """Another version of the protocol."""
    ENVIRONMENT = "environment"
    """Another environment, and neither side would give its own up."""
    GENERATION = "generation"
    """The same environment, before or after it was rebuilt: generations never merge."""
    REMOVED = "removed"
    """A controller that was removed from the roster; its key never comes back."""
    SELF = "self"
    """The other end is this very controller: the address is our own."""
    TWIN = "twin"
    """Another life with our own key: a cloned disk, or a life of ours that ended."""
    UNREADABLE = "unreadable"
    """Bytes that are no message, or a message before the Hello."""
    FORGED = "forged"
    """Bytes that were not sealed by the controller at the other end, or not in this order; or a
    controller that says to be another one than it has proven to be."""
    HURRIED = "hurried"
    """More handshakes, from there or in all, than are answered."""
    MUTE = "mute"
    """No Hello in time, or a stranger that has gone quiet."""
    CROWDED = "crowded"
    """More strangers, or more connections that have not said Hello, than are heard at a time."""
    SLOW = "slow"
    """It reads more slowly than we have to tell; it will compare notes when it comes back."""
    SUPERSEDED = "superseded"
    """There is a better stream to the same controller."""
    DROPPED = "dropped"
    """The replica wants no stream to it now."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A peer with which this controller does not talk."""

    ground: Ground
    why: str
    """For people, here and there: what, why, what to do."""


Verdict = Access | Refused


@dataclass(frozen=True, slots=True)
class RosterView:
    """The roster in the history applied here: controller ids, to be looked up, never listed."""

    active: frozenset[bytes] = frozenset()
    learners: frozenset[bytes] = frozenset()
    removed: frozenset[bytes] = frozenset()
    keys: Mapping[bytes, bytes] = field(default_factory=dict)
    """The X25519 key of everybody admitted, where it is known."""

    def has(self, controller: bytes) -> bool:
        """Whether ``controller`` is admitted, ACTIVE or LEARNER."""
        return controller in self.active or controller in self.learners

    def names(self, controller: bytes, exchange_key: bytes) -> bool:
        """Whether ``exchange_key`` is the one of ``controller``, as far as it is known."""
        return self.keys.get(controller, exchange_key) == exchange_key
