"""Two versions of the protocol on one wire: what each would read of the other.

There is one version of the code, so the bytes are changed on their way: a datagram and a greeting
name another version, whichever side looks. All else that either may refuse comes after that.
"""

from typing import Final

import msgspec

from mesh.wire import codec
from mesh.wire.messages import PROTOCOL_VERSION, Hello
from simulations.network.afflictions import Affliction, Flight, Lane

OTHER_VERSION: Final = PROTOCOL_VERSION + 1

_VERSION_BYTES: Final = 4
"""At the head of each datagram."""
_FLAG_BYTES: Final = 1
"""At the head of each frame."""


class ForeignVersion(Affliction):
    """Whatever says which version it is of says another one."""

    def touch(self, flight: Flight, lane: Lane, now_ns: int) -> None:
        """See Affliction."""
        del lane, now_ns
        payload = flight.payload
        if not flight.on_stream:
            flight.payload = (
                OTHER_VERSION.to_bytes(_VERSION_BYTES, "big") + payload[_VERSION_BYTES:]
            )
            self.bites += 1
            return
        greeting = codec.decode(payload[_FLAG_BYTES:]) if payload else None
        if isinstance(greeting, Hello):
            foreign = msgspec.structs.replace(greeting, protocol=OTHER_VERSION)
            flight.payload = payload[:_FLAG_BYTES] + codec.encode(foreign)
            self.bites += 1
