"""Datagrams: each on its own, late, twice, or not at all."""

from collections.abc import Mapping
from functools import partial
from typing import Final, Protocol

import msgspec

from mesh.wire.identity import Address
from mesh.wire.limits import DATAGRAM_BYTES_MAX
from simulations.kernel import Kernel
from simulations.network.afflictions import Affliction
from simulations.network.paths import Path, Paths
from simulations.network.suppression import SUPPRESSED, Suppression
from simulations.network.traffic import UNWATCHED, Traffic

_UDP_HEADERS: Final = 28
"""Bytes of IPv4 and UDP in front of each payload, for the count of bytes on the wire."""


BROKEN_SEAL: Final = "bits were flipped, and its seal does not fit"


class Parcel(msgspec.Struct, frozen=True):
    """One datagram on its way."""

    source: Address
    target: Address
    payload: bytes
    message: int
    """Its number for whoever looks at the traffic."""
    is_broken: bool = False
    """A bit of it is another one: whoever gets it finds that the seal does not fit."""


class Ear(Protocol):
    """A host that listens for datagrams."""

    name: str
    address: Address

    def heard(self, source: Address, payload: bytes) -> None:
        """A datagram arrived."""


class Datagrams:
    """Carries datagrams between the hosts that are known by their addresses."""

    def __init__(
        self,
        kernel: Kernel,
        paths: Paths,
        ears: Mapping[Address, Ear],
        traffic: Traffic = UNWATCHED,
        suppression: Suppression | None = None,
    ) -> None:
        self._kernel = kernel
        self._paths = paths
        self._ears = ears
        self._traffic = traffic
        self._suppression = suppression
        self.left: dict[Address, Affliction] = {}
        """Addresses that somebody has left, and why."""
        self.broken = 0
        """Datagrams that arrived with another bit than they left with."""
        self.sent = 0
        self.bytes_sent = 0

    def send(self, source: Ear, target: Address, payload: bytes) -> None:
        """Send ``payload`` on its way; nobody is told what became of it."""
        assert 0 < len(payload) <= DATAGRAM_BYTES_MAX, f"a datagram of {len(payload)} bytes"
        self.sent += 1
        self.bytes_sent += len(payload) + _UDP_HEADERS
        ear = self._ears.get(target)
        name = str(target) if ear is None else ear.name
        message = self._traffic.sent(source.name, name, payload, on_stream=False)
        parcel = Parcel(source.address, target, payload, message)
        if ear is None:
            self._miss(parcel)
            return
        if self._suppression is not None and self._suppression.hits(source.name, ear.name):
            self._traffic.lost(message, SUPPRESSED)
            return
        path = self._paths.path(source.name, ear.name)
        if path.is_cut:
            path.bite()
            if not path.hold(lambda: self._depart(path, parcel)):
                self._traffic.lost(message, path.cut_by)
            return
        self._depart(path, parcel)

    def _depart(self, path: Path, parcel: Parcel) -> None:
        size_bytes = len(parcel.payload) + _UDP_HEADERS
        flight = path.flight(parcel.payload, size_bytes, self._kernel.now_ns, on_stream=False)
        if flight.lost_by:
            self._traffic.lost(parcel.message, flight.lost_by)
            return
        if flight.is_broken or flight.payload is not parcel.payload:
            parcel = msgspec.structs.replace(
                parcel, payload=flight.payload, is_broken=flight.is_broken
            )
        arrive = partial(self._arrive, parcel)
        self._kernel.after(flight.delay_ns, arrive)
        for later_ns in flight.copies_ns:
            self._kernel.after(flight.delay_ns + later_ns, arrive)

    def _arrive(self, parcel: Parcel) -> None:
        ear = self._ears.get(parcel.target)
        if ear is None:
            self._miss(parcel)
            return
        if parcel.is_broken:
            self.broken += 1
            self._traffic.lost(parcel.message, BROKEN_SEAL)
        else:
            self._traffic.arrived(parcel.message)
        ear.heard(parcel.source, parcel.payload)

    def _miss(self, parcel: Parcel) -> None:
        """Nobody is where it went."""
        left = self.left.get(parcel.target)
        if left is not None:
            left.bites += 1
        self._traffic.lost(parcel.message, left.name if left else "nobody has this address")
