"""Datagrams: each on its own, late, twice, or not at all."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from mesh.wire.identity import Address
from mesh.wire.limits import DATAGRAM_BYTES_MAX
from simulations.kernel import Kernel
from simulations.network.paths import Paths
from simulations.network.traffic import UNWATCHED, Traffic

_UDP_HEADERS: Final = 28
"""Bytes of IPv4 and UDP in front of each payload, for the count of bytes on the wire."""


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
    ) -> None:
        self._kernel = kernel
        self._paths = paths
        self._ears = ears
        self._traffic = traffic
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
        if ear is None:
            self._traffic.lost(message, "nobody has this address")
            return
        path = self._paths.path(source.name, ear.name)
        if path.is_cut:
            path.bite()
            self._traffic.lost(message, path.cut_by)
            return
        copies = path.copies()
        if not copies:
            self._traffic.lost(message, path.blame)
        for _ in range(copies):
            self._kernel.after(
                path.delay_ns(), self._arrival(ear, source.address, payload, message)
            )

    def _arrival(
        self, ear: Ear, source: Address, payload: bytes, message: int
    ) -> Callable[[], None]:
        def arrive() -> None:
            self._traffic.arrived(message)
            ear.heard(source, payload)

        return arrive
