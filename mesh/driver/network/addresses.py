"""Which of this host's addresses others are told to use.

What was configured counts; then an address that was bound on purpose; then what the routing table
would use to reach the world, and after it whatever else the interfaces have. Loopback is better
than nothing, for meshes on one host.
"""

import ipaddress
import socket
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import ifaddr

from mesh.wire.identity import Address

ADVERTISED_MAX: Final = 8
"""Addresses that a controller is reached under; as many as a message names."""

_WORLD: Final = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses kept free for documentation (RFC 5737, RFC 3849): nothing is sent there."""


def advertised(listening: Sequence[Address], configured: Sequence[Address]) -> tuple[Address, ...]:
    """Where others reach a controller that listens at ``listening``, the best address first."""
    if configured:
        return tuple(configured)[:ADVERTISED_MAX]
    found: dict[Address, None] = {}
    for address in listening:
        for host in _hosts(address.host):
            found[Address(host, address.port)] = None
    reachable = [each for each in found if not ipaddress.ip_address(each.host).is_loopback]
    return tuple(reachable or found)[:ADVERTISED_MAX]


def _hosts(bound: str) -> Iterator[str]:
    ip = ipaddress.ip_address(bound)
    if not ip.is_unspecified:
        yield bound
    elif ip.version == 4:  # noqa: PLR2004
        yield from _routed(socket.AF_INET)
        yield from _usable(sorted(_interfaces(version=4), key=ipaddress.IPv4Address))
    else:
        yield from _routed(socket.AF_INET6)
        yield from _usable(sorted(_interfaces(version=6), key=ipaddress.IPv6Address))


def _routed(family: socket.AddressFamily) -> Iterator[str]:
    """The address that this host would send from.

    Choosing a peer for a UDP socket sends nothing.
    """
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((_WORLD[family], 9))
        except OSError:
            return  # no route to the world: the interfaces are asked next
        host: str = probe.getsockname()[0]
        yield from _usable([host])


def _interfaces(*, version: int) -> Iterator[str]:
    """What the interfaces of this host are called, by IP version."""
    for adapter in ifaddr.get_adapters():
        for each in adapter.ips:
            host = each.ip if isinstance(each.ip, str) else each.ip[0]
            if ipaddress.ip_address(host).version == version:
                yield host


def _usable(hosts: Iterable[str]) -> Iterator[str]:
    """Those that mean the same on every host of a network: link-local ones do not."""
    for host in hosts:
        if not ipaddress.ip_address(host).is_link_local:
            yield host
