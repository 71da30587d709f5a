"""How many handshakes are answered: each costs us three agreements of keys and the stranger none.

So before the first agreement the source is metered, and all sources together. Whoever comes from
where controllers are known to listen is not held up by the others, so that a flood from strangers
keeps no member away. A source is an IPv4 address, or a network of 64 bits of IPv6, inside of which
a single host may take whichever address it likes.
"""

import ipaddress

from mesh.protocol.links.limits import (
    HANDSHAKES_AT_ONCE,
    HANDSHAKES_EVERY_NS,
    HANDSHAKES_OF_SOURCE_AT_ONCE,
    HANDSHAKES_OF_SOURCE_EVERY_NS,
    SOURCES_MAX,
)
from mesh.protocol.meter import Meter

_IPV6: int = 6


def source(host: str) -> str:
    """What is taken for one source: ``host`` itself, or the network that it may be alone in."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version != _IPV6:
        return host
    return str(ipaddress.ip_network((address.packed, 64), strict=False))


class Turnstile:
    """Meters handshakes by source, and in all."""

    def __init__(self) -> None:
        self._all = Meter(HANDSHAKES_EVERY_NS, HANDSHAKES_AT_ONCE)
        self._sources: dict[str, Meter] = {}
        """The one that came last is the last; who comes anew takes the place of the first."""

    def admits(self, origin: str, now_ns: int, *, known: bool) -> bool:
        """Whether one more handshake from the source ``origin`` is answered.

        ``known`` ones pass the others.
        """
        meter = self._sources.pop(origin, None)
        if meter is None:
            meter = Meter(HANDSHAKES_OF_SOURCE_EVERY_NS, HANDSHAKES_OF_SOURCE_AT_ONCE)
            if len(self._sources) >= SOURCES_MAX:
                del self._sources[next(iter(self._sources))]
        self._sources[origin] = meter
        return meter.admits(now_ns) and (known or self._all.admits(now_ns))
