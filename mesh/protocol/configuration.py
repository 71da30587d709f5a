"""What a replica is told by the person who starts it.

Everything else it learns from the environment.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mesh.protocol.now import SECOND
from mesh.protocol.suite import Signer
from mesh.wire.identity import Address
from mesh.wire.invitation import Invitation


class Profile(StrEnum):
    """Round-trip times to expect, and so how fast silence becomes suspicion."""

    LOCAL = "local"
    LAN = "lan"
    WAN = "wan"
    AUTO = "auto"
    """Each member by the round trip that is measured to it: one mesh may be both."""


LISTEN_NS: Final = 3 * SECOND
"""How long a fresh host listens for an environment before it founds one: two rounds of mDNS."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """An invite in the newcomer's hand."""

    invitation: Invitation
    key: Signer
    """The key pair that follows from the invitation's seed."""


@dataclass(frozen=True, slots=True)
class ReplicaConfiguration:
    """One controller's own settings."""

    name: str
    site: str
    addresses: tuple[Address, ...]
    """Where others reach this controller; the first one is announced."""
    profile: Profile = Profile.LAN
    listen_ns: int = LISTEN_NS
    found: bool = False
    """Found an environment at once, whoever else is there."""
    joins_only: bool = False
    """Never found one: wait for others for ever (set where seeds are configured)."""
    memory_lost: bool = False
    """There is a key of earlier lives, and nothing else of them."""
    is_newborn: bool = False
    """The key was made a moment ago: nothing that it ought to remember can have been lost."""
    ticket: Ticket | None = None
    """The invite by which it asks to be let in; of no use once it belongs to an environment."""
