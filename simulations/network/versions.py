"""Two versions of the protocol on one wire: what each would read of the other.

There is one version of the code, so the bytes are changed on their way: a datagram and the
beginning of a stream name another version, whichever side looks. All else that either may refuse
comes after that.
"""

from typing import Final

from mesh.protocol.links.handshake import MAGIC
from mesh.wire.messages import PROTOCOL_VERSION
from simulations.network.afflictions import Affliction, Flight, Lane

OTHER_VERSION: Final = PROTOCOL_VERSION + 1

_VERSION: Final = OTHER_VERSION.to_bytes(4, "big")
"""At the head of each datagram, and behind the name of the protocol at the head of each stream."""


class ForeignVersion(Affliction):
    """Whatever says which version it is of says another one."""

    def touch(self, flight: Flight, lane: Lane, now_ns: int) -> None:
        """See Affliction."""
        del lane, now_ns
        payload = flight.payload
        if not flight.on_stream:
            flight.payload = _VERSION + payload[len(_VERSION) :]
            self.bites += 1
        elif payload.startswith(MAGIC):
            flight.payload = MAGIC + _VERSION + payload[len(MAGIC) + len(_VERSION) :]
            self.bites += 1
