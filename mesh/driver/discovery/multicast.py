"""Multicast DNS: say on the local network that a controller listens here, and hear who else does.

RFC 6762 and RFC 6763 by way of zeroconf, which has threads of its own and shares port 5353 with
whoever else speaks mDNS on this host. What is heard is a hint where to knock and nothing more:
anybody may announce anything, and a killed controller is announced until its records expire.
"""

import ipaddress
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import trio
from zeroconf import (
    Error,
    InterfaceChoice,
    NonUniqueNameException,
    ServiceBrowser,
    ServiceInfo,
    ServiceStateChange,
    Zeroconf,
)

from mesh.driver.discovery.sightings import Sightings
from mesh.driver.log import note
from mesh.wire.identity import Address

SERVICE: Final = "_trellis._tcp.local."
ENVIRONMENT_DIGITS: Final = 16
"""Of the environment id, in TXT: enough for people to tell two environments apart."""
RESOLVE_MS_MAX: Final = 3_000
"""How long one announced name may take to be resolved."""
RETRY_S: Final = 60.0
CLOSE_S_MAX: Final = 3.0


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is said of a controller on the local network."""

    fingerprint: str
    addresses: tuple[Address, ...]
    environment: str
    """The environment id in hex; empty: none yet."""

    def info(self) -> ServiceInfo:
        """The same as zeroconf takes it."""
        hosts = [address.host.partition("%")[0] for address in self.addresses]
        return ServiceInfo(
            SERVICE,
            f"{self.fingerprint}.{SERVICE}",
            port=self.addresses[0].port,
            addresses=[ipaddress.ip_address(host).packed for host in hosts],
            properties={
                "fingerprint": self.fingerprint,
                "environment": self.environment[:ENVIRONMENT_DIGITS],
            },
            server=f"trellis-{self.fingerprint}.local.",
        )


@dataclass(frozen=True, slots=True)
class _Heard:
    name: str
    addresses: tuple[Address, ...] | None
    """None: it is no longer announced."""


class Multicast:
    """Announces one controller and listens for others, as long as `run` lasts."""

    def __init__(self, sightings: Sightings, listening: Sequence[Address]) -> None:
        self._sightings = sightings
        self._interfaces = _interfaces(listening)
        self._wanted: Announcement | None = None
        self._changed = trio.Event()

    def announce(self, announcement: Announcement) -> None:
        """Say ``announcement`` from now on."""
        if announcement != self._wanted:
            self._wanted = announcement
            self._changed.set()

    async def run(self) -> None:
        """Announce and listen until cancelled; where the host does not let us, try again later."""
        while True:
            try:
                zeroconf = await trio.to_thread.run_sync(Zeroconf, self._interfaces)
            except (OSError, Error) as error:
                note(logging.WARNING, "no multicast", f"{error}; seeds still work; trying again")
                await trio.sleep(RETRY_S)
                continue
            await self._serve(zeroconf)

    async def _serve(self, zeroconf: Zeroconf) -> None:
        ours, heard = trio.open_memory_channel[_Heard](1_024)
        listener = _Listener(trio.lowlevel.current_trio_token(), ours)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._take, heard)
                _ = await trio.to_thread.run_sync(
                    lambda: ServiceBrowser(zeroconf, SERVICE, handlers=[listener.changed])
                )
                await self._keep_announcing(zeroconf)
        finally:
            with trio.move_on_after(CLOSE_S_MAX, shield=True):
                await trio.to_thread.run_sync(zeroconf.close, abandon_on_cancel=True)

    async def _keep_announcing(self, zeroconf: Zeroconf) -> None:
        said: Announcement | None = None
        told = ""
        while True:
            self._changed = trio.Event()
            wanted, pause_s = self._wanted, math.inf
            if wanted is not None and wanted != said:
                say = zeroconf.register_service if said is None else zeroconf.update_service
                try:
                    await trio.to_thread.run_sync(say, wanted.info())
                    said, told = wanted, ""
                except (OSError, Error) as error:
                    reason, pause_s = _reason(error), RETRY_S
                    if reason != told:
                        note(logging.WARNING, "not announced", f"{reason}; trying again")
                    told = reason
            with trio.move_on_after(pause_s):
                await self._changed.wait()

    async def _take(self, heard: "trio.MemoryReceiveChannel[_Heard]") -> None:
        async for each in heard:
            own = self._wanted is not None and each.name == f"{self._wanted.fingerprint}.{SERVICE}"
            if own:
                continue
            if each.addresses is None:
                self._sightings.lose("mdns", each.name)
            else:
                self._sightings.see("mdns", each.name, each.addresses)


class _Listener:
    """Called in a thread of zeroconf's; carries what it hears into trio's."""

    def __init__(
        self, token: trio.lowlevel.TrioToken, ours: "trio.MemorySendChannel[_Heard]"
    ) -> None:
        self._token = token
        self._ours = ours

    def changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        """A service came, changed or went."""
        addresses: tuple[Address, ...] | None = None
        if state_change is not ServiceStateChange.Removed:
            info = zeroconf.get_service_info(service_type, name, RESOLVE_MS_MAX)
            if info is None or not info.port:
                return
            addresses = tuple(Address(host, info.port) for host in info.parsed_scoped_addresses())
        try:
            self._token.run_sync_soon(self._offer, _Heard(name, addresses))
        except trio.RunFinishedError:
            return

    def _offer(self, heard: _Heard) -> None:
        try:
            self._ours.send_nowait(heard)
        except (trio.WouldBlock, trio.BrokenResourceError, trio.ClosedResourceError):
            return  # a hint too many, or nobody listens any more


def _reason(error: Exception) -> str:
    """Why nothing is announced, for people."""
    if isinstance(error, NonUniqueNameException):
        return "another process announces this controller's name: is a copy of it running?"
    return str(error) or type(error).__name__


def _interfaces(listening: Sequence[Address]) -> InterfaceChoice | list[str]:
    """Where to speak: everywhere, or only where the controller listens."""
    hosts = [address.host for address in listening]
    if any(ipaddress.ip_address(host).is_unspecified for host in hosts):
        return InterfaceChoice.All
    return hosts
