"""What a machine wants said, before the replica has decided how it travels."""

from enum import Enum
from typing import Final

import msgspec

from mesh.wire.identity import Incarnation
from mesh.wire.messages import Message

DIRECT_PEERS_MAX: Final = 128
"""Up to here the origin of news itself tells everybody: one hop, n messages for each."""

FANOUT: Final = 4
"""Beyond: peers that are told at once, and tell others. log4 of 1,000 is 5 hops."""


class Channel(Enum):
    """How a message travels."""

    DATAGRAM = "datagram"
    """One UDP payload, best effort; over the stream where datagrams are known not to arrive."""
    TRIAL = "trial"
    """A datagram, also where they are known not to arrive: so one learns that they do again."""
    STREAM = "stream"
    """In order and without loss while the connection stands; dropped where there is none."""


class Outgoing(msgspec.Struct, frozen=True):
    """One message for one life of a peer."""

    to: Incarnation
    message: Message
    channel: Channel = Channel.DATAGRAM
