"""Where a controller listens: one port, UDP and TCP alike, on each of its addresses.

All sockets are bound before anything else is done, so that a port in use is one clear line and
changes nothing.
"""

import errno
import ipaddress
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from mesh.driver.errors import AddressUnusable
from mesh.wire.identity import Address

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  controllers are there to be reached
_ATTEMPTS_MAX: Final = 16
"""Times that another free port is tried, where any will do and its twin is taken."""
_BACKLOG: Final = 128
_BUFFER_BYTES: Final = 1_048_576
"""Asked for the UDP sockets: some hundred datagrams that arrive while one input is handled."""


@dataclass(frozen=True, slots=True)
class Binding:
    """The sockets for one address, not blocking."""

    address: Address
    datagrams: socket.socket
    listener: socket.socket

    @property
    def family(self) -> int:
        """AF_INET or AF_INET6."""
        return self.datagrams.family

    def close(self) -> None:
        """Let go of both."""
        self.datagrams.close()
        self.listener.close()


def bind(hosts: Sequence[str], port: int) -> tuple[Binding, ...]:
    """Sockets on each of ``hosts`` (IP addresses; none: all of this host), all on one port; 0: any.

    Raises AddressUnusable.
    """
    attempts = _ATTEMPTS_MAX if port == 0 else 1
    for attempt in range(1, attempts + 1):
        try:
            return _bind_all(hosts, port)
        except AddressUnusable:
            if attempt == attempts:
                raise
    raise AssertionError


def _bind_all(hosts: Sequence[str], port: int) -> tuple[Binding, ...]:
    bindings: list[Binding] = []
    with ExitStack() as cleanup:
        for host in hosts or EVERYWHERE:
            try:
                binding = _bind(host, bindings[0].address.port if bindings else port)
            except OSError as error:
                if not hosts and bindings and error.errno in _NO_SUCH_FAMILY:
                    continue  # a host without IPv6
                raise AddressUnusable(_explain(host, port, error)) from error
            _ = cleanup.callback(binding.close)
            bindings.append(binding)
        _ = cleanup.pop_all()
    return tuple(bindings)


_NO_SUCH_FAMILY: Final = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}


def _bind(host: str, port: int) -> Binding:
    with ExitStack() as cleanup:
        listener = cleanup.enter_context(_socket(host, socket.SOCK_STREAM))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        bound_port: int = listener.getsockname()[1]
        datagrams = cleanup.enter_context(_socket(host, socket.SOCK_DGRAM))
        datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        datagrams.bind((host, bound_port))
        _ = cleanup.pop_all()
        return Binding(Address(host, bound_port), datagrams, listener)


def _socket(host: str, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET  # noqa: PLR2004
    made = socket.socket(family, kind)
    made.settimeout(0)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return made


def _explain(host: str, port: int, error: OSError) -> str:
    where = Address(host, port)
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"{where} is in use by another program (ss -lntup shows which): stop that one,"
                " or set listen.port"
            )
        case errno.EADDRNOTAVAIL:
            return f"{where}: {host} is not an address of this host: set listen.address"
        case errno.EACCES:
            return f"{where}: ports below 1024 need privileges: set listen.port to a higher one"
        case _:
            return f"{where} cannot be listened on: {error.strerror or error}"
